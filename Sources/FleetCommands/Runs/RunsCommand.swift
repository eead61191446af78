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
            let lookup = try RunLookup(state)
            let runs = try await lookup.runs()
            let driven = runs.filter { $0.finishedAt == nil && lookup.isDriven($0) }.map(\.id)
            output.report(RunsReport(runs, driven: Set(driven)))
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
        /// Whether a process on this machine drives it; nil once it is over.
        let isDriven: Bool?
        let startedAt: String
        let finishedAt: String?
    }

    private let runs: [StoredRun]
    private let driven: Set<RunID>

    init(_ runs: [StoredRun], driven: Set<RunID>) {
        self.runs = runs
        self.driven = driven
    }

    var document: Document {
        Document(
            runs: runs.map { run in
                Run(
                    run: run.id, playbook: run.playbook, plan: run.planName, planDigest: run.planDigest,
                    cluster: run.cluster, state: run.state,
                    isDriven: run.finishedAt == nil ? driven.contains(run.id) : nil, startedAt: run.startedAt.timestamp,
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
                TextTable.Cell(state(of: run), run.tone), TextTable.Cell(run.startedAt.dateText), TextTable.Cell(took),
            ])
        }
        return table.text(style)
    }

    private func state(of run: StoredRun) -> String {
        run.finishedAt == nil && !driven.contains(run.id) ? "\(run.state), not driven here" : run.state
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
