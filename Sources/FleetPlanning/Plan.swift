public import FleetModel

/// Inventory × playbook × cluster snapshot: numbered waves, findings and a forecast.
///
/// It never changes once made.
public struct Plan: Hashable, Sendable, Codable {
    /// The cluster's UID.
    public var cluster: ObjectUID
    /// The playbook's name.
    public var playbook: String
    /// `--plan NAME`; the playbook's name by default (safety rule 24).
    public var name: String
    /// The waves, numbered from 1.
    public var waves: [PlannedWave]
    /// Caps, soak and failures.
    public var policy: WavePolicy
    /// Blockers first, then warnings.
    public var findings: [Finding]
    /// How long it should take, and what holds it up.
    public var forecast: Forecast
    /// SHA-256 over cluster, playbook content, targets and waves, lowercase hexadecimal; findings and time are no part.
    public var digest: String

    /// A plan.
    public init(
        cluster: ObjectUID, playbook: String, name: String, waves: [PlannedWave], policy: WavePolicy,
        findings: [Finding] = [], forecast: Forecast = Forecast(), digest: String
    ) {
        self.cluster = cluster
        self.playbook = playbook
        self.name = name
        self.waves = waves
        self.policy = policy
        self.findings = findings
        self.forecast = forecast
        self.digest = digest
    }

    /// All targets, in the order of the waves.
    public var targets: [PlanTarget] { waves.flatMap(\.targets) }

    /// The targets that leave the cluster: all but those that a replacement brings in.
    public var leavers: [PlanTarget] { targets.filter { $0.isNewcomer != true } }

    /// The findings that forbid a run.
    public var blockers: [Finding] { findings.filter { $0.severity == .blocker } }
}

/// The nodes worked on together.
public struct PlannedWave: Hashable, Sendable, Codable {
    /// From 1.
    public var number: Int
    /// Its nodes, in the order in which they are taken in hand.
    public var targets: [PlanTarget]

    /// A wave.
    public init(number: Int, targets: [PlanTarget]) {
        self.number = number
        self.targets = targets
    }
}
