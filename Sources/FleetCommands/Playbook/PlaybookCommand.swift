import ArgumentParser
import FleetExpressions
import FleetFiles
import FleetModel
import FleetRun

/// `fleet playbook`: looks at playbooks without a cluster.
struct PlaybookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "playbook", abstract: "Look at playbooks.", subcommands: [PlaybookCheckCommand.self]
    )
}

/// `fleet playbook check PLAYBOOK …`: finds every mistake at once.
struct PlaybookCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Find every mistake in playbooks, with file, line and column.",
        discussion: """
            With an inventory the variables that steps name are looked up too, for every host of the playbook's \
            pattern and --limit.
            """
    )

    @Argument(help: "Playbooks' names under playbooks/, or their paths.")
    var playbooks: [String]

    @OptionGroup(title: "Inventory") var inventory: InventoryOptions
    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    func run() async throws {
        let output = Output(outputOptions)
        try await output.exiting {
            let hosts = try inventory.inventories.isEmpty ? nil : LoadedInventory.load(inventory)
            let extra = try ExtraVariables.parse(inventory.extraVars)
            var mistakes: [Diagnostic] = []
            var missing: [(name: String, error: any Error)] = []
            for name in playbooks {
                do {
                    let (steps, found) = try check(name, hosts, extra)
                    mistakes += found
                    if Diagnostics(found) == nil { output.progress("\(name): \(steps) steps, no mistakes") }
                } catch {
                    missing.append((name, error))
                }
            }
            // An included file is read with each playbook that includes it.
            var seen: Set<Diagnostic> = []
            mistakes = mistakes.filter { seen.insert($0).inserted }
            for warning in mistakes where warning.severity == .warning { output.warning("\(warning)") }
            var errors = mistakes.filter { $0.severity == .error }
            if missing.count == 1, errors.isEmpty { throw missing[0].error }
            errors += missing.map { Diagnostic("\($0.error)", at: SourceLocation(file: $0.name)) }
            if let failure = Diagnostics(errors) { throw failure }
            return .done
        }
    }

    /// Everything that is wrong with one playbook, whatever else is; throws where there is none.
    private func check(
        _ name: String, _ hosts: LoadedInventory?, _ extra: VariableMapping
    ) throws -> (steps: Int, mistakes: [Diagnostic]) {
        let reading = try PlaybookReading(name, in: DiskFileTree())
        guard let hosts, let outline = reading.outline else { return (reading.steps.count, reading.mistakes) }
        let patterns = hosts.patternMistakes(of: outline, limit: inventory.limit)
        // Of hosts that nobody knows nothing can be said.
        let own = (try? hosts.hosts(of: outline, limit: inventory.limit, snapshot: ClusterSnapshot())) ?? []
        let spares = (try? hosts.spares(of: outline, for: own)) ?? []
        let undefined = outline.undefinedVariables(in: reading.steps, hosts: own, spares: spares, extra: extra)
        return (reading.steps.count, reading.mistakes + patterns + undefined)
    }
}
