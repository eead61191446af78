import FleetModel
import FleetSimulation
import FleetSimulationServer
import Foundation

/// A simulated cluster behind its API, and the files that a command needs; nothing listens on SSH.
struct SimulatedWorld {
    let folder: TemporaryFolder
    let server: SimulationServer
    let kubeconfig: String
    let fleet: FleetBinary

    /// Starts a cluster, hands it to a body, and ends everything.
    static func with(
        _ snapshot: ClusterSnapshot = DemoCluster.snapshot(),
        allowed: [Account.Rule] = [Account.Rule(verbs: ["*"], resources: ["*"])], denied: [Account.Rule] = [],
        _ body: (SimulatedWorld) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var settings = SimulationSettings()
        settings.podStart = .milliseconds(100)...(.milliseconds(300))
        settings.podReady = .milliseconds(50)...(.milliseconds(200))
        settings.podStop = .milliseconds(50)...(.milliseconds(200))
        settings.nodeMonitorGrace = .seconds(4)
        let account = Account(
            user: "tester", groups: ["system:authenticated"], token: "secret-token-of-the-test", allowed: allowed,
            denied: denied)
        let server = try await SimulationServer.start(
            simulation: ClusterSimulation(snapshot: snapshot, settings: settings),
            settings: SimulationServer.Settings(accounts: [account]))
        let world = SimulatedWorld(
            folder: folder, server: server,
            kubeconfig: try folder.write(server.kubeconfig(), to: "kubeconfig"),
            fleet: FleetBinary(directory: folder.path)
        )
        do {
            try await body(world)
            await server.stop()
        } catch {
            await server.stop()
            throw error
        }
    }

    /// From now on the API server sends no lists as the beginning of a watch.
    func refuseStreamingLists() async {
        await server.inject(WireFault(.streamingListsRefused, verb: "watch", count: 100_000))
    }

    /// Runs fleet against the cluster.
    func run(_ command: String, _ arguments: String...) async throws -> FleetBinary.Result {
        let all = command.split(separator: " ").map(String.init) + arguments + ["--kubeconfig", kubeconfig]
        return try await fleet.run(list: all)
    }

    /// Writes a playbook; API steps only unless given.
    func playbook(_ steps: [String] = TemporaryFolder.steps, header: String = "") throws -> String {
        try folder.playbook(steps, header: header)
    }
}

/// An Event as the API lists it.
struct ListedEvent: Decodable {
    struct Object: Decodable { var kind, name, uid: String }
    var reason: String
    var regarding: Object
    var note: String?
}

extension SimulatedWorld {
    /// The Events of the cluster, oldest first.
    func events() async throws -> [ListedEvent] { try await ListedEvent.all(of: server) }
}

extension ListedEvent {
    /// The Events of a simulated cluster about its Nodes, oldest first.
    static func all(of server: SimulationServer) async throws -> [ListedEvent] {
        struct List: Decodable { var items: [ListedEvent] }
        let url = "http://127.0.0.1:\(server.port)/apis/events.k8s.io/v1/namespaces/default/events"
        let body = try await FleetBinary.tool(
            "curl", "-sf", "-H", "Authorization: Bearer secret-token-of-the-test", url)
        return try JSONDecoder().decode(List.self, from: Data(body.utf8)).items
    }
}

extension TemporaryFolder {
    /// What takes a node out through the API alone.
    static let steps = ["cordon:", "drain: {delete_emptydir_data: true}", "verify_drained:", "delete_node:"]

    /// Writes a playbook that retires nodes.
    func playbook(_ steps: [String] = steps, header: String = "") throws -> String {
        try write(
            """
            name: retire
            hosts: kube_node
            require_limit: true
            max_targets: 40%
            waves: {canary: 1, size: 1, max_unavailable: 50%, max_unavailable_per_zone: 2, soak: 0s}
            \(header)
            steps:
            \(steps.map { "  - \($0)" }.joined(separator: "\n"))

            """, to: "retire.yaml")
    }
}
