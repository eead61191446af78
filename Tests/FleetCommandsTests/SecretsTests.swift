import ArgumentParser
import FleetModel
import FleetSSH
import Testing

@testable import FleetCommands

/// Where passwords come from.
struct SecretsTests {
    private static func settings(_ options: [String] = [], _ hosts: [Host] = []) throws -> SSHSettings {
        var settings = SSHSettings()
        Secrets(try HostOptions.parse(options), hosts: hosts, Output(try OutputOptions.parse([]))).give(to: &settings)
        return settings
    }

    private static func endpoint(_ become: HostEndpoint.Become = .none) -> HostEndpoint {
        HostEndpoint(name: "n1", address: "192.0.2.1", user: "operator", become: become)
    }

    private static func host(_ variables: VariableMapping) -> Host {
        Host(name: "n1", variables: HostVariables(own: variables))
    }

    @Test("the inventory's variables, templates worked out, each for its own method")
    func variables() async throws {
        let host = Self.host([
            "word": "open", "ansible_password": "{{ word }} login", "ansible_become_pass": "{{ word }} root",
            "ansible_su_pass": "never",
        ])
        let settings = try Self.settings([], [host])
        #expect(await settings.password(Self.endpoint()) == Secret("open login"))
        #expect(await settings.becomePassword(Self.endpoint(.sudo)) == Secret("open root"))
        #expect(await settings.becomePassword(Self.endpoint(.doas)) == nil)
        let su = try Self.settings([], [Self.host(["ansible_su_pass": "root's"])])
        #expect(await su.becomePassword(Self.endpoint(.su)) == Secret("root's"))
        #expect(await su.becomePassword(Self.endpoint(.sudo)) == nil)
    }

    @Test("a variable that cannot be worked out gives nothing, and its value is not told")
    func broken() async throws {
        let settings = try Self.settings([], [Self.host(["ansible_password": "{{ nowhere }}"])])
        #expect(await settings.password(Self.endpoint()) == nil)
    }

    @Test("files, the first line of them; a program's output; the inventory above both")
    func files() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let file = try folder.write("from a file\nsecond line\n", to: "word")
        let settings = try Self.settings(["--password-file", file, "--become-password-file", file])
        #expect(await settings.password(Self.endpoint()) == Secret("from a file"))
        #expect(await settings.becomePassword(Self.endpoint(.sudo)) == Secret("from a file"))
        let windows = try folder.write("from a file\r\nsecond line\r\n", to: "windows")
        #expect(
            try await Self.settings(["--password-file", windows]).password(Self.endpoint()) == Secret("from a file"))
        let own = try Self.settings(["--password-file", file], [Self.host(["ansible_ssh_pass": "own"])])
        #expect(await own.password(Self.endpoint()) == Secret("own"))
        let missing = try Self.settings(["--password-file", file + ".no"])
        #expect(await missing.password(Self.endpoint()) == nil)
    }

    @Test("without anything nothing is given, and nobody asked")
    func nothing() async throws {
        let settings = try Self.settings()
        #expect(await settings.password(Self.endpoint()) == nil)
        #expect(await settings.becomePassword(Self.endpoint(.sudo)) == nil)
    }
}

/// The places of `ProxyJump`.
struct JumpPlaceTests {
    @Test(
        "[user@]host[:port], URIs and IPv6",
        arguments: [
            ("bastion", nil, "bastion", nil), ("me@bastion:2222", "me", "bastion", 2222),
            ("ssh://me@bastion:22", "me", "bastion", 22), ("[2001:db8::1]", nil, "2001:db8::1", nil),
            ("me@[2001:db8::1]:2222", "me", "2001:db8::1", 2222),
        ] as [(String, String?, String, Int?)])
    func places(text: String, user: String?, host: String, port: Int?) throws {
        let place = try #require(JumpPlace(text))
        #expect((place.user, place.host, place.port) == (user, host, port))
    }

    @Test(
        "anything else is none",
        arguments: ["", "@", "me@", "@host", "host:", "host:x", "host:0", "host:65536", "a:b:c", "[::1", "[::1]x:2"])
    func none(text: String) {
        #expect(JumpPlace(text) == nil)
    }
}
