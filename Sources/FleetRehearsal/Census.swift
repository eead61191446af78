import FleetModel
import FleetSimulation

/// Who belongs to whom in a simulated cluster, counted from its objects at one instant.
struct Census {
    private let pods: [Pod]
    private let workloads: [ObjectUID: Workload]

    init(_ simulation: ClusterSimulation) { self.init(simulation.pods, simulation.workloads) }

    init(_ snapshot: ClusterSnapshot) { self.init(snapshot.pods, snapshot.workloads) }

    private init(_ pods: [Pod], _ workloads: [Workload]) {
        self.pods = pods.filter { !$0.isFinished }
        self.workloads = Dictionary(
            workloads.map { ($0.reference.uid, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The workload on top of a pod's controllers.
    func top(of pod: Pod) -> Workload? {
        var owner = pod.controller?.uid
        var found: Workload?
        while let uid = owner, let workload = workloads[uid] {
            found = workload
            owner = workload.controller?.uid
        }
        return found
    }

    /// A workload's pods.
    func pods(of workload: Workload) -> [Pod] {
        pods.filter { top(of: $0)?.reference.uid == workload.reference.uid }
    }

    /// The healthy pods under a budget, and how many it wants (semantics 2): percentages of the controllers' replicas,
    /// rounded up.
    func health(under budget: PodDisruptionBudget) -> (healthy: Int, desired: Int) {
        let selected = pods.filter { budget.selects($0) }
        let healthy = selected.count { $0.isReady && !$0.isTerminating }
        let controllers = Dictionary(selected.compactMap { top(of: $0) }.map { ($0.reference.uid, $0.replicas) }) {
            first, _ in first
        }
        let expected = controllers.values.reduce(0, +)
        return (healthy, max(0, desired(budget, expected)))
    }

    private func desired(_ budget: PodDisruptionBudget, _ expected: Int) -> Int {
        let share = { (percent: Int) in (expected * percent + 99) / 100 }
        return switch (budget.minAvailable, budget.maxUnavailable) {
        case (.count(let count)?, _): count
        case (.percent(let percent)?, _): share(percent)
        case (nil, .count(let count)?): expected - count
        case (nil, .percent(let percent)?): expected - share(percent)
        case (nil, nil): 0
        }
    }
}
