import Crypto
import FleetModel
import Foundation
import Testing

@testable import FleetSSH

/// What a script asks for while it runs, over a real sshd: streamed, whole, and only when asked.
@Suite("Inputs of scripts", .enabled(if: SSHTools.areHere, "sshd is not installed"), .timeLimit(.minutes(3)))
struct InputTests {
    private static func command(_ script: String, _ inputs: [HostInput]) -> HostCommand {
        var command = HostCommand.plain(script)
        command.inputs = inputs
        return command
    }

    private static func digest(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined()
    }

    private static func file(_ bytes: [UInt8], in server: LocalSSHD, _ name: String = "local") throws -> String {
        let path = "\(server.folder.path)/\(name)"
        try Data(bytes).write(to: URL(filePath: path))
        return path
    }

    @Test("bytes and files come whole, in the order that the script asks for them")
    func whole() async throws {
        let server = try LocalSSHD()
        let large = (0..<6_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let small = Array("it's\u{1e}small \0\n".utf8)
        let path = try Self.file(large, in: server)
        let script = """
            fleet_input 1 \(large.count) | sha256sum | cut -c 1-64
            fleet_input 0 \(small.count) | sha256sum | cut -c 1-64
            fleet_input 2 0 | wc -c
            cat | wc -c
            exit 4
            """
        let inputs = [HostInput.bytes(small), .file(path: path, size: large.count), .bytes([])]
        try await withHosts { hosts in
            let report = await hosts.run(Self.command(script, inputs), on: server.endpoint())
            #expect(report.outcome == .exited(4), "\(report)")
            #expect(report.standardOutput == "\(Self.digest(large))\n\(Self.digest(small))\n0\n0\n")
            #expect(report.standardError == "")
        }
    }

    @Test("the question gets through where the script has led its streams elsewhere")
    func redirected() async throws {
        let server = try LocalSSHD()
        try await withHosts { hosts in
            let target = server.folder.path + "/target"
            let script = "{ words=$(fleet_input 0 5 2>&1 </dev/null >\(target)); } && cat \(target)"
            let report = await hosts.run(Self.command(script, [.bytes(Array("whole".utf8))]), on: server.endpoint())
            #expect(report.outcome == .exited(0), "\(report)")
            #expect(report.standardOutput == "whole")
        }
    }

    @Test("what nobody asks for is not even opened")
    func unasked() async throws {
        let server = try LocalSSHD()
        try await withHosts { hosts in
            let inputs = [HostInput.file(path: server.folder.path + "/missing", size: 10)]
            let report = await hosts.run(Self.command("echo no", inputs), on: server.endpoint())
            #expect(report.outcome == .exited(0))
            #expect(report.standardOutput == "no\n")
        }
    }

    @Test(
        "a file that is shorter than it was said ends the host's input, and the script can tell",
        arguments: [false, true])
    func shorter(isMissing: Bool) async throws {
        let server = try LocalSSHD()
        let path = isMissing ? "/nonexistent" : try Self.file(Array(repeating: 1, count: 100), in: server)
        try await withHosts { hosts in
            let script = "fleet_input 0 1000 | wc -c"
            let report = await hosts.run(Self.command(script, [.file(path: path, size: 1000)]), on: server.endpoint())
            #expect(report.outcome == .exited(0), "\(report)")
            #expect((Int(report.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1) < 1000)
        }
    }

    @Test("a script that stops reading ends its command, and the connection stays usable")
    func abandoned() async throws {
        let server = try LocalSSHD()
        let path = try Self.file(Array(repeating: 7, count: 5_000_000), in: server)
        try await withHosts { hosts in
            let script = "fleet_input 0 5000000 | head -c 10 | wc -c; exit 3"
            let inputs = [HostInput.file(path: path, size: 5_000_000)]
            let report = await hosts.run(Self.command(script, inputs), on: server.endpoint())
            #expect(report.outcome == .exited(3), "\(report)")
            let again = await hosts.run(.plain("echo again"), on: server.endpoint())
            #expect(again.standardOutput == "again\n")
        }
    }

    @Test("twelve hosts at once are fed from one file")
    func severalAtOnce() async throws {
        let server = try LocalSSHD(addresses: (1...12).map { "127.0.9.\($0)" })
        let bytes = (0..<1_500_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let path = try Self.file(bytes, in: server)
        try await withHosts { hosts in
            let command = Self.command(
                "fleet_input 0 \(bytes.count) | sha256sum | cut -c 1-64", [.file(path: path, size: bytes.count)])
            let endpoints = server.addresses.map { server.endpoint($0) }
            let reports = await withTaskGroup(of: HostReport.self) { group in
                for endpoint in endpoints { group.addTask { await hosts.run(command, on: endpoint) } }
                return await group.reduce(into: [HostReport]()) { $0.append($1) }
            }
            #expect(reports.map(\.standardOutput) == Array(repeating: Self.digest(bytes) + "\n", count: 12))
        }
    }

    @Test("no more hosts are sent files at once than the settings say, and the others wait for their turn")
    func bounded() async throws {
        let server = try LocalSSHD(addresses: (1...6).map { "127.0.9.\($0)" })
        let (bytes, inside) = ([UInt8](repeating: 7, count: 100_000), server.folder.path + "/inside")
        try await withHosts {
            $0.uploads = 2
        } _: { hosts in
            let script =
                "mkdir -p \(inside); : >\(inside)/$$; fleet_input 0 \(bytes.count) | wc -c; sleep 0.3; "
                + "ls \(inside) | wc -l; rm \(inside)/$$"
            let command = Self.command(script, [.bytes(bytes)])
            let endpoints = server.addresses.map { server.endpoint($0) }
            let reports = await withTaskGroup(of: HostReport.self) { group in
                for endpoint in endpoints { group.addTask { await hosts.run(command, on: endpoint) } }
                return await group.reduce(into: [HostReport]()) { $0.append($1) }
            }
            #expect(reports.count == 6)
            for report in reports {
                let numbers = report.standardOutput.split(separator: "\n").compactMap { Int($0) }
                #expect(numbers.first == bytes.count, "\(report)")
                #expect(numbers.last.map { (1...2).contains($0) } == true, "\(report)")
            }
        }
    }
}
