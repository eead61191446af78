import Foundation
import Testing

/// One sshd and the built `fleet`, which is run as an operator runs it.
final class ExecWorld {
    let server: LocalSSHD
    let inventory: String
    /// The home directory that `fleet` sees.
    let home: String

    /// Four hosts, 127.0.0.1 to 127.0.0.4, and `n5`, where nobody listens; unless another inventory is given.
    init(config: String = "", programs: [String: String] = [:], inventory text: ((LocalSSHD) -> String)? = nil) throws {
        server = try LocalSSHD(addresses: (1...4).map { "127.0.0.\($0)" }, config: config, programs: programs)
        inventory = server.folder.path + "/hosts.ini"
        home = server.folder.path + "/home"
        try FileManager.default.createDirectory(atPath: home + "/.ssh", withIntermediateDirectories: true)
        try (text?(server) ?? Self.usual(server)).write(toFile: inventory, atomically: true, encoding: .utf8)
    }

    private static func usual(_ server: LocalSSHD) -> String {
        let hosts = (1...5).map { "n\($0) ansible_host=127.0.0.\($0)\n" }.joined()
        let arguments = "-o UserKnownHostsFile=\(server.knownHosts)"
        let variables = """
            [all:vars]
            ansible_port=\(server.port)
            ansible_user=\(server.user)
            ansible_ssh_private_key_file=\(server.identity)
            ansible_ssh_common_args=\(arguments)
            """
        return "[web]\n" + hosts + variables
    }

    /// The built `fleet`, beside the test bundle.
    private static let binary = URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0])
        .deletingLastPathComponent().appendingPathComponent("fleet").path

    /// A file in the server's folder, its path told.
    func write(_ text: String, to name: String, permissions: Int = 0o600) throws -> String {
        let path = "\(server.folder.path)/\(name)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: path)
        return path
    }

    func start(_ pattern: String, _ options: [String] = [], _ command: [String]) throws -> ChildProcess {
        let arguments = ["exec", pattern, "-i", inventory, "--state", server.folder.path + "/fleet.sqlite"] + options
        return try start(arguments + (command.isEmpty ? [] : ["--"] + command))
    }

    private func start(_ arguments: [String]) throws -> ChildProcess {
        try ChildProcess(
            [Self.binary] + arguments, output: server.folder.path + "/out", error: server.folder.path + "/err",
            environment: ["NO_COLOR": "1", "HOME": home, "USER": server.user])
    }

    func doctor(_ pattern: String, _ options: [String] = []) throws -> Result {
        result(of: try start(["doctor", pattern, "-i", inventory] + options))
    }

    func run(_ pattern: String, _ options: [String] = [], _ command: [String]) throws -> Result {
        result(of: try start(pattern, options, command))
    }

    func result(of process: ChildProcess) -> Result {
        let status = process.wait()
        let texts = ["out", "err"].map {
            (try? String(contentsOfFile: "\(server.folder.path)/\($0)", encoding: .utf8)) ?? ""
        }
        return Result(status: status, output: texts[0], error: texts[1])
    }

    /// What a command left behind.
    struct Result {
        var status: Int32
        var output: String
        var error: String

        /// The output without its last line's duration, which no test can know.
        var timeless: String { output.replacing(#/ in \d+(\.\d|m\d+)s\n$/#, with: "\n") }
    }
}
