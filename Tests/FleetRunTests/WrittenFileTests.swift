import Foundation
import Testing

@testable import FleetRun

/// How scripts write files on hosts, played in a folder of its own.
@Suite("Files that scripts write")
struct WrittenFileTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var old: String?
        var mode: String
        var result: String
        var testDescription: String { name }
    }

    static let rows = [
        Row(name: "a new file with a mode", mode: "640", result: "640"),
        Row(name: "a new file", mode: "keep", result: "644"),
        Row(name: "an old file's mode is kept", old: "604", mode: "keep", result: "604"),
        Row(name: "an old file for all becomes private", old: "644", mode: "600", result: "600"),
    ]

    /// The producer's words are the file: what it saw of the file's mode while it wrote.
    @Test("while a file is written only its owner can read it, whatever its mode was and will be", arguments: rows)
    func modes(_ row: Row) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "fleet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "secret").path
        if let old = row.old {
            _ = try Self.run("umask 022; echo old >'\(file)'; chmod \(old) '\(file)'")
        }
        let functions = try #require(PreparationText.beginning.range(of: "write_file() {"))
        let output = try Self.run(
            """
            umask 022
            have() { false; }
            \(PreparationText.beginning[functions.lowerBound...])
            produce() { stat -c %a "$new"; }
            write_file '\(file)' \(row.mode) keep produce || echo failed
            stat -c %a '\(file)'
            ls -A '\(folder.path)'
            """)
        #expect(output == "\(row.result)\nsecret\n")
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "600\n")
    }

    private static func run(_ script: String) throws -> String {
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", script]
        process.standardOutput = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: bytes, as: UTF8.self)
    }
}
