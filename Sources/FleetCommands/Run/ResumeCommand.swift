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
            done again.
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
            let runs = try await journal.runs()
            guard let run = runs.first(where: { id == nil ? $0.finishedAt == nil : $0.id.rawValue == id }) else {
                throw UsageError(
                    id.map { "there is no run \"\($0)\"" } ?? "no run is unfinished", hint: "see: fleet runs")
            }
            guard run.finishedAt == nil else {
                throw UsageError("run \(run.id) has ended: \(run.result ?? "")", hint: "see: fleet report \(run.id)")
            }
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
}
