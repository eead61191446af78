import FleetModel
import FleetPorts
import NIOConcurrencyHelpers

/// Watches every budget from outside the run, and remembers the least headroom that each had.
final class HeadroomWatch: Sendable {
    /// What was seen of one budget.
    struct Headroom: Hashable, Sendable {
        /// The least `currentHealthy − desiredHealthy`; below zero the budget was broken.
        var least: Int
        /// `desiredHealthy` when that was seen.
        var desired: Int
    }

    private let seen = NIOLockedValueBox<[ObjectKey: Headroom]>([:])

    /// Follows the cluster until the task is cancelled.
    func follow(_ cluster: any ClusterPort) async {
        for await observation in cluster.watch() {
            switch observation {
            case .synchronized(let snapshot): snapshot.budgets.forEach(note)
            case .changed(.budget(let budget)): note(budget)
            case .changed, .interrupted, .failed: break
            }
        }
    }

    /// The budgets by name.
    var all: [(key: ObjectKey, headroom: Headroom)] {
        seen.withLockedValue { $0.map { ($0.key, $0.value) } }.sorted { $0.key < $1.key }
    }

    private func note(_ budget: PodDisruptionBudget) {
        guard budget.observedGeneration >= budget.generation else { return }
        let now = Headroom(least: budget.currentHealthy - budget.desiredHealthy, desired: budget.desiredHealthy)
        seen.withLockedValue { seen in
            if let before = seen[budget.key], before.least <= now.least { return }
            seen[budget.key] = now
        }
    }
}
