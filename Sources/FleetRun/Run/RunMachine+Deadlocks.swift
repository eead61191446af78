import FleetModel
import FleetPlanning

extension RunMachine {
    /// How long nothing may be admissible on a node before the wait graph is built: schedulers back off for ten seconds,
    /// and a budget's status follows within one.
    static let standstill = Duration.seconds(30)
    /// How often nodes are looked at.
    private static let standstillPace = Duration.seconds(5)
    /// How often a node may retreat; after that it stays, and is set aside at its timeout.
    static let mostRetreats = 2

    /// Finds draining nodes that wait for one another, and lets the one retreat that frees most.
    ///
    /// Each node is judged by itself: what goes on elsewhere, quickly or not at all, says nothing of it.
    mutating func resolveDeadlocks() {
        standstillDeadline = nil
        guard state.result == nil, !beginsNothing, !isInterrupted, state.working.count > 1 else {
            return standstills = [:]
        }
        if let looked = standstillsSeenAt, now < looked + Self.standstillPace {
            standstillDeadline = looked + Self.standstillPace
            return
        }
        standstillsSeenAt = now
        noteStandstills()
        guard !standstills.isEmpty else { return }
        standstillDeadline = now + Self.standstillPace
        let stuck = standstills.filter { now >= $0.value.since + Self.standstill }.keys
            .sorted { positions[$0] ?? 0 < positions[$1] ?? 0 }
        let candidates = stuck.filter { mayRetreat($0) }
        guard !candidates.isEmpty, graphBuiltAt.map({ now >= $0 + Self.standstill }) ?? true else { return }
        guard let retreat = WaitGraph(needs(of: stuck), candidates: candidates, in: world).best(of: candidates) else {
            // Looked at again after another while: somebody may have cordoned, uncordoned or added nodes.
            graphBuiltAt = now
            for name in stuck { standstills[name]?.since = now }
            return
        }
        self.retreat(retreat)
    }

    /// The draining nodes whose pods are all held back, since when the same ones are.
    private mutating func noteStandstills() {
        var seen: [NodeName: (pods: Governor.Standstill, since: Instant)] = [:]
        for name in state.working where drainStep(of: name) != nil {
            guard let pods = governor.standstill(of: name, in: world) else { continue }
            let known = standstills[name].flatMap { $0.pods == pods ? $0.since : nil }
            seen[name] = (pods, known ?? now)
        }
        standstills = seen
    }

    private func mayRetreat(_ name: NodeName) -> Bool {
        guard let node = state.nodes[name], let current = world.nodes[name], current.uid == node.target.nodeUID else {
            return false
        }
        let isOurs = current.isCordoned && current.annotations[CordonStep.annotation] != nil
        return isOurs && !node.target.wasCordoned && node.retreats < Self.mostRetreats && isReturnable(name)
    }

    // MARK: - The wait graph's nodes

    private func needs(of stuck: [NodeName]) -> [WaitGraph.Need] {
        var needs: [WaitGraph.Need] = []
        for name in stuck {
            let byLane = Dictionary(grouping: governor.blockedPods(of: name, in: world), by: \.lane)
            needs += byLane.compactMap { lane, pods in need(name, lane, pods.count) }
        }
        for (name, workloads) in watched.all where isVerifying(name) && !stuck.contains(name) {
            needs += workloads.compactMap { uid in need(name, .implicit(uid), .max) }
        }
        return needs
    }

    /// Whether a node's step waits for workloads, and has for a while.
    private func isVerifying(_ name: NodeName) -> Bool {
        guard state.working.contains(name), let node = state.nodes[name], let index = node.step else { return false }
        return node.steps[index].map { now >= $0.startedAt + Self.standstill } ?? false
    }

    private func need(_ node: NodeName, _ lane: EvictionLane, _ pods: Int) -> WaitGraph.Need? {
        switch lane {
        case .free, .held: return nil
        case .budget(let key):
            guard let budget = world.budgets[key] else { return nil }
            return WaitGraph.Need(node: node, title: title(of: lane), pods: pods) { budget.selects($0) }
        case .implicit(let uid):
            let world = world
            let title = world.title(of: uid) ?? uid.rawValue
            return WaitGraph.Need(node: node, title: title, pods: pods) { world.workloadUID(of: $0) == uid }
        }
    }

    // MARK: - Retreating

    private mutating func retreat(_ retreat: WaitGraph.Retreat) {
        governor.drop(retreat.node)
        deadlines[retreat.node] = nil
        watched.forget(retreat.node)
        emit(
            .nodeRetreated(
                RunEvent.NodeRetreated(node: retreat.node, waitsFor: retreat.frees, reason: retreat.reason)
            )
        )
        standstills = [:]
        settleRetreat(of: retreat.node)
    }

    /// Lets pods come to a node that retreated, and undoes what was changed for its sake.
    mutating func settleRetreat(of name: NodeName) {
        guard !state.isStopping, let node = state.nodes[name], node.isRetreating else { return }
        settleCompensations(of: name)
        guard let current = world.nodes[name], current.uid == node.target.nodeUID, current.isCordoned,
            !isRetreatSettled(node)
        else { return }
        let act = state.act(Self.retreatKey(node), of: name)
        if case .inFlight = act?.state { return }
        if let act, case .finished = act.state, now < act.changedAt + act.pause {
            return wake(name, at: act.changedAt + act.pause)
        }
        let patch = NodePatch(isCordoned: false, annotations: [CordonStep.annotation: nil])
        perform(
            StepOperation(
                key: Self.retreatKey(node), title: "uncordon \(name)",
                .cluster(.patchNode(name, uid: current.uid, patch))
            ),
            node: name, index: nil
        )
    }

    /// Whether a pending node must not be begun yet: it retreated, and what it made room for is not done.
    func isHeldBack(_ target: PlanTarget) -> Bool {
        guard let node = state.nodes[target.node], node.isRetreating else { return false }
        if !isRetreatSettled(node) || state.compensations.values.contains(where: { $0.node == target.node }) {
            return true
        }
        return node.waitsFor.contains { state.working.contains($0) }
    }

    /// Whether its uncordon was carried out, or cannot be.
    private func isRetreatSettled(_ node: NodeProgress) -> Bool {
        guard let current = world.nodes[node.target.node], current.uid == node.target.nodeUID else { return true }
        guard case .finished(let result) = state.act(Self.retreatKey(node), of: node.target.node)?.state else {
            return !current.isCordoned
        }
        // An answer that was lost may be of a request that landed.
        return result.isSuccess || !result.isPassing || !current.isCordoned
    }

    private static func retreatKey(_ node: NodeProgress) -> String { "retreat \(node.retreats)" }
}
