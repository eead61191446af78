import ArgumentParser
import FleetModel
import FleetReport

/// `fleet journal acts`: what operators did beside the runs.
struct JournalActsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "acts",
        abstract:
            "List what was done from here beside runs: plans pinned and dropped, leftovers restored, providers called.",
        discussion: "What a run did, and who asked for it, is in its report: fleet report RUN --output json."
    )

    @OptionGroup(title: "State") var state: StateOptions
    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    func run() async throws {
        let output = Output(outputOptions)
        try await output.exiting {
            output.report(ActsReport(acts: try await RunLookup(state).acts()))
            return .done
        }
    }
}

/// The acts, newest first.
struct ActsReport: Report {
    /// `fleet.acts/v1`.
    struct Document: Encodable {
        let schema = "fleet.acts/v1"
        let acts: [Act]
    }

    /// One act.
    struct Act: Encodable {
        let at: String
        let by: String
        let run: RunID?
        let what: String
        let subject: String?
        let outcome: OperatorAct.Outcome?
        let detail: String
        let cluster: ObjectUID
    }

    let acts: [OperatorAct]

    var document: Document {
        Document(
            acts: acts.map {
                Act(
                    at: $0.time.timestamp, by: $0.by, run: $0.run, what: $0.what, subject: $0.subject,
                    outcome: $0.outcome,
                    detail: $0.detail, cluster: $0.cluster
                )
            })
    }

    func text(_ style: TextStyle) -> String {
        guard !acts.isEmpty else { return "nothing was done from here beside runs" }
        var table = TextTable(["when", "by", "run", "what", "detail"])
        for act in acts {
            table.add([
                TextTable.Cell(act.time.dateText), TextTable.Cell(act.by), TextTable.Cell(act.run?.rawValue ?? ""),
                TextTable.Cell(act.what, .strong), TextTable.Cell(act.detail),
            ])
        }
        return table.text(style)
    }
}

extension OperatorAct {
    /// Subject, outcome and particulars.
    fileprivate var words: String {
        let place = [subject, outcome?.rawValue].compactMap(\.self).joined(separator: " ")
        return [place, detail].filter { !$0.isEmpty }.joined(separator: ": ")
    }
}
