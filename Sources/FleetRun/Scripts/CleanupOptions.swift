/// What a clean-up takes off a host.
public struct CleanupOptions: Hashable, Sendable {
    /// What the script does with what it finds.
    public enum Mode: String, Hashable, Sendable {
        /// Removes it.
        case apply
        /// Says what it would remove, and changes nothing.
        case dryRun = "dry-run"
        /// Says row by row what is still there, and changes nothing; a host without any of it counts as cleaned from then on.
        case verify
    }

    /// Which network rules go.
    public enum Network: String, Hashable, Sendable, CaseIterable {
        /// Only what Kubernetes and the network plugin made.
        case kubernetesOnly = "kubernetes-only"
        /// Every iptables rule and IPVS service; refused under a DROP policy (safety rule 8).
        case flushAll = "all"
        /// None.
        case keep
    }

    /// The network plugin whose traces go.
    public enum NetworkPlugin: String, Hashable, Sendable, CaseIterable {
        /// Every plugin that the script knows.
        case auto
        /// Calico: `cali-*` chains, `cali*` sets and interfaces, `vxlan.calico`, routes marked by Felix or its bird, its node.
        case calico
        /// Cilium: `CILIUM_*` chains, `cilium_*` interfaces, its rules of routing, its filters and pins of eBPF.
        case cilium
        /// Flannel: `FLANNEL-*` chains, `flannel.1`, `cni0`, routes of host-gw.
        case flannel
        /// None.
        case none
    }

    /// The run's id; the host keeps the saved rules in `/var/lib/fleet/RUN` (letters, digits, `.`, `_`, `-`).
    public var run: String
    /// What the script does.
    public var mode: Mode
    /// Which network rules go.
    public var network: Network
    /// The network plugin.
    public var plugin: NetworkPlugin
    /// The Node's name, for `calicoctl delete node`; nil skips that row.
    public var node: String?
    /// SHA-256 (lower-case hex) of the cluster CA's DER; another CA in the kubelet's configuration is refused.
    public var clusterAuthority: String?
    /// Whether a control-plane host is accepted.
    public var controlPlane: Bool
    /// Whether `/var/lib/etcd` goes too.
    public var etcd: Bool
    /// Directories beyond the listed ones; absolute, at least two components deep.
    public var additionalPaths: [String]
    /// Seconds until the host puts its old rules back by itself, unless confirmed; at least 5.
    public var restoreAfterSeconds: Int

    /// A clean-up of a worker: Kubernetes' own rules only, every known plugin, 120 seconds to confirm.
    public init(
        run: String, mode: Mode = .apply, network: Network = .kubernetesOnly, plugin: NetworkPlugin = .auto,
        node: String? = nil, clusterAuthority: String? = nil, controlPlane: Bool = false, etcd: Bool = false,
        additionalPaths: [String] = [], restoreAfterSeconds: Int = 120
    ) {
        self.run = run
        self.mode = mode
        self.network = network
        self.plugin = plugin
        self.node = node
        self.clusterAuthority = clusterAuthority
        self.controlPlane = controlPlane
        self.etcd = etcd
        self.additionalPaths = additionalPaths
        self.restoreAfterSeconds = max(5, restoreAfterSeconds)
    }

    /// What is removed, as absolute paths in the order of removal.
    public var paths: [String] {
        var paths = ["/etc/cni/net.d", "/var/lib/cni", "/var/lib/kubelet", "/etc/kubernetes"]
        if etcd { paths.append("/var/lib/etcd") }
        if covers(.calico) { paths += ["/var/lib/calico", "/run/calico"] }
        if covers(.cilium) { paths.append("/run/cilium") }
        if covers(.flannel) { paths.append("/run/flannel") }
        return paths + additionalPaths
    }

    var variables: [(name: String, value: String)] {
        [
            ("FLEET_RUN", run), ("FLEET_MODE", mode.rawValue), ("FLEET_NETWORK", network.rawValue),
            ("FLEET_PLUGINS", plugins.map(\.rawValue).joined(separator: " ")),
            ("FLEET_NODE", node ?? ""), ("FLEET_CA", clusterAuthority ?? ""),
            ("FLEET_CONTROL_PLANE", controlPlane ? "yes" : "no"),
            ("FLEET_PATHS", paths.joined(separator: "\n")),
            ("FLEET_RESTORE_AFTER", String(restoreAfterSeconds)),
        ]
    }

    private var plugins: [NetworkPlugin] { [.calico, .cilium, .flannel].filter(covers) }

    private func covers(_ other: NetworkPlugin) -> Bool { plugin == .auto || plugin == other }
}
