import FleetModel
import FleetSimulation
import FleetSimulationServer
import Foundation
import Testing

/// `fleet rbac`: what it prints is enough, and what runs ask is in it.
@Suite("fleet rbac", .serialized)
struct AccessTests {
    private static let steps = TemporaryFolder.steps

    @Test(
        "a run does with what is printed, on a cluster that permits nothing else, whether it streams lists or not",
        arguments: [true, false])
    func enough(streamsLists: Bool) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let printed = try await PrintedRoles(
            of: try folder.playbook(["cordon:", "surge_single_replicas:"] + Self.steps))
        try await SimulatedWorld.with(allowed: printed.rules) { world in
            if !streamsLists { await world.refuseStreamingLists() }
            let playbook = try world.playbook(["cordon:", "surge_single_replicas:"] + Self.steps)
            let result = try await world.run("run", playbook, "-l", "web-02,web-06", "--yes")
            #expect(result.status == 0, "\(result.error)")
            let audit = await world.server.audit
            #expect(printed.unpermitted(in: audit) == [])
            #expect((audit.requests("list", "pods") == 0) == streamsLists)
        }
    }

    @Test("beside watches: a request for each eviction, two for each node, and a handful")
    func frugal() async throws {
        try await SimulatedWorld.with { world in
            let playbook = try world.playbook(["cordon:", "drain: {delete_emptydir_data: true}"])
            let result = try await world.run("run", playbook, "-l", "web-02,web-06", "--yes")
            #expect(result.status == 0, "\(result.error)")
            let audit = await world.server.audit
            var counts: [String: Int] = [:]
            for (entry, count) in audit.counts where entry.agent == "fleet" && entry.verb != "watch" {
                counts["\(entry.verb) \(entry.resource)", default: 0] += count
            }
            // Releasing the lock, and renewing it for as long as the run takes, which is the machine's to say.
            let renewals = counts.removeValue(forKey: "update leases") ?? 0
            #expect(renewals >= 1)
            let nodes = counts.removeValue(forKey: "patch nodes") ?? 0
            #expect(nodes == 4, "cordons, and the taint of the later wave's node, which is read before it is changed")
            #expect(
                counts == [
                    "create pods/eviction": audit.evictions, "create events": 2, "create leases": 1,
                    "create selfsubjectrulesreviews": 1, "create selfsubjectreviews": 1, "get nodes": 2,
                ])
        }
    }

    @Test("what is not permitted is told before anything is changed")
    func refused() async throws {
        let denied = [
            Account.Rule(verbs: ["create"], resources: ["pods/eviction"]),
            .init(verbs: ["delete"], resources: ["nodes"]),
        ]
        try await SimulatedWorld.with(denied: denied) { world in
            let playbook = try world.playbook()
            let result = try await world.run("run", playbook, "-l", "web-02", "--yes")
            #expect(result.status == 1)
            #expect(
                result.error.contains(
                    "the user of this context may not: create pods/eviction, delete nodes; nothing was changed"),
                "\(result.error)")
            #expect(result.error.contains("fleet rbac \(playbook)"))
            #expect(await world.server.simulation.nodes.allSatisfy { !$0.isCordoned })
        }
    }

    @Test("the roles are least: nothing that no step needs, Secrets of one namespace for those who join only")
    func least() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let decommission = try await PrintedRoles(of: HostWorld.shipped("decommission"))
        #expect(decommission.permits("delete", "nodes") && decommission.permits("create", "pods/eviction"))
        #expect(!decommission.permits("create", "secrets") && !decommission.permits("list", "secrets"))
        #expect(!decommission.permits("delete", "pods") && !decommission.permits("*", "*"))
        let expand = try await PrintedRoles(of: HostWorld.shipped("expand"))
        #expect(!expand.permits("delete", "nodes") && !expand.permits("create", "pods/eviction"))
        #expect(expand.namespaces(of: "secrets") == ["kube-system"])
        let maintenance = try await PrintedRoles(of: HostWorld.shipped("maintenance"))
        #expect(!maintenance.permits("delete", "nodes"))
        let prepare = try await PrintedRoles(of: HostWorld.shipped("prepare-node"))
        #expect(prepare.verbs(on: "nodes") == ["list", "patch", "watch"])
        let diagnose = try await PrintedRoles(of: HostWorld.shipped("diagnose"))
        #expect(diagnose.verbs(on: "nodes") == ["list", "watch"])
    }

    @Test("bindings are printed for whom they are asked")
    func bindings() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let fleet = FleetBinary(directory: folder.path)
        let playbook = HostWorld.shipped("expand")
        let text = try await fleet.run("rbac", playbook, "--service-account", "ops/fleet", "--group", "sre")
        #expect(text.status == 0, "\(text.error)")
        for words in [
            "kind: ClusterRole\n", "kind: ClusterRoleBinding\n", "kind: RoleBinding\n", "  namespace: kube-public\n",
            "  - {kind: \"ServiceAccount\", name: \"fleet\", namespace: \"ops\"}", "name: \"sre\"",
            "resourceNames: [\"cluster-info\"]",
        ] { #expect(text.output.contains(words), "\(words)\n\(text.output)") }
        let wrong = try await fleet.run("rbac", playbook, "--service-account", "fleet")
        #expect(wrong.status == 64 && wrong.error.contains("is not namespace/name"))
    }
}

