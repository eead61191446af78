/// What it means that a run is to go no further (safety rules 21 and 22).
public enum StopKind: String, Hashable, Sendable, Codable, CaseIterable {
    /// Ctrl-C or SIGTERM: what is in flight settles; everything stays for the run that goes on.
    case interrupt
    /// The same, asked for from elsewhere.
    case pause
    /// The same, because the run cannot go on now.
    case block
    /// What is in flight settles, then temporary changes are undone; cordons stay.
    case abort
    /// As `abort`, and what fleet cordoned and did not finish draining is uncordoned.
    case rollback

    /// Whether it ends the run for good, also across a crash.
    public var isEnding: Bool { self == .abort || self == .rollback }

    /// How the run ends.
    public var result: RunResult {
        switch self {
        case .interrupt: .interrupted
        case .pause: .paused
        case .block: .blocked
        case .abort: .aborted
        case .rollback: .rolledBack
        }
    }
}
