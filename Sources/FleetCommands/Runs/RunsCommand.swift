import ArgumentParser
import FleetModel
import FleetPorts
import FleetReport

/// `fleet runs`: every run of the journal, newest first.
struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "runs", abstract: "List the runs, newest first.")

    @OptionGroup(title: "State") var state: StateOptions
    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    func run() async throws {
        let output = Output(outputOptions)
        try await output.exiting {
            output.report(RunsReport(try await RunLookup(state).runs()))
            return .done
        }
    }
}

/// The list of runs.
struct RunsReport: Report {
    /// `fleet.runs/v1`.
    struct Document: Encodable {
        let schema = "fleet.runs/v1"
        let runs: [Run]
    }

    /// One run.
    struct Run: Encodable {
        let run: RunID
        let playbook: String
        let plan: String
        let planDigest: String
        let cluster: ObjectUID
        let state: String
        let startedAt: String
        let finishedAt: String?
    }

    private let runs: [StoredRun]

    init(_ runs: [StoredRun]) { self.runs = runs }

    var document: Document {
        Document(
            runs: runs.map { run in
                Run(
                    run: run.id, playbook: run.playbook, plan: run.planName, planDigest: run.planDigest,
                    cluster: run.cluster, state: run.state, startedAt: run.startedAt.timestamp,
                    finishedAt: run.finishedAt?.timestamp
                )
            }
        )
    }

    func text(_ style: TextStyle) -> String {
        guard !runs.isEmpty else { return "no runs yet" }
        var table = TextTable(["run", "playbook", "plan", "state", "begun", "took"])
        for run in runs {
            let took = run.finishedAt.map { ($0 - run.startedAt).short } ?? ""
            table.add([
                TextTable.Cell(run.id.rawValue, .strong), TextTable.Cell(run.playbook), TextTable.Cell(run.planName),
                TextTable.Cell(run.state, run.tone), TextTable.Cell(run.startedAt.dateText), TextTable.Cell(took),
            ])
        }
        return table.text(style)
    }
}

extension StoredRun {
    /// How it ended, or that it did not.
    fileprivate var state: String { result ?? "unfinished" }

    fileprivate var tone: TextStyle.Tone {
        switch result {
        case "done": .good
        case "failed": .bad
        default: .warning
        }
    }
}
