/// How a playbook's targets are cut into waves, and how much may be out at once.
public struct WavePolicy: Hashable, Sendable {
    /// Where a wave takes its nodes from.
    public enum Order: String, CaseIterable, Hashable, Sendable {
        /// Every wave takes from every zone evenly.
        case spread
        /// One zone is finished before the next begins.
        case zoneByZone = "zone-by-zone"
    }

    /// Where a wave takes its nodes from.
    public var order: Order
    /// The size of wave 1; 0 means no canary wave (safety rule 19).
    public var canary: CountOrPercent
    /// The size of the other waves, of the targets.
    public var size: CountOrPercent
    /// How many nodes may be unavailable at any instant, of the cluster's nodes; percentages round down, at least 1.
    public var maxUnavailable: CountOrPercent
    /// The same within one zone; see ``omittedPerZone(order:maxUnavailable:)`` for what holds where a playbook is silent.
    public var maxUnavailablePerZone: CountOrPercent
    /// The same within one pool, of the pool's nodes; nil for no bound of its own.
    public var maxUnavailablePerPool: CountOrPercent?
    /// How many available nodes each pool keeps at every instant.
    public var minAvailable: [Pool: Int] = [:]
    /// How many new nodes a replacement brings in before as many old ones go, of the nodes to be replaced; nil: as many
    /// as a wave has.
    public var maxSurge: CountOrPercent?
    /// The same within one zone.
    public var maxSurgePerZone: CountOrPercent?
    /// The same within one pool.
    public var maxSurgePerPool: CountOrPercent?
    /// How many nodes may be begun within a minute; nil: as many as the caps permit.
    public var startsPerMinute: Int?
    /// How many hosts are worked on at once; at least 1.
    public var parallelism: Int
    /// How long a wave must stay healthy before the next one; may be zero.
    public var soak: Duration
    /// The run stops when more nodes than this are quarantined (safety rule 17).
    public var maxFailures: Int

    /// Whether wave 1 is a canary.
    public var hasCanary: Bool { canary != .count(0) && canary != .percent(0) }

    /// What `max_unavailable_per_zone` is where a playbook omits it: 1 (safety rule 19).
    ///
    /// Where the playbook says both `order: zone-by-zone` and `max_unavailable`, a wave is one zone by design, and the
    /// zone may have as many nodes out as `max_unavailable` permits; nil stands for what it does not say.
    public static func omittedPerZone(order: Order?, maxUnavailable: CountOrPercent?) -> CountOrPercent {
        order == .zoneByZone && maxUnavailable != nil ? .percent(100) : .count(1)
    }

    /// A policy; omitted keys as safety rule 19 says.
    public init(
        order: Order = .spread, canary: CountOrPercent = .count(1), size: CountOrPercent = .percent(10),
        maxUnavailable: CountOrPercent = .percent(10), maxUnavailablePerZone: CountOrPercent = .count(1),
        parallelism: Int = 10, soak: Duration = .seconds(120), maxFailures: Int = 0
    ) {
        self.order = order
        self.canary = canary
        self.size = size
        self.maxUnavailable = maxUnavailable
        self.maxUnavailablePerZone = maxUnavailablePerZone
        self.parallelism = parallelism
        self.soak = soak
        self.maxFailures = maxFailures
    }
}
