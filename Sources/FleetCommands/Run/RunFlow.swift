import FleetExpressions
import FleetJournal
import FleetKubernetes
import FleetLocal
import FleetModel
import FleetPlanning
import FleetPorts
import FleetReport
import FleetRun
import FleetRuntime
import FleetSSH
import Foundation

/// What `fleet run` does once its options are read; `fleet resume` and `fleet demo` go the same way.
struct RunFlow {
    /// What the operator asked for beyond the plan's source.
    struct Wishes {
        var selection: WaveSelection
        /// The run that is to be gone on with, and no other, and none to be begun; nil where either will do.
        var goesOnWith: StoredRun?
        var isConfirmed = false
        var isDryRun = false
        /// What was approved by name (safety rule 20).
        var approvals: Set<String> = []
        /// Whether pods that `evictions.stuck` names may be deleted past their budgets (safety rule 11).
        var permitsBudgetOverride = false
        /// The run whose lock is to be taken over (safety rule 23).
        var takeOver: RunID?
        /// Whether a run that was handed over to another machine is gone on with here after all.
        var takesBack = false
        /// What the run's record says of that.
        var consent: RunEvent.Consent? {
            RunEvent.Consent(
                approvals: approvals.sorted(),
                allowed: permitsBudgetOverride ? [Permission.budgetOverride.rawValue] : [],
                takeOver: takeOver, takesBack: takesBack)
        }
        /// Whether the run waits for its window, instead of ending with 75.
        var waits = false
    }

    let source: PlanSource
    let wishes: Wishes
    let output: Output

    /// Plans, pins, runs, and returns the exit code.
    func run() async throws -> FleetExit {
        try await Preparation.with(source) { try await run($0) }
    }

    private func run(_ preparation: Preparation) async throws -> FleetExit {
        for warning in preparation.inventory.warnings { output.warning("\(warning)") }
        if let wanted = wishes.goesOnWith { try Self.refuse(wanted, unlessIn: preparation) }
        var progress = try await PlanProgress.read(
            preparation.plan, pin: preparation.pin, from: preparation.journal)
        try refuseDrift(preparation, progress.unfinished)
        if let wanted = wishes.goesOnWith, progress.unfinished?.stored.id != wanted.id {
            throw Self.refusal(of: wanted, in: progress)
        }
        if let empty = progress.unfinished, !empty.hasBegun {
            try await close(empty, preparation)
            progress.forget(empty.stored.id)
        }
        if let over = progress.unfinished, let result = over.finalResult {
            return try await conclude(over, as: result, preparation)
        }
        if let unfinished = progress.unfinished { return try await goOn(unfinished, preparation, progress) }
        let waves = try wishes.selection.waves(of: preparation.plan, progress)
        guard let first = waves.first, let last = waves.last else {
            output.progress("nothing to do: every wave asked for is finished")
            return .done
        }
        let reviewed = Planner.review(preparation.plan, preparation.request, waves: first.number...last.number)
        try show(reviewed)
        var order = try makeOrder(RunID.make(), waves, preparation, progress)
        if wishes.isDryRun { return try await preview(order, preparation) }
        order.window = window(preparation, reviewed, waves)
        order.narrowWindows = narrowWindows(preparation, reviewed, waves)
        try refuseOutside(order.window)
        try await AccessCheck.refuse(preparation.playbook, by: preparation.client)
        try approve(reviewed)
        try confirm(reviewed, waves)
        return try await begin(order, preparation)
    }

    /// Goes on with a run that was interrupted, whichever waves are asked for now.
    private func goOn(
        _ run: PlanProgress.Run, _ preparation: Preparation, _ progress: PlanProgress
    ) async throws -> FleetExit {
        if let range = wishes.selection.range, run.waves.contains(where: { !range.contains($0) }) {
            throw Refusal(
                "run \(run.stored.id) of this plan is unfinished (waves \(run.waves.map(String.init).joined(separator: ", ")))",
                hint: "go on with it first: fleet resume \(run.stored.id)", isResumable: true
            )
        }
        try HandOver.refuse(run.stored.id, run.history, in: preparation.journal, takesBack: wishes.takesBack)
        let own = Self.finished(in: run.history)
        let done = progress.finished.subtracting(own)
        let waves = preparation.plan.waves.filter { run.waves.contains($0.number) }.map { wave in
            PlannedWave(number: wave.number, targets: wave.targets.filter { !done.contains($0.node) })
        }
        var order = try makeOrder(run.stored.id, waves, preparation, progress)
        if wishes.isDryRun { return try await preview(order, preparation) }
        try await preparation.journal.claim(run.stored.id)
        let heard = try await preparation.journal.lastRequest(of: run.stored.id)
        try await refuseShared(order, preparation)
        try reviewRest(of: &order, run.history, preparation)
        output.progress("going on with run \(run.stored.id)")
        let lease = try await lock(preparation).take(for: run.stored.id, plan: preparation.plan.digest)
        let ready = try await lease.keeping { [order] in try await provided(order, preparation) }
        return try await drive(order, goingOnWith: run, heard: heard, ready, lease)
    }

