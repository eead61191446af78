import ArgumentParser
import FleetExpressions
import FleetFiles
import FleetModel
import FleetReport

/// `fleet inventory check`: every mistake of the files at once, then what is doubtful, then the zones.
struct InventoryCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Find every mistake in inventories, with file, line and column.",
        discussion: "Exits with 64 when a file or a host's settings cannot be used; what is only doubtful is a warning."
    )

    @OptionGroup(title: "Inventory") var options: InventoryOptions
    @OptionGroup(title: "Cluster") var cluster: ClusterOptions
    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    func run() async throws {
        let output = Output(outputOptions)
        try await output.exiting {
            let shown = try await ShownInventory.read(options, cluster)
            let report = InventoryCheckReport(shown)
            output.report(report)
            return report.problems.isEmpty ? .done : .usage
        }
    }
}

/// What `fleet inventory check` found in files that could be read.
struct InventoryCheckReport: Report {
    /// `fleet.inventory-check/v1`.
    struct Document: Encodable {
        let schema = "fleet.inventory-check/v1"
        let hosts: Int
        let groups: Int
        let zones: [String: Int]
        let problems: [String]
        let warnings: [String]
    }

    /// Hosts whose settings cannot be used, and why.
    let problems: [String]
    private let warnings: [String]
    private let inventory: Inventory

    init(_ shown: ShownInventory) {
        inventory = shown.inventory
        warnings = shown.warnings.map(\.description)
        problems = shown.inventory.hosts.flatMap { host in host.problems.map { "host \"\(host.name)\": \($0)" } }
    }

    private var zones: [String: Int] {
        Dictionary(grouping: inventory.hosts) { $0.zone?.rawValue ?? "" }.mapValues(\.count)
    }

    var document: Document {
        Document(
            hosts: inventory.hosts.count, groups: inventory.groups.count, zones: zones, problems: problems,
            warnings: warnings
        )
    }

    func text(_ style: TextStyle) -> String {
        let places = zones.sorted { $0.key < $1.key }
            .map { "\($0.key.isEmpty ? "by the Node's label" : $0.key) \($0.value)" }.joined(separator: ", ")
        let sum = "\(inventory.hosts.count) hosts in \(inventory.groups.count) groups; zones: \(places)"
        return
            (problems.map { "\(style(.bad, "error")): \($0)" } + warnings.map { "\(style(.warning, "warning")): \($0)" }
            + [sum])
            .joined(separator: "\n")
    }
}
