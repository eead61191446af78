import ArgumentParser
import FleetExpressions
import FleetFiles
import FleetModel
import FleetReport
import FleetRun

/// `fleet doctor PATTERN`: what would go wrong when fleet works on these hosts; changes nothing.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what would go wrong on hosts, and the one-line mend of each.",
        discussion: """
            Reaches each host as a run would, jump hosts first, and looks: host keys, login, root, sshd's limits, how \
            long the shell takes to start, the clock, disks, programs. Nothing is changed, and hosts need no Python. \
            Findings are told once, with everybody who has them.

            Exit code 0: nothing stands in the way, warnings aside. 2: on some hosts. 1: on every one of them.
            """
    )

    @Argument(help: ArgumentHelp("Which hosts: an Ansible pattern, or zone=b,pool=general.", valueName: "pattern"))
    var pattern: String

    @Option(help: ArgumentHelp("Hosts looked at at once.", valueName: "number"))
    var forks = 64

    @OptionGroup(title: "Inventory") var inventory: InventoryOptions
    @OptionGroup(title: "Cluster") var cluster: ClusterOptions
    @OptionGroup(title: "Hosts") var hosts: HostOptions
    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    func validate() throws {
        guard (1...10_000).contains(forks) else { throw ValidationError("--forks is a number from 1 to 10000") }
    }

    func run() async throws {
        let output = Output(outputOptions)
        try await output.exiting { try await run(output) }
    }

    private func run(_ output: Output) async throws -> FleetExit {
        let shown = try await ShownInventory.read(inventory, cluster)
        for warning in shown.warnings { output.warning("\(warning)") }
        let chosen = try HostPattern(pattern, at: SourceLocation(file: "PATTERN"), tree: DiskFileTree())
            .hosts(in: shown.inventory)
        guard !chosen.isEmpty else { throw UsageError("the pattern \"\(pattern)\" leaves no host") }
        let options = try hosts.withDefaults()
        let resolver = try Endpoints(options)
        let flow = DoctorFlow(
            targets: chosen.map { ExecTarget($0, resolver) }, secrets: Secrets(options, hosts: chosen, output),
            forks: forks, output: output)
        let checkups = await flow.run()
        output.report(CheckupReport(checkups))
        let blocked = checkups.count { $0.isBlocked }
        return blocked == 0 ? .done : blocked == checkups.count ? .failed : .quarantined
    }
}
