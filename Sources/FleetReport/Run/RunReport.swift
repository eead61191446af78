public import FleetModel

/// A run as a command shows it.
public struct RunReport: Report {
    private let summary: RunSummary
    private let now: Instant

    /// The report of a summary; waits of an unfinished run are counted up to `now`.
    public init(_ summary: RunSummary, at now: Instant) {
        self.summary = summary
        self.now = now
    }

    /// `fleet.run/v1`.
    public var document: RunJSON { RunJSON(summary) }
    /// Waves, nodes in hand, what is awaited, what was set aside, counts.
    public func text(_ style: TextStyle) -> String { RunText(summary, at: now, style: style).text }
}
