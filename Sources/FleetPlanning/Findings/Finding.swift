/// Something that planning found: what, on which thing, why, and what to do about it.
public struct Finding: Hashable, Sendable, Codable {
    /// Whether a run may go on.
    public enum Severity: String, Hashable, Sendable, Codable {
        /// The run is refused.
        case blocker
        /// The run goes on; the operator was told.
        case warning
    }

    /// The rule that was met; the raw value is part of the JSON output.
    public enum Code: String, Hashable, Sendable, Codable, CaseIterable {
        // Targets
        case noTargets = "no-targets"
        case duplicateTarget = "duplicate-target"
        case unusableHost = "unusable-host"
        case nodeGone = "node-gone"
        case alreadyJoined = "already-joined"
        case noSpare = "no-spare"
        case zoneContradiction = "zone-contradiction"
        case poolContradiction = "pool-contradiction"
        case unknownZone = "unknown-zone"
        case tooManyTargets = "too-many-targets"
        case controlPlane = "control-plane"
        case noIdentity = "no-identity"
        case alreadyCordoned = "already-cordoned"
        case notReady = "not-ready"
        case ownedNode = "owned-node"
        case versionSkew = "version-skew"
        case capsUnreachable = "caps-unreachable"
        // Pods
        case barePod = "bare-pod"
        case unknownController = "unknown-controller"
        case localStorage = "local-storage"
        case emptyDir = "empty-dir"
        case singleReplica = "single-replica"
        case singleReplicaOnLocalVolume = "single-replica-on-local-volume"
        case blockedByRule = "blocked-by-rule"
        case doNotDisrupt = "do-not-disrupt"
        case skippedPod = "skipped-pod"
        case jobPod = "job-pod"
        case toleratesCordon = "tolerates-cordon"
        case criticalPod = "critical-pod"
        case gitOpsOwned = "gitops-owned"
        case autoscaled = "autoscaled"
        // Budgets
        case severalBudgets = "several-budgets"
        case impossibleBudget = "impossible-budget"
        case budgetSyncFailed = "budget-sync-failed"
        case budgetExhausted = "budget-exhausted"
        case noBudget = "no-budget"
        case budgetOverride = "budget-override"
        // Capacity
        case doesNotFit = "does-not-fit"
        case podRangeExhausted = "pod-range-exhausted"
        case controlPlaneSettings = "control-plane-settings"
        case nodeReservations = "node-reservations"
    }

    /// Whether a run may go on.
    public var severity: Severity
    /// The rule that was met.
    public var code: Code
    /// The thing: a host, a Node, a workload, a budget.
    public var subject: String
    /// Why, in the cluster's own words where there are any.
    public var message: String
    /// What to do about it; empty when nothing needs doing.
    public var remedy: String
    /// Every pod or node by which it showed, by name, where the message names only some; nil without any.
    public var items: [String]?

    /// A finding.
    public init(
        _ severity: Severity, _ code: Code, subject: String, message: String, remedy: String = "",
        items: [String]? = nil
    ) {
        self.severity = severity
        self.code = code
        self.subject = subject
        self.message = message
        self.remedy = remedy
        self.items = items
    }
}
