import FleetModel
import Foundation
import Testing

@testable import FleetSSH

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A real ssh-agent with its own socket, ended by its pid.
final class LocalAgent {
    let socket: String
    private let process: ChildProcess
    private var hasEnded = false

    init(in folder: String) async throws {
        // The path of a socket is short.
        socket = NSTemporaryDirectory() + "fleet-agent-\(UUID().uuidString.prefix(8))"
        process = try ChildProcess(["/usr/bin/ssh-agent", "-D", "-a", socket])
        try await fileAppears(socket)
    }

    deinit {
        end()
        unlink(socket)
    }

    /// Ends it; its connections with it.
    func end() {
        guard !hasEnded else { return }
        hasEnded = true
        process.terminate()
    }

    /// Stops it where it is; it still holds its socket.
    func hang() { kill(process.pid, SIGSTOP) }

    /// Lets it go on.
    func wake() { kill(process.pid, SIGCONT) }

    func forget() throws {
        let status = try ChildProcess(["/usr/bin/ssh-add", "-q", "-D"], environment: ["SSH_AUTH_SOCK": socket]).wait()
        try #require(status == 0)
    }

    func add(_ path: String) throws {
        let status = try ChildProcess(["/usr/bin/ssh-add", "-q", path], environment: ["SSH_AUTH_SOCK": socket]).wait()
        try #require(status == 0)
    }
}

@Suite("Keys of a real ssh-agent", .enabled(if: SSHTools.areHere, "sshd is not installed"), .timeLimit(.minutes(3)))
struct AgentTests {
    private static func key(_ name: String, _ type: String, at server: LocalSSHD, isKnown: Bool = true) throws -> String
    {
        let path = "\(server.folder.path)/\(name)"
        try SSHTools.makeKey(path, type: type)
        if isKnown { try server.authorize(name) }
        return path
    }

    @Test("the agent signs for keys of each kind", arguments: ["ed25519", "ecdsa", "rsa"])
    func signs(type: String) async throws {
        let server = try LocalSSHD()
        let agent = try await LocalAgent(in: server.folder.path)
        try agent.add(try Self.key("held", type, at: server))
        var endpoint = server.endpoint()
        (endpoint.identityFiles, endpoint.agentSocket) = ([], agent.socket)
        let target = endpoint
        try await withHosts { hosts in
            let reports = await withTaskGroup(of: HostReport.self) { group in
                for _ in 0..<4 { group.addTask { await hosts.run(.plain("echo in"), on: target) } }
                return await group.reduce(into: [HostReport]()) { $0.append($1) }
            }
            #expect(reports.map(\.standardOutput) == Array(repeating: "in\n", count: 4), "\(reports)")
        }
    }

    @Test("many connections at once are signed for by one agent")
    func many() async throws {
        let server = try LocalSSHD(addresses: (1...12).map { "127.0.0.\($0)" })
        let agent = try await LocalAgent(in: server.folder.path)
        try agent.add(try Self.key("held", "ed25519", at: server))
        let endpoints = server.addresses.map { address in
            var endpoint = server.endpoint(address)
            (endpoint.identityFiles, endpoint.agentSocket) = ([], agent.socket)
            return endpoint
        }
        try await withHosts { hosts in
            let outcomes = await withTaskGroup(of: HostOutcome.self) { group in
                for endpoint in endpoints { group.addTask { await hosts.run(.plain("true"), on: endpoint).outcome } }
                return await group.reduce(into: [HostOutcome]()) { $0.append($1) }
            }
            #expect(outcomes == Array(repeating: .exited(0), count: 12))
        }
    }

    @Test("an encrypted key that the agent holds needs no passphrase")
    func encrypted() async throws {
        let server = try LocalSSHD()
        let agent = try await LocalAgent(in: server.folder.path)
        let path = try Self.key("held", "ed25519", at: server)
        try agent.add(path)
        try SSHTools.run(["/usr/bin/ssh-keygen", "-q", "-p", "-P", "", "-N", "a secret", "-a", "1", "-f", path])
        var endpoint = server.endpoint(identity: path)
        endpoint.agentSocket = agent.socket
        let target = endpoint
        let report = try await withHosts { await $0.run(.plain("true"), on: target) }
        #expect(report.outcome == .exited(0), "\(report)")
    }

    @Test("IdentitiesOnly offers nothing of the agent's but what the files name")
    func only() async throws {
        let server = try LocalSSHD()
        let agent = try await LocalAgent(in: server.folder.path)
        try agent.add(try Self.key("held", "ed25519", at: server))
        let unknown = try Self.key("unknown", "ed25519", at: server, isKnown: false)
        var endpoint = server.endpoint(identity: unknown)
        endpoint.agentSocket = agent.socket
        let (all, only) = (
            endpoint,
            {
                var only = endpoint; only.usesOnlyIdentityFiles = true; return only
            }()
        )
        try await withHosts { hosts in
            #expect(await hosts.run(.plain("true"), on: all).outcome == .exited(0))
            guard case .refused(let refusal) = await hosts.run(.plain("true"), on: only).outcome else {
                Issue.record("a key that no file names was offered")
                return
            }
            #expect(refusal.code == .authenticationFailed)
            #expect(refusal.message.contains(unknown))
            #expect(!refusal.message.contains("agent"))
        }
    }

