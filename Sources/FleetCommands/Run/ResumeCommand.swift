import ArgumentParser
import FleetJournal
import FleetModel
import FleetPorts

/// `fleet resume RUN`: goes on with a run that was interrupted or crashed.
struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Go on with an interrupted run.",
        discussion: """
            Inventory, cluster and keys are those of the run, unless others are given; the values of extra variables and \
            passwords are not kept, so give them again. What was in flight is looked up in the world before anything is \
            done again. A run that is done, but for old machines whose deletion failed, has only that left to do.
            """
    )

    @Argument(help: "The run's name, as `fleet runs` lists it (default: the newest unfinished one).")
    var id: String?

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp(
            "Say yes to something by name, such as an approve step. May be given several times.", valueName: "name"))
    var approve: [String] = []

    @Option(help: ArgumentHelp("Another file of the playbook than the run was begun with.", valueName: "path"))
    var playbook: String?

    @Flag(name: .customLong("wait"), help: "Outside the playbook's window, wait for it instead of ending with 75.")
    var waits = false

    @OptionGroup var permissions: PermissionOptions
    @OptionGroup(title: "Lock") var lock: LockOptions
    @OptionGroup(title: "Lock") var handOver: HandOverOptions
    @OptionGroup var options: PlanOptions

    func run() async throws {
        let output = Output(options.output)
        try await output.exiting {
            let journal = try SQLiteJournal.open(options.state)
            let run = try await wanted(in: journal)
            var source = PlanSource(playbook: playbook ?? run.playbook, planName: run.planName, options: options)
            if let begun = try await RunLookup(options.state).invocation(of: run) {
                try source.complete(with: begun, of: run.id, isPlaybookGiven: playbook != nil)
            }
            let selection = try WaveSelection(wave: nil, waves: nil, isOutOfOrder: true)
            let wishes = RunFlow.Wishes(
                selection: selection, goesOnWith: run, isConfirmed: true, approvals: Set(approve),
                permitsBudgetOverride: permissions.permitsBudgetOverride, takeOver: lock.run,
                takesBack: handOver.takesBack, waits: waits)
            return try await RunFlow(source: source, wishes: wishes, output: output).run()
        }
    }

    /// The run that is named, else the newest unfinished one; without any the newest of all, if it still owes deletions:
    /// what an older one owes is asked for by name only, since other machines may bear those names by now.
    private func wanted(in journal: SQLiteJournal) async throws -> StoredRun {
        let runs = try await journal.runs().filter { id == nil || $0.id.rawValue == id }
        if let unfinished = runs.first(where: { $0.finishedAt == nil }) { return unfinished }
        if let owing = try await ProvidedHosts.owing(Array(runs.prefix(1)), in: journal) { return owing }
        guard let id else { throw UsageError("no run is unfinished", hint: "see: fleet runs") }
        guard let ended = runs.first else { throw UsageError("there is no run \"\(id)\"", hint: "see: fleet runs") }
        throw UsageError("run \(ended.id) has ended: \(ended.result ?? "")", hint: "see: fleet report \(ended.id)")
    }
}
