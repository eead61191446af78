import ArgumentParser

/// `fleet playbook`: looks at playbooks without a cluster.
struct PlaybookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "playbook", abstract: "Look at playbooks.", subcommands: [PlaybookCheckCommand.self]
    )
}

/// `fleet playbook check PLAYBOOK …`: finds every mistake at once.
struct PlaybookCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Find every mistake in playbooks, with file, line and column."
    )

    @Argument(help: "Playbooks' names under playbooks/, or their paths.")
    var playbooks: [String]

    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    func run() async throws {
        let output = Output(outputOptions)
        try await output.exiting {
            for name in playbooks {
                let playbook = try LoadedPlaybook.load(name)
                output.progress("\(playbook.path): \(playbook.steps.count) steps, no mistakes")
            }
            return .done
        }
    }
}
