/// How pods are evicted, and what becomes of a node whose pods do not go.
public struct EvictionPolicy: Hashable, Sendable {
    /// Whose pods the governor lets go first where the rate does not permit all at once.
    public enum Order: String, CaseIterable, Hashable, Sendable {
        /// Those of the budget with the most pods left, which takes longest.
        case longestQueue = "longest-queue"
        /// Pods of low priority before pods of high priority.
        case priority
    }

    /// The most evictions in a span of time, over the whole run.
    public var rate: Rate
    /// How much of a workload without a budget may be out at once (safety rule 12).
    public var withoutBudget: CountOrPercent
    /// How long one node may take, from its first eviction request (safety rule 19).
    public var timeout: Duration
    /// What to do with pods that a budget holds back until the timeout.
    public var stuck: StuckPolicy
    /// Rules for single pods; the first that matches decides (safety rule 14).
    public var rules: [EvictionRule]
    /// Workloads (`namespace/name`) for which a downtime was agreed (safety rules 12 and 13, procedure D7).
    public var downtime: [ObjectKey]
    /// Which pods go first.
    public var order: Order
    /// The most pods that may be leaving at once over the wave under way, at least 1; nil sets no bound of its own.
    public var maxInFlight: Int?
    /// The same within one zone.
    public var maxInFlightPerZone: Int?

    /// A policy; omitted keys as safety rules 12 and 19 say.
    public init(
        rate: Rate = .twentyPerSecond, withoutBudget: CountOrPercent = .percent(25), timeout: Duration = .seconds(1800),
        stuck: StuckPolicy = StuckPolicy(), rules: [EvictionRule] = [], downtime: [ObjectKey] = [],
        order: Order = .longestQueue, maxInFlight: Int? = nil, maxInFlightPerZone: Int? = nil
    ) {
        self.rate = rate
        self.withoutBudget = withoutBudget
        self.timeout = timeout
        self.stuck = stuck
        self.rules = rules
        self.downtime = downtime
        self.order = order
        self.maxInFlight = maxInFlight
        self.maxInFlightPerZone = maxInFlightPerZone
    }
}

/// What to do with pods that are still there when the timeout passes.
public struct StuckPolicy: Hashable, Sendable {
    /// The two ends.
    public enum Action: String, CaseIterable, Hashable, Sendable {
        /// The node is set aside, cordoned and named.
        case quarantine
        /// The pod is deleted past its budget: safety rule 11, never a default, needs `--allow budget-override`.
        case delete
    }

    /// An end for pods with certain labels.
    public struct Rule: Hashable, Sendable {
        /// Which pods.
        public var selector: LabelSelector
        /// What to do with them.
        public var action: Action

        /// Joins selector and action.
        public init(selector: LabelSelector, action: Action) {
            self.selector = selector
            self.action = action
        }
    }

    /// Rules by selector, the first that matches decides; every other pod quarantines its node.
    public var rules: [Rule]

    /// A policy; without rules every stuck pod quarantines its node.
    public init(rules: [Rule] = []) { self.rules = rules }

    /// Whether some pod may be deleted past its budget.
    public var deletesSomePods: Bool { rules.contains { $0.action == .delete } }

    /// The end of a pod with these labels.
    public func action(forLabels labels: [String: String]) -> Action {
        rules.first { $0.selector.matches(labels) }?.action ?? .quarantine
    }
}
