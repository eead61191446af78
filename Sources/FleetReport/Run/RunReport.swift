public import FleetModel

/// A run as a command shows it.
public struct RunReport: Report {
    private let summary: RunSummary
    private let now: Instant
    private let audit: AuditTrail?

    /// The report of a summary; waits of an unfinished run are counted up to `now`, and JSON holds the audit if there is
    /// one.
    public init(_ summary: RunSummary, at now: Instant, audit: AuditTrail? = nil) {
        self.audit = audit
        self.summary = summary
        self.now = now
    }

    /// `fleet.run/v1`.
    public var document: RunJSON { RunJSON(summary, audit: audit) }
    /// Waves, nodes in hand, what is awaited, what was set aside, counts.
    public func text(_ style: TextStyle) -> String { RunText(summary, at: now, style: style).text }
}
