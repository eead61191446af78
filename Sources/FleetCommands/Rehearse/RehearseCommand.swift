import ArgumentParser
import FleetModel
import FleetPlanning
import FleetReport
import FleetRun
import Foundation

/// `fleet rehearse PLAYBOOK`: the same plan, played by the same machines on a virtual clock.
struct RehearseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rehearse",
        abstract: "Play the plan on a virtual clock: timeline, stalls, duration.",
        discussion: """
            The machines of `fleet run` evict, wait and give up as they would; a simulated cluster in the state of the \
            real one (or of --snapshot) answers them. Nothing is changed anywhere. Equal inputs with equal seeds play \
            equally.
            """
    )

    @Argument(help: "A playbook's name under playbooks/, or its path.")
    var playbook: String

    @Option(
        help: ArgumentHelp(
            "Play this state: a file of fleet snapshot, or of kubectl get … -o json (- for standard input).",
            valueName: "file"))
    var snapshot: String?

    @Option(help: ArgumentHelp("Also write an HTML page: nodes by wave, and the budgets' room.", valueName: "file"))
    var html: String?

    @Option(
        name: .customLong("plan"),
        help: ArgumentHelp("The pinned plan's name (default: the playbook's).", valueName: "name"))
    var planName: String?

    @OptionGroup(title: "The world played") var world: WorldOptions
    @OptionGroup var options: PlanOptions

    func run() async throws {
        let output = Output(options.output)
        try await output.exiting {
            let source = PlanSource(playbook: playbook, planName: planName, options: options)
            let world = try world.settings()
            guard let snapshot else {
                let planned = try await Preparation.with(source) { SnapshotPlan($0) }
                return try play(PlayedPlan(planned, source: "the cluster as it is"), world, output)
            }
            let planned = try SnapshotPlan.make(source, of: snapshot)
            return try play(PlayedPlan(planned, source: snapshot), world, output)
        }
    }

    private func play(_ played: PlayedPlan, _ world: WorldSettings, _ output: Output) throws -> FleetExit {
        let targets = played.planned.plan.targets.map(\.node)
        for fault in world.faults {
            try fault.check(in: played.planned.request.snapshot, joining: targets)
        }
        for warning in played.planned.inventory.warnings { output.warning("\(warning)") }
        if let lack = played.planned.request.snapshot.lackOfWorkloads { output.warning(lack) }
        for blocker in played.planned.plan.blockers.prefix(5) {
            output.warning("a run would be refused: \(blocker.subject): \(blocker.message)")
        }
        try SnapshotFile.refuseCrowds(in: played.planned.request.snapshot)
        let report = RehearsalReport(played.play(world))
        output.report(report)
        if let html {
            do {
                try Data(report.page.utf8).write(to: URL(fileURLWithPath: Paths.expanded(html)), options: .atomic)
            } catch {
                throw UsageError("\(html) cannot be written: \((error as NSError).localizedDescription)")
            }
            output.progress("the page is in \(html)")
        }
        return report.summary.result.map(FleetExit.init) ?? .failed
    }
}
