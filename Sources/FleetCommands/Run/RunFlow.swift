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
        ///
        /// One that is over still owes the deletion of old machines, and nothing else is done.
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
        /// Whether the run waits for its window, instead of ending with 75.
        var waits = false

        /// What the run's record says of that, and of what was said yes to at questions.
        func consent(answered: [String] = []) -> RunEvent.Consent? {
            RunEvent.Consent(
                approvals: approvals.sorted(),
                allowed: permitsBudgetOverride ? [Permission.budgetOverride.rawValue] : [],
                takeOver: takeOver, takesBack: takesBack, answered: answered)
        }
    }

    let source: PlanSource
    let wishes: Wishes
    let output: Output

    /// Plans, pins, runs, and returns the exit code.
    func run() async throws -> FleetExit {
        try await Preparation.with(source, isForRun: !wishes.isDryRun) { try await run($0) }
    }

    private func run(_ preparation: Preparation) async throws -> FleetExit {
        for warning in preparation.playbook.warnings + preparation.inventory.warnings { output.warning("\(warning)") }
        if let wanted = wishes.goesOnWith { try Self.refuse(wanted, unlessIn: preparation) }
        var progress = try await PlanProgress.read(
            preparation.plan, pin: preparation.pin, from: preparation.journal)
        try refuseDrift(preparation, progress.unfinished)
        if let over = wishes.goesOnWith, over.finishedAt != nil {
            let end = over.result.map { ": \($0)" } ?? ""
            output.progress("run \(over.id) is over\(end); only old machines may still have to be deleted")
            return try await retryDeletion(after: progress, preparation)
        }
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
            return try await retryDeletion(after: progress, preparation)
        }
        let reviewed = Planner.review(preparation.plan, preparation.request, waves: first.number...last.number)
        try show(reviewed)
        var order = try makeOrder(RunID.make(), waves, preparation, progress)
        if wishes.isDryRun { return try await preview(order, preparation) }
        order.window = window(preparation, reviewed, waves)
        order.narrowWindows = narrowWindows(preparation, reviewed, waves)
        try refuseOutside(order.window)
        try await AccessCheck.refuse(preparation.playbook, by: preparation.client)
        order.settings.consent = wishes.consent(answered: try approve(reviewed) + confirm(reviewed, waves))
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
        let isClean = await deleteProvided(for: run.stored.id, preparation)
        await lock(preparation).release(of: run.stored.id, as: result)
        try await preparation.journal.finish(run.stored.id, result: result.rawValue, at: RuntimeClock().now)
        output.progress("run \(run.stored.id) was over already: \(result.rawValue); nothing else was begun")
        return exit(result, isClean: isClean)
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
        order.settings.consent = wishes.consent(answered: try approve(reviewed))
        order.window = window(preparation, reviewed, rest.waves)
        order.narrowWindows = narrowWindows(preparation, reviewed, rest.waves)
    }

    func lock(_ preparation: Preparation) -> RunLock {
        RunLock(
            client: preparation.client, journal: preparation.journal, output: output, takeOver: wishes.takeOver)
    }

    private static func finished(in history: [(event: RunEvent, time: Instant)]) -> Set<NodeName> {
        Set(history.compactMap { if case .nodeFinished(let fact) = $0.event { fact.node } else { nil } })
    }

    // MARK: - The run

    private func pin(_ preparation: Preparation) async throws {
        guard preparation.pinned == nil else { return }
        try await preparation.journal.pin(PinnedPlan.encode(preparation.plan, at: RuntimeClock().now))
    }

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
        settings.consent = wishes.consent()
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
            await StrayMachines.tell(
                after: .failed, plan: preparation.plan, pin: preparation.pin, in: preparation.journal, output)
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
        let order = try await lease.keeping { await order.signed(for: preparation.client) }
        let clock = RuntimeClock()
        let history = earlier?.history ?? []
        let printer = RunPrinter(order.settings.id, of: preparation.plan, after: history, output)
        let crier = RunCrier(
            order, after: history, to: preparation.playbook.notifiers, of: preparation.client, output)
        // Nobody waits for a notice: the lock is given back first.
        let (result, isClean) = try await crier.telling {
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
            guard result.isFinal else { return (result, true) }
            let isClean = await deleteProvided(for: order.settings.id, preparation)
            await StrayMachines.tell(
                after: result, plan: preparation.plan, pin: preparation.pin,
                in: preparation.journal, output)
            // In this order: a process killed in between leaves a run to be gone on with, not a lock of nobody.
            await lock(preparation).release(lease, of: .now(order.settings.id, result))
            try await preparation.journal.finish(order.settings.id, result: result.rawValue, at: clock.now)
            return (result, isClean)
        }
        printer.finish(at: clock.now)
        return exit(result, isClean: isClean)
    }

    private func sshSettings(_ preparation: Preparation) -> SSHSettings {
        var settings = SSHSettings()
        Secrets(source.hosts, hosts: preparation.hosts, output).give(to: &settings)
        settings.warn = { output.warning($0) }
        return settings
    }
}

extension RunOrder {
    /// The same, with what the cluster calls whoever it is done by.
    func signed(for client: KubernetesClient) async -> RunOrder {
        var order = self
        order.settings.actor.clusterUser = await client.userName()
        return order
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
            user: Self.user,
            machine: ProcessInfo.processInfo.hostName, version: FleetCommand.version
        )
    }

    /// Behind sudo it is who called it.
    private static var user: String {
        let environment = ProcessInfo.processInfo.environment
        return environment["SUDO_USER"] ?? environment["USER"] ?? NSUserName()
    }
}
