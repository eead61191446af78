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

    // MARK: Targets that do not answer

    /// A host that answers no connection, behind a bastion; to be kept as long as it is to be silent.
    private static func silent(behind bastion: HostEndpoint) throws -> (listener: FullListener, endpoint: HostEndpoint)
    {
        let full = try FullListener()
        var endpoint = HostEndpoint(name: "full", address: "127.0.0.1", port: full.port, user: "nobody")
        endpoint.jumps = [bastion]
        return (full, endpoint)
    }

    @Test("a target that does not answer holds up nobody behind the same bastion")
    func silentTarget() async throws {
        let (bastion, server) = (try LocalSSHD(), try LocalSSHD(addresses: ["127.0.0.1", "127.0.0.2"]))
        let (full, silent) = try Self.silent(behind: bastion.endpoint())
        defer { withExtendedLifetime(full) {} }
        let targets = server.addresses.map { address in
            var endpoint = server.endpoint(address)
            endpoint.jumps = [bastion.endpoint()]
            return endpoint
        }
        try await withHosts {
            $0.connectSeconds = 5
        } _: { hosts in
            async let first = hosts.run(.plain("true"), on: silent)
            // Its opening is asked for first.
            try await Task.sleep(for: .milliseconds(500))
            let behind = await hosts.run(.plain("true"), on: targets[0])
            #expect(behind.outcome == .exited(0), "\(behind)")
            #expect(await first.outcome == .timedOut(.connect))
            let after = await hosts.run(.plain("true"), on: targets[1])
            #expect(after.outcome == .exited(0), "\(after)")
        }
    }

    @Test("a target that answers too late is not taken for the next one")
    func lateTarget() async throws {
        let (bastion, late, server) = (try LocalSSHD(), try LocalSSHD(), try LocalSSHD())
        let (first, second) = (late.endpoint(), server.endpoint())
        let targets = [first, second].map { endpoint in
            var endpoint = endpoint
            endpoint.jumps = [bastion.endpoint()]
            return endpoint
        }
        let queue = late.silence()
        try await withHosts {
            $0.connectSeconds = 4
        } _: { hosts in
            let silent = await hosts.run(.plain("true"), on: targets[0])
            #expect(silent.outcome == .timedOut(.connect), "\(silent)")
            async let next = hosts.run(.plain("true"), on: targets[1])
            late.answer(queue)
            let report = await next
            #expect(report.outcome == .exited(0), "\(report)")
        }
    }

    @Test("a bastion that is gone without a word costs one target its deadline, and the next has a new connection")
    func silentBastion() async throws {
        let (bastion, server) = (try LocalSSHD(), try LocalSSHD(addresses: (1...3).map { "127.0.0.\($0)" }))
        let path = try TroubledPath(to: bastion.port)
        defer { path.close() }
        try bastion.know("[127.0.0.1]:\(path.port) \(try bastion.publicHostKey("ed25519"))\n")
        let jump = HostEndpoint(
            name: "bastion", address: "127.0.0.1", port: path.port, user: bastion.user,
            identityFiles: [bastion.identity], knownHostsFiles: [bastion.knownHosts])
        let targets = server.addresses.map { address in
            var endpoint = server.endpoint(address)
            endpoint.jumps = [jump]
            return endpoint
        }
        try await withHosts {
            $0.connectSeconds = 3
            $0.attempts = 1
        } _: { hosts in
            #expect(await hosts.run(.plain("true"), on: targets[0]).outcome == .exited(0))
            path.freeze()
            #expect(await hosts.run(.plain("true"), on: targets[1]).outcome == .timedOut(.connect))
            let next = await hosts.run(.plain("true"), on: targets[2])
            #expect(next.outcome == .exited(0), "\(next)")
            #expect(path.connections == 2)
        }
    }

    @Test("a target that hangs up before its banner is told at once behind a bastion too")
    func droppedBehindABastion() async throws {
        let bastion = try LocalSSHD()
        let peer = try ScriptedPeer(saying: [], hangsUp: true)
        defer { peer.close() }
        var endpoint = HostEndpoint(name: "dropper", address: "127.0.0.1", port: peer.port, user: "nobody")
        endpoint.jumps = [bastion.endpoint()]
        let target = endpoint
        try await withHosts {
            $0.attempts = 1
            $0.attemptsWhenDropped = 2
        } _: { hosts in
            let report = await hosts.run(.plain("true"), on: target)
            #expect(report.outcome == .neverStarted("the host closed the connection"))
            #expect(report.stage == .handshake)
        }
    }

    @Test("a bastion's connection that was given up ends with its last target, whose key was wrong")
    func retiredWithAWrongKey() async throws {
        let (bastion, server) = (try LocalSSHD(config: "LogLevel VERBOSE"), try LocalSSHD())
        try server.know("[127.0.0.1]:\(server.port) \(try bastion.publicHostKey("ed25519"))\n")
        var endpoint = server.endpoint()
        endpoint.jumps = [bastion.endpoint()]
        let target = endpoint
        try await withHosts { hosts in
            guard case .refused(let refusal) = await hosts.run(.plain("true"), on: target).outcome else {
                Issue.record("the key was accepted")
                return
            }
            #expect(refusal.code == .hostKeyChanged)
            var command = HostCommand.plain("true")
            command.needsNewConnection = true
            #expect(await hosts.run(command, on: bastion.endpoint()).outcome == .exited(0))
            try await waitUntil(bastion.log.contains("Received disconnect"))
        }
    }
}
