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

    /// The cluster's Nodes as an inventory: group `kube_node` for workers, `kube_control_plane` for the others.
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
            name: HostName(name.rawValue), groups: [isControlPlane ? "kube_control_plane" : "kube_node"],
            connection: ConnectionSettings(address: addresses.first ?? name.rawValue), zone: zone, node: name
        )
    }

    private init(hosts: [Host]) {
        let groups = ["kube_control_plane", "kube_node"].map { name in
            InventoryGroup(name: name, hosts: hosts.filter { $0.groups.contains(name) }.map(\.name))
        }
        let all = InventoryGroup(name: "all", children: ["ungrouped"] + groups.map(\.name))
        let ungrouped = InventoryGroup(name: "ungrouped")
        self.init(inventory: Inventory(hosts: hosts, groups: [all, ungrouped] + groups), isFromFiles: false)
    }

    /// The hosts that may come in for those that leave; none where the playbook replaces nothing.
    func spares(
        of playbook: LoadedPlaybook, for leaving: [Host], files: any FileTree = DiskFileTree()
    ) throws -> [Host] {
        guard let pattern = playbook.header.spares else { return [] }
        if playbook.header.provider != nil { return ProvidedHosts.planned(for: leaving) }
        let place = playbook.document.places["replace_with"] ?? SourceLocation(file: playbook.path)
        return try HostPattern(pattern, at: place, tree: files).hosts(in: inventory)
    }

    /// The hosts of the playbook's pattern that the limit leaves; zone and pool fall back to the Node's labels.
    func hosts(
        of playbook: LoadedPlaybook, limit: String?, snapshot: ClusterSnapshot, files: any FileTree = DiskFileTree()
    ) throws -> [Host] {
        let nodes = Dictionary(snapshot.nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let attribute: (Host, String) -> String? = { host, name in
            HostPattern.attribute(host, name) ?? (name == "zone" ? nodes[host.node]?.zone?.rawValue : nil)
        }
        let place = playbook.document.places["hosts"] ?? SourceLocation(file: playbook.path)
        let wanted = try HostPattern(playbook.header.hosts, at: place, tree: files)
            .hosts(in: inventory, attribute: attribute)
        guard let limit else { return wanted }
        let left = try HostPattern(limit, at: SourceLocation(file: "--limit"), tree: files)
            .hosts(in: inventory, attribute: attribute)
        let names = Set(left.map(\.name))
        return wanted.filter { names.contains($0.name) }
    }
}
