import FleetModel

/// A pod and what the actors know about it.
struct PodRecord: Sendable {
    var pod: Pod
    var isLive = true
    var version: Int64 = 0
    var generation: Int64 = 1
    var deletionGrace: Int64?
    var disruptionReason: String?
    var startedAt: Instant?
    var readinessChangedAt: Instant?
    /// The node's index while the node exists; −1 otherwise.
    var node = -1
    var nodePosition = 0
    /// The controller's index; −1 without one.
    var owner = -1
    var ownerPosition = 0
    /// The only node it may go to (DaemonSet pods); nil for others.
    var pinned: NodeName?
    var demand: PlacementDemand
    var budgets: [Int32] = []
    /// Outdates the tasks of earlier states; it outlives the pod, because indices are reused.
    var kubeletToken: UInt32 = 0
    var schedulerToken: UInt32 = 0
    var taintToken: UInt32 = 0
    var backoff: Duration = .zero
    var isUnschedulable = false
    var probe: Bool?
    var ignoresTermination = false
    var ordinal = 0
    /// When its containers will have stopped; fixed at the first sight of the deletion.
    var stopsAt: Instant?

    /// Exists for its controller: neither finished nor terminating.
    @inline(__always) var isActive: Bool { !pod.isFinished && pod.deletionTime == nil }
    /// Counts as healthy for a budget.
    @inline(__always) var isHealthy: Bool { pod.isReady && pod.deletionTime == nil }
    /// Takes its node's resources.
    @inline(__always) var isPlaced: Bool { node >= 0 && !pod.isFinished }
}

/// A Node and what the actors know about it; its index is the one of the placement state.
struct NodeRecord: Sendable {
    var node: Node
    var isLive = true
    var version: Int64 = 0
    var pods: [Int32] = []
    var readinessChangedAt: Instant?
    var lifecyclePending = false
    /// DaemonSets that want a pod here.
    var daemonSets: [Int] = []
    /// Counts up with every bearer of the index.
    var token: UInt32 = 0
}

/// A host and its boots.
struct HostRecord: Sendable {
    var host: HostState
    /// Counts up with every stop and start, and outdates the tasks of earlier ones.
    var boot: UInt32 = 0
}

/// Whoever controls pods, known or not.
struct OwnerRecord: Sendable {
    var reference: ControllerReference
    var namespace: String
    /// The workload's index; −1 while it is unknown.
    var workload = -1
    var pods: [Int32] = []
    var active = 0
    var ready = 0
    /// How many pods a controller keeps that is known by its pods only, or a Job has left to run; −1 where another rule
    /// decides.
    var wanted = -1
    /// What the former makes its pods of.
    var template: PodTemplate?
    /// Its pods that are gone and not made anew, where the next bears the name of the last.
    var lost: [Pod] = []
    var syncPending = false
}

/// A workload.
struct WorkloadRecord: Sendable {
    var workload: Workload
    var isLive = true
    var version: Int64 = 0
    var createdAt: Instant
    var currentReplicas = 0
    var owner = -1
    /// The Deployment's index of a ReplicaSet; −1 for others.
    var parent = -1
    /// The ReplicaSets of a Deployment.
    var children: [Int] = []
    var syncPending = false
    /// The Deployment's template that a ReplicaSet stands for; the last one rolled out for a Deployment.
    var rolledTemplate: PodTemplate?
    /// Nodes that a DaemonSet wants a pod on.
    var wantedNodes = 0
    /// The generation for which a DaemonSet has looked at every node.
    var sweptGeneration: Int64 = 0
    /// The next Deployment revision.
    var revision = 1
}

/// A budget with its counters.
struct BudgetRecord: Sendable {
    var budget: PodDisruptionBudget
    var isLive = true
    var version: Int64 = 0
    var createdAt: Instant
    var total = 0
    var healthy = 0
    /// Matching pods by controller; −1 for those without.
    var owners: [Int: Int] = [:]
    var syncPending = false
    /// Whether the scale of controllers that are known by their pods only is found.
    var findsStandIns = false
    var nextExpiry: Instant?
}

/// An object of a kind that needs no counters.
struct PlainRecord<Value: Hashable & Sendable>: Sendable {
    var value: Value
    var uid: ObjectUID
    var createdAt: Instant
    var version: Int64 = 0
}

/// Budgets of a namespace by one of their labels, so that a pod looks at few of them.
struct BudgetLookup: Sendable {
    private struct Key: Hashable {
        var namespace: String
        var label: String
        var value: String
    }

    private var byLabel: [Key: [Int32]] = [:]
    private var others: [String: [Int32]] = [:]

    mutating func insert(_ index: Int, _ budget: PodDisruptionBudget) {
        if let key = Self.key(budget) {
            byLabel[key, default: []].append(Int32(index))
        } else {
            others[budget.key.namespace, default: []].append(Int32(index))
        }
    }

    mutating func remove(_ index: Int, _ budget: PodDisruptionBudget) {
        if let key = Self.key(budget) {
            byLabel[key]?.removeAll { $0 == Int32(index) }
        } else {
            others[budget.key.namespace]?.removeAll { $0 == Int32(index) }
        }
    }

    /// Budgets that may select the pod, in order.
    func candidates(_ pod: Pod) -> [Int32] {
        var result = others[pod.key.namespace] ?? []
        guard !byLabel.isEmpty else { return result }
        for (label, value) in pod.labels {
            result += byLabel[Key(namespace: pod.key.namespace, label: label, value: value)] ?? []
        }
        return result.sorted()
    }

    private static func key(_ budget: PodDisruptionBudget) -> Key? {
        guard let least = budget.selector?.matchLabels.min(by: { $0.key < $1.key }) else { return nil }
        return Key(namespace: budget.key.namespace, label: least.key, value: least.value)
    }
}
