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
        guard let result else {
            throw Refusal(
                "no process drives run \(run.id) any more", hint: "go on with: fleet resume \(run.id)",
                isResumable: true)
        }
        return FleetExit(result)
    }

    /// Tells every fact of a run, those to come too, up to the one with which it ends or stops; nil when none can come,
    /// since no process drives the run.
    private static func tell(
        _ run: StoredRun, _ lookup: RunLookup, _ printer: RunPrinter, _ clock: RuntimeClock
    ) async throws -> RunResult? {
        var last: RecordedEvent?
        while true {
            let isDriven = lookup.isDriven(run)
            let records = try await lookup.records(of: run, after: last?.sequence ?? 0)
            let events = try records.map { record in
                RecordedEvent(sequence: record.sequence, time: record.time, event: try RunEvent(record))
            }
            printer.print(events)
            last = events.last ?? last
            if case .runFinished(let finish)? = last?.event { return finish.result }
            guard isDriven || !events.isEmpty else { return nil }
            try await clock.sleep(until: clock.now + .milliseconds(250))
        }
    }
}
