import FleetModel
import Foundation
import Testing

@testable import FleetSSH

/// Paths that delay, stall and cut, and servers that hang, lie and drop.
@Suite("Trouble on the way to hosts", .enabled(if: SSHTools.areHere, "sshd is not installed"), .timeLimit(.minutes(3)))
struct TroubleTests {
    /// A real sshd, and a path to it.
    private struct World {
        let server: LocalSSHD
        let path: TroubledPath
        let endpoint: HostEndpoint

        init(delay: Double = 0) throws {
            server = try LocalSSHD()
            path = try TroubledPath(to: server.port, delay: delay)
            try server.know("[127.0.0.1]:\(path.port) \(try server.publicHostKey("ed25519"))\n")
            endpoint = HostEndpoint(
                name: "node", address: "127.0.0.1", port: path.port, user: server.user,
                identityFiles: [server.identity], knownHostsFiles: [server.knownHosts])
        }
    }

    private static func wait(_ condition: () -> Bool) async throws {
        for _ in 0..<1200 where !condition() { try await Task.sleep(for: .milliseconds(50)) }
        try #require(condition(), "it did not happen within a minute")
    }

    // MARK: The path

    @Test("a long path is only slow")
    func delayed() async throws {
        let world = try World(delay: 0.05)
        defer { world.path.close() }
        try await withHosts { hosts in
            let report = await hosts.run(.plain("head -c 3000000 /dev/zero | tr '\\0' x"), on: world.endpoint)
            #expect(report.outcome == .exited(0), "\(report.outcome)")
            #expect(report.standardOutput.utf8.count + report.droppedBytes == 3_000_000)
        }
    }

    @Test("a path that stalls for a while loses nothing")
    func stalledForAWhile() async throws {
        let world = try World()
        defer { world.path.close() }
        try await withHosts {
            $0.probeSeconds = 3
            $0.probes = 20
        } _: { hosts in
            let (begun, endpoint) = (world.server.folder.path + "/begun", world.endpoint)
            async let report = hosts.run(.plain("echo a; : >\(begun); sleep 2; echo b"), on: endpoint)
            try await fileAppears(begun)
            world.path.stall()
            try await Task.sleep(for: .seconds(5))
            world.path.resume()
            #expect(await report.outcome == .exited(0))
            #expect(await report.standardOutput == "a\nb\n")
        }
    }

    @Test("a path that stalls for good is found out by probes, and the command counts as lost")
    func stalledForGood() async throws {
        let world = try World()
        defer { world.path.close() }
        try await withHosts {
            $0.probeSeconds = 3
            $0.probes = 2
        } _: { hosts in
            let (begun, endpoint) = (world.server.folder.path + "/begun", world.endpoint)
            async let report = hosts.run(.plain("echo a; : >\(begun); sleep 60"), on: endpoint)
            try await fileAppears(begun)
            world.path.stall()
            guard case .transportLost(let words) = await report.outcome else {
                Issue.record("\(await report)")
                return
            }
            #expect(words.contains("2 probes"))
        }
    }

