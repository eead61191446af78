import FleetPlanning
public import FleetModel

/// What limits a pod's eviction: pods of one lane share an allowance.
public enum EvictionLane: Hashable, Sendable {
    /// Nothing: finished and Pending pods, bare pods that may go.
    case free
    /// The one PodDisruptionBudget that selects it.
    case budget(ObjectKey)
    /// The implicit budget of its workload, by the workload's (or unknown controller's) UID.
    case implicit(ObjectUID)
    /// It cannot be evicted as things stand; the text says why.
    case held(String)

    /// The lane of a pod as the world stands (semantics 1.1; safety rules 12 and 14). A pod that is awaited is held
    /// until it ends by itself.
    static func of(_ pod: Pod, awaitedFor reason: String?, in world: World) -> EvictionLane {
        if let reason, !pod.isFinished { return .held(reason) }
        if pod.isFinished || pod.phase == .pending { return .free }
        let budgets = world.budgets(selecting: pod)
        if budgets.count > 1 {
            let names = budgets.map(\.key.name).joined(separator: ", ")
            return .held("\(budgets.count) PodDisruptionBudgets select it (\(names)) and the API refuses that; remove all but one")
        }
        if let budget = budgets.first { return .budget(budget.key) }
        guard let owner = pod.controller else { return .free }
        return .implicit(world.workload(of: pod)?.reference.uid ?? owner.uid)
    }
}

/// What a lane permits now.
struct LaneAllowance: Equatable {
    /// How many more pods may be evicted now.
    var count: Int
    /// Why not more, in the cluster's own words.
    var reason: String
}

extension World {
    /// What a lane permits, less the run's own evictions that the world does not show yet.
    func allowance(of lane: EvictionLane, unreflected: Int, policy: EvictionPolicy) -> LaneAllowance {
        switch lane {
        case .free: LaneAllowance(count: .max, reason: "")
        case .held(let reason): LaneAllowance(count: 0, reason: reason)
        case .budget(let key): allowance(of: key, unreflected: unreflected)
        case .implicit(let uid): implicitAllowance(of: uid, unreflected: unreflected, policy: policy)
        }
    }

    private func allowance(of key: ObjectKey, unreflected: Int) -> LaneAllowance {
        guard let budget = budgets[key] else { return LaneAllowance(count: 0, reason: "") }
        if let failure = budget.syncFailure {
            return LaneAllowance(count: 0, reason: "PodDisruptionBudget \(key) failed to sync: \(failure)")
        }
        guard budget.observedGeneration >= budget.generation else {
            return LaneAllowance(count: 0, reason: "PodDisruptionBudget \(key) is still being processed by the server")
        }
        return LaneAllowance(
            count: max(0, budget.disruptionsAllowed - unreflected),
            reason: "PodDisruptionBudget \(key) needs \(budget.desiredHealthy) healthy pods and has \(budget.currentHealthy)"
        )
    }

    private func implicitAllowance(of uid: ObjectUID, unreflected: Int, policy: EvictionPolicy) -> LaneAllowance {
        let workload = workloads[uid]
        let replicas = workload?.replicas ?? pods(of: uid).count { !$0.isFinished }
        let ready = readyPods(of: uid)
        let name = workload?.reference.description ?? "its controller"
        if let key = workload?.reference.key, policy.downtime.contains(key) { return LaneAllowance(count: .max, reason: "") }
        let limit = ImplicitBudget.maxUnavailable(replicas: replicas, policy: policy.withoutBudget)
        let reason = replicas <= 1
            ? "\(name) has one replica and no budget: surge it, or name it in evictions.downtime"
            : "\(name) has no budget; at most \(limit) of \(replicas) may be out and \(ready) are Ready"
        return LaneAllowance(count: max(0, limit - max(0, replicas - ready) - unreflected), reason: reason)
    }

    /// Whether the API evicts an unready pod without spending its budget (semantics 1.1, step 6).
    func evictsUnready(_ pod: Pod, under key: ObjectKey) -> Bool {
        guard !pod.isReady, let budget = budgets[key] else { return false }
        if budget.unhealthyPodEvictionPolicy == .alwaysAllow { return true }
        return budget.desiredHealthy > 0 && budget.currentHealthy >= budget.desiredHealthy
    }
}
