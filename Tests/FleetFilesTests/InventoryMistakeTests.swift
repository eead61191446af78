import FleetExpressions
import FleetFiles
import FleetModel
import Testing

@Suite("Bad inventories")
struct InventoryMistakeTests {
    struct Row: CustomTestStringConvertible {
        var file: String
        var text: String
        var message: String
        var testDescription: String { message }
    }

    static let rows: [Row] = [
        Row(
            file: "hosts", text: "[web:chidren]\nx",
            message:
                "hosts:1:6: unknown kind of section: found \"chidren\", expected one of hosts, children, vars; did you mean \"children\"?"
        ),
        Row(file: "hosts", text: "[web servers]\n", message: "hosts:1:1: unusable section: found \"[web servers]\""),
        Row(
            file: "hosts", text: "[web]\n  w1 foo bar=1\n",
            message: "hosts:2:6: unusable word behind host \"w1\": found \"foo\", expected name=value"),
        Row(
            file: "hosts", text: "[web]\nw1 a=\"open\n",
            message: "hosts:2:1: a quote is not closed: found \"w1 a= …\""),
        Row(
            file: "hosts", text: "[web]\nw1 password=correct horse\n",
            message: "hosts:2:21: unusable word behind host \"w1\": expected name=value; a value"),
        Row(
            file: "hosts", text: "[g:vars]\npassword: hunter2\n[g]\nh",
            message: "hosts:2:1: unusable line in [g:vars]: found \"password\", expected name=value"),
        Row(
            file: "hosts", text: "[web:vars]\na=1\n",
            message: "hosts:1:1: variables are set for group \"web\", which is defined nowhere"),
        Row(
            file: "hosts", text: "[workers]\nw1\n[all:children]\nworkesr\n",
            message:
                "hosts:4:1: group \"workesr\" is a child of \"all\", but is defined nowhere: expected a section [workesr] or [workesr:children]; did you mean \"workers\"?"
        ),
        Row(
            file: "hosts", text: "[g:vars]\nnovalue\n[g]\nh",
            message: "hosts:2:1: unusable line in [g:vars]: found \"novalue\", expected name=value"),
        Row(
            file: "hosts", text: "node[1-3]\n",
            message: "hosts:1:1: unusable range [1-3]: expected begin:end or begin:end:step"),
        Row(file: "hosts", text: "node[01:100]\n", message: "hosts:1:1: the bounds of [01:100] differ in length"),
        Row(file: "hosts", text: "node[5:1]\n", message: "hosts:1:1: the range [5:1] runs backwards"),
        Row(file: "hosts", text: "node[1:5:0]\n", message: "unusable step in [1:5:0]"),
        Row(file: "hosts", text: "node[1:9999999]\n", message: "the range unfolds to more than 100000 hosts"),
        Row(file: "hosts", text: "node[1:1000][1:1000]\n", message: "the range unfolds to more than 100000 hosts"),
        Row(file: "hosts", text: "[a:children]\nb\n[b:children]\na\n", message: "makes a loop"),
        Row(file: "hosts", text: "[a]\n[a:children]\na\n", message: "hosts:3:1: group \"a\" below \"a\" makes a loop"),
        Row(
            file: "hosts", text: "[a]\nx\n[a:vars]\nansible_group_priority=high\n",
            message: "hosts:4:24: unusable group priority: found \"high\", expected a whole number"),
        Row(file: "hosts", text: "---\n- web1\n", message: "hosts:2:1: this is no inventory: found a list"),
        Row(
            file: "hosts.yaml", text: "- a\n",
            message: "hosts.yaml:1:1: this is no inventory: found a list, expected a mapping of groups"),
        Row(
            file: "hosts.yaml", text: "all:\n  hosts:\n    - web1\n",
            message:
                "hosts.yaml:3:5: unusable \"hosts\" in group \"all\": found a list, expected a mapping; write each name with a colon behind it, without a dash"
        ),
        Row(
            file: "hosts.yaml", text: "all:\n  hosts:\n    5:\n",
            message: "hosts.yaml:3:5: a host's name must be text: found 5; write it in quotes"),
        Row(
            file: "hosts.yaml", text: "all:\n  hosts:\n    w1: text\n",
            message: "hosts.yaml:3:9: unusable variables of host \"w1\": found \"text\", expected a mapping"),
        Row(file: "hosts.yaml", text: "plugin: aws_ec2\n", message: "hosts.yaml:1:9: inventory plugins are not run"),
        Row(file: "hosts.yaml", text: "a: {children: {b: {children: {a: }}}}\n", message: "makes a loop"),
        Row(
            file: "hosts.toml", text: "[x]\n",
            message: "hosts.toml:1:1: TOML inventories are not read: expected YAML or INI"),
        Row(
            file: "hosts.yml", text: "$ANSIBLE_VAULT;1.1;AES256\n00\n",
            message: "hosts.yml:1:1: this value is encrypted with Ansible Vault"),
    ]

