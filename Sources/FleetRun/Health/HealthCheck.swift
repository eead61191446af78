public import FleetModel

/// One thing that must be as well after a wave as it was when the run began.
public struct HealthCheck: Hashable, Sendable {
    /// What is looked at.
    public enum Kind: Hashable, Sendable {
        /// In no zone fewer Ready Nodes than at the start, the run's own aside; and what it gave back is Ready.
        case readyNodes
        /// Not more Pending pods than at the start, and so many.
        case pendingPods(more: Int)
        /// No budget has fewer healthy pods than it wants that had enough at the start.
        case budgets
        /// A command or an HTTP request succeeds.
        case probe(LocalAct)
        /// A query's numbers stay within bounds.
        case metric(MetricQuery, MetricBounds)
    }

    /// Its name in messages and in the journal; unique in the playbook.
    public var name: String
    /// What is looked at.
    public var kind: Kind
    /// How long it may take to come right before the run stops.
    public var patience: Duration

    /// A check.
    public init(name: String, kind: Kind, patience: Duration = .seconds(300)) {
        self.name = name
        self.kind = kind
        self.patience = patience
    }

    /// Whether the cluster as observed is enough, so that it can be rehearsed.
    public var isOfTheCluster: Bool { act == nil }

    /// What the machine that runs fleet must be asked; nil where the cluster as observed is enough.
    var act: LocalAct? {
        switch kind {
        case .readyNodes, .pendingPods, .budgets: nil
        case .probe(let act): act
        case .metric(let query, _): .query(query)
        }
    }
}

/// Between what a query's numbers must stay.
public struct MetricBounds: Hashable, Sendable {
    /// No number may be above; nil means no such bound.
    public var most: Double?
    /// No number may be below; nil means no such bound.
    public var least: Double?
    /// How far the highest number may be above that of the start, as a share of it (0.1 is 10 %); nil means as far as it likes.
    public var mostIncrease: Double?
    /// How far the lowest number may be below that of the start, as a share of it; nil means as far as it likes.
    public var mostDecrease: Double?

    /// Bounds.
    public init(
        most: Double? = nil, least: Double? = nil, mostIncrease: Double? = nil, mostDecrease: Double? = nil
    ) {
        self.most = most
        self.least = least
        self.mostIncrease = mostIncrease
        self.mostDecrease = mostDecrease
    }
}

/// What a check found at one instant; kept in the journal.
public struct HealthReading: Hashable, Sendable, Codable {
    /// The check's name.
    public var check: String
    /// Numbers by what they count: Ready Nodes by zone, `pods`, unhealthy budgets by name, `highest` and `lowest`.
    public var values: [String: Double]
    /// What the numbers do not say, such as which Nodes are not Ready; nil in readings that lack it.
    public var notes: [String]?
    /// What is wrong whatever the start was like; nil when nothing is.
    public var problem: String?

    /// A reading.
    public init(check: String, values: [String: Double] = [:], notes: [String]? = nil, problem: String? = nil) {
        self.check = check
        self.values = values
        self.notes = notes
        self.problem = problem
    }
}
