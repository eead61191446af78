import ArgumentParser
import FleetModel
import FleetRuntime
import FleetSimulation
import FleetSimulationServer
import FleetWire
import Foundation

/// `fleet simulate`: serves a simulated cluster in Kubernetes' wire format until it is stopped.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Serve a simulated cluster that kubectl can talk to.",
        discussion:
            "Filled with the demo's workloads, unless a snapshot says otherwise: any `kubectl get nodes,pods,pdb,… -A -o json` will do."
    )

    @Option(help: "How many nodes.")
    var nodes = 12

    @Option(help: "The zones, separated by commas.")
    var zones = "eu-1a,eu-1b,eu-1c"

    @Option(
        help: ArgumentHelp("Start from this state instead: a List in JSON, as kubectl prints it.", valueName: "file"))
    var snapshot: String?

    @Option(help: ArgumentHelp("A loopback address and a port; port 0 takes a free one.", valueName: "address:port"))
    var listen = "127.0.0.1:0"

    @Option(
        name: .customLong("write-kubeconfig"),
        help: ArgumentHelp("Write a kubeconfig here (default: kubeconfig.simulated).", valueName: "file"))
    var kubeconfig = "kubeconfig.simulated"

    @Option(help: "Virtual seconds that pass in one real second.")
    var speed = 1.0

    @Option(help: "The seed of names and delays.")
    var seed: UInt64 = 1

    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    func run() async throws {
        let output = Output(outputOptions)
        try await output.exiting {
            let (host, port) = try address()
            let settings = SimulationServer.Settings(
                accounts: [Account(user: "admin", groups: ["system:masters"], token: "simulated")], speed: speed)
            let server = try await SimulationServer.start(
                simulation: try simulation(), settings: settings, host: host, port: port)
            try Data(server.kubeconfig().utf8).write(to: URL(fileURLWithPath: Paths.expanded(kubeconfig)))
            output.progress("serving on \(server.url); try:  kubectl --kubeconfig \(kubeconfig) get nodes")
            for await _ in Stops().requests { break }
            await server.stop()
            return .done
        }
    }

    private func address() throws -> (String, Int) {
        let parts = listen.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let port = Int(parts[1]), (0...65_535).contains(port) else {
            throw UsageError("--listen \"\(listen)\" is not an address and a port such as 127.0.0.1:8001")
        }
        guard parts[0] == "localhost" || parts[0].hasPrefix("127.") else {
            throw UsageError("--listen \(parts[0]): the simulated cluster serves loopback addresses only")
        }
        guard speed > 0 else { throw UsageError("--speed must be more than 0") }
        return (parts[0], port)
    }

    private func simulation() throws -> ClusterSimulation {
        let settings = SimulationSettings(seed: seed)
        if let snapshot {
            let data = try Data(contentsOf: URL(fileURLWithPath: Paths.expanded(snapshot)))
            var start = try ClusterSnapshot(decodingKubectlOutput: data)
            try SnapshotFile.refuseCrowds(in: start)
            start.takenAt = RuntimeClock().now
            return ClusterSimulation(snapshot: start, settings: settings)
        }
        guard (1...5_000).contains(nodes) else { throw UsageError("--nodes \(nodes) is not between 1 and 5000") }
        let names = zones.split(separator: ",").map { Zone(String($0)) }
        guard !names.isEmpty else { throw UsageError("--zones names no zone") }
        let start = DemoCluster.snapshot(
            nodeCount: nodes, zones: names, at: RuntimeClock().now, scale: max(1, nodes / 12))
        return ClusterSimulation(snapshot: start, settings: settings)
    }
}
