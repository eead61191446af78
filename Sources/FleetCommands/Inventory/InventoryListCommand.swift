import ArgumentParser
import FleetFiles
import FleetModel
import FleetReport

/// `fleet inventory list`: every host with its place; as JSON in the shape of `ansible-inventory --list`.
struct InventoryListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the hosts with zone, pool and address.",
        discussion: "With --output json: what `ansible-inventory --list` prints."
    )

    @OptionGroup(title: "Inventory") var options: InventoryOptions
    @OptionGroup(title: "Cluster") var cluster: ClusterOptions
    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    func run() async throws {
        let output = Output(outputOptions)
        try await output.exiting {
            let shown = try await ShownInventory.read(options, cluster)
            for warning in shown.warnings { output.warning("\(warning)") }
            output.result(json: shown.inventory.listJSON) { Self.table(shown.inventory).text($0) }
            return .done
        }
    }

    private static func table(_ inventory: Inventory) -> TextTable {
        var table = TextTable(["host", "zone", "pool", "address", "node", "groups"])
        for host in inventory.hosts {
            table.add([
                TextTable.Cell(host.name.rawValue, .strong), TextTable.Cell(host.zone?.rawValue ?? "-"),
                TextTable.Cell(host.pool?.rawValue ?? "-"), TextTable.Cell(host.connection.destination),
                TextTable.Cell(host.node.rawValue), TextTable.Cell(host.groups.joined(separator: ", ")),
            ])
        }
        return table
    }
}

extension ConnectionSettings {
    /// `user@address:port`, as far as the inventory says.
    var destination: String { (user.map { "\($0)@" } ?? "") + address + (port.map { ":\($0)" } ?? "") }
}
