/// Everything a playbook says above its steps.
public struct PlaybookHeader: Hashable, Sendable {
    /// The playbook's name; plans are pinned under it.
    public var name: String
    /// What it does, in a sentence; empty when not said.
    public var description: String
    /// The targets, as an Ansible pattern.
    public var hosts: String
    /// Whether `--limit` or a pinned plan is required (safety rule 1).
    public var requiresLimit: Bool
    /// The most targets of one run, of the cluster's nodes in the role; nil means no bound (safety rule 1).
    public var maxTargets: CountOrPercent?
    /// Whether it may touch control-plane hosts (safety rule 3).
    public var isForControlPlane: Bool
    /// The playbook's own variables, above the inventory's and below `--extra-vars`.
    public var variables: VariableMapping
    /// How targets are cut into waves.
    public var waves: WavePolicy
    /// How pods are evicted.
    public var evictions: EvictionPolicy
    /// When work may start; empty means always.
    public var windows: [MaintenanceWindow]
    /// Narrower windows of some workloads, besides the playbook's own.
    public var workloadWindows: [WorkloadWindow]
    /// The hosts that come in for the targets, as an Ansible pattern; nil where nothing is replaced (R3), empty where a
    /// provider makes them.
    public var spares: String?
    /// What makes the hosts that come in; nil where they are the inventory's.
    public var provider: HostProvider?

    /// A header; omitted keys have their defaults.
    public init(
        name: String, description: String = "", hosts: String, requiresLimit: Bool = false,
        maxTargets: CountOrPercent? = nil, isForControlPlane: Bool = false, variables: VariableMapping = [:],
        waves: WavePolicy = WavePolicy(), evictions: EvictionPolicy = EvictionPolicy(),
        windows: [MaintenanceWindow] = [], workloadWindows: [WorkloadWindow] = [], spares: String? = nil,
        provider: HostProvider? = nil
    ) {
        self.name = name
        self.description = description
        self.hosts = hosts
        self.requiresLimit = requiresLimit
        self.maxTargets = maxTargets
        self.isForControlPlane = isForControlPlane
        self.variables = variables
        self.waves = waves
        self.evictions = evictions
        self.windows = windows
        self.workloadWindows = workloadWindows
        self.spares = provider == nil ? spares : ""
        self.provider = provider
    }
}
