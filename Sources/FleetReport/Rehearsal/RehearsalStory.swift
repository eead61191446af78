public import FleetModel
public import FleetPlanning
public import FleetRun

/// All that a played run leaves behind: its plan, its facts with their times, and the budgets' statuses over time.
public struct RehearsalStory: Sendable {
    /// What was played.
    public var plan: Plan
    /// The facts in order.
    public var events: [(event: RunEvent, time: Instant)]
    /// The budgets' statuses at the start and whenever one changed, in order of time.
    public var readings: [BudgetReading]
    /// When the virtual clock started and where it stands.
    public var span: ClosedRange<Instant>
    /// Where the cluster came from, such as a file's name.
    public var source: String
    /// The seed; equal inputs with equal seeds play equally.
    public var seed: UInt64
    /// The world's speeds and faults, as they were given; one a line.
    public var conditions: [String]

    /// The hosts whose machines a provider would be asked to delete at the end.
    public var retired: [String]

    /// A story.
    public init(
        plan: Plan, retired: [String] = [], events: [(event: RunEvent, time: Instant)], readings: [BudgetReading],
        span: ClosedRange<Instant>,
        source: String, seed: UInt64, conditions: [String] = []
    ) {
        self.plan = plan
        self.retired = retired
        self.events = events
        self.readings = readings
        self.span = span
        self.source = source
        self.seed = seed
        self.conditions = conditions
    }
}
