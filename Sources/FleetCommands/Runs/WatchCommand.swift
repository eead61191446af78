import ArgumentParser
import FleetModel
import FleetPlanning
import FleetPorts
import FleetReport
import FleetRun
import FleetRuntime

/// `fleet watch [RUN]`: what the process that drives a run sees, from another terminal.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Follow a run that another process drives, until it ends or stops.",
        discussion: """
            Reads the journal only and changes nothing; end it with Ctrl-C whenever you like, the run goes on. It exits as \
            the run does.
            """
    )

    @Argument(help: "The run (default: the newest unfinished one, else the newest).")
    var id: String?

    @OptionGroup(title: "State") var state: StateOptions
    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    func run() async throws {
        let output = Output(outputOptions)
        try await output.exiting {
            let lookup = try RunLookup(state)
            return try await follow(lookup.run(id), lookup, output)
        }
    }

    private func follow(_ run: StoredRun, _ lookup: RunLookup, _ output: Output) async throws -> FleetExit {
        let clock = RuntimeClock()
        let printer = RunPrinter(run.id, of: try await lookup.plan(of: run), output)
        let result = try await printer.reminding(by: clock) {
            try await Self.tell(run, lookup, printer, clock)
        }
        printer.finish(at: clock.now)
        return FleetExit(result)
    }

    /// Tells every fact of a run, those to come too, up to the one with which it ends or stops.
    private static func tell(
        _ run: StoredRun, _ lookup: RunLookup, _ printer: RunPrinter, _ clock: RuntimeClock
    ) async throws -> RunResult {
        var last: Int64 = 0
        while true {
            let records = try await lookup.records(of: run, after: last)
            let events = try records.map {
                RecordedEvent(sequence: $0.sequence, time: $0.time, event: try RunEvent($0))
            }
            printer.print(events)
            last = events.last?.sequence ?? last
            if case .runFinished(let finish)? = events.last?.event { return finish.result }
            try await clock.sleep(until: clock.now + .milliseconds(250))
        }
    }
}
