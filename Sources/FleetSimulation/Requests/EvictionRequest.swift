import FleetModel

/// The eviction subresource, in the server's order (`pkg/registry/core/pod/storage/eviction.go`).
extension SimulatedCluster {
    /// `disruptedPods` may not grow beyond this (`MaxDisruptedPodSize`).
    private static let disruptedPodLimit = 2000

    mutating func evict(_ key: ObjectKey, _ options: DeleteOptions) -> (SimulationReply, Duration) {
        let identity = ObjectIdentity(.pod, key)
        guard let namespace = namespaces[key.namespace] else {
            return (.refused(.namespaceMissing(key.namespace)), .milliseconds(50))
        }
        if namespace.value.isTerminating { return (.refused(.namespaceTerminating(identity)), .zero) }
        guard let index = podIndex[key] else { return (.refused(.notFound(identity)), .zero) }
        let pod = pods[index].pod
        if pod.isFinished || pod.phase == .pending || pod.isTerminating { return evictFreely(index, options) }
        switch spendBudget(index, options) {
        case .failure(let refusal): return (.refused(refusal), .zero)
        case .success(let ignoresVersion):
            var options = options
            if ignoresVersion { options.resourceVersion = nil }
            return (finishEviction(index, options), .zero)
        }
    }

    /// Pending, finished and terminating pods: no budget is asked.
    ///
    /// A failed precondition is retried for ten seconds.
    private mutating func evictFreely(_ index: Int, _ options: DeleteOptions) -> (SimulationReply, Duration) {
        let isPending = pods[index].pod.phase == .pending
        let reply = finishEviction(index, options)
        guard case .refused = reply, isPending, options.resourceVersion == nil else { return (reply, .zero) }
        return (reply, .milliseconds(10_500))
    }

    /// Asks (and unless it is a dry run, charges) the pod's budget; success says whether a caller's version
    /// precondition has been overwritten, as the shortcuts for unready pods do.
    private mutating func spendBudget(_ index: Int, _ options: DeleteOptions) -> Result<Bool, SimulationRefusal> {
        let matching = pods[index].budgets
        guard let first = matching.first else { return .success(false) }
        guard matching.count == 1 else { return .failure(.severalBudgets) }
        let budget = budgets[Int(first)].budget
        if !pods[index].pod.isReady, budget.letsUnreadyGo { return .success(true) }
        if let refusal = refusal(of: budget) { return .failure(refusal) }
        guard !options.isDryRun else { return .success(false) }
        let (name, instant) = (pods[index].pod.key.name, now)
        change(budget: Int(first)) {
            $0.disruptionsAllowed -= 1
            $0.disruptedPods[name] = instant
        }
        enqueue(budget: Int(first))
        return .success(false)
    }

    /// `checkAndDecrement`'s checks, in order.
    private func refusal(of budget: PodDisruptionBudget) -> SimulationRefusal? {
        let name = budget.key.name
        if budget.observedGeneration < budget.generation { return .budgetNotObserved(name) }
        if budget.disruptionsAllowed < 0 { return .budgetForbidden(name, "pdb disruptions allowed is negative") }
        if budget.disruptedPods.count > Self.disruptedPodLimit {
            return .budgetForbidden(
                name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller")
        }
        return budget.disruptionsAllowed == 0 ? .budget(budget.exhaustedCause) : nil
    }

    /// The condition, then the delete with the caller's options; preconditions are checked only here.
    private mutating func finishEviction(_ index: Int, _ options: DeleteOptions) -> SimulationReply {
        if let refusal = failedPrecondition(index, options) { return .refused(refusal) }
        guard !options.isDryRun else { return .done(nil) }
        if !pods[index].pod.isDisruptionTarget {
            change(index) {
                $0.pod.isDisruptionTarget = true
                $0.disruptionReason = "EvictionByEvictionAPI"
            }
        }
        beginDeletion(index, grace: options.gracePeriodSeconds)
        return .done(nil)
    }
}

extension PodDisruptionBudget {
    /// The shortcut for pods that are not Ready.
    var letsUnreadyGo: Bool {
        self.unhealthyPodEvictionPolicy == .alwaysAllow
            || self.currentHealthy >= self.desiredHealthy && self.desiredHealthy > 0
    }

    /// Why the budget allows nothing (semantics 1.3).
    var exhaustedCause: String {
        let name = self.key.name
        if let failure = self.syncFailure {
            return "The disruption budget \(name) does not allow evicting pods currently because it failed sync: "
                + failure
        }
        if self.currentHealthy <= self.desiredHealthy {
            return
                "The disruption budget \(name) needs \(self.desiredHealthy) healthy pods and has \(self.currentHealthy) currently"
        }
        return "The disruption budget \(name) does not allow evicting pods currently"
    }
}
