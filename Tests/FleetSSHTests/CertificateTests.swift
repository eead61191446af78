import FleetModel
import Foundation
import Testing

@testable import FleetSSH

/// An authority for user certificates, in a folder of its own.
private final class Authority {
    let folder: String
    var publicKey: String { "\(folder)/ca.pub" }

    init() throws {
        folder = NSTemporaryDirectory() + "fleet-ca-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try SSHTools.makeKey("\(folder)/ca", type: "ed25519")
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// A key, and its certificate beside it.
    func certifiedKey(_ type: String, bits: Int? = nil, options: [String] = ["-n", NSUserName()]) throws -> String {
        let path = "\(folder)/id_\(UUID().uuidString.prefix(8))"
        try SSHTools.makeKey(path, type: type, bits: bits)
        try SSHTools.run(
            ["/usr/bin/ssh-keygen", "-q", "-s", "\(folder)/ca", "-I", "a user"] + options + ["\(path).pub"])
        return path
    }
}

/// An sshd that trusts an authority's certificates, and no key by itself.
@Suite(
    "User certificates at a real sshd", .enabled(if: SSHTools.areHere, "sshd is not installed"), .timeLimit(.minutes(2))
)
struct CertificateTests {
    private let authority: Authority
    private let server: LocalSSHD

    init() throws {
        authority = try Authority()
        server = try LocalSSHD(config: "TrustedUserCAKeys \(authority.publicKey)")
    }

    private func report(_ change: (inout HostEndpoint) throws -> Void) async throws -> HostReport {
        var endpoint = server.endpoint()
        endpoint.identityFiles = []
        try change(&endpoint)
        let target = endpoint
        return try await withHosts { await $0.run(.plain("echo in"), on: target) }
    }

    private func refusal(_ report: HostReport) -> HostRefusal? {
        if case .refused(let refusal) = report.outcome { return refusal }
        Issue.record("not refused: \(report)")
        return nil
    }

    @Test("a certificate beside an ecdsa key is offered before the key", arguments: [256, 384, 521])
    func beside(bits: Int) async throws {
        let path = try authority.certifiedKey("ecdsa", bits: bits)
        let report = try await report { $0.identityFiles = [path] }
        #expect(report.standardOutput == "in\n", "\(report)")
        #expect(server.log.contains("ECDSA-CERT"), "\(server.log)")
    }

    @Test("CertificateFile names one that lies elsewhere; keys that it does not certify are left alone")
    func elsewhere() async throws {
        let path = try authority.certifiedKey("ecdsa")
        let other = authority.folder + "/other"
        try FileManager.default.moveItem(atPath: "\(path)-cert.pub", toPath: other)
        let plain = try await report { $0.identityFiles = [path] }
        #expect(refusal(plain)?.code == .authenticationFailed)
        let report = try await report {
            $0.identityFiles = [server.identity + "-none", path]
            $0.certificateFiles = [other]
        }
        #expect(report.standardOutput == "in\n", "\(report)")
    }

    @Test("the agent signs for a certificate that it holds, and for one that lies beside a key's file")
    func agent() async throws {
        let path = try authority.certifiedKey("ecdsa")
        let agent = try await LocalAgent(in: server.folder.path)
        try agent.add(path)
        let held = try await report { $0.agentSocket = agent.socket }
        #expect(held.standardOutput == "in\n", "\(held)")
        // Only the public key is left of the file: the agent has the private one.
        try agent.forget()
        try FileManager.default.moveItem(atPath: "\(path)-cert.pub", toPath: "\(path)-kept")
        try agent.add(path)
        try FileManager.default.moveItem(atPath: "\(path)-kept", toPath: "\(path)-cert.pub")
        try FileManager.default.removeItem(atPath: path)
        let beside = try await report {
            $0.agentSocket = agent.socket
            $0.identityFiles = [path]
            $0.usesOnlyIdentityFiles = true
        }
        #expect(beside.standardOutput == "in\n", "\(beside)")
    }

    @Test("an ed25519 certificate is accepted where the library can prove it, and named where it cannot")
    func ed25519() async throws {
        let path = try authority.certifiedKey("ed25519")
        let report = try await report { $0.identityFiles = [path] }
        if SSHLibrary.isModern {
            #expect(report.standardOutput == "in\n", "\(report)")
        } else {
            let words =
                "the certificate \(path)-cert.pub is left out: libssh2 \(SSHLibrary.version) cannot use ed25519 "
                + "certificates; 1.11 can, and ecdsa keys with certificates work"
            #expect(refusal(report)?.message.contains(words) == true, "\(report)")
        }
    }

    struct Unusable: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var type = "ecdsa"
        var options: [String]
        var words: String
    }

