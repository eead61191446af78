import FleetModel
import FleetRuntime
import FleetSimulation
import FleetSimulationServer
import Foundation

/// The demo's world: a simulated cluster behind its API, one sandboxed host behind a real sshd for each node, and the
/// files that an operator would have: kubeconfig, inventory, playbook, journal.
struct DemoWorld: Sendable {
    let directory: String
    let server: SimulationServer
    let hosts: SandboxFleet
    let before: ClusterSnapshot

    var kubeconfig: String { "\(directory)/kubeconfig" }
    var inventory: String { "\(directory)/inventory.yaml" }
    var playbook: String { "\(directory)/decommission.yaml" }
    var state: String { "\(directory)/state/fleet.sqlite" }

    /// Starts cluster and hosts below an empty directory.
    static func start(in directory: String) async throws -> DemoWorld {
        let simulation = ClusterSimulation(
            snapshot: DemoCluster.snapshot(at: RuntimeClock().now, scale: 3), settings: timings)
        let nodes = simulation.nodes
        let hosts = try await SandboxFleet.start(hosts: nodes.map(host), directory: "\(directory)/hosts")
        do {
            let account = Account(user: "demo", groups: ["system:masters"], token: token())
            let server = try await SimulationServer.start(
                simulation: simulation, settings: SimulationServer.Settings(accounts: [account]))
            let world = DemoWorld(
                directory: directory, server: server, hosts: hosts, before: simulation.snapshot())
            try world.writeFiles(nodes)
            return world
        } catch {
            await hosts.stop()
            throw error
        }
    }

    /// Ends everything that was started.
    func stop() async {
        await server.stop()
        await hosts.stop()
    }

    /// A healthy small cluster on fast disks: containers start within two seconds.
    private static var timings: SimulationSettings {
        var settings = SimulationSettings()
        settings.podStart = .milliseconds(800)...(.seconds(2))
        settings.podReady = .milliseconds(500)...(.milliseconds(1500))
        return settings
    }

    private static func host(of node: Node) -> SandboxHost {
        SandboxHost(
            name: node.name.rawValue, machineID: node.machineID, systemUUID: node.systemUUID,
            internalIP: node.internalAddresses.first ?? "10.0.0.10", clusterCertificate: DemoCertificate.pem
        )
    }

    private static func token() -> String {
        String((0..<32).map { _ in "abcdefghijklmnopqrstuvwxyz0123456789".randomElement() ?? "x" })
    }

    // MARK: - Files

    private func writeFiles(_ nodes: [Node]) throws {
        let authority = Data(DemoCertificate.pem.utf8).base64EncodedString()
        try write(server.kubeconfig(certificateAuthorityData: authority), to: kubeconfig)
        let zones = nodes.map { ($0.name.rawValue, ["zone: \($0.zone?.rawValue ?? "")"]) }
        try write(hosts.inventory(Dictionary(uniqueKeysWithValues: zones)), to: inventory)
        try write(DemoPlaybook.text, to: playbook)
    }

    private func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }

    // MARK: - The link between a host's kubelet and its Node

    /// Lets the cluster feel what happens to the hosts' kubelets, until the task is cancelled.
    func linkKubelets() async { await KubeletLink(hosts: hosts, server: server).follow() }
}