/// The rules that `fleet rbac --output json` prints.
struct PrintedRoles {
    private struct List: Decodable {
        var items: [Item]
    }
    private struct Item: Decodable {
        var metadata: [String: String]
        var rules: [Rule]
    }
    private struct Rule: Decodable {
        var apiGroups: [String]
        var resources: [String]
        var resourceNames: [String]?
        var verbs: [String]
    }

    private let items: [Item]

    init(of playbook: String) async throws {
        let result = try await FleetBinary(directory: NSTemporaryDirectory()).run("rbac", playbook, "--output", "json")
        try #require(result.status == 0, "\(result.error)")
        items = try JSONDecoder().decode(List.self, from: Data(result.output.utf8)).items
    }

    /// The rules as the simulated API takes them; everybody may ask who they are and what they may do.
    var rules: [Account.Rule] {
        items.flatMap { item in
            item.rules.map { rule in
                Account.Rule(
                    verbs: Set(rule.verbs), resources: Set(rule.resources), groups: Set(rule.apiGroups),
                    namespace: item.metadata["namespace"], names: rule.resourceNames.map { Set($0) })
            }
        }
            + [
                Account.Rule(
                    verbs: ["create"],
                    resources: ["selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"])
            ]
    }

    /// Every verb on every resource that is permitted, such as `patch nodes`.
    var permissions: Set<String> {
        Set(
            items.flatMap(\.rules).flatMap { rule in
                rule.resources.flatMap { resource in rule.verbs.map { "\($0) \(resource)" } }
            })
    }

    /// What is permitted and was not asked for, renewals of the lock aside, which only a longer run asks for.
    func unused(in audit: Audit) -> [String] {
        let asked = audit.counts.keys.filter { $0.agent == "fleet" }.map { "\($0.verb) \($0.resource)" }
        return permissions.subtracting(asked).subtracting(["update leases"]).sorted()
    }

    func permits(_ verb: String, _ resource: String) -> Bool {
        items.flatMap(\.rules).contains { $0.verbs.contains(verb) && $0.resources.contains(resource) }
    }

    func verbs(on resource: String) -> Set<String> {
        Set(items.flatMap(\.rules).filter { $0.resources.contains(resource) }.flatMap(\.verbs))
    }

    func namespaces(of resource: String) -> [String] {
        items.filter { $0.rules.contains { $0.resources.contains(resource) } }.map { $0.metadata["namespace"] ?? "" }
    }

    /// What fleet asked of the API that is not permitted.
    func unpermitted(in audit: Audit) -> [String] {
        let own = audit.counts.keys.filter {
            $0.agent == "fleet" && !$0.resource.isEmpty && !$0.resource.hasPrefix("selfsubject")
        }
        return Set(own.filter { !permits($0.verb, $0.resource) }.map { "\($0.verb) \($0.resource)" }).sorted()
    }
}
