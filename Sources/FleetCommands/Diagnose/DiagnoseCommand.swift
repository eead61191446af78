import ArgumentParser
import FleetKubernetes
import FleetModel
import FleetRun
import FleetRuntime
import FleetSSH

/// `fleet diagnose NODE`: why a Node is not Ready, or why no pods come to it; changes nothing.
struct DiagnoseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diagnose",
        abstract: "Say why a node is not Ready or takes no pods, and what mends it.",
        discussion: """
            Asks the API, and the host with one script that only looks: units and their last errors, container runtime, \
            network plugin, the way to the API server, certificates, space, swap. Changes nothing.
            """
    )

    @Argument(help: "The Node's name, or the host's in the inventory.")
    var node: String

    @Flag(name: .customLong("no-host"), help: "Ask the API only.")
    var isWithoutHost = false

    @Option(
        name: [.customShort("i"), .customLong("inventory")], parsing: .singleValue,
        help: ArgumentHelp("An Ansible inventory that says how the host is reached.", valueName: "path"))
    var inventories: [String] = []

    @OptionGroup(title: "Cluster") var cluster: ClusterOptions
    @OptionGroup(title: "Hosts") var hosts: HostOptions
    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    func run() async throws {
        let output = Output(outputOptions)
        try await output.exiting {
            let connection = try cluster.connection()
            let diagnosis = try await KubernetesClient.withClient(connection: connection) { client in
                try await diagnose(client, output)
            }
            output.report(DiagnosisReport(diagnosis))
            return diagnosis.isReady && diagnosis.findings.isEmpty ? .done : .failed
        }
    }

    private func diagnose(_ client: KubernetesClient, _ output: Output) async throws -> Diagnosis {
        let snapshot = try await client.snapshot()
        let host = try host(in: snapshot)
        let name = host?.node ?? NodeName(node)
        guard host != nil || snapshot.nodes.contains(where: { $0.name == name }) else {
            throw UsageError(
                "there is no Node \"\(node)\", and no host of the name in the inventory",
                hint: "see kubectl get nodes, or give the inventory with -i")
        }
        var evidence = DiagnosisEvidence(of: name, in: snapshot, now: RuntimeClock().now)
        evidence.health = try await client.health(of: name)
        evidence.clusterAuthority = client.connection.certificateAuthorityDigests.first
        if let host, !isWithoutHost { await ask(host, snapshot, &evidence, output) }
        return Diagnosis(evidence)
    }

    /// The inventory's host, else the Node's own address.
    private func host(in snapshot: ClusterSnapshot) throws -> Host? {
        var options = InventoryOptions()
        options.inventories = inventories
        options.limit = nil
        options.extraVars = []
        let inventory = try LoadedInventory.load(options) ?? .nodes(of: snapshot)
        return inventory.inventory.hosts.first { $0.name.rawValue == node || $0.node.rawValue == node }
    }

    private func ask(
        _ host: Host, _ snapshot: ClusterSnapshot, _ evidence: inout DiagnosisEvidence, _ output: Output
    ) async {
        let endpoint: HostEndpoint
        do {
            endpoint = try Endpoints(hosts.withDefaults()).endpoint(of: host)
        } catch {
            evidence.hostFailure = "\(error)"
            return
        }
        var settings = SSHSettings()
        settings.warn = { output.warning($0) }
        let connections = await SSHHosts(settings)
        let command = HostCommand.diagnosis(of: evidence.name, among: snapshot.nodes)
        evidence.take(await connections.run(command, on: endpoint))
        await connections.close()
    }
}
