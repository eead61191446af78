import ArgumentParser

/// `fleet run PLAYBOOK`: carries out a playbook's plan, wave by wave.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Carry out a playbook, wave by wave.",
        discussion: """
            The first run pins the plan; later runs go on with it until it is finished or dropped, so that wave 3 \
            stays wave 3. Press Ctrl-C once to stop gracefully, twice to stop at once; the run can be resumed either way.
            """
    )

    @Argument(help: "A playbook's name under playbooks/, or its path.")
    var playbook: String

    @Option(help: ArgumentHelp("Only this wave of the pinned plan.", valueName: "n"))
    var wave: Int?

    @Option(help: ArgumentHelp("Only these waves, such as 2-5.", valueName: "a-b"))
    var waves: String?

    @Flag(help: "Run a wave although an earlier one is unfinished.")
    var outOfOrder = false

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "Approve something by name, such as critical-pods. May be given several times.", valueName: "name"))
    var approve: [String] = []

    @Flag(name: .customLong("wait"), help: "Outside the playbook's window, wait for it instead of ending with 75.")
    var waits = false

    @OptionGroup var permissions: PermissionOptions
    @OptionGroup(title: "Lock") var lock: LockOptions

    @Flag(help: "Say what would change, on the API and on the hosts, and change nothing.")
    var dryRun = false

    @Option(
        name: .customLong("plan"),
        help: ArgumentHelp("The pinned plan's name (default: the playbook's).", valueName: "name"))
    var planName: String?

    @OptionGroup var options: PlanOptions

    func run() async throws {
        let output = Output(options.output)
        try await output.exiting {
            let selection = try WaveSelection(wave: wave, waves: waves, isOutOfOrder: outOfOrder)
            let source = PlanSource(playbook: playbook, planName: planName, options: options)
            let wishes = RunFlow.Wishes(
                selection: selection, isConfirmed: yes, isDryRun: dryRun, approvals: Set(approve),
                permitsBudgetOverride: permissions.permitsBudgetOverride, takeOver: lock.run, waits: waits)
            return try await RunFlow(source: source, wishes: wishes, output: output).run()
        }
    }
}
