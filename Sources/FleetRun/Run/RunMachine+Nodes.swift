import FleetExpressions
import FleetModel
import FleetPlanning

extension RunMachine {
    /// Lets every node that something may have happened to go on.
    mutating func advanceWorkingNodes() {
        let all = touchesAll
        let some = touched
        touchesAll = false
        touched = []
        for name in state.order {
            guard let node = state.nodes[name] else { continue }
            let isDue = all || some.contains(name) || watchesWorkloads(node) || (deadlines[name].map { $0 <= now } ?? false)
            guard isDue else { continue }
            if node.isWorking { advance(name) }
            if node.isEnded || state.stop != nil { settleCompensations(of: name) }
        }
    }

    private func watchesWorkloads(_ node: NodeProgress) -> Bool {
        guard let step = node.step, step < order.steps.count else { return false }
        return order.steps[step].step.traits.contains(.watchesWorkloads)
    }

    /// Asks a working node's step what to do, until it waits.
    mutating func advance(_ name: NodeName) {
        deadlines[name] = nil
        while state.result == nil, let node = state.nodes[name], let index = node.step {
            guard index < order.steps.count else { return finishNode(name) }
            let planned = order.steps[index]
            guard isWanted(planned, name) else {
                skip(index, of: name)
                continue
            }
            if state.stop != nil, node.steps[index]?.acts.isEmpty ?? true, !planned.step.traits.contains(.drains) { return }
            guard carryOut(planned, index, node) else { return }
        }
    }

    /// Performs what a step decided; true when the next step may be asked.
    private mutating func carryOut(_ planned: PlannedStep, _ index: Int, _ node: NodeProgress) -> Bool {
        let name = node.target.node
        switch planned.step.advance(context(for: node, index)) {
        case .perform(let acts, let reason):
            note(reason, planned, name)
            guard state.stop == nil else { return false }
            for act in acts { perform(act, node: name, index: index) }
            return false
        case .wait(let reason, let until):
            note(reason, planned, name)
            deadlines[name] = until
            return false
        case .done(let changed, let detail):
            emit(
                .stepFinished(
                    RunEvent.StepFinished(node: name, index: index, step: planned.kind, changed: changed, detail: detail)
                )
            )
            return endStep(planned, index, name)
        case .failed(let reason):
            quarantine(name, planned, reason)
            return false
        }
    }

    private mutating func endStep(_ planned: PlannedStep, _ index: Int, _ name: NodeName) -> Bool {
        if planned.step.traits.contains(.drains) {
            governor.drop(name)
            settleCompensations(of: name, only: [.replicas, .minimumReplicas])
        }
        beginStep(index + 1, of: name)
        return true
    }

    /// Notes what a node waits for, once per reason.
    private mutating func note(_ reason: String, _ planned: PlannedStep, _ name: NodeName) {
        guard state.nodes[name]?.waiting != reason else { return }
        emit(.nodeWaiting(RunEvent.NodeWaiting(node: name, step: planned.kind, reason: reason)))
    }

    // MARK: - Steps

    /// Begins a step; a drain hands the node's pods to the governor.
    mutating func beginStep(_ index: Int, of name: NodeName) {
        guard index < order.steps.count else { return finishNode(name) }
        let planned = order.steps[index]
        emit(.stepStarted(RunEvent.StepStarted(node: name, index: index, step: planned.kind)))
        if planned.step.traits.contains(.drains) { refreshEvictions(of: name) }
    }

    private mutating func skip(_ index: Int, of name: NodeName) {
        let kind = order.steps[index].kind
        emit(
            .stepFinished(
                RunEvent.StepFinished(node: name, index: index, step: "skipped.\(kind)", changed: false, detail: "when: does not hold")
            )
        )
        beginStep(index + 1, of: name)
    }

    private func isWanted(_ planned: PlannedStep, _ name: NodeName) -> Bool {
        guard let condition = planned.condition else { return true }
        let scope = order.scopes[name] ?? VariableScope()
        return (try? condition.holds(in: scope)) ?? true
    }

    func context(for node: NodeProgress, _ index: Int) -> StepContext {
        let name = node.target.node
        var drain = governor.status(of: name, in: world)
        drain.firstRequest = node.firstEviction
        return StepContext(
            target: node.target, world: world, now: now, memory: node.steps[index] ?? StepMemory(startedAt: now),
            node: node, drain: drain, run: order.settings, triage: triage, scope: order.scopes[name] ?? VariableScope()
        )
    }

    // MARK: - Ends of nodes

    private mutating func finishNode(_ name: NodeName) {
        emit(.nodeFinished(RunEvent.NodeFinished(node: name)))
        deadlines[name] = nil
        settleCompensations(of: name)
    }

    /// Sets a node aside: it stays cordoned, labelled with the reason's step (safety rule 21).
    private mutating func quarantine(_ name: NodeName, _ planned: PlannedStep, _ reason: String) {
        let owes = order.steps.contains { $0.step.traits.contains(.cleans) } && world.nodes[name] == nil
        emit(
            .nodeQuarantined(
                RunEvent.NodeQuarantined(node: name, step: planned.kind, reason: reason, owesCleanup: owes)
            )
        )
        deadlines[name] = nil
        governor.drop(name)
        label(name, quarantinedIn: planned.kind)
        settleCompensations(of: name)
    }

    private mutating func label(_ name: NodeName, quarantinedIn step: String) {
        guard let node = world.nodes[name], node.uid == state.nodes[name]?.target.nodeUID else { return }
        let patch = NodePatch(labels: ["fleet.run/quarantined": step])
        perform(
            StepOperation(
                key: "quarantine", title: "label \(name) quarantined", .cluster(.patchNode(name, uid: node.uid, patch))
            ),
            node: name, index: nil
        )
    }

    // MARK: - Compensations

    /// Undoes a node's temporary changes. A stop leaves them to the run that goes on (safety rule 21).
    mutating func settleCompensations(of name: NodeName, only kinds: [Compensation.Kind]? = nil) {
        guard state.stop == nil else { return }
        let owed = state.compensations.values.filter { $0.node == name && kinds?.contains($0.kind) ?? true }
        for compensation in owed.sorted(by: { $0.id < $1.id }) { settle(compensation, of: name) }
    }

    private mutating func settle(_ compensation: Compensation, of name: NodeName) {
        let key = "undo \(compensation.id)"
        let act = state.act(key, of: name)
        if case .inFlight = act?.state { return }
        guard let request = compensation.request(in: world) else {
            let detail = act == nil ? "nothing to undo: it was changed by somebody else" : "restored"
            return emit(.compensationSettled(RunEvent.CompensationSettled(id: compensation.id, detail: detail)))
        }
        if let act, case .finished = act.state, now < act.changedAt + .seconds(Int64(1 << min(act.attempts, 5))) {
            deadlines[name] = act.changedAt + .seconds(Int64(1 << min(act.attempts, 5)))
            return
        }
        perform(StepOperation(key: key, title: key, .cluster(request)), node: name, index: nil)
    }
}
