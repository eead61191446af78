import FleetExpressions
import FleetFiles
import FleetModel
import FleetPlanning

/// The inventory of a command: Ansible's files, or the cluster's own Nodes where none is given.
struct LoadedInventory: Sendable {
    var inventory: Inventory
    var warnings: [Diagnostic] = []
    /// False when the hosts are the cluster's Nodes: nothing says how they are reached over SSH.
    var isFromFiles = true

    private init(inventory: Inventory, warnings: [Diagnostic] = [], isFromFiles: Bool = true) {
        self.inventory = inventory
        self.warnings = warnings
        self.isFromFiles = isFromFiles
    }

    /// Reads the sources of the options; nil without any.
    static func load(_ options: InventoryOptions, files: any FileTree = DiskFileTree()) throws -> LoadedInventory? {
        let paths = options.inventories.isEmpty ? try Defaults.load(files: files).inventories : options.inventories
        guard !paths.isEmpty else { return nil }
        let document = try InventoryReader(tree: files).read(paths)
        return LoadedInventory(inventory: document.inventory, warnings: document.warnings)
    }

    /// The cluster's Nodes as an inventory: group `kube_node` for workers, `kube_control_plane` for the others, and
    /// `k8s_cluster` for both.
    ///
    /// Targets of a pinned plan whose Node was deleted since are no longer among the Nodes, but still of the plan.
    static func nodes(of snapshot: ClusterSnapshot, and pinned: Plan? = nil) -> LoadedInventory {
        let present = Set(snapshot.nodes.map(\.name))
        let gone = (pinned?.targets ?? []).filter { !present.contains($0.node) }.map { target in
            host(target.node, isControlPlane: target.isControlPlane, target.internalAddresses, target.zone)
        }
        let hosts = snapshot.nodes.map { node in
            host(node.name, isControlPlane: node.hasControlPlaneRole, node.internalAddresses, node.zone)
        }
        return LoadedInventory(hosts: (hosts + gone).sorted { $0.node < $1.node })
    }

    private static func host(
        _ name: NodeName, isControlPlane: Bool, _ addresses: [String], _ zone: Zone?
    ) -> Host {
        Host(
            name: HostName(name.rawValue),
            groups: [isControlPlane ? "kube_control_plane" : "kube_node", "k8s_cluster"],
            connection: ConnectionSettings(address: addresses.first ?? name.rawValue), zone: zone, node: name
        )
    }

    private init(hosts: [Host]) {
        let groups = ["kube_control_plane", "kube_node"].map { name in
            InventoryGroup(name: name, hosts: hosts.filter { $0.groups.contains(name) }.map(\.name))
        }
        let cluster = InventoryGroup(name: "k8s_cluster", children: groups.map(\.name))
        let all = InventoryGroup(name: "all", children: ["ungrouped", cluster.name])
        let ungrouped = InventoryGroup(name: "ungrouped")
        self.init(inventory: Inventory(hosts: hosts, groups: [all, ungrouped, cluster] + groups), isFromFiles: false)
    }

    /// The hosts that may come in for those that leave; none where the playbook replaces nothing.
    func spares(
        of playbook: PlaybookOutline, for leaving: [Host], files: any FileTree = DiskFileTree()
    ) throws -> [Host] {
        guard let pattern = playbook.header.spares else { return [] }
        if playbook.header.provider != nil { return ProvidedHosts.planned(for: leaving) }
        return try HostPattern(pattern, at: playbook.place(of: "replace_with"), tree: files).hosts(in: inventory)
    }

    /// The hosts of the playbook's pattern that the limit leaves; zone and pool fall back to the Node's labels.
    func hosts(
        of playbook: PlaybookOutline, limit: String?, snapshot: ClusterSnapshot, files: any FileTree = DiskFileTree()
    ) throws -> [Host] {
        let nodes = Dictionary(snapshot.nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let attribute: (Host, String) -> String? = { host, name in
            HostPattern.attribute(host, name) ?? (name == "zone" ? nodes[host.node]?.zone?.rawValue : nil)
        }
        let wanted = try HostPattern(playbook.header.hosts, at: playbook.place(of: "hosts"), tree: files)
            .hosts(in: inventory, attribute: attribute)
        guard let limit else { return wanted }
        let left = try HostPattern(limit, at: SourceLocation(file: "--limit"), tree: files)
            .hosts(in: inventory, attribute: attribute)
        let names = Set(left.map(\.name))
        return wanted.filter { names.contains($0.name) }
    }

    /// Every pattern, and every term of it, that matches nothing or cannot be read: the playbook's, and the limit.
    func patternMistakes(
        of playbook: PlaybookOutline, limit: String?, files: any FileTree = DiskFileTree()
    ) -> [Diagnostic] {
        let spares = playbook.header.provider == nil ? playbook.header.spares : nil
        let patterns = [
            (playbook.header.hosts, playbook.place(of: "hosts")), (spares, playbook.place(of: "replace_with")),
            (limit, SourceLocation(file: "--limit")),
        ]
        return patterns.flatMap { pattern, place -> [Diagnostic] in
            guard let pattern else { return [] }
            do throws(Diagnostic) {
                return try HostPattern(pattern, at: place, tree: files).mistakes(in: inventory)
            } catch {
                return [error]
            }
        }
    }
}