    /// Closes a run whose process ended before it had begun anything; which waves it was asked for nobody knows.
    private func close(_ run: PlanProgress.Run, _ preparation: Preparation) async throws {
        let words = "run \(run.stored.id) began nothing before its process ended"
        if !wishes.isDryRun {
            try await preparation.journal.claim(run.stored.id)
            await lock(preparation).release(of: run.stored.id, as: .aborted)
            try await preparation.journal.finish(
                run.stored.id, result: RunResult.aborted.rawValue, at: RuntimeClock().now)
        }
        guard wishes.goesOnWith != nil else {
            return output.progress(wishes.isDryRun ? "\(words), and would be closed" : "\(words), and is closed")
        }
        throw Refusal(
            "\(words); it is closed, and nothing was changed",
            hint: "begin anew: fleet run \(source.playbook), with the options that it was begun with")
    }

    /// Does what is left of a run that was over when its process was killed.
    private func conclude(
        _ run: PlanProgress.Run, as result: RunResult, _ preparation: Preparation
    ) async throws -> FleetExit {
        try await preparation.journal.claim(run.stored.id)
        await deleteProvided(preparation)
        await lock(preparation).release(of: run.stored.id, as: result)
        try await preparation.journal.finish(run.stored.id, result: result.rawValue, at: RuntimeClock().now)
        output.progress("run \(run.stored.id) was over already: \(result.rawValue); nothing else was begun")
        return FleetExit(result)
    }

    /// Holds what was not begun yet against the cluster of today: blockers stop, critical pods need their approval.
    ///
    /// The windows get the forecast for what is left.
    private func reviewRest(
        of order: inout RunOrder, _ history: [(event: RunEvent, time: Instant)], _ preparation: Preparation
    ) throws {
        let begun = Set(history.compactMap { if case .nodeStarted(let fact) = $0.event { fact.node } else { nil } })
        var rest = preparation.plan
        rest.waves = order.waves.map { wave in
            PlannedWave(number: wave.number, targets: wave.targets.filter { !begun.contains($0.node) })
        }.filter { !$0.targets.isEmpty }
        guard let first = rest.waves.first?.number, let last = rest.waves.last?.number else {
            order.window = window(preparation, rest, [])
            return
        }
        let reviewed = Planner.review(rest, preparation.request, waves: first...last)
        try show(reviewed)
        try approve(reviewed)
        order.window = window(preparation, reviewed, rest.waves)
        order.narrowWindows = narrowWindows(preparation, reviewed, rest.waves)
    }

    private func lock(_ preparation: Preparation) -> RunLock {
        RunLock(
            client: preparation.client, journal: preparation.journal, output: output, takeOver: wishes.takeOver)
    }

    private static func finished(in history: [(event: RunEvent, time: Instant)]) -> Set<NodeName> {
        Set(history.compactMap { if case .nodeFinished(let fact) = $0.event { fact.node } else { nil } })
    }

    // MARK: - Before anything is changed

    /// A run goes on in the cluster, and by the plan, that it began with: whatever else the options name is another's.
    private static func refuse(_ run: StoredRun, unlessIn preparation: Preparation) throws {
        try run.refuseOtherCluster(preparation.plan.cluster)
        let plan = preparation.plan
        guard plan.playbook == run.playbook, plan.name == run.planName else {
            throw Refusal(
                "run \(run.id) is of playbook \(run.playbook), plan \"\(run.planName)\", and what was given here is \(plan.playbook), plan \"\(plan.name)\"; nothing was changed",
                hint: "give the file of the playbook that it was begun with: --playbook FILE")
        }
        guard preparation.pinned?.digest == run.planDigest else {
            throw Refusal(
                "the plan of run \(run.id) was dropped or pinned anew, so it cannot be gone on with; nothing was changed",
                hint: "undo what it left for a time: fleet abort \(run.id), or fleet leftovers --restore")
        }
    }

    private static func refusal(of run: StoredRun, in progress: PlanProgress) -> Refusal {
        guard let other = progress.unfinished?.stored.id else {
            return Refusal("run \(run.id) has nothing left to go on with; nothing was changed", hint: "see: fleet runs")
        }
        return Refusal(
            "run \(other) of the same plan is unfinished too, and newer than \(run.id); nothing was changed",
            hint: "go on with it first: fleet resume \(other); or end one of them: fleet abort \(run.id)")
    }

