import FleetModel
import FleetReport
import FleetRun
import FleetRuntime
import Synchronization

/// Prints a run's facts as they are recorded: sentences on standard error, or JSON lines on standard output.
final class RunPrinter: Sendable {
    private struct State {
        var lines: EventLines
        var summary: RunSummary
    }

    private let run: RunID
    private let output: Output
    private let state: Mutex<State>

    init(_ run: RunID, _ output: Output) {
        self.run = run
        self.output = output
        state = Mutex(State(lines: EventLines(run: run), summary: RunSummary(run)))
    }

    /// Prints facts in the order of the journal.
    func print(_ events: [RecordedEvent]) {
        state.withLock { state in
            for recorded in events {
                state.summary.apply(recorded.event, at: recorded.time)
                let lines = state.lines.lines(for: recorded.event, at: recorded.time)
                output.event(
                    EventJSON(recorded.event, sequence: recorded.sequence, at: recorded.time, run: run), lines,
                    nodeWidth: state.lines.nodeWidth
                )
            }
        }
    }

    /// Tells about once a second what has been awaited for long, until the task is cancelled: never silent.
    func remind(by clock: RuntimeClock) async {
        while (try? await clock.sleep(until: clock.now + .seconds(1))) != nil {
            state.withLock { state in
                output.sentences(state.lines.reminders(at: clock.now), nodeWidth: state.lines.nodeWidth)
            }
        }
    }

    /// Prints the summary.
    func finish(at now: Instant) {
        let summary = state.withLock { $0.summary }
        output.report(RunReport(summary, at: now))
    }
}
