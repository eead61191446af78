import FleetModel
import Foundation
import Testing

@testable import FleetSSH

@Suite(
    "Jump hosts, all of them real sshds", .enabled(if: SSHTools.areHere, "sshd is not installed"),
    .timeLimit(.minutes(2)))
struct JumpTests {
    @Test(arguments: [1, 2, 3]) func throughSoManyHops(_ count: Int) async throws {
        let jumps = try (0..<count).map { _ in try LocalSSHD() }
        let target = try LocalSSHD()
        var endpoint = target.endpoint()
        endpoint.jumps = jumps.map { $0.endpoint() }
        let through = endpoint
        try await withHosts { hosts in
            let report = await hosts.run(.plain("head -c 3000000 /dev/zero | tr '\\0' x"), on: through)
            #expect(report.outcome == .exited(0), "\(report)")
            #expect(report.standardOutput.utf8.count + report.droppedBytes == 3_000_000)
        }
    }

    @Test func sixtyTargetsShareOneBastionConnection() async throws {
        let bastion = try LocalSSHD(config: "LogLevel VERBOSE")
        let racks = try (0..<4).map { rack in
            try LocalSSHD(addresses: (1...15).map { "127.0.\(rack + 60).\($0)" })
        }
        let endpoints = racks.flatMap { rack in
            rack.addresses.map { address in
                var endpoint = rack.endpoint(address)
                endpoint.jumps = [bastion.endpoint()]
                return endpoint
            }
        }
        try await withHosts { hosts in
            let outcomes = await withTaskGroup(of: HostReport.self) { group in
                for endpoint in endpoints { group.addTask { await hosts.run(.plain("true"), on: endpoint) } }
                return await group.reduce(into: [HostReport]()) { $0.append($1) }
            }
            #expect(outcomes.count == 60)
            for report in outcomes { #expect(report.outcome == .exited(0), "\(report)") }
        }
        #expect(bastion.log.components(separatedBy: "Accepted publickey").count == 2)
    }

    @Test func theJumpHostIsVerifiedAsStrictly() async throws {
        let (bastion, target) = (try LocalSSHD(), try LocalSSHD())
        try bastion.know("")
        var endpoint = target.endpoint()
        endpoint.jumps = [bastion.endpoint()]
        let through = endpoint
        let report = try await withHosts { await $0.run(.plain("true"), on: through) }
        guard case .refused(let refusal) = report.outcome else {
            Issue.record("\(report)")
            return
        }
        #expect(refusal.code == .hostKeyUnknown)
        #expect(refusal.message.contains("the jump host node-127.0.0.1: "))
    }

    @Test func aBastionLostInMidCommandIsALostTransport() async throws {
        let (bastion, target) = (try LocalSSHD(), try LocalSSHD())
        let begun = target.folder.path + "/begun"
        var endpoint = target.endpoint()
        endpoint.jumps = [bastion.endpoint()]
        let through = endpoint
        try await withHosts { hosts in
            async let report = hosts.run(.plain("echo a; : >\(begun); sleep 60"), on: through)
            try await fileAppears(begun)
            let killed = await hosts.run(.plain("kill -9 $PPID; sleep 5"), on: bastion.endpoint())
            #expect(killed.outcome == .transportLost("the host closed the connection"), "\(killed)")
            guard case .transportLost(let words) = await report.outcome else {
                Issue.record("\(await report)")
                return
            }
            #expect(words.contains("jump host"))
            let again = await hosts.run(.plain("echo again"), on: through)
            #expect(again.standardOutput == "again\n", "a lost bastion is connected to again")
        }
    }

    @Test func aTargetThatTheBastionCannotReachNeverStarted() async throws {
        let bastion = try LocalSSHD()
        let target = try LocalSSHD()
        target.stop()
        var endpoint = target.endpoint()
        endpoint.jumps = [bastion.endpoint()]
        let through = endpoint
        let report = try await withHosts { await $0.run(.plain("true"), on: through) }
        guard case .neverStarted(let words) = report.outcome else {
            Issue.record("\(report)")
            return
        }
        #expect(words.contains("the jump host cannot reach it"))
    }
}
