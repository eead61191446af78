import ArgumentParser
import FleetJournal
import FleetModel
import FleetPorts
import FleetReport
import FleetRun
import FleetRuntime
import Foundation

/// `fleet journal`: the file in which runs and plans are kept.
struct JournalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal",
        abstract: "Check the journal, and hand runs to another machine.",
        subcommands: [
            JournalVerifyCommand.self, JournalExportCommand.self, JournalImportCommand.self, JournalActsCommand.self,
        ]
    )
}

/// `fleet journal verify`: whether everything in the journal can be read and is whole.
struct JournalVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that the journal is whole and that every fact can be read.",
        discussion:
            "Looks at the file's integrity, at gaps between records, and at every record's content; changes nothing."
    )

    @OptionGroup(title: "State") var state: StateOptions
    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    func run() async throws {
        let output = Output(outputOptions)
        try await output.exiting {
            let path = try state.path()
            guard FileManager.default.fileExists(atPath: path) else {
                throw UsageError("there is no journal at \(path)", hint: "choose another one with --state")
            }
            let journal = try SQLiteJournal.open(state)
            var faults = try await journal.verify()
            var records = 0
            let runs = try await journal.runs()
            for run in runs {
                let found = try await journal.records(of: run.id)
                records += found.count
                faults += Self.faults(of: run, found)
            }
            output.report(VerifyReport(path: path, runs: runs.count, records: records, faults: faults))
            return faults.isEmpty ? .done : .failed
        }
    }

    private static func faults(of run: StoredRun, _ records: [JournalRecord]) -> [String] {
        var faults: [String] = []
        var result: RunResult?
        for record in records {
            do throws(RunEvent.UnreadableRecord) {
                if case .runFinished(let finish) = try RunEvent(record) { result = finish.result }
            } catch {
                faults.append("run \(run.id), record \(record.sequence): \(error)")
            }
        }
        if faults.isEmpty, let stored = run.result, stored != result?.rawValue {
            faults.append(
                "run \(run.id) is listed as \(stored), and its facts end as \(result?.rawValue ?? "unfinished")")
        }
        return faults
    }
}

/// `fleet journal export RUN`: a run as a text that another machine's fleet can import.
struct JournalExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a run with its plan to a file, for a colleague's machine.",
        discussion: """
            There: fleet journal import FILE, then: fleet resume RUN --take-over RUN. The cluster's lock sees to it that \
            only one of the two machines goes on. An unfinished run is handed over by that: this machine's journal says \
            so, and goes on with it only by resume --take-back.
            """
    )

    @Argument(help: "The run, as `fleet runs` lists it.")
    var id: String

    @Option(
        name: [.customShort("o"), .customLong("file")],
        help: ArgumentHelp("Where to (default: standard output).", valueName: "path"))
    var file: String?

    @Flag(help: "Only a copy to look at: the run is not handed over.")
    var copy = false

    @OptionGroup(title: "State") var state: StateOptions
    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    func run() async throws {
        let output = Output(outputOptions)
        try await output.exiting {
            let run = try await RunLookup(state).run(id)
            let journal = try SQLiteJournal.open(state)
            do {
                if copy {
                    try await export(run, nil, from: journal, output)
                } else {
                    try await HandOver.during(run, in: journal) { try await export(run, $0, from: journal, output) }
                }
            } catch let error as JournalFailure where error.code == .locked {
                throw Refusal(
                    "\(error.message); nothing was exported",
                    hint: "pause it first: fleet pause \(run.id); for a copy to look at: --copy", isResumable: true)
            }
            return .done
        }
    }

    /// Writes a run, and then records the fact that hands it over: a copy that was not written leaves the run here.
    private func export(
        _ run: StoredRun, _ fact: JournalRecord?, from journal: SQLiteJournal, _ output: Output
    ) async throws {
        var archive = try await journal.archive(of: run.id)
        if let fact { archive.records.append(fact) }
        let text = try archive.text()
        let handOver = { () async throws in if let fact { try await journal.append([fact], to: run.id) } }
        guard let file else {
            guard StandardStream.output.write(text) else {
                throw Refusal("standard output cannot be written; run \(run.id) is not handed over")
            }
            return try await handOver()
        }
        try await PrivateFile.write(to: file, beforePlacing: handOver) { try $0.write(contentsOf: Data(text.utf8)) }
        output.progress("run \(run.id): \(archive.records.count) records written to \(file)")
        if !copy, run.finishedAt == nil {
            output.progress("it is handed over: go on with it there (fleet journal import, fleet resume), not here")
        }
    }
}

/// `fleet journal import FILE`: takes in a run that another machine exported.
struct JournalImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take in a run that another machine exported.",
        discussion: "A run that is here already gets what it lacks, unless it has gone another way since."
    )

    @Argument(help: "What `fleet journal export` wrote.")
    var file: String

    @OptionGroup(title: "State") var state: StateOptions
    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    func run() async throws {
        let output = Output(outputOptions)
        try await output.exiting {
            guard let data = FileManager.default.contents(atPath: Paths.expanded(file)) else {
                throw UsageError("\(file) cannot be read")
            }
            let archive = try RunArchive(text: String(decoding: data, as: UTF8.self), name: file)
            do throws(RunEvent.UnreadableRecord) { _ = try RunEvent.events(of: archive.records) } catch {
                let line = archive.records.first { (try? RunEvent($0)) == nil }?.sequence ?? 0
                throw Refusal("\(file):\(line + 1): \(error)", hint: "nothing was imported")
            }
            if let plan = archive.plan { _ = try PinnedPlan.decode(plan) }
            let count = try await SQLiteJournal.open(state).take(archive)
            output.progress("run \(archive.run.id): \(count) of \(archive.records.count) records were new")
            if archive.run.finishedAt == nil {
                output.progress("go on with it here: fleet resume \(archive.run.id) --take-over \(archive.run.id)")
            }
            return .done
        }
    }
}

/// What `fleet journal verify` found.
struct VerifyReport: Report {
    /// `fleet.journal-check/v1`.
    struct Document: Encodable {
        let schema = "fleet.journal-check/v1"
        let path: String
        let runs: Int
        let records: Int
        let faults: [String]
    }

    let path: String
    let runs: Int
    let records: Int
    let faults: [String]

    var document: Document { Document(path: path, runs: runs, records: records, faults: faults) }

    func text(_ style: TextStyle) -> String {
        let sum = "\(path): \(runs) runs, \(records) records"
        guard !faults.isEmpty else { return "\(sum), \(style(.good, "all whole and readable"))" }
        return ([sum] + faults.map { "\(style(.bad, "fault")): \($0)" }).joined(separator: "\n")
    }
}
