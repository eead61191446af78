import FleetModel

/// Which targets carry pods of the same budgets, so that a wave can be cut from nodes that do not wait for one another.
///
/// A budget that lets one pod go at a time makes two of its nodes in one wave take turns; in two waves each goes at once.
struct SharedBudgets {
    /// The pods of a wave in the making, by budget.
    struct Wave {
        fileprivate var pods: [Int: Int] = [:]
    }

    private struct Share {
        let budget: Int
        let pods: Int
    }

    /// How many pods of each lane may be out at once.
    private var allowances: [Int] = []
    private var shares: [NodeName: [Share]] = [:]

    /// No budgets: every node goes with every other.
    init() {}

    /// The budgets, implicit ones included, of the pods that leave.
    init(_ judgement: PodJudgement, of targets: [PlanTarget]) {
        allowances = Array(repeating: 0, count: judgement.lanes.count)
        for target in targets where shares[target.node] == nil {
            var pods: [Int: Int] = [:]
            for move in judgement.moves(from: target.node) {
                guard let lane = move.lane else { continue }
                pods[lane, default: 0] += 1
                if allowances[lane] == 0 { allowances[lane] = max(1, move.allowance) }
            }
            shares[target.node] = pods.map { Share(budget: $0.key, pods: $0.value) }
        }
    }

    /// How many more batches the node's slowest budget needs beside a wave than alone.
    func delay(of node: NodeName, beside wave: Wave) -> Int {
        var most = 0
        for share in shares[node] ?? [] {
            guard let others = wave.pods[share.budget] else { continue }
            let allowance = allowances[share.budget]
            most = max(most, batches(others + share.pods, allowance) - batches(share.pods, allowance))
        }
        return most
    }

    /// Adds a node to a wave.
    func add(_ node: NodeName, to wave: inout Wave) {
        for share in shares[node] ?? [] { wave.pods[share.budget, default: 0] += share.pods }
    }

    private func batches(_ pods: Int, _ allowance: Int) -> Int { (pods + allowance - 1) / allowance }
}
