public import FleetModel
import FleetSimulation
public import FleetSimulationServer

/// The link between sandboxed hosts and a simulated cluster: what happens to a host's kubelet happens to its Node.
///
/// A kubelet that stops falls silent, one that starts is heard again, and a host that `kubeadm join` joined registers
/// its Node, with the machine-id, addresses and size that the host has.
public struct KubeletLink: Sendable {
    private let hosts: SandboxFleet
    private let server: SimulationServer
    private let capacity: Resources

    /// A link; nodes that join have the capacity given.
    public init(
        hosts: SandboxFleet, server: SimulationServer,
        capacity: Resources = Resources(milliCPU: 8000, memory: 32 << 30, ephemeralStorage: 100 << 30, pods: 110)
    ) {
        self.hosts = hosts
        self.server = server
        self.capacity = capacity
    }

    /// Follows the hosts until the task is cancelled.
    public func follow() async {
        var known: [String: Bool] = [:]
        while !Task.isCancelled {
            for host in hosts.hosts {
                let runs = hosts.unit("kubelet", on: host.name) == "active"
                guard known[host.name] != runs else { continue }
                // The first look only tells how the host began.
                if known[host.name] != nil || (runs && host.role == .fresh) { await tell(host, runs: runs) }
                known[host.name] = runs
            }
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    private func tell(_ host: SandboxHost, runs: Bool) async {
        let joined = hosts.joinedNode(on: host.name)
        let name = NodeName(joined ?? host.name)
        guard runs else {
            await server.perform(.host(name, .disableKubelet))
            return
        }
        if joined != nil {
            await server.perform(.addHost(HostState(node: node(name, of: host), kubelet: .stopped, isJoined: false)))
            await server.perform(.host(name, .join))
        } else {
            await server.perform(.host(name, .startKubelet))
        }
    }

    private func node(_ name: NodeName, of host: SandboxHost) -> Node {
        Node(
            name: name, uid: "",
            labels: ["kubernetes.io/hostname": host.name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"],
            capacity: capacity, allocatable: capacity, internalAddresses: [host.internalIP], machineID: host.machineID,
            systemUUID: host.systemUUID, kubeletVersion: host.version)
    }
}
