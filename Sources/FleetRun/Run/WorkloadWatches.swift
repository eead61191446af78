import FleetModel

/// Which nodes' steps wait for which workloads' pods, both ways round.
struct WorkloadWatches: Sendable {
    private var byNode: [NodeName: Set<ObjectUID>] = [:]
    private var byWorkload: [ObjectUID: Set<NodeName>] = [:]

    /// What each node waits for.
    var all: [NodeName: Set<ObjectUID>] { byNode }

    /// The nodes that wait for a workload.
    func nodes(watching workload: ObjectUID) -> Set<NodeName> { byWorkload[workload] ?? [] }

    /// A node waits for these workloads too.
    mutating func add(_ workloads: some Sequence<ObjectUID>, for node: NodeName) {
        for uid in workloads where byNode[node, default: []].insert(uid).inserted {
            byWorkload[uid, default: []].insert(node)
        }
    }

    /// A node waits for no workload any more.
    mutating func forget(_ node: NodeName) {
        for uid in byNode.removeValue(forKey: node) ?? [] {
            byWorkload[uid]?.remove(node)
            if byWorkload[uid]?.isEmpty == true { byWorkload[uid] = nil }
        }
    }
}
