import FleetModel

/// Budgets by namespace and by one label that they require, so that a pod is compared with few of them.
struct BudgetIndex: Sendable {
    private struct Namespace: Sendable {
        /// By a label that they require, and its value.
        var byLabel: [String: [String: [PodDisruptionBudget]]] = [:]
        var others: [PodDisruptionBudget] = []
    }

    private var namespaces: [String: Namespace] = [:]

    init(_ budgets: [PodDisruptionBudget]) {
        for budget in budgets.sorted(by: { $0.key < $1.key }) {
            guard let selector = budget.selector else { continue }
            let namespace = budget.key.namespace
            if let (label, value) = selector.matchLabels.min(by: { $0.key < $1.key }) {
                namespaces[namespace, default: Namespace()].byLabel[label, default: [:]][value, default: []]
                    .append(budget)
            } else {
                namespaces[namespace, default: Namespace()].others.append(budget)
            }
        }
    }

    func selecting(_ pod: Pod) -> [PodDisruptionBudget] {
        guard let namespace = namespaces[pod.key.namespace] else { return [] }
        var found = namespace.others.filter { $0.selects(pod) }
        for (label, byValue) in namespace.byLabel {
            guard let value = pod.labels[label], let budgets = byValue[value] else { continue }
            for budget in budgets where budget.selects(pod) { found.append(budget) }
        }
        return found.count > 1 ? found.sorted { $0.key < $1.key } : found
    }
}
