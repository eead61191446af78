import FleetJournal
import FleetKubernetes
import FleetModel
import FleetPlanning
import FleetPorts
import FleetRun
import FleetRuntime

extension RunFlow {
    private func provider(for run: RunID, _ preparation: Preparation) -> ProvidedHosts? {
        preparation.playbook.header.provider.map {
            ProvidedHosts(
                provider: $0, playbook: preparation.playbook, plan: preparation.plan, run: run,
                journal: preparation.journal, output: output)
        }
    }

    /// The same with the hosts that a provider makes for the order's waves, and where they are reached.
    func provided(_ order: RunOrder, _ preparation: Preparation) async throws -> Preparation {
        guard let provider = provider(for: order.settings.id, preparation) else { return preparation }
        var preparation = preparation
        preparation.hosts = try await provider.make(order.waves, of: preparation.hosts)
        return preparation
    }

    /// Deletes the machines of the nodes that are out.
    ///
    /// Returns whether everything that is to be deleted is; what cannot be is told, and is tried again by a `resume` or the
    /// next `run`.
    func deleteProvided(for run: RunID, _ preparation: Preparation, isAgain: Bool = false) async -> Bool {
        guard let provider = provider(for: run, preparation) else { return true }
        do {
            let progress = try await PlanProgress.read(
                preparation.plan, pin: preparation.pin, from: preparation.journal)
            try await provider.delete(try await provider.retired(after: progress, isAgain: isAgain)) {
                Set(try await preparation.client.snapshot().nodes.map(\.name))
            }
            return true
        } catch {
            output.warning("the old machines are not deleted: \(error); to try again: fleet resume \(run)")
            return false
        }
    }

    /// Asks once more for the deletion of machines that an earlier run of the plan asked for in vain.
    func retryDeletion(after progress: PlanProgress, _ preparation: Preparation) async throws -> FleetExit {
        guard !wishes.isDryRun, let last = progress.runs.last?.stored.id,
            let provider = provider(for: last, preparation),
            try await !provider.retired(after: progress, isAgain: true).isEmpty
        else { return .done }
        try preparation.journal.reserve(RunLock.leftovers)
        defer { preparation.journal.release(RunLock.leftovers) }
        let lease = try await lock(preparation).take(for: RunLock.leftovers, plan: "")
        let isClean: Bool
        do {
            isClean = try await lease.keeping { await deleteProvided(for: last, preparation, isAgain: true) }
        } catch {
            await lock(preparation).release(lease)
            throw error
        }
        await lock(preparation).release(lease)
        return exit(.done, isClean: isClean)
    }

    /// A run that is done, but for machines that are still to be deleted, is to be asked for again.
    func exit(_ result: RunResult, isClean: Bool) -> FleetExit {
        result == .done && !isClean ? .blocked : FleetExit(result)
    }
}
