import FleetExpressions
import FleetFiles
import FleetModel

/// The inventory of a command: Ansible's files, or the cluster's own Nodes where none is given.
struct LoadedInventory: Sendable {
    var inventory: Inventory
    var warnings: [Diagnostic] = []
    /// False when the hosts are the cluster's Nodes: nothing says how they are reached over SSH.
    var isFromFiles = true

    /// Reads the sources of the options; nil without any.
    static func load(_ options: InventoryOptions, files: any FileTree = DiskFileTree()) throws -> LoadedInventory? {
        let paths = options.inventories.isEmpty ? try Defaults.load(files: files).inventories : options.inventories
        guard !paths.isEmpty else { return nil }
        let document = try InventoryReader(tree: files).read(paths)
        return LoadedInventory(inventory: document.inventory, warnings: document.warnings)
    }

    /// The cluster's Nodes as an inventory: group `kube_node` for workers, `kube_control_plane` for the others.
    static func nodes(of snapshot: ClusterSnapshot) -> LoadedInventory {
        let nodes = snapshot.nodes.sorted { $0.name < $1.name }
        let hosts = nodes.map { node in
            Host(
                name: HostName(node.name.rawValue),
                groups: [node.hasControlPlaneRole ? "kube_control_plane" : "kube_node"],
                connection: ConnectionSettings(address: node.internalAddresses.first ?? node.name.rawValue),
                zone: node.zone, node: node.name
            )
        }
        let groups = ["kube_control_plane", "kube_node"].map { name in
            InventoryGroup(name: name, hosts: hosts.filter { $0.groups.contains(name) }.map(\.name))
        }
        let all = InventoryGroup(name: "all", children: ["ungrouped"] + groups.map(\.name))
        let ungrouped = InventoryGroup(name: "ungrouped")
        return LoadedInventory(
            inventory: Inventory(hosts: hosts, groups: [all, ungrouped] + groups), isFromFiles: false)
    }

    /// The hosts that may come in for others; none where the playbook replaces nothing.
    func spares(of playbook: LoadedPlaybook, files: any FileTree = DiskFileTree()) throws -> [Host] {
        guard let pattern = playbook.header.spares else { return [] }
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
