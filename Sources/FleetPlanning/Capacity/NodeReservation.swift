public import FleetModel

/// What a kubelet keeps back from pods for the system and for itself (E12): told, never changed.
///
/// A Node's allocatable is its capacity less `systemReserved`, `kubeReserved` and `evictionHard`, of which the last is
/// 100Mi of memory unless somebody says otherwise. Where nothing more is kept back, pods may take what the kubelet
/// lives on: a full node falls silent and is taken for dead.
public enum NodeReservation {
    /// What to do about a kubelet that keeps nothing back, as a step of a playbook.
    public static let remedy =
        "kubelet_config: {settings: {systemReserved: {cpu: 500m, memory: 1Gi}, kubeReserved: {cpu: 500m, memory: 1Gi}}}"

    /// What the kubelet keeps free of pods' memory by default, in bytes.
    private static let eviction: Int64 = 100 << 20

    /// Whether a Node keeps neither CPU nor memory back; false where its size is not known.
    public static func isMissing(on node: Node) -> Bool {
        let kept = node.capacity - node.allocatable
        return node.capacity.milliCPU > 0 && node.allocatable.milliCPU > 0 && kept.milliCPU <= 0
            && kept.memory <= eviction
    }

    /// Tells of it where hosts join a cluster of which most workers keep nothing back: new ones will be like them.
    static func judge(_ request: PlanRequest, into groups: inout FindingGroups) {
        guard request.joins, !request.steps.contains(where: { $0.kind == "kubelet_config" }) else { return }
        let workers = request.snapshot.nodes.filter { $0.isReady && !$0.hasControlPlaneRole }
        let bare = workers.count { isMissing(on: $0) }
        guard bare * 2 > workers.count else { return }
        groups.add(
            .warning, .nodeReservations, on: "kubelet",
            "\(bare) of \(workers.count) workers keep nothing back for the system and the kubelet (allocatable is capacity), and new ones will be like them: pods may starve a full node's kubelet",
            remedy: remedy)
    }
}
