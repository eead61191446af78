public import FleetModel

/// One step of a playbook as it was written; its kind decodes the arguments.
///
///     - drain: {grace_period: pod}
///     - {name: tell the asset database, when: zone != "a", run: {script: …}}
public struct PlaybookStep: Hashable, Sendable {
    /// The kind, such as `drain`.
    public var kind: String
    /// Where the kind's name stands.
    public var kindLocation: SourceLocation
    /// The operator's name for the step; nil when it has none.
    public var name: String?
    /// What the kind was given; nothing for `- cordon:`.
    public var arguments: LocatedValue
    /// The step is left out on hosts where this does not hold.
    public var condition: Condition?
    /// Whether the operator says that it may be repeated after a crash; nil leaves it to the kind.
    public var isRepeatable: Bool?
    /// The variable under which later steps of the node see how it ended; nil when they do not.
    public var register: String?
    /// How often it is tried again; nil leaves it to the kind.
    public var retries: StepRetries?
    /// Variables of this step alone, over the playbook's.
    public var variables: VariableMapping
    /// Where the step begins.
    public var location: SourceLocation

    /// A step.
    public init(
        kind: String, kindLocation: SourceLocation, name: String? = nil, arguments: LocatedValue,
        condition: Condition? = nil, isRepeatable: Bool? = nil, register: String? = nil, retries: StepRetries? = nil,
        variables: VariableMapping = [:], location: SourceLocation
    ) {
        self.kind = kind
        self.kindLocation = kindLocation
        self.name = name
        self.arguments = arguments
        self.condition = condition
        self.isRepeatable = isRepeatable
        self.register = register
        self.retries = retries
        self.variables = variables
        self.location = location
    }
}

/// How often a step that failed is tried again: `retries: 3` and `delay: 10s` beside its kind.
public struct StepRetries: Hashable, Sendable {
    /// Attempts after the first.
    public var count: Int
    /// The pause before the first of them; each later one is twice as long, ``longestPause`` at most.
    public var delay: Duration
    /// Where the playbook says so; nil where it does not.
    public var location: SourceLocation?

    /// The pause before the first retry where the playbook does not say it.
    public static let usualDelay = Duration.seconds(10)
    /// No pause is longer.
    public static let longestPause = Duration.seconds(300)

    /// Retries.
    public init(_ count: Int, delay: Duration = Self.usualDelay, location: SourceLocation? = nil) {
        self.count = count
        self.delay = delay
        self.location = location
    }

    /// The pause before an attempt, from 2; nil where there is none.
    public func pause(before attempt: Int) -> Duration? {
        guard attempt >= 2, attempt - 1 <= count else { return nil }
        return min(Self.longestPause, delay * (1 << min(attempt - 2, 16)))
    }
}

/// A check of `preflight` or `health` as it was written: `api_access`, or `{critical_pods: {selector: …}}`.
public struct PlaybookCheck: Hashable, Sendable {
    /// The kind, such as `critical_pods`.
    public var kind: String
    /// What it was given; nothing for a bare name.
    public var arguments: LocatedValue
    /// Where the kind's name stands.
    public var location: SourceLocation

    /// A check.
    public init(kind: String, arguments: LocatedValue, location: SourceLocation) {
        self.kind = kind
        self.arguments = arguments
        self.location = location
    }
}
