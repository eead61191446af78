public import FleetModel
import FleetPlanning

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

    /// 1 where nothing limits it, else 0.
    var freedom: Int { self == .free ? 1 : 0 }

    /// The lane of a pod as the world stands (semantics 1.1; safety rules 12 and 14).
    ///
    /// A pod that is awaited is held until it ends by itself.
    static func of(_ pod: Pod, awaitedFor reason: String?, in world: World) -> EvictionLane {
        if let reason, !pod.isFinished { return .held(reason) }
        if pod.isFinished || pod.phase == .pending { return .free }
        let budgets = world.budgets(selecting: pod)
        if budgets.count > 1 {
            let names = budgets.map(\.key.name).joined(separator: ", ")
            return .held(
                "\(budgets.count) PodDisruptionBudgets select it (\(names)) and the API refuses that; remove all but one"
            )
        }
        if let budget = budgets.first { return .budget(budget.key) }
        // Nobody waits for a Job's pods as a quorum: one that a rule lets go is run again.
        guard let owner = pod.controller, owner.kind != "Job" else { return .free }
        return .implicit(world.workloadUID(of: pod) ?? owner.uid)
    }
}

extension World {
    /// How many more pods of a lane may be evicted now: what its budget permits, less the run's own evictions that the
    /// world does not show yet.
    func room(in lane: EvictionLane, unreflected: Int, policy: EvictionPolicy) -> Int {
        switch lane {
        case .free: .max
        case .held: 0
        case .budget(let key): room(under: key, unreflected: unreflected)
        case .implicit(let uid): implicitRoom(of: uid, unreflected: unreflected, policy: policy)
        }
    }

    private func room(under key: ObjectKey, unreflected: Int) -> Int {
        guard let budget = budgets[key], budget.syncFailure == nil, budget.observedGeneration >= budget.generation
        else {
            return 0
        }
        return max(0, budget.disruptionsAllowed - unreflected)
    }

    private func implicitRoom(of uid: ObjectUID, unreflected: Int, policy: EvictionPolicy) -> Int {
        if !policy.downtime.isEmpty, let key = key(of: uid), policy.downtime.contains(key) {
            return .max
        }
        let replicas = replicasForBudget(of: uid)
        let limit = ImplicitBudget.maxUnavailable(replicas: replicas, policy: policy.withoutBudget)
        return max(0, limit - max(0, replicas - readyPods(of: uid)) - unreflected)
    }

    private func replicasForBudget(of uid: ObjectUID) -> Int { wantedPods(of: uid) ?? 0 }

    /// Why a lane without room has none, in the cluster's own words.
    func shortage(in lane: EvictionLane, policy: EvictionPolicy) -> String {
        switch lane {
        case .free: ""
        case .held(let reason): reason
        case .budget(let key): shortage(under: key)
        case .implicit(let uid): implicitShortage(of: uid, policy: policy)
        }
    }

    private func shortage(under key: ObjectKey) -> String {
        guard let budget = budgets[key] else { return "" }
        if let failure = budget.syncFailure { return "PodDisruptionBudget \(key) failed to sync: \(failure)" }
        guard budget.observedGeneration >= budget.generation else {
            return "PodDisruptionBudget \(key) is still being processed by the server"
        }
        return "PodDisruptionBudget \(key) needs \(budget.desiredHealthy) healthy pods and has \(budget.currentHealthy)"
    }

    private func implicitShortage(of uid: ObjectUID, policy: EvictionPolicy) -> String {
        let replicas = replicasForBudget(of: uid)
        let name = title(of: uid) ?? "its controller"
        if replicas <= 1 {
            return "\(name) has one replica and no budget: surge it, or name it in evictions.downtime"
        }
        let limit = ImplicitBudget.maxUnavailable(replicas: replicas, policy: policy.withoutBudget)
        return "\(name) has no budget; at most \(limit) of \(replicas) may be out and \(readyPods(of: uid)) are Ready"
    }

    /// Whether a pod's eviction spends nothing of its lane.
    func evictsFreely(_ pod: Pod, in lane: EvictionLane, unreflected: Int, policy: EvictionPolicy) -> Bool {
        switch lane {
        case .free: true
        case .held: false
        case .budget(let key): evictsUnready(pod, under: key)
        case .implicit(let uid): evictsUnready(pod, of: uid, unreflected: unreflected, policy: policy)
        }
    }

    /// The same of an implicit budget as of a budget's IfHealthyBudget: an unready pod is spent already, while no more
    /// than permitted are.
    private func evictsUnready(_ pod: Pod, of uid: ObjectUID, unreflected: Int, policy: EvictionPolicy) -> Bool {
        guard !pod.isReady else { return false }
        let replicas = replicasForBudget(of: uid)
        let limit = ImplicitBudget.maxUnavailable(replicas: replicas, policy: policy.withoutBudget)
        return limit > 0 && max(0, replicas - readyPods(of: uid)) + unreflected <= limit
    }

    /// Whether the API evicts an unready pod without spending its budget (semantics 1.1, step 6).
    private func evictsUnready(_ pod: Pod, under key: ObjectKey) -> Bool {
        guard !pod.isReady, let budget = budgets[key] else { return false }
        if budget.unhealthyPodEvictionPolicy == .alwaysAllow { return true }
        return budget.desiredHealthy > 0 && budget.currentHealthy >= budget.desiredHealthy
    }
}
