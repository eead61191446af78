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
    /// Variables of this step alone, over the playbook's.
    public var variables: VariableMapping
    /// Where the step begins.
    public var location: SourceLocation

    /// A step.
    public init(
        kind: String, kindLocation: SourceLocation, name: String? = nil, arguments: LocatedValue,
        condition: Condition? = nil, isRepeatable: Bool? = nil, register: String? = nil,
        variables: VariableMapping = [:], location: SourceLocation
    ) {
        self.kind = kind
        self.kindLocation = kindLocation
        self.name = name
        self.arguments = arguments
        self.condition = condition
        self.isRepeatable = isRepeatable
        self.register = register
        self.variables = variables
        self.location = location
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
