import FleetModel
import Foundation
import Testing

@testable import FleetSSH

@Suite("Host keys of a real sshd", .enabled(if: SSHTools.areHere, "sshd is not installed"), .timeLimit(.minutes(2)))
struct HostKeyTests {
    private func refusal(_ server: LocalSSHD, _ change: (inout HostEndpoint) -> Void = { _ in }) async throws
        -> HostRefusal
    {
        var endpoint = server.endpoint()
        change(&endpoint)
        let target = endpoint
        let report = try await withHosts { await $0.run(.plain("true"), on: target) }
        guard case .refused(let refusal) = report.outcome else {
            Issue.record("not refused: \(report)")
            return HostRefusal(.configuration, "")
        }
        return refusal
    }

    @Test(arguments: ["ed25519", "ecdsa"]) func aKnownKeyIsTrusted(_ type: String) async throws {
        let server = try LocalSSHD(hostKeys: [type])
        let report = try await withHosts { await $0.run(.plain("true"), on: server.endpoint()) }
        #expect(report.outcome == .exited(0), "\(report)")
    }

    @Test(arguments: ["ed25519", "ecdsa"]) func theKnownTypeIsAskedFor(_ type: String) async throws {
        let server = try LocalSSHD(hostKeys: ["ecdsa", "ed25519", "rsa"])
        try server.know("[127.0.0.1]:\(server.port) \(try server.publicHostKey(type))\n")
        let report = try await withHosts { await $0.run(.plain("true"), on: server.endpoint()) }
        #expect(report.outcome == .exited(0), "\(report)")
    }

    @Test func anUnknownKeyIsRefusedWithTheLineToAdd() async throws {
        let server = try LocalSSHD()
        try server.know("# nothing\n")
        let refusal = try await refusal(server)
        #expect(refusal.code == .hostKeyUnknown)
        #expect(refusal.message.contains("SHA256:"))
        #expect(
            refusal.message.contains(
                "add to \(server.knownHosts): [127.0.0.1]:\(server.port) \(try server.publicHostKey("ed25519"))"))
        #expect(!server.log.contains("Accepted"))
    }

    @Test func aChangedKeyIsRefusedWithBothFingerprints() async throws {
        let (server, other) = (try LocalSSHD(), try LocalSSHD())
        try server.know("# one\n[127.0.0.1]:\(server.port) \(try other.publicHostKey("ed25519"))\n")
        let refusal = try await refusal(server)
        #expect(refusal.code == .hostKeyChanged)
        #expect(refusal.message.contains("\(server.knownHosts):2"))
        #expect(refusal.message.components(separatedBy: "SHA256:").count == 3)
        #expect(!server.log.contains("Accepted"))
        // accept-new makes no difference to a changed key.
        #expect(try await self.refusal(server) { $0.acceptsNewKeys = true }.code == .hostKeyChanged)
    }

    @Test func aRevokedKeyIsRefusedEvenWhereItIsKnown() async throws {
        let server = try LocalSSHD()
        let key = try server.publicHostKey("ed25519")
        try server.know("[127.0.0.1]:\(server.port) \(key)\n@revoked * \(key)\n")
        #expect(try await refusal(server) { $0.acceptsNewKeys = true }.code == .hostKeyRevoked)
    }

    @Test func aCertificateAuthorityIsNamedAsTheReason() async throws {
        let server = try LocalSSHD()
        try server.know("@cert-authority [127.0.0.*]:* \(try server.publicHostKey("ed25519"))\n")
        let refusal = try await refusal(server) { $0.acceptsNewKeys = true }
        #expect(refusal.code == .hostKeyUnsupported)
        #expect(refusal.message.contains("certificate authority of \(server.knownHosts):1"))
    }

    @Test func anotherTypeOfAKnownHostIsNotNew() async throws {
        let (server, other) = (try LocalSSHD(), try LocalSSHD(hostKeys: ["ecdsa"]))
        try server.know("[127.0.0.1]:\(server.port) \(try other.publicHostKey("ecdsa"))\n")
        let refusal = try await refusal(server) { $0.acceptsNewKeys = true }
        #expect(refusal.code == .hostKeyUnknown)
        #expect(refusal.message.contains("is known by the ecdsa-sha2-nistp256 key"))
    }

    @Test func anRSAOnlyHostIsRefusedInWordsThatSaySo() async throws {
        guard !HostKeyCheck.isUsable("rsa-sha2-512") else { return }
        let server = try LocalSSHD(hostKeys: ["rsa"])
        let refusal = try await refusal(server)
        #expect(refusal.code == .hostKeyUnsupported)
        #expect(
            refusal.message.contains(
                "offers only host keys for rsa-sha2-512, rsa-sha2-256, which libssh2 \(SSHLibrary.version) cannot use"))
    }

    @Test func hashedNamesAreFound() async throws {
        let server = try LocalSSHD()
        try SSHTools.run(["/usr/bin/ssh-keygen", "-q", "-H", "-f", server.knownHosts])
        #expect(try String(contentsOfFile: server.knownHosts, encoding: .utf8).hasPrefix("|1|"))
        let report = try await withHosts { await $0.run(.plain("true"), on: server.endpoint()) }
        #expect(report.outcome == .exited(0), "\(report)")
    }

    @Test func acceptNewAppendsOnceAndTrustsAfterwards() async throws {
        let server = try LocalSSHD(addresses: ["127.0.0.1", "127.0.0.2"])
        try server.know("# no newline at the end")
        try await withHosts { hosts in
            for address in ["127.0.0.1", "127.0.0.2", "127.0.0.1"] {
                var endpoint = server.endpoint(address)
                endpoint.acceptsNewKeys = true
                #expect(await hosts.run(.plain("true"), on: endpoint).outcome == .exited(0))
            }
        }
        let lines = try String(contentsOfFile: server.knownHosts, encoding: .utf8).split(separator: "\n")
        let key = try server.publicHostKey("ed25519")
        #expect(lines.dropFirst() == ["[127.0.0.1]:\(server.port) \(key)", "[127.0.0.2]:\(server.port) \(key)"])
        let report = try await withHosts { await $0.run(.plain("true"), on: server.endpoint()) }
        #expect(report.outcome == .exited(0))
    }

    @Test func manyAtOnceAppendWholeLines() async throws {
        let file = NSTemporaryDirectory() + "fleet-known-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: file) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                group.addTask { try KnownHostsFile.append("host\(number % 50) type key", to: file) }
            }
            try await group.waitForAll()
        }
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(lines.sorted() == (0..<50).map { "host\($0) type key" }.sorted())
    }
}
