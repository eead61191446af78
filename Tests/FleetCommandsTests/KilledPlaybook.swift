import FleetCommands
import FleetModel
import FleetSimulation
import Foundation
import Testing

/// A playbook whose runs are killed: its steps, the hosts of its targets, and what an undisturbed run leaves on them.
struct KilledPlaybook: Sendable {
    /// Its name, also that of its test.
    var name: String
    var targets: [NodeName]
    var hosts: [SandboxHost]
    /// What the inventory says of all hosts.
    var variables: [String] = []
    var waves: String
    var steps: [String]
    /// Of each host: how often it has booted, and joined the cluster, in the end.
    var boots = 0
    var joins = 0

    /// It is repeatable where it never began; that it runs once is what the host tells.
    private static let script =
        "run: {repeatable: true, script: 'echo ran >>/var/ran; sleep 1; echo over >>/var/ran'}"

    private static let emptying = [
        "cordon:", "surge_single_replicas:", "exclude_from_load_balancers:", "drain: {delete_emptydir_data: true}",
        "verify_drained:",
    ]

    /// Nodes that go for good, one after the other.
    static let decommission = taking(
        "decommission", ["web-02", "web-06", "web-07", "web-11"], waves: "canary: 1, size: 1",
        [
            "wait_volumes_detached:", script, "service: {name: kubelet, state: stopped, enabled: false}",
            "delete_node:", "cleanup:", "verify_gone: {for: 1s}",
        ])

    /// Nodes that come back, two at a time; each host boots once, whether it asks for that or not.
    static let maintenance = {
        var playbook = taking(
            "maintenance", ["web-02", "web-06"], waves: "canary: 0, size: 2",
            [script, "reboot:", "service: {name: kubelet, state: started}", "wait_ready: {timeout: 1m}", "uncordon:"])
        playbook.boots = 1
        return playbook
    }()

    /// Fresh hosts that are prepared and join.
    static let expansion = {
        let hosts = ["a", "b", "c"].enumerated().map { number, zone in
            SandboxHost(
                name: "new-\(zone)", role: .fresh, internalIP: "10.9.0.\(number + 1)",
                clusterCertificate: HostWorld.certificate)
        }
        let prepare = [
            "hosts_entries:", "swap: off", "kernel_module: [overlay, br_netfilter]",
            "sysctl: {settings: {net.bridge.bridge-nf-call-iptables: 1, net.ipv4.ip_forward: 1}}",
            "packages: containerd", "containerd:",
            "packages: {names: ['kubelet={{ kubernetes_version }}', 'kubeadm={{ kubernetes_version }}'], hold: true}",
        ]
        return KilledPlaybook(
            name: "expansion", targets: hosts.map { NodeName($0.name) }, hosts: hosts,
            variables: ["kubernetes_version: 1.36.0", "zone: eu-1a"], waves: "canary: 1, size: 2",
            steps: prepare + [
                script, "join: {timeout: 1m}", "label: {role: worker}", "taint:",
                "wait_ready: {timeout: 1m, version: '{{ kubernetes_version }}', daemons: true}",
            ], joins: 1)
    }()

    private static func taking(_ name: String, _ targets: [NodeName], waves: String, _ steps: [String]) -> Self {
        KilledPlaybook(
            name: name, targets: targets, hosts: HostWorld.hosts(of: targets), waves: waves, steps: emptying + steps)
    }

    /// Writes playbook and inventory, and returns the arguments that start or go on with its run.
    func arguments(in world: HostWorld, isFirst: Bool) throws -> [String] {
        let file = try world.folder.write(
            """
            name: \(name)
            hosts: kube_node
            waves: {\(waves), max_unavailable: 50%, max_unavailable_per_zone: 2, soak: 0s}
            steps:
            \(steps.map { "  - \($0)" }.joined(separator: "\n"))

            """, to: "\(name).yaml")
        let limit = isFirst ? ["-l", targets.map(\.rawValue).joined(separator: ",")] : []
        return ["run", file, "-i", try world.inventory(group: variables), "--yes", "-v"] + limit
            + ["--kubeconfig", world.kubeconfig]
    }

    /// Hands a body a cluster and the hosts; what happens to their kubelets happens to their Nodes.
    func inWorld<Result: Sendable>(
        _ body: @escaping @Sendable (HostWorld) async throws -> Result
    ) async throws -> Result {
        var result: Result?
        try await HostWorld.with(hosts) { world in
            result = try await world.linked { try await body(world) }
        }
        return try #require(result)
    }
}
