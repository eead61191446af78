public import FleetModel

/// A run as a command shows it.
public struct RunReport: Report {
    private let summary: RunSummary
    private let now: Instant
    private let isDriven: Bool?
    private let audit: AuditTrail?

    /// The report of a summary; waits of an unfinished run are counted up to `now`, or its last fact where no process
    /// drives it (`isDriven`, nil where nobody knows), and JSON holds the audit if there is one.
    public init(_ summary: RunSummary, at now: Instant, isDriven: Bool? = nil, audit: AuditTrail? = nil) {
        self.audit = audit
        self.isDriven = isDriven
        self.summary = summary
        self.now = now
    }

    /// `fleet.run/v1`.
    public var document: RunJSON { RunJSON(summary, isDriven: isDriven, audit: audit) }
    /// Waves, nodes in hand, what is awaited, what was set aside, counts.
    public func text(_ style: TextStyle) -> String { RunText(summary, at: now, isDriven: isDriven, style: style).text }
}