    @Test("an agent that is not there is named, and a key of a file used all the same")
    func gone() async throws {
        let server = try LocalSSHD()
        var endpoint = server.endpoint()
        endpoint.agentSocket = server.folder.path + "/no-agent"
        let target = endpoint
        try await withHosts { hosts in
            #expect(await hosts.run(.plain("true"), on: target).outcome == .exited(0))
            var none = target
            none.identityFiles = []
            guard case .refused(let refusal) = await hosts.run(.plain("true"), on: none).outcome else {
                Issue.record("it logged in with nothing")
                return
            }
            #expect(refusal.message.contains("no-agent cannot be reached"), "\(refusal)")
        }
    }

    @Test("an agent that ends, or forgets its keys, holds no session up", arguments: ["-D", "end"])
    func hangsUp(how: String) async throws {
        let server = try LocalSSHD(addresses: ["127.0.0.1", "127.0.0.2"])
        let path = try Self.key("held", "ed25519", at: server)
        let agent = try await LocalAgent(in: server.folder.path)
        try agent.add(path)
        let endpoints = server.addresses.map { address in
            var endpoint = server.endpoint(address)
            (endpoint.identityFiles, endpoint.agentSocket) = ([], agent.socket)
            return endpoint
        }
        try await withHosts { hosts in
            // Its keys are known from here on, and the second host wants a signature that nobody makes any more.
            #expect(await hosts.run(.plain("true"), on: endpoints[0]).outcome == .exited(0))
            if how == "end" { agent.end() } else { try agent.forget() }
            guard case .refused(let refusal) = await hosts.run(.plain("true"), on: endpoints[1]).outcome else {
                Issue.record("it logged in")
                return
            }
            #expect(refusal.code == .authenticationFailed)
            #expect(refusal.message.contains("(agent)"), "\(refusal)")
        }
    }

    @Test("an agent that stops answering meets the deadline of authentication")
    func hangs() async throws {
        let server = try LocalSSHD(addresses: ["127.0.0.1", "127.0.0.2"])
        let agent = try await LocalAgent(in: server.folder.path)
        try agent.add(try Self.key("held", "ed25519", at: server))
        let endpoints = server.addresses.map { address in
            var endpoint = server.endpoint(address)
            (endpoint.identityFiles, endpoint.agentSocket) = ([], agent.socket)
            return endpoint
        }
        try await withHosts {
            $0.authenticationSeconds = 3
        } _: { hosts in
            #expect(await hosts.run(.plain("true"), on: endpoints[0]).outcome == .exited(0))
            agent.hang()
            defer { agent.wake() }
            let report = await hosts.run(.plain("true"), on: endpoints[1])
            #expect(report.outcome == .timedOut(.authentication), "\(report)")
            #expect(report.stage == .authentication)
        }
    }

    @Test("answers are read as the protocol writes them, and rubbish is not")
    func messages() {
        var writer = WireWriter()
        writer.integer(1)
        writer.string([0, 0, 0, 2, 104, 105])
        writer.text("note")
        let key = AgentKey(blob: [0, 0, 0, 2, 104, 105], comment: "note")
        #expect(AgentMessage.keys(in: [12] + writer.bytes) == [key])
        #expect(key.type == "hi")
        #expect(AgentMessage.keys(in: [12] + writer.bytes.dropLast()) == nil)
        #expect(AgentMessage.keys(in: [12, 0xFF, 0xFF, 0xFF, 0xFF]) == nil)
        #expect(AgentMessage.keys(in: [5]) == nil)
        #expect(AgentMessage.keys(in: []) == nil)
        #expect(AgentMessage.signature(in: [14, 0, 0, 0, 9, 0, 0, 0, 1, 120, 0, 0, 0, 0]) == [])
        #expect(AgentMessage.signature(in: [14, 0, 0, 0, 9, 0, 0, 0]) == nil)
        #expect(AgentMessage.signature(in: [5]) == nil)
        let rsa = AgentKey(blob: [0, 0, 0, 7] + Array("ssh-rsa".utf8), comment: "")
        #expect(AgentMessage.sign([1], with: rsa).suffix(4) == [0, 0, 0, 4])
        #expect(AgentMessage.sign([1], with: key) == [13, 0, 0, 0, 6, 0, 0, 0, 2, 104, 105, 0, 0, 0, 1, 1, 0, 0, 0, 0])
    }
}
