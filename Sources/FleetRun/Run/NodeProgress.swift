public import FleetModel
public import FleetPlanning

/// What happened to one node of a run: a fold over its events.
public struct NodeProgress: Hashable, Sendable {
    /// Where the node stands.
    ///
    /// `pending` becomes `working`, which becomes `finished` or `quarantined`.
    public enum Phase: Hashable, Sendable {
        case pending
        /// On the step with this position.
        case working(step: Int)
        case finished
        case quarantined(step: String, reason: String)
    }

    /// A pod whose eviction was accepted.
    public struct EvictedPod: Hashable, Sendable {
        /// The pod.
        public var pod: PodReference
        /// Its workload's UID; nil for bare pods.
        public var workload: ObjectUID?
        /// The workload's Ready pods when the first of its pods here was evicted.
        public var readyBefore: Int
        /// Whether the API accepted the eviction.
        public var isAccepted: Bool
        /// Whether the pod is gone.
        public var isGone: Bool
        /// Whether it was deleted past its budget (safety rule 11).
        public var isPassed = false
        /// Its controller, where that is of a kind that fleet does not know.
        public var controller: String?
        /// Whether it came to the node after the drain began.
        public var isLate = false
    }

    /// The node and its host, as planned.
    public var target: PlanTarget
    /// Its wave, from 1.
    public var wave: Int
    /// Where it stands.
    public var phase: Phase = .pending
    /// What its steps did, by position.
    public var steps: [Int: StepMemory] = [:]
    /// How the host proved to be this Node.
    public var identity: RunEvent.IdentityProved?
    /// How many attempts at steps failed, by position; a node that begins anew counts on.
    public var failedAttempts: [Int: Int] = [:]
    /// What the host is like; nil until it was asked.
    public var facts: GatheredFacts?
    /// How its steps ended, by position.
    public var results: [Int: StepResult] = [:]
    /// Pods evicted from it, by UID.
    public internal(set) var evicted: [ObjectUID: EvictedPod] = [:]
    /// The Ready pods that each workload had when the first of its pods here was evicted.
    public private(set) var losses: [ObjectUID: Int] = [:]
    /// When its first eviction was requested.
    public var firstEviction: Instant?
    /// Whether its cordon was seen since it was begun.
    public var isCordoned = false
    /// Whether its drain was verified done by this plan.
    public var isDrained = false
    /// Whether `host_off` proved its host to be powered off since it was begun.
    public var isProvedOff = false
    /// The kinds of the finished steps that changed something, in order.
    public var changes: [String] = []
    /// Whether the clean-up of its host began.
    public var isCleanupBegun = false
    /// What it waits for.
    public var waiting = ""
    /// The kind of the step that it is on, or was on last; empty before the first.
    public var stepKind = ""
    /// How often it gave way to nodes that waited for it.
    public var retreats = 0
    /// The nodes for whose sake it gave way last; it is begun again once none of them is in hand.
    public var waitsFor: [NodeName] = []
    /// When it began.
    public var startedAt: Instant?
    /// When it ended.
    public var endedAt: Instant?

    /// A node that was not begun.
    public init(target: PlanTarget, wave: Int) {
        self.target = target
        self.wave = wave
    }

    /// A pod is asked to go.
    mutating func note(_ eviction: EvictedPod) {
        evicted[eviction.pod.uid] = eviction
        count(eviction)
    }

    /// A pod that was asked to go stays.
    mutating func forgetEviction(of uid: ObjectUID) {
        evicted[uid] = nil
        losses = [:]
        for eviction in evicted.values { count(eviction) }
    }

    private mutating func count(_ eviction: EvictedPod) {
        guard let workload = eviction.workload else { return }
        losses[workload] = max(losses[workload] ?? 0, eviction.readyBefore)
    }

    /// Whether work on it is under way.
    public var isWorking: Bool { if case .working = phase { true } else { false } }
    /// Whether it was set aside.
    public var isQuarantined: Bool { if case .quarantined = phase { true } else { false } }
    /// Whether nothing more will be done with it.
    public var isEnded: Bool { phase == .finished || isQuarantined }
    /// Whether it gave way, and was not begun again.
    public var isRetreating: Bool { retreats > 0 && phase == .pending }
    /// The position of the step under way.
    public var step: Int? { if case .working(let step) = phase { step } else { nil } }
}
