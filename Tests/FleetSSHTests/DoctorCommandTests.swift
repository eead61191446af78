import Foundation
import Testing

/// `fleet doctor`, as an operator types it, over one sshd whose addresses stand for hosts.
@Suite(
    "fleet doctor over a real sshd", .enabled(if: SSHTools.areHere, "sshd is not installed"), .timeLimit(.minutes(3)))
struct DoctorCommandTests {
    /// `fleet.doctor/v1`, what the tests look at.
    private struct Document: Decodable {
        struct Host: Decodable, Equatable {
            struct Finding: Decodable, Equatable {
                var code: String
            }
            var host: String
            var jumpHost: Bool
            var blocked: Bool
            var findings: [Finding]
        }
        var schema: String
        var hosts: [Host]

        /// By host, without what the machine of the tests may lack itself: space, and a clock for all.
        var codes: [String: [String]] {
            let own = ["disk-full", "disk-nearly-full", "slow-shell", "slow-login", "read-only"]
            return Dictionary(
                uniqueKeysWithValues: hosts.map { ($0.host, $0.findings.map(\.code).filter { !own.contains($0) }) })
        }
    }

    private static func document(_ result: ExecWorld.Result) throws -> Document {
        try JSONDecoder().decode(Document.self, from: Data(result.output.utf8))
    }

    @Test("what differs from host to host is found, and told by host")
    func findings() throws {
        let world = try ExecWorld(
            config: """
                Match LocalAddress 127.0.0.2
                  ForceCommand echo go away; exit 1
                Match LocalAddress 127.0.0.3
                  AuthorizedKeysFile none
                """)
        let lines = try String(contentsOfFile: world.server.knownHosts, encoding: .utf8).split(separator: "\n")
        try world.server.know(lines.filter { !$0.contains("127.0.0.4") }.joined(separator: "\n") + "\n")
        let result = try world.doctor("web", ["--output", "json"])
        #expect(result.status == 2, "\(result.error)")
        let document = try Self.document(result)
        #expect(document.schema == "fleet.doctor/v1")
        #expect(
            document.codes == [
                "n1": [], "n2": ["no-shell"], "n3": ["login-refused"], "n4": ["host-key-unknown"],
                "n5": ["unreachable"],
            ])
    }

    @Test("text folds the hosts' names, and every host in trouble ends in 1")
    func text() throws {
        let world = try ExecWorld()
        try world.server.know("")
        let result = try world.doctor("web:!n5", [])
        #expect(result.status == 1, "\(result.error)")
        #expect(
            result.output.hasPrefix("blocker: its host key is in no known_hosts file: n[1-4] (4 hosts)\n"),
            "\(result.output)")
        #expect(result.output.contains("\n    → compare it with ssh-keygen -lf "))
        #expect(result.output.hasSuffix("\n\n0 well, 4 blocked\n"))
    }

    @Test("a slow shell is warned about, and is no failure")
    func slowShell() throws {
        let world = try ExecWorld(
            config: "Match LocalAddress 127.0.0.2\n  ForceCommand sleep 1.6; eval \"$SSH_ORIGINAL_COMMAND\"")
        let result = try world.doctor("n1,n2", ["--output", "json"])
        let document = try Self.document(result)
        #expect(document.hosts.first { $0.host == "n2" }?.findings.contains(.init(code: "slow-shell")) == true)
        #expect(document.codes == ["n1": [], "n2": []])
    }

    @Test("a jump host is looked at too, once, before the hosts behind it")
    func jumpHost() throws {
        let bastion = try LocalSSHD()
        let world = try ExecWorld(inventory: { server in
            let known = server.knownHosts
            let hosts = (1...2).map { "n\($0) ansible_host=127.0.0.\($0)\n" }.joined()
            return "[web]\n\(hosts)[all:vars]\nansible_port=\(server.port)\nansible_user=\(server.user)\n"
                + "ansible_ssh_private_key_file=\(server.identity)\n"
                + "ansible_ssh_common_args=-o UserKnownHostsFile=\(known) -J \(bastion.user)@127.0.0.1:\(bastion.port)\n"
        })
        let result = try world.doctor("web", ["--output", "json"])
        #expect(result.status == 1, "\(result.error)\(result.output)")
        let document = try Self.document(result)
        #expect(document.hosts.map(\.host) == ["127.0.0.1", "n1", "n2"])
        #expect(document.hosts.map(\.jumpHost) == [true, false, false])
        #expect(
            document.codes == [
                "127.0.0.1": ["host-key-unknown"], "n1": ["behind-jump-host"], "n2": ["behind-jump-host"],
            ])
    }
}
