import FleetModel

/// The disruption controller (`pkg/controller/disruption/disruption.go`): keeps the budgets' status.
extension SimulatedCluster {
    mutating func sync(budget index: Int) {
        budgets[index].syncPending = false
        guard budgets[index].isLive else { return }
        let disrupted = remainingDisruptions(index)
        switch expectation(index) {
        case .failure(let failure):
            change(budget: index) {
                $0.disruptionsAllowed = 0
                $0.syncFailure = failure.message
            }
        case .success(let expected):
            write(index, expected, disrupted)
        }
        planExpiry(index, disrupted)
    }

    private mutating func write(_ index: Int, _ expected: BudgetExpectation, _ disrupted: [String: Instant]) {
        let namespace = budgets[index].budget.key.namespace
        let stillHealthy = disrupted.keys.count { name in
            podIndex[ObjectKey(namespace, name)].map { pods[$0].isHealthy && covers(index, $0) } ?? false
        }
        let healthy = budgets[index].healthy - stillHealthy
        change(budget: index) { budget in
            budget.currentHealthy = healthy
            budget.desiredHealthy = expected.desiredHealthy
            budget.expectedPods = expected.expectedPods
            budget.disruptionsAllowed = expected.allowed(healthy: healthy)
            budget.disruptedPods = disrupted
            budget.observedGeneration = budget.generation
            budget.syncFailure = nil
        }
    }

    private func covers(_ budget: Int, _ pod: Int) -> Bool { pods[pod].budgets.contains(Int32(budget)) }

    /// Entries of `disruptedPods` whose pod is still there, not terminating, and younger than the timeout.
    private func remainingDisruptions(_ index: Int) -> [String: Instant] {
        let budget = budgets[index].budget
        return budget.disruptedPods.filter { name, since in
            guard let pod = podIndex[ObjectKey(budget.key.namespace, name)] else { return false }
            return !pods[pod].pod.isTerminating && since + settings.disruptedPodTimeout > now
        }
    }

    private mutating func planExpiry(_ index: Int, _ disrupted: [String: Instant]) {
        guard let first = disrupted.values.min() else { return }
        queue.add(.syncBudget(index), at: first + settings.disruptedPodTimeout)
    }

    /// Expected pods and desired health, or why they cannot be told.
    func expectation(_ index: Int) -> Result<BudgetExpectation, BudgetSyncFailure> {
        let budget = budgets[index].budget
        if case .count = budget.minAvailable {
            return .success(BudgetExpectation(budget, total: budgets[index].total, scale: 0))
        }
        guard budget.minAvailable != nil || budget.maxUnavailable != nil else {
            return .success(BudgetExpectation(expectedPods: 0, desiredHealthy: 0))
        }
        var counted: Set<Int> = []
        var scale = 0
        for owner in budgets[index].owners.keys.sorted() where owner >= 0 {
            if owners[owner].workload < 0, owners[owner].wanted >= 0, budgets[index].findsStandIns {
                scale += owners[owner].wanted
                continue
            }
            switch controller(of: owner) {
            case .success(let workload):
                if counted.insert(workload).inserted { scale += workloads[workload].workload.replicas }
            case .failure(let failure): return .failure(failure)
            }
        }
        return .success(BudgetExpectation(budget, total: budgets[index].total, scale: scale))
    }

    /// The scalable controller behind an owner: a ReplicaSet's Deployment, or itself.
    private func controller(of owner: Int) -> Result<Int, BudgetSyncFailure> {
        let workload = owners[owner].workload
        guard workload >= 0 else { return .failure(unknownController(owner)) }
        switch workloads[workload].workload.reference.kind {
        case .daemonSet: return .failure(BudgetSyncFailure("daemonsets.apps does not implement the scale subresource"))
        case .job: return .failure(BudgetSyncFailure("jobs.batch does not implement the scale subresource"))
        case .replicaSet: return .success(workloads[workload].parent >= 0 ? workloads[workload].parent : workload)
        case .deployment, .statefulSet, .replicationController: return .success(workload)
        }
    }

    private func unknownController(_ owner: Int) -> BudgetSyncFailure {
        if owners[owner].reference.kind == "Node" {
            return BudgetSyncFailure("nodes does not implement the scale subresource")
        }
        let names = owners[owner].pods.map { pods[Int($0)].pod.key.name }
        return BudgetSyncFailure("found no controllers for pod \"\(names.min() ?? "")\"")
    }
}

/// Why a budget's status cannot be computed.
struct BudgetSyncFailure: Error, Hashable {
    var message: String
    init(_ message: String) { self.message = message }
}

/// The formulae of semantics 2.
struct BudgetExpectation: Hashable {
    var expectedPods: Int
    var desiredHealthy: Int

    init(expectedPods: Int, desiredHealthy: Int) {
        self.expectedPods = expectedPods
        self.desiredHealthy = desiredHealthy
    }

    /// - Parameters:
    ///   - total: all matching pods, whatever their state.
    ///   - scale: the sum of the distinct controllers' scales.
    init(_ budget: PodDisruptionBudget, total: Int, scale: Int) {
        if let maxUnavailable = budget.maxUnavailable {
            self.init(expectedPods: scale, desiredHealthy: max(0, scale - maxUnavailable.roundedUp(of: scale)))
        } else if case .count(let count) = budget.minAvailable {
            self.init(expectedPods: total, desiredHealthy: count)
        } else if let minAvailable = budget.minAvailable {
            self.init(expectedPods: scale, desiredHealthy: minAvailable.roundedUp(of: scale))
        } else {
            self.init(expectedPods: 0, desiredHealthy: 0)
        }
    }

    func allowed(healthy: Int) -> Int { expectedPods <= 0 ? 0 : max(0, healthy - desiredHealthy) }
}
