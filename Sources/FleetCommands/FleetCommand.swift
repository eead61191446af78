public import ArgumentParser

/// `fleet`: takes nodes out of Kubernetes clusters in zone-aware waves, without anybody noticing.
public struct FleetCommand: AsyncParsableCommand {
    /// The version that `--version` prints and that journals name.
    public static let version = "0.1.0"

    /// The subcommands in the order of the manual.
    public static let configuration = CommandConfiguration(
        commandName: "fleet",
        abstract: "Take nodes out of Kubernetes clusters, in waves, without anybody noticing.",
        discussion: """
            fleet reads an inventory, plans zone-aware waves, drains nodes under the workloads' own disruption \
            budgets, cleans hosts over SSH, and can be killed at any instant and resumed.

            Start with:  fleet plan decommission -i inventories/example -l 'kube_node:&zone_b'
            """,
        version: version,
        subcommands: [
            PlanCommand.self, RehearseCommand.self, SnapshotCommand.self, RunCommand.self, ResumeCommand.self,
            PauseCommand.self, AbortCommand.self, RollbackCommand.self, LeftoversCommand.self, WatchCommand.self,
            StatusCommand.self, RunsCommand.self, ReportCommand.self, DiagnoseCommand.self, DoctorCommand.self,
            ExecCommand.self, JournalCommand.self, InventoryCommand.self, PlaybookCommand.self, SchemaCommand.self,
            RBACCommand.self, SimulateCommand.self, DemoCommand.self,
        ]
    )

    /// Made by the argument parser.
    public init() {}

    /// Reads the process's arguments and does what they say.
    public static func start() async { await main() }
}
