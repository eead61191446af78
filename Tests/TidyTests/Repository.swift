import Foundation
import Testing

/// The repository that this file belongs to, as texts.
enum Repository {
    /// A file with its path from the repository's root.
    struct File: Sendable, CustomTestStringConvertible {
        let path: String
        let text: String

        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
        var testDescription: String { path }
    }

    /// The repository's root: two folders above this one.
    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// A file by its path from the root.
    static func file(_ path: String) throws -> File {
        File(path: path, text: try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8))
    }

    /// All files below a folder with one of the extensions, sorted by path; build products and fixtures aside.
    static func files(below folder: String, _ extensions: Set<String>) throws -> [File] {
        let base = root.appendingPathComponent(folder)
        guard let walk = FileManager.default.enumerator(at: base, includingPropertiesForKeys: nil) else { return [] }
        var paths: [String] = []
        for case let url as URL in walk where extensions.contains(url.pathExtension) {
            paths.append(String(url.standardizedFileURL.path.dropFirst(root.standardizedFileURL.path.count + 1)))
        }
        return try paths.filter { !$0.contains("/.build") && !$0.contains("/Fixtures/") }.sorted().map(file)
    }

    /// The Swift files of the targets.
    static func sources() throws -> [File] {
        let files = try files(below: "Sources", ["swift"])
        try #require(files.count > 50, "the sources were not found below \(root.path)")
        return files
    }
}

extension Repository.File {
    /// The target of a source file.
    var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    /// The imported modules, each with its line from 1.
    var imports: [(module: String, line: Int)] {
        let importLine =
            /^(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|private|fileprivate) )?import (?:(?:struct|class|enum|func|protocol|typealias|var|let) )?(\w+)/
        return lines.enumerated().compactMap { number, line in
            guard line.contains("import "), let match = line.firstMatch(of: importLine) else { return nil }
            return (String(match.1), number + 1)
        }
    }
}
