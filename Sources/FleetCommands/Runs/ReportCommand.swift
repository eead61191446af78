import ArgumentParser
import FleetModel
import FleetPorts
import FleetReport
import FleetRun
import FleetRuntime

/// `fleet report RUN`: what a run did, for the record.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Show what a run did.",
        discussion: """
            With --events every fact of the run is told in its order, one line each; --verbose tells the details too. \
            --output json holds the audit: who, from which machine, with which version of fleet, and every change with \
            what was there before.
            """
    )

    @Argument(help: "The run, as `fleet runs` lists it.")
    var id: String

    @Flag(help: "Tell every fact in its order instead of the sum.")
    var events = false

    @OptionGroup(title: "State") var state: StateOptions
    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    func run() async throws {
        let output = Output(outputOptions)
        try await output.exiting {
            let lookup = try RunLookup(state)
            let run = try await lookup.run(id)
            guard events else {
                output.report(try await lookup.report(of: run, at: RuntimeClock().now, isAudited: true))
                return .done
            }
            var lines = EventLines(run: run.id)
            for record in try await lookup.records(of: run) {
                let event = try RunEvent(record)
                let sentences = lines.lines(for: event, at: record.time)
                let object = EventJSON(event, sequence: record.sequence, at: record.time, run: run.id)
                output.history(object, sentences, nodeWidth: lines.nodeWidth)
            }
            return .done
        }
    }
}
