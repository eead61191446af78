import Foundation
import Testing

@testable import FleetSSH

/// How `fleet exec` finds its way to hosts: inventory, command line, ssh_config, secrets.
@Suite("fleet exec's settings", .enabled(if: SSHTools.areHere, "sshd is not installed"), .timeLimit(.minutes(3)))
struct ExecSettingsTests {
    /// A host of which the inventory says nothing but its name.
    private static func bare(_ config: (LocalSSHD) -> String) throws -> ExecWorld {
        let world = try ExecWorld(inventory: { _ in "web-1\nweb-2 ansible_host=127.0.0.2\n" })
        _ = try world.write(config(world.server), to: "home/.ssh/config")
        return world
    }

    private static func usual(_ server: LocalSSHD) -> String {
        """
        Host web-* 127.*
          User \(server.user)
          Port \(server.port)
          IdentityFile \(server.identity)
          UserKnownHostsFile \(server.knownHosts)
        Match originalhost web-1
          HostName 127.0.0.1

        """
    }

    @Test("~/.ssh/config fills in what the inventory leaves out")
    func config() throws {
        let world = try Self.bare(Self.usual)
        let result = try world.run("all", [], ["echo in"])
        #expect(result.timeless == "web-[1-2] (2 hosts): exit 0\n  in\n\n2 ok\n", "\(result)")
    }

    @Test("--ssh-config names another file, and none reads none")
    func otherConfig() throws {
        let world = try Self.bare { _ in "User somebody-else\n" }
        let path = try world.write(Self.usual(world.server), to: "other")
        let other = try world.run("web-1", ["--ssh-config", path], ["true"])
        #expect(other.status == 0, "\(other)")
        let none = try world.run("web-1", ["--ssh-config", "none"], ["true"])
        #expect(none.status == 1)
        let missing = try world.run("web-1", ["--ssh-config", path + ".no"], ["true"])
        #expect(missing.status == 64)
    }

    @Test("a mistake in ssh_config ends in 64, with its place")
    func mistake() throws {
        let world = try Self.bare { _ in "Host *\n  Match exec true\n  Porrt 22\n" }
        let result = try world.run("all", [], ["true"])
        #expect(result.status == 64)
        #expect(result.error.contains("/.ssh/config:2:9: Match exec is not supported"), "\(result.error)")
        #expect(result.error.contains("/.ssh/config:3:3: ssh_config has no keyword \"Porrt\"; did you mean port?"))
    }

    @Test("jump hosts of ssh_config have settings of their own, and jump hosts of their own")
    func jumps() throws {
        let world = try Self.bare { server in
            """
            Host web-1
              ProxyJump bastion
            Host bastion
              HostName 127.0.0.3
              ProxyJump gate
            Host gate
              HostName 127.0.0.4
            Match all

            """ + Self.usual(server).replacing("Host web-* 127.*", with: "Host *")
        }
        let result = try world.run("web-1", [], ["echo $SSH_CONNECTION"])
        #expect(result.status == 0, "\(result)")
        #expect(result.output.contains("127.0.0.1 \(world.server.port)"))
        #expect(world.server.log.matches(of: /Accepted publickey/).count == 3, "\(world.server.log)")
    }

    @Test("a ProxyCommand is given the host's address and port, and nothing that a shell would read twice")
    func proxyCommand() throws {
        let relay = #"ProxyCommand bash -c 'exec 3<>/dev/tcp/%h/%p; cat <&3 & cat >&3; kill $!'"#
        let world = try Self.bare { Self.usual($0) + "Match all\n  \(relay)\n" }
        let result = try world.run("web-1", [], ["echo in"])
        #expect(result.timeless == "web-1: exit 0\n  in\n\n1 ok\n", "\(result)")
        let user = try world.run("web-1", ["--user", "a;b"], ["echo in"])
        #expect(user.status == 1)
        let unknown = try Self.bare { Self.usual($0) + "Match all\n  ProxyCommand nc %k\n" }
        #expect(try unknown.run("web-1", [], ["true"]).output.contains("ProxyCommand holds %k"))
    }

    @Test("a passphrase comes from a file, or from a program that prints it")
    func passphrase() throws {
        let world = try ExecWorld()
        try SSHTools.run(
            ["/usr/bin/ssh-keygen", "-q", "-p", "-P", "", "-N", "a secret", "-a", "1", "-f", world.server.identity])
        let without = try world.run("n1", [], ["true"])
        #expect(without.status == 1)
        #expect(without.output.contains("it is encrypted, and no passphrase was given"), "\(without)")
        let file = try world.write("a secret\n", to: "phrase")
        #expect(try world.run("n1,n2", ["--passphrase-file", file], ["true"]).status == 0)
        let program = try world.write("#!/bin/sh\necho a secret\n", to: "phrase.sh", permissions: 0o700)
        #expect(try world.run("n1,n2", ["--passphrase-file", program], ["true"]).status == 0)
        let wrong = try world.write("another\n", to: "wrong")
        let refused = try world.run("n1", ["--passphrase-file", wrong], ["true"])
        #expect(refused.output.contains("the passphrase is wrong"))
        #expect(!(refused.output + refused.error).contains("another"))
    }

    @Test(
        "settings that would do less than they say are refused",
        arguments: [
            ("ansible_become_user=postgres", "fleet becomes root only"),
            ("ansible_become_method=runas", "\"runas\" is not supported"),
            ("ansible_ssh_common_args='-F /etc/other'", "-F /etc/other in ansible_ssh_common_args is not read"),
            ("ansible_ssh_common_args='-o StrictHostKeyChecking=no'", "would trust anybody who answers"),
            ("ansible_connection=local", "fleet reaches hosts by ssh only"),
        ])
    func refused(variable: String, words: String) throws {
        let world = try ExecWorld(inventory: { _ in "n1 ansible_host=127.0.0.1 ansible_user=operator \(variable)\n" })
        let result = try world.run("n1", ["--become"], ["true"])
        #expect(result.status == 1)
        #expect(result.output.contains(words), "\(result)")
    }
}
