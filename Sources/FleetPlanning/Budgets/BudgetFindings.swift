import FleetModel

/// Budgets that hold pods of the targets back for ever, or for now (semantics 1.1, 2; D14).
struct BudgetFindings {
    private let policy: EvictionPolicy
    private let surges: Bool
    private let adjusted: Set<ObjectKey>

    init(policy: EvictionPolicy, surges: Bool, adjusted: Set<ObjectKey> = []) {
        self.adjusted = adjusted
        self.policy = policy
        self.surges = surges
    }

    /// Judges one pod that must be evicted and the budgets that select it.
    func judge(
        _ pod: Pod, _ owner: PodOwner, _ budgets: [PodDisruptionBudget], into groups: inout FindingGroups
    ) {
        if pod.isFinished || pod.phase == .pending { return }
        if budgets.count > 1 {
            let names = budgets.map(\.key.name).joined(separator: ", ")
            groups.add(
                .blocker, .severalBudgets, on: owner.subject,
                "\(budgets.count) PodDisruptionBudgets select its pods (\(names)), and the eviction API refuses that",
                remedy: "leave one of them, and narrow the other's selector", item: pod.key.description
            )
        } else if let budget = budgets.first {
            judge(pod, owner, budget, &groups)
        }
    }

    private func judge(
        _ pod: Pod, _ owner: PodOwner, _ budget: PodDisruptionBudget, _ groups: inout FindingGroups
    ) {
        let isSynced = budget.syncFailure == nil && budget.observedGeneration >= budget.generation
        if isSynced, budget.disruptionsAllowed > 0 { return }
        let subject = "PodDisruptionBudget \(budget.key)"
        let item = pod.key.description
        if let failure = budget.syncFailure {
            groups.add(
                .blocker, .budgetSyncFailed, on: subject, "it failed to sync and permits nothing: \(failure)",
                remedy: "mend its selector or the controller that it does not find", item: item
            )
        } else if isImpossible(budget, owner) {
            let isAdjusted = adjusted.contains(budget.key)
            groups.add(
                isAdjusted ? .warning : .blocker, .impossibleBudget, on: subject,
                impossibility(budget, owner)
                    + (isAdjusted ? "; adjust_budget changes that while a node is drained" : ""),
                remedy: isAdjusted
                    ? "" : "raise the replicas, relax the budget with its owner, or name it in a step adjust_budget",
                item: item
            )
        } else if budget.observedGeneration < budget.generation {
            groups.add(
                .warning, .budgetExhausted, on: subject,
                "it is still being processed by the server and permits nothing yet",
                item: item
            )
        } else if budget.disruptionsAllowed == 0, pod.isReady {
            groups.add(
                .warning, .budgetExhausted, on: subject,
                "it needs \(budget.desiredHealthy) healthy pods and has \(budget.currentHealthy): it permits none now",
                remedy: "bring its unhealthy pods back; the run waits for it", item: item
            )
        } else if budget.disruptionsAllowed == 0, !evictsUnready(budget) {
            groups.add(
                .warning, .budgetExhausted, on: subject,
                "unhealthyPodEvictionPolicy IfHealthyBudget holds pods that are not Ready too: it needs \(budget.desiredHealthy) healthy pods and has \(budget.currentHealthy)",
                remedy:
                    "bring them back, or agree with its owner on unhealthyPodEvictionPolicy: AlwaysAllow",
                item: item
            )
        }
    }

    /// Whether the eviction API lets pods go that are not Ready without spending the budget (semantics 1.1, step 6).
    private func evictsUnready(_ budget: PodDisruptionBudget) -> Bool {
        budget.unhealthyPodEvictionPolicy == .alwaysAllow
            || budget.desiredHealthy > 0 && budget.currentHealthy >= budget.desiredHealthy
    }

    /// Whether no pod may ever go, not even when all are healthy or a second one was surged.
    func isImpossible(_ budget: PodDisruptionBudget, _ owner: PodOwner) -> Bool {
        let expected = BudgetRule.expected(budget, replicas: owner.replicas)
        if BudgetRule.ceiling(of: budget, expected: expected) > 0 { return false }
        if budget.disruptionsAllowed > 0 { return false }
        let isSurged = surges && owner.replicas == 1 && owner.workload.map(SurgeRule.concerns) ?? false
        return !(isSurged && BudgetRule.ceiling(of: budget, expected: expected + 1) > 0)
    }

    private func impossibility(_ budget: PodDisruptionBudget, _ owner: PodOwner) -> String {
        let expected = BudgetRule.expected(budget, replicas: owner.replicas)
        return "\(BudgetRule.words(budget)) of \(expected) pods never lets one go"
    }
}
