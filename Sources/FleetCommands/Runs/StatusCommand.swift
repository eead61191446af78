import ArgumentParser
import FleetRuntime

/// `fleet status [RUN]`: where a run stands, read from the journal alone.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show where a run stands, and what it waits for since when.",
        discussion: "Reads the journal only: it works while the run goes on, after a crash, and without the cluster."
    )

    @Argument(help: "The run (default: the newest unfinished one, else the newest).")
    var id: String?

    @OptionGroup(title: "State") var state: StateOptions
    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    func run() async throws {
        let output = Output(outputOptions)
        try await output.exiting {
            let lookup = try RunLookup(state)
            output.report(try await lookup.report(of: lookup.run(id), at: RuntimeClock().now))
            return .done
        }
    }
}
