public import FleetModel

/// What the targets carry, and what the nodes that stay have left for it (D1, D2).
public struct TargetLoad: Hashable, Sendable, Codable {
    /// One target's pods.
    public struct NodeLoad: Hashable, Sendable, Codable {
        /// The Node.
        public var node: NodeName
        /// Its zone.
        public var zone: Zone?
        /// Unfinished pods, DaemonSet and mirror pods included.
        public var pods: Int
        /// Their requests.
        public var requests: Resources
        /// Their limits.
        public var limits: Resources
        /// What pods may use on it; zero for a Node that is gone.
        public var allocatable: Resources
    }

    /// One owner's pods on the targets.
    public struct OwnerLoad: Hashable, Sendable, Codable {
        /// The owner in the cluster's words, such as `Deployment shop/cart`.
        public var owner: String
        /// The namespace.
        public var namespace: String
        /// Its pods by the name of their zone; an empty name where it is unknown.
        public var podsByZone: [String: Int]
        /// Whether they leave when the nodes are drained; DaemonSet and mirror pods do not.
        public var leaves: Bool
        /// The pods' names and their nodes, such as `cart-0 on web-01`, in the targets' order; nil in documents that lack them.
        public var pods: [String]?
    }

    /// A PodDisruptionBudget, and what it permits (D14).
    public struct BudgetLoad: Hashable, Sendable, Codable {
        /// Namespace and name.
        public var key: ObjectKey
        /// Its bound, such as `minAvailable 2`.
        public var bound: String
        /// Its healthy pods.
        public var healthy: Int
        /// How many it needs.
        public var desired: Int
        /// How many may go now.
        public var allowed: Int
        /// The pods on the targets that it selects.
        public var podsOnTargets: Int
    }

    /// The targets, in the plan's order.
    public var nodes: [NodeLoad] = []
    /// The owners, by namespace and name.
    public var owners: [OwnerLoad] = []
    /// Every budget of the cluster, by namespace and name; nil in documents that lack them.
    public var budgets: [BudgetLoad]?
    /// Pods that leave when the targets are drained.
    public var leavingPods = 0
    /// Their requests.
    public var leaving = Resources.zero
    /// What the Ready, schedulable nodes that stay have left; `pods` counts free places.
    public var room = Resources.zero

    /// Adds up a plan's targets and the rest of the cluster.
    public init(of targets: [PlanTarget], in index: ClusterIndex) {
        var owners: [String: OwnerLoad] = [:]
        for target in targets { add(target, index, &owners) }
        self.owners = owners.values.sorted { ($0.namespace, $0.owner) < ($1.namespace, $1.owner) }
        budgets = Self.budgets(of: targets, in: index)
        let own = Set(targets.map(\.node))
        for node in index.snapshot.nodes where !own.contains(node.name) && node.isReady && !node.isCordoned {
            let pods = index.positions(on: node.name).map { index.snapshot.pods[$0] }.filter { !$0.isFinished }
            room += node.allocatable - pods.reduce(Resources(pods: Int64(pods.count))) { $0 + $1.requests }
        }
    }

    private static func budgets(of targets: [PlanTarget], in index: ClusterIndex) -> [BudgetLoad] {
        var selected: [ObjectKey: Int] = [:]
        for position in targets.flatMap({ index.positions(on: $0.node) }) {
            let pod = index.snapshot.pods[position]
            guard !pod.isFinished, !pod.isDaemon, !pod.isMirror else { continue }
            for budget in index.budgets(selecting: pod) { selected[budget.key, default: 0] += 1 }
        }
        return index.snapshot.budgets.sorted { $0.key < $1.key }.map { budget in
            BudgetLoad(
                key: budget.key, bound: BudgetRule.words(budget), healthy: budget.currentHealthy,
                desired: budget.desiredHealthy, allowed: budget.disruptionsAllowed,
                podsOnTargets: selected[budget.key] ?? 0)
        }
    }

    private mutating func add(_ target: PlanTarget, _ index: ClusterIndex, _ owners: inout [String: OwnerLoad]) {
        var load = NodeLoad(
            node: target.node, zone: target.zone, pods: 0, requests: .zero, limits: .zero,
            allocatable: index.nodes[target.node]?.allocatable ?? .zero
        )
        for position in index.positions(on: target.node) {
            let pod = index.snapshot.pods[position]
            guard !pod.isFinished else { continue }
            load.pods += 1
            load.requests += pod.requests
            load.limits += pod.limits
            count(pod, on: target, under: index.subject(of: pod), &owners)
        }
        nodes.append(load)
    }

    private mutating func count(
        _ pod: Pod, on target: PlanTarget, under owner: String, _ owners: inout [String: OwnerLoad]
    ) {
        let leaves = !pod.isDaemon && !pod.isMirror
        let empty = OwnerLoad(owner: owner, namespace: pod.key.namespace, podsByZone: [:], leaves: leaves, pods: [])
        owners[owner, default: empty].podsByZone[target.zone?.rawValue ?? "", default: 0] += 1
        owners[owner]?.pods?.append("\(pod.key.name) on \(target.node)")
        guard leaves else { return }
        leavingPods += 1
        leaving += pod.requests
    }
}
