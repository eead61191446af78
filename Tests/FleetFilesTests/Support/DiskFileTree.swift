import FleetFiles
import Foundation

/// The files of a folder on disk, by paths relative to it; for fixtures.
struct DiskFileTree: FileTree {
    let root: URL

    private func url(_ path: String) -> URL { root.appendingPathComponent(path) }

    func kind(of path: String) -> FileKind? {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url(path).path, isDirectory: &isDirectory) else { return nil }
        return isDirectory.boolValue ? .directory : .file
    }

    func names(in directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: url(directory).path)
    }

    func contents(of file: String) throws -> [UInt8] { Array(try Data(contentsOf: url(file))) }
}

enum Fixtures {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures")
}
