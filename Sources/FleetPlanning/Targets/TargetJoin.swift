public import FleetModel

/// Joins hosts of the inventory to Nodes of the cluster (safety rule 4).
struct TargetJoin {
    private let index: ClusterIndex
    private let pinned: [String: PlanTarget]
    private let retires: Bool

    init(_ request: PlanRequest, _ index: ClusterIndex) {
        self.index = index
        retires = request.retires
        let targets = request.pinned?.cluster == request.snapshot.clusterUID ? request.pinned?.targets ?? [] : []
        pinned = Dictionary(targets.map { ($0.host, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The target; a Node that is gone keeps the identity under which it was pinned.
    func target(for host: Host) -> PlanTarget {
        if let newcomer = newcomer(host) { return newcomer }
        guard let node = index.nodes[host.node] else { return goneTarget(for: host) }
        return PlanTarget(
            host: host.name.rawValue, node: node.name, nodeUID: node.uid, machineID: node.machineID,
            systemUUID: node.systemUUID, internalAddresses: node.internalAddresses, zone: node.zone ?? host.zone,
            pool: host.pool ?? node.pool, wasCordoned: node.isCordoned,
            isControlPlane: ControlPlane.sign(of: node, host, index) != nil
        )
    }

    /// A host that may come in for another: one that is no Node yet, or that this plan brought in.
    func spare(_ host: Host) -> PlanTarget? {
        if let known = pinned[host.name.rawValue], known.isNewcomer == true, known.node == host.node { return known }
        guard index.nodes[host.node] == nil else { return nil }
        var target = goneTarget(for: host)
        target.isNewcomer = true
        return target
    }

    /// A host that was planned without a Node and has one by now: joining is what changed, not the plan.
    private func newcomer(_ host: Host) -> PlanTarget? {
        guard !retires, let known = pinned[host.name.rawValue], known.node == host.node, known.nodeUID == nil else {
            return nil
        }
        return known
    }

    private func goneTarget(for host: Host) -> PlanTarget {
        if let known = pinned[host.name.rawValue], known.node == host.node { return known }
        return PlanTarget(
            host: host.name.rawValue, node: host.node, zone: host.zone, pool: host.pool,
            isControlPlane: ControlPlane.sign(of: nil, host, index) != nil
        )
    }
}

extension PlanTarget {
    /// Whether one may come in for the other: they are of one zone, and of one pool where both are known to have one.
    public func isInterchangeable(with other: PlanTarget) -> Bool {
        zone == other.zone && (pool == other.pool || pool == nil || other.pool == nil)
    }
}

extension Node {
    /// The pool by the first label that names one.
    public var pool: Pool? {
        let keys = [
            "pool", "karpenter.sh/nodepool", "cloud.google.com/gke-nodepool", "eks.amazonaws.com/nodegroup",
            "kubernetes.azure.com/agentpool",
        ]
        return keys.lazy.compactMap { self.labels[$0] }.first.map(Pool.init(rawValue:))
    }
}

/// What makes a host a control-plane host, as far as planning sees it (safety rule 3).
enum ControlPlane {
    /// The sign, in words; nil for a worker.
    static func sign(of node: Node?, _ host: Host, _ index: ClusterIndex) -> String? {
        if let node, node.hasControlPlaneRole { return "its Node has the control-plane role label" }
        let pods = node.map { index.positions(on: $0.name) } ?? []
        if let position = pods.first(where: { isComponent(index.snapshot.pods[$0]) }) {
            return "it runs \(index.snapshot.pods[position].key)"
        }
        let group = host.groups.first { ["kube_control_plane", "etcd"].contains($0) }
        return group.map { "the inventory has it in group \($0)" }
    }

    private static func isComponent(_ pod: Pod) -> Bool {
        guard pod.isMirror else { return false }
        if let component = pod.labels["component"] { return ["kube-apiserver", "etcd"].contains(component) }
        return pod.key.name.hasPrefix("kube-apiserver-") || pod.key.name.hasPrefix("etcd-")
    }
}
