public import FleetModel

/// What was seen of one host: what may be judged, and nothing else.
public struct CheckupEvidence: Hashable, Sendable {
    /// The host's name.
    public var host: String
    /// The login user.
    public var user: String
    /// Whether other hosts are reached through it.
    public var isJumpHost: Bool
    /// How it was reached as the login user; a refusal of the inventory's settings counts as one of the host's.
    public var report: HostReport
    /// What the same look said as root; nil where root was not asked for, or the host was not reached.
    public var rootReport: HostReport?
    /// When the look began, by the clock here.
    public var startedAt: Instant
    /// When its answer was there.
    public var endedAt: Instant

    /// Evidence.
    public init(
        host: String, user: String, isJumpHost: Bool = false, report: HostReport, rootReport: HostReport? = nil,
        startedAt: Instant, endedAt: Instant
    ) {
        self.host = host
        self.user = user
        self.isJumpHost = isJumpHost
        self.report = report
        self.rootReport = rootReport
        self.startedAt = startedAt
        self.endedAt = endedAt
    }

    /// What the host says of itself; nil where it did not answer to the end.
    var facts: CheckupFacts? { CheckupFacts(NodeAnswer(report.standardOutput)) }

    /// What it says of itself as root, who sees more; nil where it was not asked.
    var rootFacts: CheckupFacts? {
        let isRoot = facts?.isRoot ?? false
        return rootReport.flatMap { CheckupFacts(NodeAnswer($0.standardOutput)) } ?? (isRoot ? facts : nil)
    }
}
