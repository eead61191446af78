import FleetModel

extension RunMachine {
    /// Deletes past their budgets the pods whose time is over, where playbook and command line say so (safety rule 11).
    mutating func passBudgets() {
        overrideDeadline = nil
        guard order.settings.permitsBudgetOverride, order.settings.evictions.stuck.deletesSomePods,
            state.result == nil, !beginsNothing, !isInterrupted
        else { return }
        for name in state.working.sorted(by: { positions[$0] ?? 0 < positions[$1] ?? 0 }) {
            guard drainStep(of: name) != nil, let since = drainBegan(name) else { continue }
            let (overrides, deadline) = governor.overdue(on: name, since: since, in: world, at: now)
            if let deadline { overrideDeadline = min(deadline, overrideDeadline ?? deadline) }
            for override in overrides { delete(override) }
        }
    }

    /// From when a node's pods have their time: its first eviction request, else the drain's beginning.
    private func drainBegan(_ name: NodeName) -> Instant? {
        guard let node = state.nodes[name], let index = node.step else { return nil }
        return node.firstEviction ?? node.steps[index]?.startedAt
    }

    private mutating func delete(_ override: Governor.Override) {
        let candidate = override.candidate
        guard let request = evictionRequest(of: candidate, in: override.lane) else { return }
        emit(
            .budgetPassed(
                RunEvent.BudgetPassed(
                    request: request, reason: override.reason, waitedSeconds: override.waited.inSeconds)))
        // The pod's own grace, whatever the drain's ceiling.
        let deletion = ClusterRequest.deletePod(candidate.pod, gracePeriodSeconds: nil)
        reaction.directives.append(.perform(id: request.id, node: candidate.node, .cluster(deletion)))
        touched.insert(candidate.node)
    }
}