    static let unusable = [
        Unusable(
            testDescription: "RSA", type: "rsa", options: ["-n", NSUserName()],
            words: "RSA certificates are not supported"),
        Unusable(
            testDescription: "expired", options: ["-n", NSUserName(), "-V", "20200101000000Z:20200102000000Z"],
            words: "it expired at 2020-01-02T00:00:00Z; have it signed anew"),
        Unusable(
            testDescription: "not valid yet", options: ["-n", NSUserName(), "-V", "+520w:+530w"],
            words: "on only, by the clock here"),
        Unusable(testDescription: "for hosts", options: ["-h", "-n", "web"], words: "it is a certificate for hosts"),
    ]

    @Test("a certificate that cannot be used is left out, and the refusal says why", arguments: unusable)
    func leftOut(_ row: Unusable) async throws {
        let path = try authority.certifiedKey(row.type, options: row.options)
        let report = try await report { $0.identityFiles = [path] }
        let message = refusal(report)?.message ?? ""
        #expect(message.contains("the certificate \(path)-cert.pub is left out: "), "\(message)")
        #expect(message.contains(row.words), "\(message)")
    }

    @Test("a certificate for another user is refused by the host, under the certificate's own name")
    func principal() async throws {
        let path = try authority.certifiedKey("ecdsa", options: ["-n", "somebody-else"])
        let report = try await report { $0.identityFiles = [path] }
        #expect(refusal(report)?.message.contains("\(path)-cert.pub, \(path)") == true, "\(report)")
    }
}

/// Which kinds of keys can be offered, library by library.
@Suite("What a libssh2 can prove")
struct KeySupportTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var type: String
        var old: String?
        var new: String?
        var testDescription: String { type }

        init(_ type: String, old: String? = nil, new: String? = nil) {
            (self.type, self.old, self.new) = (type, old, new)
        }
    }

    private static let token = "keys on FIDO tokens (sk-ssh-ed25519@openssh.com) are not supported"
    static let rows = [
        Row("ssh-ed25519"), Row("ecdsa-sha2-nistp256"), Row("ecdsa-sha2-nistp521"), Row("ssh-rsa"),
        Row("ecdsa-sha2-nistp384-cert-v01@openssh.com"),
        Row("ssh-ed25519-cert-v01@openssh.com", old: "libssh2 1.10.0 cannot use ed25519 certificates; 1.11 can"),
        Row("ssh-rsa-cert-v01@openssh.com", old: "libssh2 1.10.0 would prove them", new: "libssh2 1.11.1 would prove"),
        Row("sk-ssh-ed25519@openssh.com", old: token, new: token),
        Row("sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", old: "keys on FIDO tokens", new: "keys on FIDO tokens"),
        Row("ssh-dss", old: "DSA keys are refused", new: "DSA keys are refused"),
        Row("ssh-xmss@openssh.com", old: "ssh-xmss@openssh.com are not supported", new: "are not supported"),
    ]

    @Test("by kind of key", arguments: rows) func support(_ row: Row) {
        for (isModern, version, words) in [(false, "1.10.0", row.old), (true, "1.11.1", row.new)] {
            let objection = KeySupport.objection(to: row.type, hasModernLibrary: isModern, version: version)
            #expect((objection == nil) == (words == nil))
            if let words { #expect(objection?.contains(words) == true, "\(objection ?? "")") }
        }
    }

    @Test("a file with a key of a FIDO token is named for what it is")
    func fileOfAToken() async throws {
        var body = WireWriter()
        body.integer(7)
        body.integer(7)
        body.text("sk-ssh-ed25519@openssh.com")
        var file = WireWriter()
        for word in ["none", "none", ""] { file.text(word) }
        file.integer(1)
        file.string([])
        file.string(body.bytes)
        let armour = Data(Array("openssh-key-v1\0".utf8) + file.bytes).base64EncodedString()
        let text = "-----BEGIN OPENSSH PRIVATE KEY-----\n\(armour)\n-----END OPENSSH PRIVATE KEY-----\n"
        await #expect(
            throws: HostRefusal(
                .identityUnusable,
                "the private key /k/id_sk cannot be used: keys on FIDO tokens (sk-ssh-ed25519@openssh.com) are not "
                    + "supported, since each login would wait for a touch; use an ed25519 key for fleet")
        ) {
            _ = try await PrivateKeyFile(path: "/k/id_sk").key(in: text, passphrase: { _ in nil })
        }
    }

    @Test("what is no certificate is read as none")
    func rubbish() {
        #expect(UserCertificate([], path: "c") == nil)
        var writer = WireWriter()
        writer.text("ssh-ed25519")
        writer.string([1])
        #expect(UserCertificate(writer.bytes, path: "c") == nil)
        var cut = WireWriter()
        cut.text("ssh-ed25519-cert-v01@openssh.com")
        for _ in 0..<2 { cut.string([1]) }
        cut.integer(0)
        #expect(UserCertificate(cut.bytes, path: "c") == nil)
    }
}
