import ArgumentParser
import FleetFiles
import FleetModel

/// `fleet inventory graph [GROUP]`: groups and their hosts as a tree, as `ansible-inventory --graph` draws it.
struct InventoryGraphCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "graph", abstract: "Draw the groups and their hosts.")

    @Argument(help: "The group to begin with.")
    var group = "all"

    @OptionGroup(title: "Inventory") var options: InventoryOptions
    @OptionGroup(title: "Cluster") var cluster: ClusterOptions
    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    func run() async throws {
        let output = Output(outputOptions)
        try await output.exiting {
            let shown = try await ShownInventory.read(options, cluster)
            guard let graph = shown.inventory.graph(from: group) else {
                let names = shown.inventory.groups.map(\.name).joined(separator: ", ")
                throw UsageError("there is no group \"\(group)\"", hint: "known: \(names)")
            }
            output.result(json: shown.inventory.listJSON) { _ in graph }
            return .done
        }
    }
}
