import ArgumentParser
import FleetExpressions
import FleetFiles
import FleetModel
import FleetReport

/// `fleet inventory host NAME`: everything that holds for one host.
struct InventoryHostCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "host",
        abstract: "Show one host: how it is reached, where it belongs, its variables.",
        discussion: "With --output json: what `ansible-inventory --host` prints."
    )

    @Argument(help: "The host's name in the inventory.")
    var name: String

    @OptionGroup(title: "Inventory") var options: InventoryOptions
    @OptionGroup(title: "Cluster") var cluster: ClusterOptions
    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    func run() async throws {
        let output = Output(outputOptions)
        try await output.exiting {
            let shown = try await ShownInventory.read(options, cluster)
            guard let host = shown.inventory[host: HostName(name)], let variables = shown.inventory.hostJSON(host.name)
            else {
                let near = Suggestion.sentence(for: name, among: shown.inventory.hosts.map(\.name.rawValue))
                throw UsageError("there is no host \"\(name)\"", hint: near ?? "list them with: fleet inventory list")
            }
            output.result(json: variables) { Self.text(host, variables, $0) }
            return .done
        }
    }

    private static func text(_ host: Host, _ variables: String, _ style: TextStyle) -> String {
        var lines = [
            style(.strong, host.name.rawValue),
            "  reached at  \(host.connection.destination)" + (host.connection.proxyJump.map { " through \($0)" } ?? ""),
            "  Node        \(host.node)",
            "  zone, pool  \(host.zone?.rawValue ?? "by the Node's label"), \(host.pool?.rawValue ?? "by the Node's label")",
            "  groups      \(host.groups.joined(separator: ", "))",
        ]
        lines += host.problems.map { "  \(style(.bad, "problem"))     \($0)" }
        return (lines + ["", variables]).joined(separator: "\n")
    }
}
