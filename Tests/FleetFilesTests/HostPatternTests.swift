import FleetExpressions
import FleetFiles
import FleetModel
import Testing

@Suite("Host patterns")
struct HostPatternTests {
    static let tree = MemoryFileTree([
        "h.yml": """
        all:
          children:
            kube_node:
              children:
                zone_a: {hosts: {"node[001:003]": {pool: general}}, vars: {zone: a}}
                zone_b: {hosts: {"node[004:006]": {pool: gpu}}, vars: {zone: b}}
            spare: {hosts: {web1: , "db.example.com": {zone: a}}}
        """,
        "limit.txt": "node001\n\nnode00[5:6]\n", "not.txt": "!node001\nkube_node\n",
    ])

    private func names(_ pattern: String, attribute: ((Host, String) -> String?)? = nil) throws -> [String] {
        let inventory = try InventoryReader(tree: Self.tree).read(["h.yml"]).inventory
        let pattern = try HostPattern(pattern, at: Place(file: "--limit"), tree: Self.tree)
        return try pattern.hosts(in: inventory, attribute: attribute).map(\.name.rawValue)
    }

    static let rows: [(String, [String])] = [
        ("zone_b,zone_a[0]", ["node004", "node005", "node006", "node001"]),
        ("kube_node:&zone_b:!node005", ["node004", "node006"]),
        ("!node005:&zone_b:kube_node", ["node004", "node006"]), ("zone=b", ["node004", "node005", "node006"]),
        ("zone=a,pool=general", ["node001", "node002", "node003"]),
        ("kube_node:&zone=a", ["node001", "node002", "node003"]),
        ("spare:!zone=a", ["web1"]), ("kube_node:&pool!=gpu", ["node001", "node002", "node003"]),
        ("node[002:004]", ["node002", "node003", "node004"]),
        ("node00[1-3]", ["node001", "node002", "node003"]), ("~node00[12]$", ["node001", "node002"]),
        ("kube_node[1:2]", ["node002", "node003"]),
        ("kube_node[-1]", ["node006"]), ("kube_node[4:]", ["node005", "node006"]),
        ("kube_node[2:99]", ["node003", "node004", "node005", "node006"]),
        ("@limit.txt", ["node001", "node005", "node006"]),
        ("@not.txt", ["node002", "node003", "node004", "node005", "node006"]),
        ("*.example.com", ["db.example.com"]), (" zone_a , web1 ", ["node001", "node002", "node003", "web1"]),
        ("&spare", ["web1", "db.example.com"]),
    ]

    @Test("choose hosts in order", arguments: rows)
    func chooses(_ pattern: String, _ expected: [String]) throws { #expect(try names(pattern) == expected) }

    static let mistakes: [(String, String)] = [
        ("zone_c", "--limit:1:1: no host or group matches \"zone_c\"; did you mean \"zone_a\"?"),
        ("kube_node:!node01", "no host or group matches \"node01\"; did you mean \"node001\"?"),
        ("kube_node:&gone", "no host or group matches \"gone\""),
        ("zone=c", "--limit:1:1: no host has zone \"c\": expected one of a, b"),
        ("zoen=a", "no host has a \"zoen\"; did you mean \"zone\"?"),
        ("kube_node[9]", "\"kube_node[9]\" goes beyond the 6 hosts it counts"), ("", "the pattern is empty"),
        ("@gone.txt", "there is no file \"gone.txt\""),
        ("~(", "unusable regular expression"),
        (
            "kube_node,zone=a",
            "commas join hosts and groups, but name=value terms narrow them: found \"kube_node,zone=a\"; write kube_node:&zone=a"
        ),
    ]

    @Test("refuse what matches nothing", arguments: mistakes)
    func refuses(_ pattern: String, _ message: String) {
        let error = #expect(throws: Diagnostic.self) { try names(pattern) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test("zone and pool may come from the cluster")
    func attributes() throws {
        let chosen = try names("zone=b") { host, name in
            name == "zone" && host.name == "web1" ? "b" : HostPattern.attribute(host, name)
        }
        #expect(chosen == ["node004", "node005", "node006", "web1"])
    }
}