    private func refuseDrift(_ preparation: Preparation, _ unfinished: PlanProgress.Run?) throws {
        let drift = preparation.drift
        guard !drift.isEmpty else { return }
        let lines = drift.prefix(20).map { "  \($0)" }.joined(separator: "\n")
        // A plan is not pinned anew while a run of it is unfinished.
        let hint =
            unfinished.map {
                "put that back as it was and go on (fleet resume \($0.stored.id)), or end the run first (fleet abort \($0.stored.id)); then: fleet plan \(source.playbook) --repin"
            }
            ?? "look at it with: fleet plan \(source.playbook); pin a new one with --repin, or drop it with --drop"
        throw Refusal("the pinned plan \"\(preparation.plan.name)\" no longer fits:\n\(lines)", hint: hint)
    }

    private func show(_ plan: Plan) throws {
        output.report(PlanReport(plan))
        guard let first = plan.blockers.first else { return }
        let more = plan.blockers.count > 1 ? " and \(plan.blockers.count - 1) more" : ""
        throw Refusal(
            "the plan is blocked: \(first.subject): \(first.message)\(more); nothing was changed", hint: first.remedy)
    }

    /// Critical pods are moved only when somebody says so by name; `--yes` does not (safety rule 20).
    private func approve(_ plan: Plan) throws {
        let critical = plan.findings.filter { $0.code == .criticalPod }.map(\.subject)
        guard !critical.isEmpty, !wishes.approvals.contains(Self.criticalPods) else { return }
        let names = Set(critical).sorted().joined(separator: ", ")
        if output.isInteractive, output.ask("Critical pods would be moved: \(names). Move them? [y/N] ") { return }
        throw Refusal(
            "critical pods would be moved: \(names); nothing was changed",
            hint: "approve that with: --approve \(Self.criticalPods)", isResumable: true
        )
    }

    private static let criticalPods = "critical-pods"

    private func confirm(_ plan: Plan, _ waves: [PlannedWave]) throws {
        guard !wishes.isConfirmed else { return }
        let nodes = waves.flatMap(\.targets).count
        let question = "Run \(source.playbook) on \(nodes) nodes in \(waves.count) waves? [y/N] "
        guard output.isInteractive else {
            throw UsageError("there is no terminal to ask on: say --yes to run \(source.playbook) on \(nodes) nodes")
        }
        guard output.ask(question) else { throw Refusal("not confirmed; nothing was changed") }
    }

    private func pin(_ preparation: Preparation) async throws {
        guard preparation.pinned == nil else { return }
        try await preparation.journal.pin(PinnedPlan.encode(preparation.plan, at: RuntimeClock().now))
    }

    // MARK: - The run

    private func makeOrder(
        _ id: RunID, _ waves: [PlannedWave], _ preparation: Preparation, _ progress: PlanProgress
    ) throws -> RunOrder {
        let plan = preparation.plan
        let header = preparation.playbook.header
        var settings = RunSettings(
            id: id, actor: .current, retiring: Set(plan.leavers.map(\.node)), evictions: header.evictions,
            clusterAuthority: preparation.client.connection.certificateAuthorityDigests.first,
            isForControlPlane: header.isForControlPlane,
            inventory: preparation.members,
            files: preparation.playbook.files,
            entrance: preparation.entrance
        )
        settings.approvals = wishes.approvals
        settings.consent = wishes.consent
        settings.earlierRuns = Set(progress.runs.map(\.stored.id))
        settings.emptiedEarlier = progress.emptied(before: id)
        settings.invocation = try source.invocation()
        settings.permitsBudgetOverride = wishes.permitsBudgetOverride
        var order = RunOrder(
            waves: waves, steps: preparation.playbook.steps, policy: plan.policy, settings: settings,
            scopes: preparation.scopes, soon: plan.leavers.filter { !progress.finished.contains($0.node) },
            health: preparation.playbook.health, planDigest: plan.digest, playbook: plan.playbook
        )
        order.earlier = plan.leavers.filter { progress.finished.contains($0.node) }
        return order
    }

    private func preview(_ order: RunOrder, _ preparation: Preparation) async throws -> FleetExit {
        let endpoints = try preparation.endpoints(source.hosts)
        let nodes = try await SSHHosts.with(sshSettings(preparation)) { hosts in
            let dryRun = DryRun(hosts: hosts, endpoints: endpoints)
            return await dryRun.preview(order, of: preparation.snapshot, at: RuntimeClock().now)
        }
        output.report(DryRunReport(nodes))
        return nodes.contains { $0.refusal != nil } ? .failed : .done
    }

