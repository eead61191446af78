import FleetModel
import FleetPlanning

extension RunMachine {
    /// How long nothing may be admissible and nothing leaving before the wait graph is built: schedulers back off for
    /// ten seconds, and a budget's status follows within one.
    static let standstill = Duration.seconds(30)
    /// How often a node may retreat; after that it stays, and is set aside at its timeout.
    static let mostRetreats = 2

    /// Finds draining nodes that wait for one another, and lets the one retreat that frees most.
    mutating func resolveDeadlocks() {
        standstillDeadline = nil
        let stuck = stuckNodes()
        guard !stuck.isEmpty else {
            standstillSince = nil
            return
        }
        let since = standstillSince ?? now
        standstillSince = since
        guard now >= since + Self.standstill else {
            standstillDeadline = since + Self.standstill
            return
        }
        // Looked at again after another while: somebody may have cordoned, uncordoned or added nodes.
        standstillSince = now
        standstillDeadline = now + Self.standstill
        let candidates = stuck.filter { mayRetreat($0) }
        guard !candidates.isEmpty,
            let retreat = WaitGraph(needs(of: stuck), candidates: candidates, in: world).best(of: candidates)
        else { return }
        self.retreat(retreat)
    }

    /// The draining nodes whose pods are all held back, in the plan's order; none while some eviction is under way or
    /// may be sent, or while the cluster is not seen.
    private func stuckNodes() -> [NodeName] {
        guard state.result == nil, !beginsNothing, !isInterrupted, governorDeadline == nil,
            !governor.hasPodsInFlight,
            state.openEvictions.isEmpty, state.working.count > 1
        else { return [] }
        let draining = state.working.filter { drainStep(of: $0) != nil }
            .sorted { positions[$0] ?? 0 < positions[$1] ?? 0 }
        return draining.allSatisfy { governor.isStuck($0, in: world) } ? draining : []
    }

    private func mayRetreat(_ name: NodeName) -> Bool {
        guard let node = state.nodes[name], let current = world.nodes[name], current.uid == node.target.nodeUID else {
            return false
        }
        let isOurs = current.isCordoned && current.annotations[CordonStep.annotation] != nil
        return isOurs && !node.target.wasCordoned && node.retreats < Self.mostRetreats
    }

    // MARK: - The wait graph's nodes

    private func needs(of stuck: [NodeName]) -> [WaitGraph.Need] {
        var needs: [WaitGraph.Need] = []
        for name in stuck {
            let byLane = Dictionary(grouping: governor.blockedPods(of: name, in: world), by: \.lane)
            needs += byLane.compactMap { lane, pods in need(name, lane, pods.count) }
        }
        for (name, workloads) in watched.all where state.working.contains(name) && !stuck.contains(name) {
            needs += workloads.compactMap { uid in need(name, .implicit(uid), .max) }
        }
        return needs
    }

    private func need(_ node: NodeName, _ lane: EvictionLane, _ pods: Int) -> WaitGraph.Need? {
        switch lane {
        case .free, .held: return nil
        case .budget(let key):
            guard let budget = world.budgets[key] else { return nil }
            return WaitGraph.Need(node: node, title: title(of: lane), pods: pods) { budget.selects($0) }
        case .implicit(let uid):
            let world = world
            let title = world.workloads[uid]?.reference.description ?? uid.rawValue
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
        standstillSince = nil
        standstillDeadline = nil
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
        return result.isSuccess || !result.isPassing
    }

    private static func retreatKey(_ node: NodeProgress) -> String { "retreat \(node.retreats)" }
}
