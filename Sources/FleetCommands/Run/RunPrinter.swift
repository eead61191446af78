import FleetModel
import FleetPlanning
import FleetReport
import FleetRun
import FleetRuntime
import NIOConcurrencyHelpers

/// Tells a run's facts as they are recorded: sentences above a board on a terminal, sentences in a pipe, or JSON lines.
final class RunPrinter: Sendable {
    private let run: RunID
    private let output: Output
    private let board: RunBoard?
    private let lines: NIOLockedValueBox<EventLines>

    /// Tells about a run; what it did before is taken to have been told.
    ///
    /// Without the plan there is no board.
    init(_ run: RunID, of plan: Plan?, after history: [(event: RunEvent, time: Instant)] = [], _ output: Output) {
        self.run = run
        self.output = output
        board = plan.map(RunBoard.init)
        var lines = EventLines(run: run)
        for (event, time) in history { _ = lines.lines(for: event, at: time) }
        self.lines = NIOLockedValueBox(lines)
    }

    /// Tells facts in the order of the journal.
    func print(_ events: [RecordedEvent]) {
        lines.withLockedValue { lines in
            for recorded in events {
                let sentences = lines.lines(for: recorded.event, at: recorded.time)
                output.event(
                    EventJSON(recorded.event, sequence: recorded.sequence, at: recorded.time, run: run), sentences,
                    nodeWidth: lines.nodeWidth
                )
            }
        }
    }

    /// Does some work; meanwhile the board is drawn four times a second, or what has been awaited for long is told about
    /// once a second: never silent.
    func reminding<Result: Sendable>(
        by clock: RuntimeClock, _ work: () async throws -> Result
    ) async throws -> Result {
        defer { output.clear() }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [self] in await remind(by: clock) }
            defer { group.cancelAll() }
            return try await work()
        }
    }

    private func remind(by clock: RuntimeClock) async {
        while (try? await clock.sleep(until: clock.now + .milliseconds(output.isLive ? 250 : 1000))) != nil {
            lines.withLockedValue { lines in
                if output.isLive, let board { return output.draw(board, lines.summary, at: clock.now) }
                output.sentences(lines.reminders(at: clock.now), nodeWidth: lines.nodeWidth)
            }
        }
    }

    /// Prints the summary.
    func finish(at now: Instant) {
        output.report(RunReport(lines.withLockedValue { $0.summary }, at: now))
    }
}
