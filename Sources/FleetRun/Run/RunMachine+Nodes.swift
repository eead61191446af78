import FleetExpressions
import FleetModel
import FleetPlanning

extension RunMachine {
    /// Lets every node that something may have happened to go on, in the order of the plan.
    mutating func advanceWorkingNodes() {
        let due = touchesAll ? state.order : dueNodes()
        touchesAll = false
        touched = []
        touchedWorkloads = []
        for name in due {
            deadlines[name] = nil
            guard !isUndoing, !isWindowUndone else {
                settleCompensations(of: name)
                continue
            }
            if state.working.contains(name), !isKeptByNarrowWindow(name) { advance(name) }
            settle(name)
        }
    }

    private mutating func settle(_ name: NodeName) {
        guard let node = state.nodes[name] else { return }
        if node.isEnded {
            settleEnded(name)
        } else if node.isRetreating {
            settleRetreat(of: name)
        } else {
            settleBegun(name)
        }
    }

    private func dueNodes() -> [NodeName] {
        var due = touched
        for (name, deadline) in deadlines where deadline <= now { due.insert(name) }
        for workload in touchedWorkloads { due.formUnion(watched.nodes(watching: workload)) }
        if due.isEmpty { return [] }
        return due.compactMap { name in positions[name].map { ($0, name) } }.sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// Notes whose pods decide when a node's step goes on: those of workloads that run or ran there.
    private mutating func watchWorkloads(_ planned: PlannedStep, _ node: NodeProgress) {
        let name = node.target.node
        guard planned.step.traits.contains(.watchesWorkloads) else { return watched.forget(name) }
        watched.add(world.workloads(on: name), for: name)
        watched.add(node.losses.keys, for: name)
    }

    /// Asks a working node's step what to do, until it waits.
    mutating func advance(_ name: NodeName) {
        deadlines[name] = nil
        blocked[name] = nil
        while state.result == nil, let node = state.nodes[name], let index = node.step {
            if state.isStopping, order.steps.isEmpty { return }
            guard index < order.steps.count else { return finishNode(name) }
            let planned = order.steps[index]
            if let reason = estrangement(of: node, at: index) { return quarantine(name, planned, reason) }
            switch wish(planned, index, name) {
            case .wanted: break
            case .unwanted:
                skip(index, of: name)
                continue
            case .undecided(let reason): return quarantine(name, planned, reason)
            }
            if let begins = node.steps[index]?.startedAt, begins > now {
                deadlines[name] = begins
                return
            }
            if beginsNothing, node.steps[index]?.acts.isEmpty ?? true, !planned.step.traits.contains(.drains) { return }
            if node.steps[index]?.acts.isEmpty ?? true, let reason = windowRefusal(of: name, at: index) {
                return note(reason, planned, name)
            }
            guard isProved(node, before: planned, at: index), carryOut(planned, index, node) else { return }
        }
    }

    /// Why a node in hand is no more what it was when it was begun: another Node bears its name (safety rule 2), or
    /// somebody lets pods come to it again.
    private func estrangement(of node: NodeProgress, at index: Int) -> String? {
        guard !beginsNothing, let current = world.nodes[node.target.node] else { return nil }
        let traits = order.steps[index].step.traits
        if let planned = node.target.nodeUID, current.uid != planned, !traits.contains(.onlyLooks),
            !order.steps[..<index].contains(where: { $0.step.traits.contains(.deletesNode) })
        {
            return
                "Node \(current.name) was deleted and registered anew: its UID is \(current.uid), the plan's \(planned); plan anew (fleet plan --repin)"
        }
        if node.isCordoned, !current.isCordoned, traits.contains(.drains) {
            return
                "somebody uncordoned it while it was drained: pods come to it again, and no more are evicted; ask who needs it before you run this again"
        }
        return nil
    }

    /// Performs what a step decided; true when the next step may be asked.
    private mutating func carryOut(_ planned: PlannedStep, _ index: Int, _ node: NodeProgress) -> Bool {
        let name = node.target.node
        switch planned.step.advance(context(for: node, index)) {
        case .perform(let acts, let reason):
            note(reason, planned, name)
            watchWorkloads(planned, node)
            for act in acts where !beginsNothing || act.settles { perform(act, node: name, index: index) }
            return false
        case .wait(let reason, let until):
            note(reason, planned, name)
            watchWorkloads(planned, node)
            deadlines[name] = until
            return false
        case .blocked(let reason):
            note(reason, planned, name)
            watched.forget(name)
            blocked[name] = reason
            return false
        case .done(let changed, let detail):
            emit(
                .stepFinished(
                    RunEvent.StepFinished(
                        node: name, index: index, step: planned.kind, changed: changed, detail: detail,
                        nodeUID: planned.step.traits.contains(.joins) ? registeredUID(of: node.target) : nil)
                )
            )
            return endStep(planned, index, name)
        case .failed(let reason, let findings):
            quarantine(name, planned, reason, findings)
            return false
        case .unsuccessful(let reason, let findings):
            if !triesAgain(planned, index, node, reason) { quarantine(name, planned, reason, findings) }
            return false
        }
    }

    /// Whether a step that failed is tried again; when, is noted.
    private mutating func triesAgain(
        _ planned: PlannedStep, _ index: Int, _ node: NodeProgress, _ reason: String
    ) -> Bool {
        let name = node.target.node
        let next = (node.steps[index]?.attempt ?? 1) + 1
        guard let pause = planned.retries.pause(before: next) else { return false }
        emit(
            .stepRetried(
                RunEvent.StepRetried(
                    node: name, index: index, step: planned.kind, attempt: next, attempts: planned.retries.count + 1,
                    reason: reason, seconds: pause.inSeconds)))
        note("\(reason); trying again", planned, name)
        deadlines[name] = now + pause
        return true
    }

    private mutating func endStep(_ planned: PlannedStep, _ index: Int, _ name: NodeName) -> Bool {
        watched.forget(name)
        if planned.step.traits.contains(.drains) {
            governor.drop(name)
            settleCompensations(of: name, only: [.replicas, .minimumReplicas, .budget])
        }
        if planned.step.traits.contains(.joins) { settleCompensations(of: name, only: [.bootstrapToken, .hostToken]) }
        beginStep(index + 1, of: name)
        return true
    }

    /// Notes what a node waits for, once per reason.
    mutating func note(_ reason: String, _ planned: PlannedStep, _ name: NodeName) {
        guard state.nodes[name]?.waiting != reason else { return }
        emit(.nodeWaiting(RunEvent.NodeWaiting(node: name, step: planned.kind, reason: reason)))
    }

    // MARK: - Steps

    /// Begins a step; a drain hands the node's pods to the governor.
    mutating func beginStep(_ next: Int, of name: NodeName) {
        let node = state.nodes[name]
        // What is done stays done, also behind steps that are done anew.
        let index =
            order.steps.indices.dropFirst(next).first {
                order.steps[$0].concerns(node?.target) && node?.results[$0] == nil
            } ?? order.steps.count
        guard index < order.steps.count else { return finishNode(name) }
        let planned = order.steps[index]
        if planned.step.traits.contains(.drains) { residents[name] = nil }
        emit(.stepStarted(RunEvent.StepStarted(node: name, index: index, step: planned.kind)))
        refreshEvictions(of: name)
    }

    private mutating func skip(_ index: Int, of name: NodeName) {
        let kind = order.steps[index].kind
        emit(
            .stepFinished(
                RunEvent.StepFinished(
                    node: name, index: index, step: StepResult.skippedPrefix + kind, changed: false,
                    detail: "when: does not hold")
            )
        )
        beginStep(index + 1, of: name)
    }

    func context(for node: NodeProgress, _ index: Int) -> StepContext {
        let name = node.target.node
        let isDraining =
            index < order.steps.count
            && (order.steps[index].step.traits.contains(.drains) || order.steps[index].step is VerifyDrainedStep)
        var drain = isDraining ? governor.status(of: name, in: world, at: now) : DrainStatus()
        drain.firstRequest = node.firstEviction
        return StepContext(
            target: node.target, world: world, now: now, index: index,
            memory: node.steps[index] ?? StepMemory(startedAt: now),
            node: node, drain: drain, run: order.settings, triage: triage, scope: scope(of: name, index)
        )
    }

    // MARK: - Ends of nodes

    private mutating func finishNode(_ name: NodeName) {
        emit(.nodeFinished(RunEvent.NodeFinished(node: name)))
        deadlines[name] = nil
        settleEnded(name)
    }

    /// Sets a node aside: it stays cordoned, labelled with the reason's step (safety rule 21).
    mutating func quarantine(
        _ name: NodeName, _ planned: PlannedStep, _ reason: String, _ findings: [Diagnosis.Finding] = []
    ) {
        // A host that was to come in, and never was a Node, has nothing to be cleaned of.
        let owes = order.cleans && world.nodes[name] == nil && state.nodes[name]?.target.isNewcomer != true
        emit(
            .nodeQuarantined(
                RunEvent.NodeQuarantined(
                    node: name, step: planned.kind, reason: reason, owesCleanup: owes,
                    diagnosis: findings.isEmpty ? nil : findings,
                    nodeUID: (state.nodes[name]?.target).flatMap(registeredUID))
            )
        )
        deadlines[name] = nil
        watched.forget(name)
        governor.drop(name)
        settleEnded(name)
    }

    /// The UID of a Node that registered after the plan was made: whoever only reads the facts knows it from them alone.
    private func registeredUID(of target: PlanTarget) -> ObjectUID? {
        target.nodeUID == nil ? world.nodes[target.node]?.uid : nil
    }

    /// What an ended node still needs: its label when it was set aside, and the end of its temporary changes.
    private mutating func settleEnded(_ name: NodeName) {
        if case .quarantined(let step, let reason) = state.nodes[name]?.phase {
            label(name, quarantinedIn: step, because: reason)
        }
        settleCompensations(of: name)
    }

    /// Labels a node, with the reason beside the label; again where that was refused in passing, or where it is in doubt
    /// after a crash.
    ///
    /// A run that only looks leaves no mark.
    private mutating func label(_ name: NodeName, quarantinedIn step: String, because reason: String) {
        guard !order.steps.onlyLook, let node = world.nodes[name], let target = state.nodes[name]?.target,
            target.nodeUID ?? node.uid == node.uid
        else { return }
        if let act = state.act(Self.labelKey, of: name) {
            if case .inFlight = act.state { return }
            if case .finished = act.state {
                guard owesLabel(name) else { return }
                if now < act.changedAt + act.pause { return wake(name, at: act.changedAt + act.pause) }
            }
        }
        var patch = NodePatch()
        patch.markQuarantined(in: step, because: reason)
        if !node.isCordoned, takesPods(name) {
            patch.isCordoned = true
            patch.annotations[CordonStep.annotation] = order.settings.id.rawValue
        }
        perform(
            StepOperation(
                key: Self.labelKey,
                title: "label \(name) quarantined\(patch.isCordoned == true ? ", and cordon it" : "")",
                .cluster(.patchNode(name, uid: node.uid, patch))
            ),
            node: name, index: nil
        )
    }

    /// Whether this run let pods come to a node that it sets aside now: it had joined it, or uncordoned it.
    private func takesPods(_ name: NodeName) -> Bool {
        guard let node = state.nodes[name] else { return false }
        return node.results.contains { index, result in
            guard index < order.steps.count, !result.isSkipped else { return false }
            return !order.steps[index].step.traits.isDisjoint(with: [.joins, .uncordons])
        }
    }

    private static let labelKey = "quarantine"

    /// Whether the label of some node was refused in passing, so that a run that is over waits for it (safety rule 21).
    var owesLabels: Bool { state.setAside.contains { owesLabel($0) } }

    /// Six attempts are made; an answer that was lost may be of a request that landed.
    private func owesLabel(_ name: NodeName) -> Bool {
        guard let act = state.act(Self.labelKey, of: name), case .finished(let result) = act.state, result.isPassing,
            act.attempts < 6, let node = world.nodes[name]
        else { return false }
        return node.labels[QuarantineMark.label] == nil
    }

    // MARK: - Compensations

    private var mayUndo: Bool { state.stop == nil && (state.ending == nil || isUndoing) }

    /// Undoes a node's temporary changes.
    ///
    /// A stop leaves them to the run that goes on (safety rule 21).
    mutating func settleCompensations(of name: NodeName, only kinds: [Compensation.Kind]? = nil) {
        guard mayUndo else { return }
        let owed = state.compensations.values.filter { $0.node == name && kinds?.contains($0.kind) ?? true }
        for compensation in owed.sorted(by: { $0.id < $1.id }) { settle(compensation, of: name) }
    }

    /// Goes on with what a node that is still worked on began to undo.
    private mutating func settleBegun(_ name: NodeName) {
        guard mayUndo, !state.compensations.isEmpty else { return }
        let begun = state.compensations.values.filter { $0.node == name && state.act("undo \($0.id)", of: name) != nil }
        for compensation in begun.sorted(by: { $0.id < $1.id }) { settle(compensation, of: name) }
    }

    /// Asks for a look at a node at an instant, if none is due before.
    mutating func wake(_ name: NodeName, at instant: Instant) {
        deadlines[name] = min(instant, deadlines[name] ?? instant)
    }

    private mutating func settle(_ compensation: Compensation, of name: NodeName) {
        let key = "undo \(compensation.id)"
        let act = state.act(key, of: name)
        if case .inFlight = act?.state { return }
        if case .finished(let result) = act?.state, compensation.isUndone(by: result) {
            return emit(.compensationSettled(RunEvent.CompensationSettled(id: compensation.id, detail: "revoked")))
        }
        if let other = state.compensations.values.first(where: { compensation.shares(with: $0) }) {
            let detail = "still needed by \(other.node)"
            return emit(.compensationSettled(RunEvent.CompensationSettled(id: compensation.id, detail: detail)))
        }
        guard let request = compensation.request(in: world, of: order.settings.id) else {
            // What is not seen at the moment may be there all the same.
            if isInterrupted { return wake(name, at: now + .seconds(5)) }
            // The change itself may still be on its way into the watch.
            if act == nil, !compensation.isMoot(in: world) {
                if state.open.values.contains(where: { $0.node == name && $0.index != nil }) { return }
                let seen = (state.answeredAt[name] ?? state.owedAt[compensation.id] ?? now) + .seconds(5)
                if now < seen { return wake(name, at: seen) }
            }
            let detail = act == nil ? "nothing left to undo" : "restored"
            return emit(.compensationSettled(RunEvent.CompensationSettled(id: compensation.id, detail: detail)))
        }
        let attempts = undoAttempts[compensation.id, default: 0]
        if let act, case .finished(let result) = act.state {
            if attempts >= Self.mostUndoAttempts, !result.isSuccess { return giveUp(compensation, result) }
            if attempts > 0, now < act.changedAt + act.pause { return wake(name, at: act.changedAt + act.pause) }
        }
        undoAttempts[compensation.id] = attempts + 1
        let operation = revocation(compensation, attempt: attempts) ?? .cluster(request)
        perform(StepOperation(key: key, title: key, operation), node: name, index: nil)
    }

    /// A token that a control-plane host made is revoked by one, each in turn; through the API where none is known.
    private func revocation(_ compensation: Compensation, attempt: Int) -> Operation? {
        guard compensation.kind == .hostToken, let id = compensation.label else { return nil }
        let hosts = order.settings.controlPlane
        guard !hosts.isEmpty, let authority = order.settings.clusterAuthority else { return nil }
        let command = HostCommand.revoking(token: id, authority: authority)
        return .otherHost(hosts[attempt % hosts.count], command)
    }

    /// About ten minutes of growing pauses.
    private static let mostUndoAttempts = 20

    /// What cannot be undone is not forgotten: the run ends as blocked, and whoever goes on with it tries again.
    private mutating func giveUp(_ compensation: Compensation, _ result: OperationResult) {
        guard state.stop == nil else { return }
        let words = "cannot undo \(compensation.id) after \(Self.mostUndoAttempts) attempts: \(result.words)"
        requestStop(RunEvent.StopRequested(by: words, kind: .block))
    }
}
