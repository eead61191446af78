public import FleetExpressions
public import FleetModel
public import FleetPlanning

/// What a run carries out: the waves of a pinned plan and the steps of its playbook.
public struct RunOrder: Sendable {
    /// The waves asked for, in order, without nodes that earlier runs of the plan finished.
    public var waves: [PlannedWave]
    /// The steps.
    public var steps: [PlannedStep]
    /// Caps, soak and failures.
    public var policy: WavePolicy
    /// What holds for the whole run.
    public var settings: RunSettings
    /// The hosts' variables, by node.
    public var scopes: [NodeName: VariableScope]
    /// Nodes of the plan that are to be kept from receiving moved pods: those not finished yet (rule 24).
    public var soon: [PlanTarget]
    /// Nodes of the plan that earlier runs finished: what is left of the plan on them goes with its end.
    public var earlier: [PlanTarget] = []
    /// When the work may be done; nil means always.
    public var window: RunWindow?
    /// What must be as well after each wave as it was at the start.
    public var health: [HealthCheck]
    /// Narrower windows of some workloads.
    public var narrowWindows = NarrowWindows()
    /// The digest of the plan and the playbook's name, for the journal.
    public var planDigest: String
    /// The playbook's name.
    public var playbook: String

    /// An order.
    public init(
        waves: [PlannedWave], steps: [PlannedStep], policy: WavePolicy, settings: RunSettings,
        scopes: [NodeName: VariableScope] = [:], soon: [PlanTarget] = [], window: RunWindow? = nil,
        health: [HealthCheck] = [], planDigest: String, playbook: String
    ) {
        self.window = window
        self.health = health
        self.waves = waves
        self.steps = steps
        self.policy = policy
        self.settings = settings
        self.scopes = scopes
        self.soon = soon
        self.planDigest = planDigest
        self.settings.planDigest = planDigest
        self.settings.givesNodesBack = steps.contains { $0.step.traits.contains(.uncordons) }
        self.playbook = playbook
    }

    /// Which pods leave a drained node: the same rule as in the plan.
    var triage: PodTriage {
        PodTriage(policy: settings.evictions, permissions: PodTriage.Permissions(steps.map(\.summary)))
    }
    /// Whether some step runs commands on hosts.
    public var touchesHosts: Bool { steps.contains { $0.summary.touchesHost } }
    /// Whether some step removes things from hosts that cannot be put back.
    var cleans: Bool { steps.contains { $0.step.traits.contains(.cleans) } }
    /// Whether some step brings Nodes into the cluster.
    var joins: Bool { steps.contains { $0.step.traits.contains(.joins) } }
    /// Whether some step empties nodes.
    public var drains: Bool { steps.contains { $0.step.traits.contains(.drains) } }
}