    @Test("a connection cut in mid-command is lost, and the command is not begun again")
    func cutInMidCommand() async throws {
        let world = try World()
        defer { world.path.close() }
        try await withHosts { hosts in
            let (begun, endpoint) = (world.server.folder.path + "/begun", world.endpoint)
            async let report = hosts.run(.plain("echo a; echo x >>\(begun); sleep 60"), on: endpoint)
            try await fileAppears(begun)
            world.path.cut()
            #expect(await report.outcome == .transportLost("the host closed the connection"))
            let count = await hosts.run(.plain("wc -l <\(begun)"), on: world.endpoint)
            #expect(
                count.standardOutput == "1\n", "the next command has a connection of its own, and the first ran once")
        }
    }

    @Test("a connection cut before the login is made again, until it holds")
    func cutWhileConnecting() async throws {
        let world = try World()
        defer { world.path.close() }
        world.path.cut(after: 600)
        try await withHosts { hosts in
            let endpoint = world.endpoint
            async let report = hosts.run(.plain("echo in"), on: endpoint)
            try await Self.wait { world.path.connections >= 3 }
            world.path.cut(after: nil)
            #expect(await report.standardOutput == "in\n")
        }
    }

    @Test("a connection that is always cut never started anything")
    func alwaysCut() async throws {
        let world = try World()
        defer { world.path.close() }
        world.path.cut(after: 600)
        try await withHosts {
            $0.attemptsWhenDropped = 4
        } _: { hosts in
            let report = await hosts.run(.plain("echo in"), on: world.endpoint)
            guard case .neverStarted = report.outcome else {
                Issue.record("\(report)")
                return
            }
            #expect(world.path.connections == 4)
        }
    }

    // MARK: The server

    @Test("a server that hangs before its banner meets the deadline of the handshake")
    func hungServer() async throws {
        let server = try LocalSSHD()
        server.hang()
        defer { server.wake() }
        try await withHosts {
            $0.handshakeSeconds = 2
        } _: { hosts in
            let report = await hosts.run(.plain("true"), on: server.endpoint())
            #expect(report.outcome == .timedOut(.handshake), "\(report)")
        }
    }

    @Test("a host that does not answer the connection meets its deadline")
    func silentHost() async throws {
        let full = try FullListener()
        let endpoint = HostEndpoint(name: "full", address: "127.0.0.1", port: full.port, user: "nobody")
        try await withHosts {
            $0.connectSeconds = 2
        } _: { hosts in
            let report = await hosts.run(.plain("true"), on: endpoint)
            #expect(report.outcome == .timedOut(.connect), "\(report)")
            #expect(report.stage == .connect)
        }
    }

    @Test("a connection that fails while it is begun is told, of a jump host too", arguments: [false, true])
    func failsAtOnce(isJump: Bool) async throws {
        // The kernel refuses to connect to everybody, in the call itself.
        var endpoint = HostEndpoint(name: "everybody", address: "255.255.255.255", port: 22, user: "nobody")
        if isJump {
            let jump = endpoint
            endpoint = HostEndpoint(name: "behind", address: "127.0.0.1", port: 22, user: "nobody")
            endpoint.jumps = [jump]
        }
        let target = endpoint
        try await withHosts {
            $0.attempts = 2
        } _: { hosts in
            for _ in 0..<2 {
                let report = await hosts.run(.plain("true"), on: target)
                guard case .neverStarted(let words) = report.outcome else {
                    Issue.record("\(report)")
                    return
                }
                #expect(words.contains("connect to 255.255.255.255 port 22: "), "\(words)")
                #expect(report.stage == (isJump ? .jumpHost : .connect))
            }
        }
    }

    struct Lie: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var words: [UInt8]
        var times = 1
        var hangsUp: Bool

        init(_ name: String, _ words: String, times: Int = 1, hangsUp: Bool) {
            testDescription = name
            self.words = Array(words.utf8)
            self.times = times
            self.hangsUp = hangsUp
        }
    }

    /// A packet that claims to be larger than any may be.
    private static let huge = "SSH-2.0-x\r\n\u{7f}\u{7f}\u{7f}\u{7f}" + String(repeating: "\u{1}", count: 4000)

    static let lies = [
        Lie("nothing at all", "", hangsUp: true),
        Lie("HTTP", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", hangsUp: true),
        Lie("the first protocol", "SSH-1.5-OpenSSH_1.2\r\n", hangsUp: true),
        Lie("a banner and nothing more", "SSH-2.0-OpenSSH_9.2\r\n", hangsUp: true),
        Lie("a banner that never ends", String(repeating: "x", count: 10_000), times: 40, hangsUp: true),
        Lie("lines without end", "please wait\r\n", times: 20_000, hangsUp: true),
        Lie("a packet of two gigabytes", huge, hangsUp: true),
        Lie("a banner of zeros", String(repeating: "\0", count: 5000), hangsUp: true),
        Lie("half a banner, and silence", "SSH-2.", hangsUp: false),
    ]

    @Test("what a lying server says starts nothing and ends soon", arguments: lies)
    func lying(_ lie: Lie) async throws {
        let peer = try ScriptedPeer(saying: lie.words, times: lie.times, hangsUp: lie.hangsUp)
        defer { peer.close() }
        let endpoint = HostEndpoint(name: "liar", address: "127.0.0.1", port: peer.port, user: "nobody")
        try await withHosts {
            $0.handshakeSeconds = 2
            $0.attemptsWhenDropped = 1
            $0.attempts = 1
        } _: { hosts in
            let report = await hosts.run(.plain("true"), on: endpoint)
            switch report.outcome {
            case .neverStarted: break
            case .timedOut(.handshake): #expect(!lie.hangsUp || lie.times > 1)
            default: Issue.record("\(report)")
            }
        }
    }

    @Test("sshd killed before the answer to a command loses the transport")
    func killedDaemon() async throws {
        let server = try LocalSSHD()
        try await withHosts { hosts in
            let (begun, endpoint) = (server.folder.path + "/begun", server.endpoint())
            async let report = hosts.run(.plain("echo a; : >\(begun); sleep 60"), on: endpoint)
            try await fileAppears(begun)
            let killed = await hosts.run(.plain("kill -9 $PPID; sleep 5"), on: server.endpoint())
            for outcome in [await report.outcome, killed.outcome] {
                guard case .transportLost = outcome else {
                    Issue.record("\(outcome)")
                    continue
                }
            }
            #expect(await report.standardOutput == "a\n")
        }
    }

    @Test("MaxStartups at its default: sixty hosts at once behind one sshd all get their turn")
    func maxStartups() async throws {
        let addresses = (1...60).map { "127.0.12.\($0)" }
        let server = try LocalSSHD(addresses: ["0.0.0.0"], maxStartups: "10:30:100")
        let key = try server.publicHostKey("ed25519")
        try server.know(addresses.map { "[\($0)]:\(server.port) \(key)\n" }.joined())
        try await withHosts {
            $0.parallelism = 60
            $0.retryMilliseconds = 300
        } _: { hosts in
            let endpoints = addresses.map { server.endpoint($0) }
            let outcomes = await withTaskGroup(of: HostOutcome.self) { group in
                for endpoint in endpoints { group.addTask { await hosts.run(.plain("true"), on: endpoint).outcome } }
                return await group.reduce(into: [HostOutcome]()) { $0.append($1) }
            }
            #expect(outcomes == Array(repeating: .exited(0), count: 60))
        }
    }
}