    @Test("say where, what was found, what was expected", arguments: rows)
    func mistake(_ row: Row) {
        let reader = InventoryReader(tree: MemoryFileTree([row.file: row.text]))
        let error = #expect(throws: Diagnostics.self) { try reader.read([row.file]) }
        #expect(error?.description.contains(row.message) == true, "\(error?.description ?? "")")
    }

    @Test("mistakes of all lines and all files come together")
    func together() {
        let tree = MemoryFileTree(["a": "[x:vrs]\n[y\nn[1-2]\n", "b.yml": "all: {hosts: [h]}\n"])
        let error = #expect(throws: Diagnostics.self) { try InventoryReader(tree: tree).read(["a", "b.yml", "c"]) }
        #expect(error?.all.count == 5, "\(error?.description ?? "")")
        #expect(error?.description.contains("c:1:1: there is no such inventory") == true)
    }

    @Test("a bad file of variables is a mistake of the inventory")
    func variables() {
        let tree = MemoryFileTree([
            "i/hosts": "[web]\nw1\n", "i/group_vars/web.yml": "a: 1\n b: 2\n", "i/host_vars/w1.yml": "- x\n",
        ])
        let error = #expect(throws: Diagnostics.self) { try InventoryReader(tree: tree).read(["i/hosts"]) }
        #expect(error?.all.map(\.location.file) == ["i/group_vars/web.yml", "i/host_vars/w1.yml"])
    }

    @Test("text that is not UTF-8 is refused with its line")
    func encoding() {
        struct Latin: FileTree {
            func kind(of path: String) -> FileKind? { path == "hosts" ? .file : nil }
            func names(in directory: String) -> [String] { ["hosts"] }
            func contents(of file: String) -> [UInt8] { Array("[web]\nw1 a=".utf8) + [0xE9] + Array("\n".utf8) }
        }
        let error = #expect(throws: Diagnostics.self) { try InventoryReader(tree: Latin()).read(["hosts"]) }
        #expect(error?.description == "hosts:2:6: the file is not UTF-8 text")
    }

    @Test("doubtful things are warnings")
    func warnings() throws {
        let text = """
            all:
              vrs: {a: 1}
              children:
                web:
                  hosts:
                    w1: {zone: eu-1a}
                    w2: {zone: eu-1a}
                    w3: {zone: eu-1b}
                    w4: {zone: eu-1b}
                    web: {zone: eu-1d}
            other: text
            """
        let tree = MemoryFileTree(["i/h.yml": text, "i/group_vars/web/vault.yml": "$ANSIBLE_VAULT;1.1;AES256\n00"])
        let document = try InventoryReader(tree: tree).read(["i/h.yml"])
        #expect(
            document.warnings.map(\.description) == [
                "i/h.yml:2:3: \"vrs\" in group \"all\" is passed over: a group has hosts, vars and children; did you mean \"vars\"?",
                "i/h.yml:11:1: \"other\" is passed over: a group is a mapping, and this is a string",
                "i/h.yml:10:9: \"web\" is a host and a group; rename one of them",
                "i/group_vars/web/vault.yml:1:1: the file is encrypted with Ansible Vault, which fleet cannot open; its variables are undefined here; give what fleet needs with --extra-vars",
                "i/h.yml:10:21: host \"web\" has zone \"eu-1d\", which no other host uses (known: eu-1a, eu-1b); did you mean \"eu-1a\"?",
            ])
        #expect(document.location(of: "zone", on: "w3") == Place(file: "i/h.yml", line: 8, column: 20))
    }
}