    private func begin(_ order: RunOrder, _ preparation: Preparation) async throws -> FleetExit {
        // What is wrong with a host's settings is told before anything begins.
        _ = try preparation.endpoints(source.hosts)
        try preparation.journal.reserve(order.settings.id)
        let lease = try await lock(preparation).take(for: order.settings.id, plan: order.planDigest)
        let ready: Preparation
        do {
            // Before a provider makes anything, and again before the run is begun: making it may have taken minutes.
            try await refuseShared(order, preparation)
            ready = try await lease.keeping { try await provided(order, preparation) }
            try await refuseShared(order, ready)
            try await pin(ready)
            try await ready.journal.begin(stored(order, ready.plan))
            try await refuseSharedSince(order, ready)
        } catch {
            await lock(preparation).release(lease)
            throw error
        }
        return try await drive(order, goingOnWith: nil, ready, lease)
    }

    /// The run's entry in the journal; made once the plan is pinned, since older runs belong to an earlier plan.
    private func stored(_ order: RunOrder, _ plan: Plan) -> StoredRun {
        StoredRun(
            id: order.settings.id, cluster: plan.cluster, playbook: plan.playbook, planDigest: plan.digest,
            planName: plan.name, startedAt: RuntimeClock().now)
    }

    private func drive(
        _ order: RunOrder, goingOnWith earlier: PlanProgress.Run?, heard: Int64 = 0, _ preparation: Preparation,
        _ lease: ClusterLease
    ) async throws -> FleetExit {
        let endpoints = try preparation.endpoints(source.hosts)
        let clock = RuntimeClock()
        let history = earlier?.history ?? []
        let printer = RunPrinter(order.settings.id, of: preparation.plan, after: history, output)
        let crier = RunCrier(
            order, after: history, to: preparation.playbook.notifiers, of: preparation.client, output)
        // Nobody waits for a notice: the lock is given back first.
        let result = try await crier.announcer.during {
            let result = try await SSHHosts.with(sshSettings(preparation)) { hosts in
                let shell = RunShell(
                    run: order.settings.id, cluster: preparation.client, hosts: hosts, local: LocalMachine(),
                    journal: preparation.journal, endpoints: endpoints, lease: lease, clock: clock
                )
                return try await printer.reminding(by: clock) {
                    try await shell.drive(
                        RunMachine(order, history: history), after: earlier?.lastSequence ?? 0, heard: heard,
                        stops: Stops().requests
                    ) {
                        printer.print($0)
                        crier.take($0)
                    }
                }
            }
            if result.isFinal {
                await deleteProvided(preparation)
                // In this order: a process killed in between leaves a run to be gone on with, not a lock of nobody.
                await lock(preparation).release(lease, of: .now(order.settings.id, result))
                try await preparation.journal.finish(order.settings.id, result: result.rawValue, at: clock.now)
            }
            return result
        }
        printer.finish(at: clock.now)
        return FleetExit(result)
    }
}

extension RunFlow {
    private func provider(_ preparation: Preparation) -> ProvidedHosts? {
        preparation.playbook.header.provider.map {
            ProvidedHosts(provider: $0, playbook: preparation.playbook, plan: preparation.plan, output: output)
        }
    }

    /// The same with the hosts that a provider makes for the order's waves, and where they are reached.
    private func provided(_ order: RunOrder, _ preparation: Preparation) async throws -> Preparation {
        guard let provider = provider(preparation) else { return preparation }
        var preparation = preparation
        preparation.hosts = try await provider.make(order.waves, of: preparation.hosts)
        return preparation
    }

    /// Deletes the machines of the nodes that are out; what cannot be deleted is told, and is nobody's loss.
    private func deleteProvided(_ preparation: Preparation) async {
        guard let provider = provider(preparation) else { return }
        do {
            let progress = try await PlanProgress.read(
                preparation.plan, pin: preparation.pin, from: preparation.journal)
            try await provider.delete(progress.finished)
        } catch {
            output.warning("the old machines are not deleted: \(error)")
        }
    }

    private func sshSettings(_ preparation: Preparation) -> SSHSettings {
        var settings = SSHSettings()
        Secrets(source.hosts, hosts: preparation.hosts, output).give(to: &settings)
        settings.warn = { output.warning($0) }
        return settings
    }
}

extension RunID {
    /// A new run's name: the time in UTC and four random letters.
    static func make() -> RunID {
        let time = Date.now.formatted(
            .verbatim(
                "\(year: .defaultDigits)\(month: .twoDigits)\(day: .twoDigits)-\(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased))\(minute: .twoDigits)\(second: .twoDigits)",
                timeZone: .gmt, calendar: Calendar(identifier: .gregorian)
            ))
        let letters = (0..<4).map { _ in "bcdfghjkmnpqrstvwxz".randomElement() ?? "x" }
        return RunID("r-\(time)-\(String(letters))")
    }
}

extension RunEvent.Actor {
    /// Who runs this process, and where.
    static var current: RunEvent.Actor {
        RunEvent.Actor(
            user: ProcessInfo.processInfo.environment["USER"] ?? NSUserName(),
            machine: ProcessInfo.processInfo.hostName, version: FleetCommand.version
        )
    }
}
