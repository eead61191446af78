import Foundation
import Subprocess
import Testing

/// The built `fleet`, run as an operator runs it.
struct FleetBinary {
    /// What a command left behind.
    struct Result {
        var status: Int32
        var output: String
        var error: String
    }

    let directory: String

    /// Beside the test bundle, where the build puts it.
    static var path: String {
        let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        return bundle.appendingPathComponent("fleet").path
    }

    /// Runs fleet with arguments; the journal and all files stay in the folder.
    func run(_ arguments: String..., environment: [String: String] = [:]) async throws -> Result {
        try await run(list: arguments, environment: environment)
    }

    /// The same with a list.
    func run(list arguments: [String], environment: [String: String] = [:]) async throws -> Result {
        var variables: [Environment.Key: String] = ["NO_COLOR": "1", "FLEET_STATE": "\(directory)/fleet.sqlite"]
        for (name, value) in environment { variables[Environment.Key(stringLiteral: name)] = value }
        let result = try await Subprocess.run(
            .name("env"), arguments: .init(["-C", directory, Self.path] + arguments),
            environment: .inherit.updating(variables.mapValues { Optional($0) }),
            output: .string(limit: 1 << 22), error: .string(limit: 1 << 22)
        )
        let status: Int32 =
            switch result.terminationStatus {
            case .exited(let code): code
            case .signaled(let signal): 128 + signal
            }
        return Result(status: status, output: result.standardOutput, error: result.standardError)
    }
}

extension FleetBinary {
    /// Whether a program is where a system keeps its programs.
    static func isInstalled(_ tool: String) -> Bool {
        ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(tool)")
        }
    }

    /// Runs another program, which must succeed, and hands its output back.
    static func tool(_ name: String, _ arguments: String...) async throws -> String { try await tool(name, arguments) }

    /// The same with a list.
    static func tool(_ name: String, _ arguments: [String]) async throws -> String {
        let result = try await Subprocess.run(
            .name(name), arguments: .init(arguments), output: .string(limit: 1 << 22), error: .string(limit: 1 << 16))
        try #require(result.terminationStatus.isSuccess, "\(name): \(result.standardError)")
        return result.standardOutput
    }
}

/// A new folder that is removed when the test ends.
struct TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "fleet-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    func write(_ text: String, to name: String) throws -> String {
        let file = "\(path)/\(name)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        return file
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
