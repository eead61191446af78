import ArgumentParser
import FleetJournal
import FleetKubernetes
import FleetModel
import FleetPlanning
import FleetPorts
import FleetReport
import FleetRun
import FleetRuntime

/// `fleet plan PLAYBOOK`: waves, findings and forecast; changes nothing but, when asked, which plan is pinned.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show the waves, what stands in their way, and how long they should take.",
        discussion: "Changes nothing in the cluster. A pinned plan is shown as it was pinned, with what differs now."
    )

    @Argument(help: "A playbook's name under playbooks/, or its path.")
    var playbook: String

    @Flag(help: "Pin the plan, so that later runs carry out these waves.")
    var pin = false

    @Flag(help: "Replace the pinned plan by one made now.")
    var repin = false

    @Flag(help: "Drop the pinned plan.")
    var drop = false

    @Flag(
        help:
            "Also list every pod on the targets by owner and zone (by name with --verbose), every budget and what it permits, and what the targets carry against what the rest can take."
    )
    var pods = false

    @Option(
        help: ArgumentHelp(
            "Plan this state: a file of fleet snapshot, or of kubectl get … -o json (- for standard input).",
            valueName: "file"))
    var snapshot: String?

    @Option(
        name: .customLong("plan"),
        help: ArgumentHelp("The pinned plan's name (default: the playbook's).", valueName: "name"))
    var planName: String?

    @OptionGroup var options: PlanOptions

    func run() async throws {
        let output = Output(options.output)
        try await output.exiting {
            let source = PlanSource(playbook: playbook, planName: planName, options: options)
            guard let snapshot else { return try await Preparation.with(source) { try await show($0, output) } }
            return try show(SnapshotPlan.make(source, of: snapshot), output)
        }
    }

    func validate() throws {
        if snapshot != nil, pin || repin || drop {
            throw ValidationError("A plan of --snapshot is not pinned: leave out --pin, --repin and --drop.")
        }
    }

    private func show(_ planned: SnapshotPlan, _ output: Output) -> FleetExit {
        if snapshot != nil, let lack = planned.request.snapshot.lackOfWorkloads { output.warning(lack) }
        for warning in planned.inventory.warnings { output.warning("\(warning)") }
        output.report(
            PlanReport(
                planned.plan, load: load(of: planned.plan, in: planned.request.snapshot),
                namesPods: output.isVerbose))
        return planned.plan.blockers.isEmpty ? .done : .failed
    }

    private func load(of plan: Plan, in snapshot: ClusterSnapshot) -> TargetLoad? {
        pods ? TargetLoad(of: plan.targets, in: ClusterIndex(snapshot)) : nil
    }

    private func show(_ preparation: Preparation, _ output: Output) async throws -> FleetExit {
        for warning in preparation.playbook.warnings + preparation.inventory.warnings { output.warning("\(warning)") }
        if drop || repin { try await dropPlan(preparation) }
        let plan = drop || repin ? preparation.current : reviewed(preparation)
        output.report(PlanReport(plan, load: load(of: plan, in: preparation.snapshot), namesPods: output.isVerbose))
        let now = RuntimeClock().now
        if let calendar = TimeZones.calendar(of: preparation.playbook.header, around: now) {
            output.progress(calendar.words(at: now))
        }
        if !drop, !repin { for line in preparation.drift { output.warning("drift: \(line)") } }
        if pin || repin { try await pinPlan(plan, preparation, output) }
        return plan.blockers.isEmpty ? .done : .failed
    }

    private func reviewed(_ preparation: Preparation) -> Plan {
        guard let pinned = preparation.pinned, let last = pinned.waves.last?.number else { return preparation.current }
        return Planner.review(pinned, preparation.request, waves: 1...last)
    }

    private func dropPlan(_ preparation: Preparation) async throws {
        let plan = preparation.plan
        try await refuseUnfinished(preparation)
        try await unmarkNodes(of: plan, preparation)
        try await preparation.journal.drop(cluster: plan.cluster, playbook: plan.playbook, name: plan.name)
        guard let pinned = preparation.pinned else { return }
        try await preparation.journal.note([.now("drop", pinned.words, in: pinned.cluster)])
    }

    /// The PreferNoSchedule taint lives as long as the plan (safety rule 24).
    private func unmarkNodes(of plan: Plan, _ preparation: Preparation) async throws {
        let targets = Set(plan.targets.map(\.node))
        for node in preparation.snapshot.nodes where targets.contains(node.name) {
            guard node.taints.contains(where: { $0.key == RunMachine.retiringTaint.key }),
                node.isMarked(by: plan.digest)
            else { continue }
            let patch = NodePatch(
                annotations: [RunMachine.retiringAnnotation: nil], removeTaints: [RunMachine.retiringTaint])
            let outcome = await preparation.client.perform(.patchNode(node.name, uid: node.uid, patch))
            if case .failed(let failure) = outcome { throw failure }
            let taint = "\(RunMachine.retiringTaint.key):PreferNoSchedule taken off"
            try await preparation.journal.note([.now("untaint", on: node.name.rawValue, taint, in: plan.cluster)])
        }
    }

    private func refuseUnfinished(_ preparation: Preparation) async throws {
        let progress = try await PlanProgress.read(
            preparation.plan, pin: preparation.pin, from: preparation.journal)
        guard let run = progress.unfinished else { return }
        throw Refusal(
            "run \(run.stored.id) of this plan is unfinished",
            hint: "go on with it first: fleet resume \(run.stored.id)")
    }

    private func pinPlan(_ plan: Plan, _ preparation: Preparation, _ output: Output) async throws {
        guard plan.blockers.isEmpty else { throw Refusal("a blocked plan is not pinned") }
        try await preparation.journal.pin(PinnedPlan.encode(plan, at: RuntimeClock().now))
        try await preparation.journal.note([.now("pin", plan.words, in: plan.cluster)])
        output.progress("pinned as \"\(plan.name)\", digest \(plan.digest.prefix(12))")
    }
}

extension Plan {
    fileprivate var words: String { "plan \(name) of playbook \(playbook), digest \(digest.prefix(12))" }
}
