import ArgumentParser
import FleetRun

/// How fleet's process ends; scripts rely on the numbers.
enum FleetExit: Int32, Sendable {
    /// Everything asked for is done.
    case done = 0
    /// It failed.
    case failed = 1
    /// It went to its end, with nodes set aside.
    case quarantined = 2
    /// The command line or a file is wrong (EX_USAGE).
    case usage = 64
    /// Paused, blocked or outside the window; can be resumed (EX_TEMPFAIL).
    case blocked = 75
    /// The operator interrupted it, and everything is recorded.
    case interrupted = 130

    /// The end of a process that drove a run.
    init(_ result: RunResult) {
        self =
            switch result {
            case .done: .done
            case .failed, .aborted, .rolledBack: .failed
            case .quarantined: .quarantined
            case .blocked, .paused: .blocked
            case .interrupted: .interrupted
            }
    }

    /// What the argument parser exits with; it prints nothing of its own.
    var code: ExitCode { ExitCode(rawValue) }
}
