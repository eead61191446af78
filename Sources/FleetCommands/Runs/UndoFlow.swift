import FleetFiles
import FleetJournal
import FleetKubernetes
import FleetLocal
import FleetModel
import FleetPlanning
import FleetPorts
import FleetRun
import FleetRuntime

/// Ends an unfinished run that no process drives, from its journal and its pinned plan alone: neither playbook nor
/// inventory is needed to undo what is temporary; of the playbook only `notify` is read, where it is still there.
struct UndoFlow {
    let run: StoredRun
    let journal: SQLiteJournal
    /// The playbook's file, whose `notify` is told; nil where nobody noted it.
    let playbook: String?
    let takeOver: RunID?
    /// Whether a run that was handed over to another machine is ended here after all.
    let takesBack: Bool
    let output: Output

    /// Aborts or rolls back, and returns the exit code.
    func run(_ wish: RunEvent.StopRequested, on cluster: ClusterOptions) async throws -> FleetExit {
        try await KubernetesClient.withClient(connection: try cluster.connection()) { client in
            try await run.refuseOtherCluster(client.clusterUID())
            let (plan, pin) = try await pinnedPlan()
            let progress = try await PlanProgress.read(plan, pin: pin, from: journal)
            guard let found = progress.runs.last(where: { $0.stored.id == run.id }) else {
                throw UsageError("there is no run \(run.id)", hint: "see: fleet runs")
            }
            try HandOver.refuse(run.id, found.history, in: journal, takesBack: takesBack)
            let heard = try await journal.lastRequest(of: run.id)
            let order = order(of: found, plan, progress)
            let lock = RunLock(client: client, journal: journal, output: output, takeOver: takeOver)
            if let result = found.finalResult {
                await lock.release(of: run.id, as: result)
                try await journal.finish(run.id, result: result.rawValue, at: RuntimeClock().now)
                throw Refusal(
                    "run \(run.id) was over already: \(result.rawValue); nothing was undone",
                    hint: "see what it did: fleet report \(run.id)")
            }
            let lease = try await take(lock)
            let signed = try await lease.keeping { await order.signed(for: client) }
            let machine = RunMachine(signed, history: found.history, stop: wish)
            let printer = RunPrinter(run.id, of: plan, after: found.history, output)
            let crier = RunCrier(order, after: found.history, to: notifiers, of: client, output)
            // Nobody waits for a notice: the lock is given back first, and the run is over only then, as in RunFlow.
            let result = try await crier.telling {
                let result = try await drive(
                    machine, after: found, heard: heard, by: shell(client, lease), printer, crier)
                guard result.isFinal else { return result }
                await StrayMachines.tell(after: result, plan: plan, pin: pin, in: journal, output)
                await lock.release(lease, of: .now(run.id, result))
                try await journal.finish(run.id, result: result.rawValue, at: RuntimeClock().now)
                return result
            }
            printer.finish(at: RuntimeClock().now)
            return result == wish.kind?.finalResult ? .done : FleetExit(result)
        }
    }

    /// Takes the cluster's lock; a run that ended elsewhere is closed here too: the journal that tells how may be lost.
    private func take(_ lock: RunLock) async throws -> ClusterLease {
        do {
            return try await lock.take(for: run.id, plan: run.planDigest)
        } catch let refusal as LockRefusal {
            guard case .ended(let end) = refusal.reason else { throw refusal }
            try await journal.finish(run.id, result: end.result, at: RuntimeClock().now)
            throw Refusal(
                "run \(run.id) is over: \(end.result), by \(end.by); it is closed here too, and nothing was undone",
                hint: "what was done there: fleet journal import FILE, from a journal of that machine")
        }
    }

    private func shell(_ client: KubernetesClient, _ lease: ClusterLease) -> RunShell {
        RunShell(
            run: run.id, cluster: client, hosts: NoHosts(), local: LocalMachine(), journal: journal,
            endpoints: [:], lease: lease, clock: RuntimeClock())
    }

    private func drive(
        _ machine: RunMachine, after found: PlanProgress.Run, heard: Int64, by shell: RunShell, _ printer: RunPrinter,
        _ crier: RunCrier
    ) async throws -> RunResult {
        try await printer.reminding(by: RuntimeClock()) {
            try await shell.drive(machine, after: found.lastSequence, heard: heard, stops: Stops().requests) {
                printer.print($0)
                crier.take($0)
            }
        }
    }

    /// Whom the playbook tells, as it reads now; one that cannot be read any more holds nothing up.
    private var notifiers: [Notifier] {
        guard let playbook else { return [] }
        let draft = PlaybookDraft(file: playbook, in: DiskFileTree())
        var mistakes = draft.header == nil ? draft.mistakes : []
        let notifiers = Notifier.decode(draft.notify, &mistakes)
        if let first = mistakes.first { output.warning("not everybody is notified: \(first)") }
        return notifiers
    }

    private func pinnedPlan() async throws -> (Plan, pin: String?) {
        let stored = try await journal.plan(cluster: run.cluster, playbook: run.playbook, name: run.planName)
        guard let stored, stored.digest == run.planDigest else {
            throw Refusal(
                "the plan of run \(run.id) was dropped or pinned anew, so its nodes are not known any more",
                hint: "find and undo what it left with: fleet leftovers --restore"
            )
        }
        return (try PinnedPlan.decode(stored), stored.pin)
    }

    /// The run's waves without steps: nothing can be gone on with, only undone.
    private func order(of found: PlanProgress.Run, _ plan: Plan, _ progress: PlanProgress) -> RunOrder {
        var settings = RunSettings(
            id: run.id, actor: .current, retiring: Set(plan.leavers.map(\.node)), evictions: EvictionPolicy())
        settings.consent = RunEvent.Consent(takeOver: takeOver, takesBack: takesBack)
        settings.earlierRuns = Set(progress.runs.map(\.stored.id))
        settings.emptiedEarlier = progress.emptied(before: run.id)
        return RunOrder(
            waves: plan.waves.filter { found.waves.contains($0.number) }, steps: [], policy: plan.policy,
            settings: settings,
            soon: plan.leavers.filter { !progress.finished.contains($0.node) }, planDigest: plan.digest,
            playbook: plan.playbook
        )
    }
}

/// Stands where no host is to be reached.
struct NoHosts: HostPort {
    func run(_ command: HostCommand, on endpoint: HostEndpoint) async -> HostReport {
        HostReport(outcome: .neverStarted("no host is reached while a run is undone"))
    }
}

extension StopKind {
    /// How a run ends to which it is applied for good; nil for what it survives.
    fileprivate var finalResult: RunResult? { isEnding ? result : nil }
}

extension StoredRun {
    /// A run is gone on with, and undone, in its own cluster only.
    func refuseOtherCluster(_ uid: ObjectUID) throws {
        guard uid == cluster else {
            throw Refusal(
                "run \(id) is of another cluster: its namespace kube-system has UID \(cluster), this one's has \(uid); nothing was changed",
                hint: "choose the run's cluster with --kubeconfig and --context"
            )
        }
    }
}
