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
            var missing: (any Error)?
            for name in playbooks {
                do {
                    let playbook = try LoadedPlaybook.load(name)
                    let lacking = try hosts.map { try undefined(in: playbook, $0, extra) } ?? []
                    mistakes += lacking
                    guard lacking.isEmpty else { continue }
                    output.progress("\(playbook.path): \(playbook.steps.count) steps, no mistakes")
                } catch let failure as Diagnostics {
                    mistakes += failure.all
                } catch {
                    missing = missing ?? error
                }
            }
            if let failure = Diagnostics(mistakes) { throw failure }
            if let missing { throw missing }
            return .done
        }
    }

    private func undefined(
        in playbook: LoadedPlaybook, _ hosts: LoadedInventory, _ extra: VariableMapping
    ) throws -> [Diagnostic] {
        let own = try hosts.hosts(of: playbook, limit: inventory.limit, snapshot: ClusterSnapshot())
        let spares = try hosts.spares(of: playbook, for: own)
        return playbook.undefinedVariables(hosts: own, spares: spares, extra: extra)
    }
}
