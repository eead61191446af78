public import FleetModel

/// What a host's outcome comes to: what `--rerun` chooses by, and what counts.
public enum ExecEnd: String, Hashable, Sendable, Codable, CaseIterable {
    /// It ran and exited with 0.
    case ok
    /// It began and did not succeed: another status, a signal, no word of its end, a connection lost on the way.
    case failed
    /// It began, and was still running when its time was over.
    case timeout
    /// Nothing was started there: no connection, no trust, no login; safe to try again.
    case unreachable
    /// It was not its turn yet when the work was stopped.
    case skipped

    /// The end that an outcome comes to; nil is a host whose turn never came.
    public init(_ outcome: HostOutcome?) {
        self =
            switch outcome {
            case nil: .skipped
            case .exited(0): .ok
            case .exited, .signalled, .noStatus, .transportLost: .failed
            case .timedOut(.command), .timedOut(.idle), .timedOut(.total): .timeout
            case .timedOut, .neverStarted, .refused: .unreachable
            }
    }

    /// Whether it counts against `--max-failures`.
    public var isFailure: Bool { self != .ok && self != .skipped }
}

extension HostOutcome {
    /// The outcome in a few words, such as `exit 3` or `killed by SIGKILL`.
    public var words: String {
        switch self {
        case .exited(let status): "exit \(status)"
        case .signalled(let signal): "killed by SIG\(signal)"
        case .noStatus: "the host did not say how it ended"
        case .transportLost(let why): "connection lost, it may still be running: \(why)"
        case .timedOut(.command): "still running when its time was over"
        case .timedOut(.idle): "silent for too long"
        case .timedOut(.total): "still running when its time in all was over"
        case .timedOut(let phase): "never started: no end of the \(phase.rawValue) phase in time"
        case .neverStarted(let why): "never started: \(why)"
        case .refused(let refusal): "refused: \(refusal.message)"
        }
    }
}
