import FleetModel

/// Which nodes' steps wait for which workloads' pods, both ways round.
struct WorkloadWatches: Sendable {
    private var byNode: [NodeName: Set<ObjectUID>] = [:]
    private var byWorkload: [ObjectUID: Set<NodeName>] = [:]

    /// What each node waits for.
    var all: [NodeName: Set<ObjectUID>] { byNode }

    /// The nodes that wait for a workload.
    func nodes(watching workload: ObjectUID) -> Set<NodeName> { byWorkload[workload] ?? [] }

    /// A node waits for these workloads, and for no others; for none it is forgotten.
    mutating func set(_ workloads: Set<ObjectUID>, for node: NodeName) {
        let old = byNode[node] ?? []
        guard old != workloads else { return }
        for uid in old where !workloads.contains(uid) {
            byWorkload[uid]?.remove(node)
            if byWorkload[uid]?.isEmpty == true { byWorkload[uid] = nil }
        }
        for uid in workloads where !old.contains(uid) { byWorkload[uid, default: []].insert(node) }
        byNode[node] = workloads.isEmpty ? nil : workloads
    }
}
