import FleetExpressions
import FleetFiles
import FleetKubernetes
import FleetModel

/// The inventory that the `inventory` commands show: the files', or the cluster's Nodes, cut down to `--limit`.
struct ShownInventory {
    /// Hosts and groups.
    let inventory: Inventory
    /// What is doubtful in the files.
    let warnings: [Diagnostic]

    /// Reads what the options name; asks the cluster only when they name no file.
    static func read(_ options: InventoryOptions, _ cluster: ClusterOptions) async throws -> ShownInventory {
        let loaded = try await load(options, cluster)
        guard let limit = options.limit else {
            return ShownInventory(inventory: loaded.inventory, warnings: loaded.warnings)
        }
        let pattern = try HostPattern(limit, at: SourceLocation(file: "--limit"), tree: DiskFileTree())
        let hosts = try pattern.hosts(in: loaded.inventory)
        return ShownInventory(inventory: loaded.inventory.restricted(to: hosts), warnings: loaded.warnings)
    }

    private static func load(_ options: InventoryOptions, _ cluster: ClusterOptions) async throws -> LoadedInventory {
        if let files = try LoadedInventory.load(options) { return files }
        return LoadedInventory.nodes(
            of: try await KubernetesClient.withClient(connection: try cluster.connection()) { try await $0.snapshot() }
        )
    }
}

extension Inventory {
    /// The same groups with these hosts only.
    fileprivate func restricted(to hosts: [Host]) -> Inventory {
        let names = Set(hosts.map(\.name))
        let groups = groups.map { group in
            var group = group
            group.hosts = group.hosts.filter(names.contains)
            return group
        }
        return Inventory(hosts: self.hosts.filter { names.contains($0.name) }, groups: groups)
    }
}
