import ArgumentParser
import FleetExpressions
import FleetFiles
import FleetModel
import FleetReport

/// `fleet exec PATTERN -- COMMAND`: a command on many hosts at once.
struct ExecCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run a command on many hosts, and show identical output once.",
        discussion: """
            The words behind -- are joined by blanks and read by sh on each host, as ssh does it: quote what the \
            hosts' shells shall expand. The command has no standard input.

            Exit code 0: it succeeded everywhere. 2: everywhere it had its turn, and some hosts failed. 1: it \
            failed on every host, or --max-failures stopped it. 130: interrupted.

              fleet exec 'kube_node:&zone_b' -i inventories/example -- uptime
              fleet exec all -i inventories/example --rerun failed --rerun timeout -- uptime
            """
    )

    @Argument(help: ArgumentHelp("Which hosts: an Ansible pattern, or zone=b,pool=general.", valueName: "pattern"))
    var pattern: String

    @Argument(parsing: .postTerminator, help: ArgumentHelp("The command, behind --.", valueName: "command"))
    var command: [String] = []

    @OptionGroup(title: "Command") var options: ExecOptions
    @OptionGroup(title: "Inventory") var inventory: InventoryOptions
    @OptionGroup(title: "Cluster") var cluster: ClusterOptions
    @OptionGroup(title: "Hosts") var hosts: HostOptions
    @OptionGroup(title: "State") var state: StateOptions
    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    func run() async throws {
        let output = Output(outputOptions)
        try await output.exiting { try await run(output) }
    }

    private func run(_ output: Output) async throws -> FleetExit {
        try refuseContradictions()
        let shown = try await ShownInventory.read(inventory, cluster)
        for warning in shown.warnings { output.warning("\(warning)") }
        let chosen = try HostPattern(pattern, at: SourceLocation(file: "PATTERN"), tree: DiskFileTree())
            .hosts(in: shown.inventory)
        let record = LastExecFile(beside: try state.path())
        let earlier = options.rerun.isEmpty ? nil : try record.read()
        let wanted = earlier.map { Self.left(of: chosen, in: $0, Set(options.rerun.map(\.end))) } ?? chosen
        guard !wanted.isEmpty else { return try nothingToDo(earlier, output) }
        let reached = try hosts.withDefaults()
        let resolver = try Endpoints(reached)
        let flow = ExecFlow(
            targets: wanted.map { ExecTarget($0, resolver) }, secrets: Secrets(reached, hosts: wanted, output),
            command: command.joined(separator: " "), options: options, output: output)
        let outcome = await flow.run()
        output.report(outcome.report)
        do {
            try record.write(LastExec(outcome.report.results, at: outcome.endedAt, keeping: earlier))
        } catch {
            output.warning("\(error)")
        }
        return outcome.exit
    }

    private func refuseContradictions() throws {
        guard !command.isEmpty else {
            throw UsageError("no command is given", hint: "put it behind --: fleet exec \(pattern) -- uptime")
        }
        if options.isLive, outputOptions.output == .json {
            throw UsageError("--live prints lines as they come, --output json one document at the end: choose one")
        }
        if let extra = inventory.extraVars.first {
            let name = String(extra.unicodeScalars.prefix { $0 != "=" && $0 != ":" })
            throw UsageError(
                "--extra-vars \"\(name)\" would change nothing: exec reads no templates",
                hint: "set it in the command: -- 'NAME=value; …'")
        }
    }

    private static func left(of hosts: [Host], in last: LastExec, _ ends: Set<ExecEnd>) -> [Host] {
        let names = Set(last.chosen(ends, of: hosts.map(\.name)))
        return hosts.filter { names.contains($0.name) }
    }

    private func nothingToDo(_ last: LastExec?, _ output: Output) throws -> FleetExit {
        guard let last else { throw UsageError("the pattern \"\(pattern)\" leaves no host") }
        let ends = options.rerun.map(\.rawValue).joined(separator: " or ")
        output.progress("nothing to do: no host of \"\(pattern)\" ended as \(ends) in the last exec (\(last.endedAt))")
        return .done
    }
}

/// How the command is run.
struct ExecOptions: ParsableArguments {
    /// What `--rerun` chooses.
    enum Rerun: String, ExpressibleByArgument, CaseIterable, Sendable {
        case failed, unreachable, timeout, skipped

        var end: ExecEnd {
            switch self {
            case .failed: .failed
            case .unreachable: .unreachable
            case .timeout: .timeout
            case .skipped: .skipped
            }
        }
    }

    @Option(help: ArgumentHelp("Hosts worked on at once.", valueName: "number"))
    var forks = 64

    @Option(
        help: ArgumentHelp(
            "The longest the command may take on a host, such as 30s; then its processes are killed there.",
            valueName: "duration"),
        transform: ExecOptions.duration
    )
    var timeout: Duration = .seconds(600)

    @Option(
        name: .customLong("idle-timeout"),
        help: ArgumentHelp(
            "The longest the command may print nothing; then its processes are killed there.", valueName: "duration"),
        transform: ExecOptions.duration
    )
    var idleTimeout: Duration?

    @Option(
        name: .customLong("total-timeout"),
        help: ArgumentHelp(
            "The longest a host may take in all: connecting, other attempts, the command.", valueName: "duration"),
        transform: ExecOptions.duration
    )
    var totalTimeout: Duration?

    @Option(
        name: .customLong("max-failures"),
        help: ArgumentHelp(
            "Begin no more hosts when more than these failed: a number, or a percentage.", valueName: "n|n%"),
        transform: ExecOptions.bound
    )
    var maxFailures: CountOrPercent?

    @Option(
        parsing: .singleValue,
        help:
            "Only hosts that ended so in the last exec. May be given several times; skipped are those it did not reach."
    )
    var rerun: [Rerun] = []

    @Flag(name: .customLong("live"), help: "Print lines as they come, each with its host's name before it.")
    var isLive = false

    @Flag(name: [.customShort("b"), .long], help: "Run it as root, by the host's become method.")
    var become = false

    @Option(name: .customLong("chdir"), help: ArgumentHelp("Where the command begins on the host.", valueName: "path"))
    var workingDirectory: String?

    @Option(help: ArgumentHelp("The command's umask, such as 027.", valueName: "octal"))
    var umask: String?

    @Flag(
        name: .customLong("tty"),
        help: "Give the command a terminal, which some sudoers want; its errors then come among its output.")
    var hasTerminal = false

    func validate() throws {
        guard (1...10_000).contains(forks) else { throw ValidationError("--forks is a number from 1 to 10000") }
    }

    private static func duration(_ text: String) throws -> Duration {
        guard let duration = Duration(text: text), duration >= .seconds(1) else {
            throw ValidationError("\"\(text)\" is not a duration of at least 1s, such as 30s or 2m")
        }
        return duration
    }

    private static func bound(_ text: String) throws -> CountOrPercent {
        guard let bound = CountOrPercent(text: text) else {
            throw ValidationError("\"\(text)\" is neither a number nor a percentage, such as 3 or 10%")
        }
        return bound
    }
}
