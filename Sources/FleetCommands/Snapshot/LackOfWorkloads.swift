import FleetModel

extension ClusterSnapshot {
    /// What to say of a List that was asked for without the workloads; nil where they are there, or nothing needs them.
    var lackOfWorkloads: String? {
        guard !workloads.contains(where: { $0.reference.kind != .daemonSet }) else { return nil }
        let kinds = Set(pods.compactMap(\.controller?.kind)).subtracting(["DaemonSet", "Node"])
            .filter { WorkloadKind(rawValue: $0) != nil }.sorted()
        guard !kinds.isEmpty else { return nil }
        return
            "no workloads in the snapshot: what controls its pods (\(kinds.joined(separator: ", "))) is taken to keep as many as there are; add deploy,rs,sts,ds,jobs to kubectl get for replicas, templates and surges"
    }
}
