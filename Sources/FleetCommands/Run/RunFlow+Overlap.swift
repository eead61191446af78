import FleetJournal
import FleetModel
import FleetPlanning
import FleetPorts
import FleetRun
import FleetRuntime

extension RunFlow {
    /// Refuses hosts that another cluster's unfinished run has in hand: the clusters' locks do not know of each other.
    func refuseShared(_ order: RunOrder, _ preparation: Preparation) async throws {
        guard preparation.playbook.summaries.contains(where: \.touchesHost) else { return }
        var own = preparation.plan
        own.waves = order.waves
        let runs = try await preparation.journal.runs()
        for run in runs where run.finishedAt == nil && run.cluster != own.cluster {
            guard let rest = try await self.rest(of: run, in: preparation.journal) else { continue }
            let shared = TargetOverlap.hosts(of: own, in: rest)
            guard let first = shared.first else { continue }
            let more = shared.count > 1 ? " and \(shared.count - 1) more" : ""
            throw Refusal(
                "\(first)\(more) is, or cannot be told from, a host of run \(run.id) of another cluster, which is unfinished; nothing was changed",
                hint:
                    "end that run first (fleet resume \(run.id), or fleet abort \(run.id)), or keep the clusters' runs in state files of their own: --state PATH",
                isResumable: true)
        }
    }

    /// Looks once more when the run is registered: of two that begin at once, each sees the other now.
    func refuseSharedSince(_ order: RunOrder, _ preparation: Preparation) async throws {
        do {
            try await refuseShared(order, preparation)
        } catch {
            try await preparation.journal.finish(
                order.settings.id, result: RunResult.aborted.rawValue, at: RuntimeClock().now)
            throw error
        }
    }

    /// What a run has yet to finish of its plan; nil where the plan was dropped.
    private func rest(of run: StoredRun, in journal: any JournalPort) async throws -> Plan? {
        let stored = try await journal.plan(cluster: run.cluster, playbook: run.playbook, name: run.planName)
        guard let stored, stored.digest == run.planDigest else { return nil }
        var plan: Plan
        do { plan = try PinnedPlan.decode(stored) } catch {
            output.warning("run \(run.id) of another cluster may have the same hosts in hand: \(error)")
            return nil
        }
        let progress = try await PlanProgress.read(plan, pin: stored.pin, from: journal)
        let waves = progress.runs.first { $0.stored.id == run.id }?.waves ?? []
        // Until its first fact is on disk nobody knows which waves it takes.
        plan.waves = plan.waves.filter { waves.isEmpty || waves.contains($0.number) }.map { wave in
            PlannedWave(number: wave.number, targets: wave.targets.filter { !progress.finished.contains($0.node) })
        }
        return plan
    }
}
