import FleetModel

/// The node lifecycle controller: taints that follow cordons and the Ready condition, and pods' Ready=False.
extension SimulatedCluster {
    private static let unschedulable = "node.kubernetes.io/unschedulable"
    private static let notReady = "node.kubernetes.io/not-ready"
    private static let unreachable = "node.kubernetes.io/unreachable"

    mutating func reconcileTaints(_ index: Int, token: UInt32) {
        guard nodes[index].isLive, nodes[index].token == token else { return }
        nodes[index].lifecyclePending = false
        let wanted = lifecycleTaints(nodes[index].node)
        let own: Set<String> = [Self.unschedulable, Self.notReady, Self.unreachable]
        let old = nodes[index].node.taints
        let kept = old.filter { taint in
            !own.contains(taint.key) || wanted.contains { $0.key == taint.key && $0.effect == taint.effect }
        }
        let missing = wanted.filter { want in !kept.contains { $0.key == want.key && $0.effect == want.effect } }
        change(node: index) { $0.taints = kept + missing }
        evictUntolerated(index)
        planOutOfService(index)
    }

    private func lifecycleTaints(_ node: Node) -> [Taint] {
        var wanted: [Taint] = []
        if node.isCordoned { wanted.append(Taint(key: Self.unschedulable, effect: .noSchedule)) }
        switch node.readiness {
        case .ready: break
        case .notReady: wanted += [TaintEffect.noSchedule, .noExecute].map { Taint(key: Self.notReady, effect: $0) }
        case .unknown: wanted += [TaintEffect.noSchedule, .noExecute].map { Taint(key: Self.unreachable, effect: $0) }
        }
        return wanted
    }

    /// The grace after the last heartbeat has passed: Ready becomes Unknown, and the node's pods are not Ready.
    mutating func loseHeartbeat(_ name: NodeName, boot: UInt32) {
        guard let record = hosts[name], record.boot == boot, !record.host.isKubeletAlive else { return }
        setReadiness(name, .unknown)
    }

    /// Sets a Node's Ready condition and what follows for its pods.
    mutating func setReadiness(_ name: NodeName, _ readiness: Node.Readiness) {
        guard let index = nodeIndex(name), nodes[index].node.readiness != readiness else { return }
        change(node: index) { $0.readiness = readiness }
        guard readiness != .ready else { return }
        for pod in nodes[index].pods.map(Int.init).sorted() { setReady(pod, false) }
    }

    // MARK: Taint eviction

    /// Plans the deletion of pods that do not tolerate a NoExecute taint; DELETE, past all budgets.
    private mutating func evictUntolerated(_ index: Int) {
        let taints = nodes[index].node.taints.filter { $0.effect == .noExecute }
        for pod in nodes[index].pods.map(Int.init).sorted() where !pods[pod].pod.isTerminating {
            pods[pod].taintToken &+= 1
            guard let wait = toleratedTime(pods[pod].pod, taints) else { continue }
            plan(.taintEviction(pod, token: pods[pod].taintToken), after: wait)
        }
    }

    /// How long a pod may stay under the taints; nil means for ever.
    private func toleratedTime(_ pod: Pod, _ taints: [Taint]) -> Duration? {
        var shortest: Duration?
        for taint in taints {
            let isLifecycle = taint.key == Self.notReady || taint.key == Self.unreachable
            if isLifecycle, !settings.taintEvictionEnabled { continue }
            let matching = pod.constraints.tolerations.filter { $0.tolerates(taint) }
            if matching.contains(where: { $0.seconds == nil }) { continue }
            // Admission gives every pod five minutes of not-ready and unreachable.
            let seconds = matching.compactMap(\.seconds).max() ?? (isLifecycle ? 300 : 0)
            shortest = min(shortest ?? .seconds(seconds), .seconds(max(0, seconds)))
        }
        return shortest
    }

    mutating func evictForTaint(_ index: Int, token: UInt32) {
        guard pods[index].isLive, pods[index].taintToken == token, !pods[index].pod.isTerminating else { return }
        change(index) {
            $0.pod.isDisruptionTarget = true
            $0.disruptionReason = "DeletionByTaintManager"
        }
        beginDeletion(index, grace: nil)
    }
}
