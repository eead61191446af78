import FleetModel
import Foundation
import Testing

@testable import FleetSSH

/// Another server than OpenSSH, where this machine has it.
@Suite(
    "Commands over a real dropbear", .enabled(if: LocalDropbear.isHere, "dropbear is not installed"),
    .timeLimit(.minutes(2)))
struct DropbearTests {
    @Test("status, both streams, environment and inputs")
    func commands() async throws {
        let server = try LocalDropbear()
        try await withHosts { hosts in
            var command = HostCommand.plain("echo \"$A\"; fleet_input 0 5; echo err >&2; exit 3")
            command.environment = ["A": "it's"]
            command.inputs = [.bytes(Array("hello".utf8))]
            let report = await hosts.run(command, on: server.endpoint)
            #expect(report.outcome == .exited(3), "\(report)")
            #expect(report.standardOutput == "it's\nhello")
            #expect(report.standardError == "err\n")
            let killed = await hosts.run(.plain("kill -9 $$"), on: server.endpoint)
            #expect(killed.outcome == .signalled("KILL"), "\(killed)")
        }
    }

    @Test("a command that takes too long is killed there")
    func timeout() async throws {
        let server = try LocalDropbear()
        let mark = 80_000 + Int.random(in: 0..<9999)
        try await withHosts { hosts in
            let report = await hosts.run(.plain("sleep \(mark)", 2), on: server.endpoint)
            #expect(report.outcome == .timedOut(.command), "\(report)")
            #expect(report.standardError.contains("was ended"), "\(report.standardError)")
            let left = await hosts.run(.plain("ps -eo args | grep -c '[s]leep \(mark)'"), on: server.endpoint)
            #expect(left.standardOutput == "0\n", "\(left)")
        }
    }

    @Test("a terminal, and a command ended on it")
    func terminal() async throws {
        let server = try LocalDropbear()
        try await withHosts { hosts in
            var command = HostCommand.plain("[ -t 1 ] && echo tty; sleep 50", 2)
            command.hasTerminal = true
            let report = await hosts.run(command, on: server.endpoint)
            #expect(report.outcome == .timedOut(.command), "\(report)")
            #expect(report.standardOutput.contains("tty"), "\(report)")
            #expect(report.standardError.contains("was ended"), "\(report.standardError)")
        }
    }

    @Test("it serves as a jump host for an sshd, and several commands share its connection")
    func jump() async throws {
        let (bastion, target) = (try LocalDropbear(), try LocalSSHD())
        var endpoint = target.endpoint()
        endpoint.jumps = [bastion.endpoint]
        let through = endpoint
        try await withHosts { hosts in
            let outcomes = await withTaskGroup(of: HostReport.self) { group in
                for _ in 0..<6 {
                    group.addTask { await hosts.run(.plain("head -c 300000 /dev/zero | tr '\\0' x"), on: through) }
                }
                return await group.reduce(into: [HostReport]()) { $0.append($1) }
            }
            #expect(outcomes.map(\.outcome) == Array(repeating: .exited(0), count: 6))
            #expect(outcomes.map(\.standardOutput.utf8.count) == Array(repeating: 300_000, count: 6))
        }
    }
}

/// A dropbear on loopback with its own keys; the user's keys are looked for in a home directory of its own.
final class LocalDropbear {
    private static let daemon = "/usr/sbin/dropbear"
    private static let keyMaker = "/usr/bin/dropbearkey"
    private let folder: String
    private let process: ChildProcess
    let endpoint: HostEndpoint

    static var isHere: Bool {
        [daemon, keyMaker].allSatisfy(FileManager.default.isExecutableFile(atPath:)) && geteuid() == 0
    }

    init() throws {
        folder = NSTemporaryDirectory() + "fleet-dropbear-\(UUID().uuidString)"
        let port = try SSHTools.freePort()
        try FileManager.default.createDirectory(atPath: folder + "/.ssh", withIntermediateDirectories: true)
        try SSHTools.makeKey(folder + "/id", type: "ed25519")
        try FileManager.default.copyItem(atPath: folder + "/id.pub", toPath: folder + "/.ssh/authorized_keys")
        let made = try ChildProcess([Self.keyMaker, "-t", "ed25519", "-f", folder + "/host"], output: folder + "/made")
            .wait()
        try #require(made == 0)
        let line = try String(contentsOfFile: folder + "/made", encoding: .utf8)
            .split(separator: "\n").first { $0.hasPrefix("ssh-ed25519 ") }
        let key = try #require(line).split(separator: " ").prefix(2).joined(separator: " ")
        try "[127.0.0.1]:\(port) \(key)\n".write(toFile: folder + "/known_hosts", atomically: true, encoding: .utf8)
        // root's home is another's in a mount namespace of the daemon's own, so that the machine is not touched.
        let script = #"mount --bind "$0" /root && exec "$@""#
        process = try ChildProcess(
            [
                "/usr/bin/unshare", "-m", "sh", "-c", script, folder, Self.daemon, "-F", "-E", "-s", "-p",
                "127.0.0.1:\(port)", "-r", folder + "/host", "-P", folder + "/pid",
            ], error: folder + "/log")
        endpoint = HostEndpoint(
            name: "dropbear", address: "127.0.0.1", port: port, user: "root", identityFiles: [folder + "/id"],
            knownHostsFiles: [folder + "/known_hosts"])
        try waitForLog()
    }

    deinit {
        process.terminate()
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func waitForLog() throws {
        let deadline = Date(timeIntervalSinceNow: 10)
        while !((try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? "").contains("background") {
            if process.hasEnded() || Date() > deadline { break }
            usleep(20_000)
        }
    }
}
