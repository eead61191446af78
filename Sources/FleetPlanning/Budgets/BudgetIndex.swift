import FleetModel

/// Budgets by namespace and by one label that they require, so that a pod is compared with few of them.
struct BudgetIndex: Sendable {
    private struct Label: Hashable {
        let namespace: String
        let key: String
        let value: String
    }

    private var byLabel: [Label: [PodDisruptionBudget]] = [:]
    private var others: [String: [PodDisruptionBudget]] = [:]

    init(_ budgets: [PodDisruptionBudget]) {
        for budget in budgets.sorted(by: { $0.key < $1.key }) {
            guard let selector = budget.selector else { continue }
            if let (key, value) = selector.matchLabels.min(by: { $0.key < $1.key }) {
                byLabel[Label(namespace: budget.key.namespace, key: key, value: value), default: []].append(budget)
            } else {
                others[budget.key.namespace, default: []].append(budget)
            }
        }
    }

    func selecting(_ pod: Pod) -> [PodDisruptionBudget] {
        var found = (others[pod.key.namespace] ?? []).filter { $0.selects(pod) }
        for (key, value) in pod.labels {
            let label = Label(namespace: pod.key.namespace, key: key, value: value)
            found += (byLabel[label] ?? []).filter { $0.selects(pod) }
        }
        return found.count > 1 ? found.sorted { $0.key < $1.key } : found
    }
}
