/// How pods with certain labels are treated in a drain (safety rule 14).
public struct EvictionRule: Hashable, Sendable {
    /// The treatments.
    public enum Action: String, CaseIterable, Hashable, Sendable {
        /// Evicted in its order.
        case evict
        /// Awaited until it ends by itself; a timeout quarantines the node.
        case wait
        /// Left on the node; it does not fail `verify_drained`.
        case skip
        /// Blocks the plan.
        case block
    }

    /// Which pods.
    public var selector: LabelSelector
    /// The namespace it is confined to; nil means all.
    public var namespace: String?
    /// The treatment.
    public var action: Action
    /// How long it may take from the node's first eviction request (before one, from the drain's start); nil means the
    /// policy's timeout.
    public var timeout: Duration?
    /// A node's pods of one order are evicted when those of lower orders are gone from it; pods without a rule have 0.
    public var order: Int

    /// A rule; all namespaces, the policy's timeout and order 0 unless said otherwise.
    public init(
        selector: LabelSelector, namespace: String? = nil, action: Action, timeout: Duration? = nil, order: Int = 0
    ) {
        self.selector = selector
        self.namespace = namespace
        self.action = action
        self.timeout = timeout
        self.order = order
    }
}
