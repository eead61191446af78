import FleetModel

extension RunMachine {
    /// Takes in one observation; nothing is decided yet.
    mutating func take(_ observation: Observation) {
        switch observation {
        case .tick: break
        case .synchronized(let snapshot): synchronize(with: snapshot)
        case .changed(let change): take(change)
        case .interrupted: isInterrupted = true
        case .suspended(let gap): awaken(after: gap)
        case .clockSet(let offset): setClock(by: offset)
        case .lost(let failure): lose(failure)
        case .completed(let id, let answer, let latency): complete(id, answer, after: latency)
        case .stopRequested(let by, let kind): requestStop(RunEvent.StopRequested(by: by, kind: kind))
        case .lockLost(let reason):
            requestStop(RunEvent.StopRequested(by: "the cluster's lock was lost: \(reason)", kind: .block))
        }
    }

    mutating func touchEverything() {
        touchesAll = true
        mayAdmitNodes = true
    }

    private mutating func lose(_ failure: ClusterFailure) {
        guard state.result == nil || pendingStart != nil else { return }
        emitPendingStart()
        finish(.blocked, "the cluster cannot be followed any more: \(failure)")
    }

    /// The process did not run for a while: no timeout passed meanwhile, and the cluster must be seen anew.
    private mutating func awaken(after gap: Duration) {
        isInterrupted = true
        guard pendingStart == nil, state.result == nil else { return }
        emit(
            .timeStopped(
                RunEvent.TimeStopped(
                    seconds: gap.inSeconds, reason: "fleet did not run: its machine slept, or it was stopped")))
        stopDeadline = stopDeadline.map { $0 + gap }
        blockedSince = blockedSince.map { $0 + gap }
        standstills = standstills.mapValues { ($0.pods, $0.since + gap) }
        window.settleDeadline = window.settleDeadline.map { $0 + gap }
        returning = returning.mapValues { $0 + gap }
        keptSince = keptSince.mapValues { $0 + gap }
        if let bad = health?.badSince { health?.badSince = bad.mapValues { $0 + gap } }
        touchEverything()
    }

    private mutating func synchronize(with snapshot: ClusterSnapshot) {
        world.synchronize(with: snapshot)
        isInterrupted = false
        touchEverything()
        governor.synchronized(with: world)
        if pendingStart == nil { requeueDrainingNodes() }
    }

    private mutating func take(_ change: ClusterChange) {
        switch change {
        case .pod(let pod): return podChanged(pod, from: world.pods[pod.uid])
        case .podDeleted(let reference): return podDeleted(reference)
        case .budget(let budget): return budgetChanged(budget)
        case .workload(let workload): return workloadChanged(workload)
        default: world.apply(change)
        }
        switch change {
        case .node(let node): nodeChanged(node.name)
        case .nodeDeleted(let name, _): nodeChanged(name)
        case .pod, .podDeleted, .budget, .workload: break
        case .budgetDeleted(let key):
            governor.budgetDeleted(key, in: world)
            touchAdjusters(of: key)
        case .attachment(let attachment): touched.insert(attachment.nodeName)
        case .workloadDeleted(let reference):
            governor.workloadChanged(reference.uid)
            touchesAll = true
        case .autoscaler, .autoscalerDeleted, .attachmentDeleted: touchesAll = true
        }
    }

    private mutating func nodeChanged(_ name: NodeName) {
        touched.insert(name)
        mayAdmitNodes = true
    }

    /// The nodes for whose sake a budget was adjusted wait for its status.
    private mutating func touchAdjusters(of key: ObjectKey) {
        for owed in state.compensations.values where owed.kind == .budget && owed.key == key {
            touched.insert(owed.node)
        }
    }

    /// A workload changed; a status of its own says nothing that its pods do not say.
    private mutating func workloadChanged(_ workload: Workload) {
        let old = world.workloads[workload.reference.uid]
        world.apply(.workload(workload))
        if let old, workload.differsOnlyInStatus(from: old) { return }
        governor.workloadChanged(workload.reference.uid)
        touchedWorkloads.insert(workload.reference.uid)
    }

    private mutating func budgetChanged(_ budget: PodDisruptionBudget) {
        let old = world.budgets[budget.key]
        world.apply(.budget(budget))
        governor.budgetChanged(budget, from: old, in: world)
        touchAdjusters(of: budget.key)
    }

    /// A pod came or changed; its workload is noted when it counts as Ready now, or says anew why it is Pending.
    ///
    /// Nobody waits for a pod to cease to be Ready.
    private mutating func podChanged(_ pod: Pod, from old: Pod?) {
        let isNews =
            old?.pendingReason ?? "" != pod.pendingReason || pod.countsAsReady && old?.countsAsReady != true
            || pod.phase == .succeeded && old?.phase != .succeeded
        if isNews, let uid = world.workloadUID(of: pod) { touchedWorkloads.insert(uid) }
        world.apply(.pod(pod))
        podChanged(pod)
    }

    private mutating func podDeleted(_ reference: PodReference) {
        let old = world.pods[reference.uid]
        if let old, !old.pendingReason.isEmpty, let uid = world.workloadUID(of: old) { touchedWorkloads.insert(uid) }
        world.apply(.podDeleted(reference))
        podLeft(reference, old)
    }

    private mutating func complete(_ id: Int, _ answer: OperationAnswer, after latency: Duration?) {
        if let pod = state.openEvictions[id] { return evictionAnswered(id, pod, answer, after: latency) }
        guard let place = state.open[id] else { return }
        emit(.operationFinished(RunEvent.OperationFinished(id: id, result: answer.result)))
        if let node = place.node {
            touched.insert(node)
            if state.nodes[node]?.isRetreating == true { mayAdmitNodes = true }
        } else {
            touchesAll = true
        }
    }
}

extension Pod {
    /// Whether it is one of its workload's Ready pods.
    fileprivate var countsAsReady: Bool { self.isReady && !isTerminating }
}

extension Workload {
    /// Whether neither its specification nor what is written on it changed.
    fileprivate func differsOnlyInStatus(from old: Workload) -> Bool {
        self.generation == old.generation && self.replicas == old.replicas && self.annotations == old.annotations
            && self.labels == old.labels && self.controller == old.controller
    }
}
