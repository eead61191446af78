import ArgumentParser
import FleetKubernetes
import FleetModel

/// `fleet snapshot`: the cluster's state as a file, for plans, rehearsals and bug reports.
struct SnapshotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Write the cluster's state to a file, for rehearsals and bug reports.",
        discussion: """
            A Kubernetes List in JSON: names, labels, requests and states, and no secrets: no images, commands or \
            environments, and no annotations but those that fleet reads. Read it with --snapshot of plan, rehearse \
            and simulate.
            """
    )

    @Option(
        name: [.customShort("o"), .customLong("to")],
        help: ArgumentHelp("Write to this file (default: standard output).", valueName: "file"))
    var file: String?

    @OptionGroup(title: "Cluster") var cluster: ClusterOptions
    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    func run() async throws {
        let output = Output(outputOptions)
        try await output.exiting {
            let client = KubernetesClient(connection: try cluster.connection())
            let snapshot: ClusterSnapshot
            do {
                snapshot = try await client.snapshot()
                await client.shutdown()
            } catch {
                await client.shutdown()
                throw error
            }
            try await SnapshotFile.write(snapshot, to: file)
            output.progress(
                "\(snapshot.nodes.count) nodes, \(snapshot.pods.count) pods, \(snapshot.budgets.count) budgets, \(snapshot.workloads.count) workloads"
                    + (file.map { " in \($0)" } ?? ""))
            return .done
        }
    }
}
