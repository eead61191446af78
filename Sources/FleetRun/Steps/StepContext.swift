public import FleetExpressions
public import FleetModel
public import FleetPlanning

/// Everything a step may look at.
public struct StepContext: Sendable {
    /// The node and its host, as pinned in the plan.
    public var target: PlanTarget
    /// The cluster as last observed.
    public var world: World
    /// The time.
    public var now: Instant
    /// The step's position in the playbook, from 0.
    public var index: Int
    /// What the step did so far.
    public var memory: StepMemory
    /// What happened to the node so far.
    public var node: NodeProgress
    /// Where the governor stands with the node's pods.
    public var drain: DrainStatus
    /// What holds for the whole run.
    public var run: RunSettings
    /// Which pods leave a drained node.
    public var triage: PodTriage
    /// The host's variables.
    public var scope: VariableScope

    /// The Node with the pinned UID; nil when it is gone or another bears its name.
    public var current: Node? {
        guard let node = world.nodes[target.node], target.nodeUID == nil || node.uid == target.nodeUID else {
            return nil
        }
        return node
    }

    /// Whether a pod must leave the node before it can go: all but DaemonSets', the kubelet's own and skipped ones.
    func leaves(_ pod: Pod) -> Bool {
        if case .leave = triage.verdict(on: pod, in: world) { false } else { true }
    }

    /// The pods that are still to leave; finished ones hold nothing up.
    var remaining: [Pod] { world.pods(on: target.node).filter { !$0.isFinished && leaves($0) } }
}

extension PodTriage {
    /// Judges a pod of the observed world.
    func verdict(on pod: Pod, in world: World) -> Verdict {
        verdict(on: pod, workload: world.workload(of: pod), keepsDataOnNode: world.keepsDataOnNode(pod))
    }
}

/// What holds for the whole run.
public struct RunSettings: Sendable {
    /// The run.
    public var id: RunID
    /// Who runs it.
    public var actor: RunEvent.Actor
    /// Every node of the plan: none of them is a home for moved pods.
    public var retiring: Set<NodeName>
    /// Whether the steps give nodes back: those that are in service again are then homes like any other.
    var givesNodesBack = false
    /// How pods are evicted.
    public var evictions: EvictionPolicy
    /// SHA-256 of the cluster's CA, lowercase hexadecimal of its DER; nil when unknown.
    public var clusterAuthority: String?
    /// Whether the playbook is for control-plane hosts.
    public var isForControlPlane: Bool
    /// Every host of the inventory, whether the run works on it or not; in the inventory's order.
    public var inventory: [InventoryMember]
    /// The files that steps upload, by the name in the playbook; a directory's name stands for all files in it.
    public var files: [String: [LocalFile]]
    /// How hosts join the cluster; nil where no step joins, or the cluster does not say.
    public var entrance: ClusterEntrance?
    /// What a person approved by name (safety rule 20).
    public var approvals: Set<String> = []
    /// How the run was begun; nil where it cannot be gone on with by its name alone.
    public var invocation: RunEvent.Invocation?
    /// Whether `--allow budget-override` was given: pods that `evictions.stuck` names may be deleted past their budgets
    /// (safety rule 11).
    public var permitsBudgetOverride = false
    /// What was said yes to by name, for the record.
    public var consent: RunEvent.Consent?
    /// The other runs of the plan: what they cordoned is the plan's own (safety rule 21).
    public var earlierRuns: Set<RunID> = []
    /// The nodes that those emptied, or whose hosts they began to clean: their cordons stay.
    public var emptiedEarlier: Set<NodeName> = []
    /// The digest of the plan that the run carries out.
    public var planDigest = ""

    /// Whether a Node's cordon is this run's, or that of another run of the plan which did not empty it.
    public func isOwnCordon(of node: Node) -> Bool {
        guard let run = node.annotations[CordonStep.annotation].map({ RunID($0) }) else { return false }
        return run == id || earlierRuns.contains(run) && !emptiedEarlier.contains(node.name)
    }

    /// The hosts of the control plane, by their Nodes' names, in the inventory's order.
    public var controlPlane: [NodeName] {
        inventory.filter { $0.groups.contains("kube_control_plane") }.map(\.node)
    }

    /// Settings.
    public init(
        id: RunID, actor: RunEvent.Actor, retiring: Set<NodeName>, evictions: EvictionPolicy,
        clusterAuthority: String? = nil, isForControlPlane: Bool = false, inventory: [InventoryMember] = [],
        files: [String: [LocalFile]] = [:], entrance: ClusterEntrance? = nil
    ) {
        self.id = id
        self.actor = actor
        self.retiring = retiring
        self.evictions = evictions
        self.clusterAuthority = clusterAuthority
        self.isForControlPlane = isForControlPlane
        self.inventory = inventory
        self.files = files
        self.entrance = entrance
    }
}

/// What a step did so far.
public struct StepMemory: Hashable, Sendable {
    /// One act of the step.
    public struct Act: Hashable, Sendable {
        /// Where it stands.
        public enum State: Hashable, Sendable {
            case inFlight
            /// Its outcome was not recorded before a crash: look at the world.
            case inDoubt
            case finished(OperationResult)
        }

        /// Where it stands.
        public var state: State
        /// How often it was begun; at least 1.
        public var attempts: Int
        /// When it was begun or finished last.
        public var changedAt: Instant
    }

    /// When the attempt began, or is to begin.
    public var startedAt: Instant
    /// Which attempt it is, from 1.
    public var attempt = 1
    /// The acts by key.
    public var acts: [String: Act] = [:]

    /// A step that has just begun.
    public init(startedAt: Instant, attempt: Int = 1) {
        self.startedAt = startedAt
        self.attempt = attempt
    }
}

/// Where the governor stands with a node's pods.
public struct DrainStatus: Hashable, Sendable {
    /// Pods still to leave, evicted or not.
    public var remaining: Int
    /// When the first eviction was requested.
    public var firstRequest: Instant?
    /// What holds pods back: the reason, and the pods.
    public var blocked: [String: [ObjectKey]]
    /// Pods whose eviction was accepted and that are still there.
    public var leaving: [ObjectKey]
    /// Pods that should be gone, by why they are not: a dead kubelet, finalizers.
    public var overdue: [String: [ObjectKey]]
    /// The shortest time that a pod still to leave may take: its rule's timeout, else the policy's; nil without pods.
    public var timeout: Duration?
    /// The pods that may take that long.
    public var hurried: [ObjectKey]
    /// Pods that were deleted past their budgets and are still there.
    public var deleted: [ObjectKey]
    /// When the next leaving pod is overdue; nil when none will be.
    public var wakeAt: Instant?
    /// Why waiting would not help; nil while it may.
    public var hopeless: String?

    /// Nothing known yet.
    public init() {
        remaining = 0
        blocked = [:]
        leaving = []
        overdue = [:]
        hurried = []
        deleted = []
    }
}
