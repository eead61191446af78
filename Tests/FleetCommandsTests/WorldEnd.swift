import FleetCommands
import FleetKubernetes
import FleetModel
import FleetRun
import FleetSimulation
import FleetSimulationServer
import Foundation

/// What is left when everything is over, as far as two runs can be compared.
struct WorldEnd: Equatable, Sendable {
    var nodes: [NodeName]
    var marked: [String]
    var notes: [String]
    /// Bootstrap tokens for which the cluster still vouches.
    var tokens: [String]
    var replicas: [String: Int]
    var unready: [String]
    var lockHolder: String
    /// What the script wrote on each host, and what fleet left there.
    var scripts: [String]
    var remains: [String]
    /// How often each host booted, and was told to join.
    var boots: [Int]
    var joins: [Int]
    /// What of Kubernetes is on each host: files, network rules, the kubelet's state.
    var traces: [String]

    private static let traces = """
        for path in /etc/cni/net.d /var/lib/cni /var/lib/kubelet /etc/kubernetes /run/fleet; do
            [ ! -e "$path" ] || ls -A "$path"
        done
        iptables-save | grep -c -e '^-A KUBE' -e '^:KUBE' -e cali-; iptables-save | grep -c ACME-INPUT
        systemctl is-active kubelet; systemctl is-enabled kubelet; exit 0
        """

    /// Lets the cluster settle, and looks at it and the hosts.
    static func of(_ world: HostWorld) async throws -> WorldEnd {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(30)
        while try await !isSettled(world), clock.now < deadline { try await clock.sleep(for: .milliseconds(100)) }
        return try await look(at: world)
    }

    private static func isSettled(_ world: HostWorld) async throws -> Bool {
        let snapshot = await world.server.simulation.snapshot()
        // The node controller follows what is true of a Node a moment later.
        let stale = snapshot.nodes.filter { node in
            node.isReady && !node.isCordoned && node.taints.contains { $0.key.hasPrefix("node.kubernetes.io/") }
        }
        let standing = await tokens(of: world)
        return unready(in: snapshot).isEmpty && stale.isEmpty && standing.isEmpty
    }

    /// Pods that should be Ready; on a Node whose kubelet was stopped none is.
    private static func unready(in snapshot: ClusterSnapshot) -> [String] {
        let silent = Set(snapshot.nodes.filter { !$0.isReady }.map(\.name))
        return snapshot.pods.filter { pod in
            !pod.isReady && !pod.isFinished && !(pod.nodeName.map(silent.contains) ?? false)
        }.map { "\($0.key)" }.sorted()
    }

    private static func tokens(of world: HostWorld) async -> [String] {
        await world.server.clusterInfo.keys.filter { $0 != "kubeconfig" }.sorted()
    }

    private static func look(at world: HostWorld) async throws -> WorldEnd {
        let snapshot = await world.server.simulation.snapshot()
        let connection = try Kubeconfig(explicitPath: world.kubeconfig, context: nil).connection()
        let holder = try await KubernetesClient.withClient(connection: connection) { client in
            let lock: ClusterLock? = try await LeaseClient(client: client).read()
            return lock?.holder ?? ""
        }
        let names = world.hosts.hosts.map(\.name)
        let calls = names.map { world.hosts.calls(on: $0) }
        return WorldEnd(
            nodes: snapshot.nodes.map(\.name).sorted(),
            marked: snapshot.nodes.filter { $0.isCordoned || !$0.taints.isEmpty }.map {
                "\($0.name) \($0.isCordoned ? "cordoned" : "schedulable") \($0.taints.map(\.key))"
            }.sorted(),
            notes: LeftoverSearch().leftovers(in: snapshot).map { "\($0.object) \($0.kind.rawValue)" }.sorted(),
            tokens: await tokens(of: world), replicas: replicas(in: snapshot), unready: unready(in: snapshot),
            lockHolder: holder, scripts: names.map { file("var/ran", of: $0, in: world) ?? "never ran" },
            remains: names.flatMap { entries("var/lib/fleet", of: $0, in: world) },
            boots: calls.map { $0.count { $0.hasPrefix("reboot ") } },
            joins: calls.map { $0.count { $0.hasPrefix("kubeadm join ") } }, traces: try await traces(in: world))
    }

    /// The replicas that workloads of people's own making want.
    static func replicas(in snapshot: ClusterSnapshot) -> [String: Int] {
        let own = snapshot.workloads.filter { $0.controller == nil && $0.reference.kind != .daemonSet }
        return Dictionary(own.map { ("\($0.reference)", $0.replicas) }, uniquingKeysWith: { first, _ in first })
    }

    private static func traces(in world: HostWorld) async throws -> [String] {
        var found: [String] = []
        for host in world.hosts.hosts { found.append(try await world.hosts.read(host.name, traces).output) }
        return found
    }

    private static func file(_ path: String, of host: String, in world: HostWorld) -> String? {
        try? String(contentsOfFile: "\(world.hosts.root(of: host))/\(path)", encoding: .utf8)
    }

    private static func entries(_ path: String, of host: String, in world: HostWorld) -> [String] {
        let all = try? FileManager.default.contentsOfDirectory(atPath: "\(world.hosts.root(of: host))/\(path)")
        return (all ?? []).map { "\(host): \($0)" }
    }
}
