import Foundation
import Testing

/// The main job, end to end, on a real wire: simulated API server, real sshd, sandboxed hosts, the built binary.
@Suite(.serialized, .needsHosts) struct DemoTests {
    @Test("fleet demo: four nodes in three waves, and every proof holds", .timeLimit(.minutes(6)))
    func demo() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let result = try await FleetBinary(directory: folder.path).run("demo", "--directory", "\(folder.path)/demo")
        #expect(result.status == 0, "\(result.error)\n\(result.output)")
        #expect(result.output.contains("are gone from the API"))
        #expect(!result.output.contains("BROKEN"))
        #expect(result.error.contains("run") && result.error.contains("wave 3"))
        let left = try await FleetBinary.processes(mentioning: folder.path)
        #expect(left.isEmpty, "processes left: \(left)")
    }
}

extension FleetBinary {
    /// The command lines of running processes that mention a path.
    static func processes(mentioning path: String) async throws -> [String] {
        let entries = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }
        return entries.compactMap { entry in
            guard let data = FileManager.default.contents(atPath: "/proc/\(entry)/cmdline") else { return nil }
            let line = String(decoding: data, as: UTF8.self).replacing("\0", with: " ")
            return line.contains(path) && Int(entry) != Int(ProcessInfo.processInfo.processIdentifier) ? line : nil
        }
    }
}
