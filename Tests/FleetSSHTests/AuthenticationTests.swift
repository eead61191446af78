import FleetModel
import Foundation
import Testing

@testable import FleetSSH

@Suite(
    "Authentication at a real sshd", .enabled(if: SSHTools.areHere, "sshd is not installed"), .timeLimit(.minutes(3)))
struct AuthenticationTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var type: String
        var bits: Int?
        var passphrase = ""
        var more: [String] = []
        var testDescription: String { ([type, bits.map(String.init) ?? "", passphrase] + more).joined(separator: " ") }
    }

    static let keys = [
        Row(type: "ed25519"), Row(type: "ecdsa", bits: 256), Row(type: "ecdsa", bits: 384),
        Row(type: "ecdsa", bits: 521),
        Row(type: "rsa", bits: 2048), Row(type: "rsa", bits: 3072),
        Row(type: "rsa", bits: 2048, more: ["-m", "PEM"]), Row(type: "rsa", bits: 2048, more: ["-m", "PKCS8"]),
        Row(type: "ecdsa", bits: 256, more: ["-m", "PEM"]), Row(type: "ecdsa", bits: 384, more: ["-m", "PKCS8"]),
        Row(type: "ed25519", passphrase: "a secret", more: ["-a", "1"]),
        Row(type: "ed25519", passphrase: "a secret", more: ["-a", "2", "-Z", "aes256-cbc"]),
        Row(type: "ecdsa", bits: 256, passphrase: "a secret", more: ["-a", "1", "-Z", "aes256-gcm@openssh.com"]),
        Row(type: "rsa", bits: 2048, passphrase: "a secret", more: ["-a", "1", "-Z", "aes128-ctr"]),
    ]

    @Test(arguments: keys) func aKeyOfEachKindIsAccepted(_ row: Row) async throws {
        let server = try LocalSSHD()
        let path = server.folder.path + "/other"
        try SSHTools.makeKey(path, type: row.type, bits: row.bits, passphrase: row.passphrase, more: row.more)
        try server.authorize("other")
        try await withHosts {
            $0.passphrase = { _ in Secret(row.passphrase) }
        } _: { hosts in
            let report = await hosts.run(.plain("echo in"), on: server.endpoint(identity: path))
            #expect(report.standardOutput == "in\n", "\(report)")
        }
    }

    @Test func aKeyThatTheHostDoesNotKnowIsRefused() async throws {
        let server = try LocalSSHD()
        let path = server.folder.path + "/other"
        try SSHTools.makeKey(path, type: "ed25519")
        let report = try await withHosts { await $0.run(.plain("true"), on: server.endpoint(identity: path)) }
        guard case .refused(let refusal) = report.outcome else {
            Issue.record("\(report)")
            return
        }
        #expect(refusal.code == .authenticationFailed)
        #expect(refusal.message.contains(path))
    }

    @Test("a host that wants more than the key ends the login, although a channel was asked for behind the key")
    func moreThanTheKey() async throws {
        let server = try LocalSSHD(config: "AuthenticationMethods publickey,password", password: ("a word", .password))
        let begun = ContinuousClock.now
        let report = try await withHosts { await $0.run(.plain("true"), on: server.endpoint()) }
        guard case .refused(let refusal) = report.outcome else {
            Issue.record("\(report)")
            return
        }
        #expect(refusal.code == .authenticationFailed)
        #expect(ContinuousClock.now - begun < .seconds(15), "no deadline was waited for")
        // The request was passed over; sshd's child tells its parent, which writes it down, behind the answer.
        try await waitUntil(server.log.contains("dispatch_protocol_error: type 90"))
        let both = try await withHosts {
            $0.password = { _ in Secret("a word") }
        } _: {
            await $0.run(.plain("echo in"), on: server.endpoint())
        }
        #expect(both.standardOutput == "in\n", "\(both)")
    }

    @Test func theSecondKeyIsTried() async throws {
        let server = try LocalSSHD()
        let path = server.folder.path + "/other"
        try SSHTools.makeKey(path, type: "ecdsa")
        var endpoint = server.endpoint()
        endpoint.identityFiles = [path, "/nonexistent/key", server.identity]
        let target = endpoint
        let report = try await withHosts { await $0.run(.plain("true"), on: target) }
        #expect(report.outcome == .exited(0), "\(report)")
    }

    struct Unusable: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var text: String?
        var words: String
    }

    static let unusable = [
        Unusable(testDescription: "no file", text: nil, words: "there is no such file"),
        Unusable(testDescription: "not a key", text: "hello", words: "no -----BEGIN"),
        Unusable(
            testDescription: "truncated", text: "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END",
            words: "truncated"),
        Unusable(
            testDescription: "encrypted PKCS #8", text: "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n",
            words: "ssh-keygen -p"),
        Unusable(
            testDescription: "rubbish in PEM", text: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END",
            words: "it is none of"),
    ]

    @Test(arguments: unusable) func anUnusableKeySaysWhy(_ row: Unusable) async throws {
        let server = try LocalSSHD()
        let path = server.folder.path + "/broken"
        try row.text?.write(toFile: path, atomically: true, encoding: .utf8)
        let report = try await withHosts { await $0.run(.plain("true"), on: server.endpoint(identity: path)) }
        guard case .refused(let refusal) = report.outcome else {
            Issue.record("\(report)")
            return
        }
        #expect(refusal.code == .identityUnusable)
        #expect(refusal.message.contains(row.words), "\(refusal)")
        #expect(refusal.message.contains(path))
    }

    @Test func aWrongPassphraseIsNamed() async throws {
        let server = try LocalSSHD()
        let path = server.folder.path + "/other"
        try SSHTools.makeKey(path, type: "ed25519", passphrase: "right", more: ["-a", "1"])
        for (given, words) in [("wrong", "the passphrase is wrong"), (nil, "no passphrase was given")]
            as [(String?, String)]
        {
            let report = try await withHosts {
                $0.passphrase = { _ in given.map { Secret($0) } }
            } _: {
                await $0.run(.plain("true"), on: server.endpoint(identity: path))
            }
            guard case .refused(let refusal) = report.outcome else {
                Issue.record("\(report)")
                continue
            }
            #expect(refusal.code == .identityUnusable)
            #expect(refusal.message.contains(words), "\(refusal)")
        }
    }

    @Test func rootIsReachedThroughSudo() async throws {
        let sudo = "#!/bin/sh\n[ \"$1 $2\" = '-n -H' ] || exit 9\nshift 2\nexport BECAME=root\n\"$@\"\n"
        let server = try LocalSSHD(programs: ["sudo": sudo])
        var endpoint = server.endpoint()
        endpoint.become = .sudo
        let target = endpoint
        try await withHosts { hosts in
            let report = await hosts.run(HostCommand(script: "echo $BECAME; exit 4"), on: target)
            #expect(report.outcome == .exited(4), "\(report)")
            #expect(report.standardOutput == "root\n")
            let plain = await hosts.run(.plain("echo [$BECAME]"), on: target)
            #expect(plain.standardOutput == "[]\n")
            let late = await hosts.run(HostCommand(script: "sleep 50", timeoutSeconds: 1), on: target)
            #expect(late.outcome == .timedOut(.command))
            #expect(late.standardError.contains("was ended"), "\(late)")
        }
    }

    @Test func aSudoThatAsksIsARefusal() async throws {
        let server = try LocalSSHD(programs: ["sudo": "#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n"])
        var endpoint = server.endpoint()
        endpoint.become = .sudo
        let target = endpoint
        let report = try await withHosts { await $0.run(HostCommand(script: "echo never"), on: target) }
        guard case .refused(let refusal) = report.outcome else {
            Issue.record("\(report)")
            return
        }
        #expect(refusal.code == .becomeFailed)
        #expect(refusal.message.contains("a password is required"))
    }
}
