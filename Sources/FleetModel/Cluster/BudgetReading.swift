/// What a PodDisruptionBudget's status said at one instant.
public struct BudgetReading: Hashable, Sendable {
    /// The budget.
    public var key: ObjectKey
    /// When.
    public var time: Instant
    /// How many pods it permitted to go.
    public var allowed: Int
    /// How many pods were healthy.
    public var healthy: Int
    /// How many it needs.
    public var desired: Int

    /// A reading of a budget's status.
    public init(_ budget: PodDisruptionBudget, at time: Instant) {
        key = budget.key
        self.time = time
        allowed = budget.disruptionsAllowed
        healthy = budget.currentHealthy
        desired = budget.desiredHealthy
    }

    /// Whether both say the same, whenever they were taken.
    public func agrees(with other: BudgetReading) -> Bool {
        key == other.key && allowed == other.allowed && healthy == other.healthy && desired == other.desired
    }
}
