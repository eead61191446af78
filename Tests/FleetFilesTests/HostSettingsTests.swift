import FleetExpressions
import FleetFiles
import FleetModel
import Testing

@Suite("What fleet reads from a host's variables")
struct HostSettingsTests {
    private func host(_ variables: String, name: String = "n1") throws -> Host {
        let tree = MemoryFileTree(["h.yml": "all:\n  hosts:\n    \(name): {\(variables)}\n"])
        return try #require(try InventoryReader(tree: tree).read(["h.yml"]).inventory.hosts.first)
    }

    @Test("nothing said means the name, ssh and the Node of that name")
    func bare() throws {
        let host = try host("")
        #expect(
            host.connection == ConnectionSettings(address: "n1") && host.node == "n1" && host.zone == nil
                && host.problems.isEmpty)
    }

    @Test("connection variables and their synonyms")
    func connection() throws {
        let host = try host(
            #"ansible_host: 10.0.0.1, ansible_port: "2222", ansible_user: ops, ansible_ssh_private_key_file: ~/k, ansible_become: "yes", ansible_become_method: doas, ansible_become_user: root, ansible_become_pass: x, ansible_ssh_common_args: "-o ProxyCommand=\"ssh -W %h:%p b\" -J c", ansible_ssh_extra_args: "-o Compression=yes""#
        )
        #expect(
            host.connection
                == ConnectionSettings(
                    address: "10.0.0.1", port: 2222, user: "ops", privateKeyFile: "~/k",
                    options: [
                        SSHOption("ProxyCommand", "ssh -W %h:%p b"), SSHOption("ProxyJump", "c"),
                        SSHOption("Compression", "yes"),
                    ],
                    becomes: true, becomeMethod: "doas", becomeUser: "root", hasPassword: true))
        #expect(host.connection.proxyJump == "c" && host.connection.option("compression") == "yes")
        let old = try self.host("ansible_ssh_host: a, ansible_ssh_port: 23, ansible_ssh_user: u")
        #expect(old.connection == ConnectionSettings(address: "a", port: 23, user: "u"))
        let both = try self.host("ansible_ssh_host: a, ansible_host: b")
        #expect(both.connection.address == "b")
    }

    @Test("templates are worked out with the host's own variables")
    func templates() throws {
        let host = try host(
            #"ip: 10.1.1.1, ansible_host: "{{ ip }}", rack: b, zone: "eu-{{ rack }}", labels: {z: "{{ zone }}", n: 5, e: true}, kubernetes_node: "{{ inventory_hostname }}.local""#
        )
        #expect(host.connection.address == "10.1.1.1" && host.zone == "eu-b" && host.node == "n1.local")
        #expect(host.labels == ["z": "eu-b", "n": "5", "e": "true"])
    }

    @Test("Kubespray's labels and taints are taken where fleet's own are absent")
    func kubespray() throws {
        let host = try host(
            #"node_labels: {a: b}, node_taints: ["x=y:NoSchedule", "z:NoExecute", {key: k, value: v, effect: PreferNoSchedule}]"#
        )
        #expect(host.labels == ["a": "b"])
        #expect(
            host.taints == [
                Taint(key: "x", value: "y", effect: .noSchedule), Taint(key: "z", effect: .noExecute),
                Taint(key: "k", value: "v", effect: .preferNoSchedule),
            ])
        #expect(try self.host("labels: {a: own}, node_labels: {a: b}").labels == ["a": "own"])
    }

    static let problems: [(String, String)] = [
        (
            "ansible_port: 70000",
            "h.yml:3:24: unusable ansible_port of host \"n1\": found \"70000\", expected a port from 1 to 65535"
        ),
        ("ansible_host: \"{{ ipp }}\", ip: 1", "\"ipp\" is undefined; did you mean \"ip\"?"),
        ("ansible_become: maybe", "expected true or false"),
        ("ansible_user: [a]", "unusable ansible_user of host \"n1\": found a list, expected text"),
        ("labels: [a]", "expected a mapping of labels"),
        ("taints: [\"x:Never\"]", "unusable taint of host \"n1\": found \"x:Never\""),
        ("ansible_ssh_common_args: \"-o 'x\"", "closed quotes"),
        ("ansible_user: !vault abc", "variable \"ansible_user\" is encrypted with Ansible Vault"),
        ("ansible_host: \"{{ lookup('env', 'X') }}\"", "functions do not exist"),
    ]

    @Test("mistakes are the host's problems, not the inventory's", arguments: problems)
    func problem(_ variables: String, _ message: String) throws {
        let host = try host(variables)
        #expect(host.problems.count == 1)
        #expect(host.problems.first?.contains(message) == true, "\(host.problems)")
    }

    @Test("ciphertext nobody uses disturbs nobody")
    func vault() throws {
        let host = try host("secret: !vault abc, zone: a")
        #expect(host.problems.isEmpty && host.zone == "a" && host.variables["secret"] == .vaulted("abc"))
    }
}
