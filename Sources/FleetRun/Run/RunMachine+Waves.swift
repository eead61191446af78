public import FleetModel
import FleetPlanning

extension RunMachine {
    /// The taint that keeps moved pods from nodes that will go too.
    public static let retiringTaint = Taint(key: "fleet.run/retiring", effect: .preferNoSchedule)
    /// The annotation that says whose taint it is: run and plan (safety rule 23).
    public static let retiringAnnotation = "fleet.run/retiring"

    /// Takes the run as far as it goes now.
    mutating func advanceRun() {
        // A run that winds down taints no more nodes: a deadline left over would wake it again and again.
        markDeadline = nil
        healthDeadline = nil
        advanceWorkingNodes()
        guard state.result == nil, !windsDown(), !isKeptByWindow() else { return }
        guard passesPreflight(), hasHealthBaseline(), marksRetiringNodes() else { return }
        advanceWaves()
    }

    private mutating func advanceWaves() {
        while state.result == nil, !windsDown(), !isKeptByWindow() {
            guard let wave = currentWave() else { return finishAllWaves() }
            if state.wave != wave.number {
                guard soakIsOver(before: wave), lastFinishedWave.map({ isHealthy(after: $0) }) ?? true else { return }
                emit(.waveStarted(change(wave)))
            }
            if let blockedSince, now >= blockedSince + Self.patience { mayAdmitNodes = true }
            if let rateDeadline, now >= rateDeadline { mayAdmitNodes = true }
            while mayAdmitNodes, !isInterrupted, !isOutsideWindow, failureReason() == nil { admitNodes(of: wave) }
            if isOutsideWindow { continue }
            let hasEnded =
                state.endedInWave[wave.number] ?? 0 >= wave.targets.count && wave.targets.allSatisfy { isEnded($0) }
            guard hasEnded else { return endIfBlocked() }
            emit(.waveFinished(change(wave)))
        }
    }

    /// Ends the run when every node in hand waits for a person, and nothing is under way.
    private mutating func endIfBlocked() {
        guard !blocked.isEmpty, !state.working.isEmpty, state.working.allSatisfy({ blocked[$0] != nil }),
            state.open.isEmpty, state.openEvictions.isEmpty
        else { return }
        let reasons = Set(state.working.compactMap { blocked[$0] }).sorted()
        finish(.blocked, "waiting for \(reasons.joined(separator: "; "))")
    }

    private func currentWave() -> PlannedWave? { order.waves.first { !state.finishedWaves.contains($0.number) } }

    private func change(_ wave: PlannedWave) -> RunEvent.WaveChanged {
        let zones = Set(wave.targets.compactMap { $0.zone?.rawValue }).sorted()
        return RunEvent.WaveChanged(wave: wave.number, nodes: wave.targets.map(\.node), zones: zones)
    }

    /// Lets the wave before soak, once.
    private mutating func soakIsOver(before wave: PlannedWave) -> Bool {
        guard order.policy.soak > .zero, let last = lastFinishedWave else { return true }
        if state.soakedWave != last {
            emit(.soakStarted(RunEvent.SoakStarted(wave: last, seconds: order.policy.soak.inSeconds)))
        }
        return state.soakEnd.map { now >= $0 } ?? true
    }

    private var lastFinishedWave: Int? { order.waves.last { state.finishedWaves.contains($0.number) }?.number }

    private func isEnded(_ target: PlanTarget) -> Bool {
        guard let node = state.nodes[target.node] else { return true }
        return node.isEnded && state.compensations.values.allSatisfy { $0.node != target.node }
    }

    private mutating func finishAllWaves() {
        guard state.compensations.isEmpty, state.open.isEmpty, !owesLabels, !unmarksWhenPlanIsDone() else { return }
        if let lastFinishedWave, !isHealthy(after: lastFinishedWave) { return }
        let bad = state.quarantined
        guard !bad.isEmpty else { return finish(.done, order.joins ? world.zoneBalance : "") }
        finish(.quarantined, "set aside: \(bad.map(\.target.node.rawValue).joined(separator: ", "))")
    }

    // MARK: - Preflight

    /// Reaches and proves every host before anything is changed; true once that is done (safety rules 2 and 6).
    private mutating func passesPreflight() -> Bool {
        if state.isPreflightPassed { return true }
        if unasked == nil { unasked = hostsToProve[...] }
        guard haveAnswered() else { return false }
        return judge(
            hostsToProve.compactMap { name in
                guard let node = state.nodes[name],
                    case .finished(let result) = state.act(Self.identityKey, of: name)?.state
                else { return nil }
                return (node, result)
            }
        )
    }

    static let identityKey = "identity"

    private var hostsToProve: [NodeName] {
        order.touchesHosts ? state.order.filter { state.nodes[$0]?.isEnded == false } : []
    }

    /// Asks the hosts who they are, a few at a time; true once all have answered.
    ///
    /// Nothing else is open meanwhile.
    private mutating func haveAnswered() -> Bool {
        while state.open.count < order.policy.parallelism, let node = unasked?.popFirst() {
            perform(Self.identityLook, node: node, index: nil)
        }
        return unasked?.isEmpty ?? false && state.open.isEmpty
    }

    private mutating func judge(_ results: [(NodeProgress, OperationResult)]) -> Bool {
        var refusals: [String] = []
        for (node, result) in results {
            switch HostProof(of: node.target, result, settings: order.settings, isCleaned: order.cleans) {
            case .proved(let proof):
                proved.insert(node.target.node)
                emit(.identityProved(proof))
            case .refused(let reason): refusals.append("\(node.target.host): \(reason)")
            }
        }
        if !refusals.isEmpty {
            finish(
                .failed,
                "nothing was changed; these hosts cannot be worked on:\n  " + refusals.joined(separator: "\n  "))
            return false
        }
        emit(.preflightPassed(RunEvent.PreflightPassed(hosts: results.count)))
        return true
    }

    // MARK: - Nodes that will go

    /// Taints the plan's remaining nodes `PreferNoSchedule`, so that no pod moves twice; true once that is done.
    private mutating func marksRetiringNodes() -> Bool {
        guard order.drains, state.wave == nil else { return true }
        var rest = unmarked ?? nodesToMark[...]
        var open: [PlanTarget] = []
        for target in marking where mark(target) { open.append(target) }
        while open.count < order.policy.parallelism, let target = rest.popFirst() {
            if mark(target) { open.append(target) }
        }
        (unmarked, marking) = (rest, open)
        return state.result == nil && rest.isEmpty && open.isEmpty
    }

    /// The plan's remaining nodes less those that are cordoned at once: a cordon keeps moved pods away as well.
    private var nodesToMark: [PlanTarget] {
        guard let wave = currentWave(), let first = order.steps.first, first.step.traits.contains(.cordons),
            first.condition == nil
        else { return order.soon }
        var caps = AvailabilityCaps(world: world, state: state, policy: order.policy)
        var begun: Set<NodeName> = []
        for target in wave.targets where state.nodes[target.node]?.phase == .pending && caps.permits(target) {
            caps.take(target)
            begun.insert(target.node)
        }
        return order.soon.filter { !begun.contains($0.node) }
    }

    /// Sees to one node's taint; true while it is not settled.
    ///
    /// What cannot be had after six attempts is done without.
    private mutating func mark(_ target: PlanTarget) -> Bool {
        guard state.result == nil, let node = world.nodes[target.node], node.uid == target.nodeUID, !node.isRetiring
        else {
            return false
        }
        guard let act = state.act(Self.retireKey, of: target.node) else { return askForMark(node) }
        switch act.state {
        case .inFlight: return true
        case .inDoubt: return askForMark(node)
        case .finished(let result):
            if result.code == ClusterFailure.Code.forbidden.rawValue {
                finish(.failed, "taint Node \(node.name): \(result.words); nothing was changed")
                return true
            }
            guard result.isPassing, act.attempts < 6 else { return false }
            if now >= act.changedAt + act.pause { return askForMark(node) }
            markDeadline = min(act.changedAt + act.pause, markDeadline ?? act.changedAt + act.pause)
            return true
        }
    }

    private mutating func askForMark(_ node: Node) -> Bool {
        let patch = NodePatch(
            annotations: [Self.retiringAnnotation: TemporaryNote(run: order.settings.id, plan: order.planDigest).text],
            addTaints: [Self.retiringTaint])
        let act = StepOperation(
            key: Self.retireKey, title: "taint \(node.name) PreferNoSchedule",
            .cluster(.patchNode(node.name, uid: node.uid, patch))
        )
        perform(act, node: node.name, index: nil)
        return true
    }

    static let retireKey = "retire"

    // MARK: - Admission of nodes

    /// Begins as many nodes of the wave as the caps permit (safety rule 18).
    private mutating func admitNodes(of wave: PlannedWave) {
        mayAdmitNodes = false
        rateDeadline = nil
        let isFull = !state.working.isEmpty && state.working.count >= order.policy.parallelism
        if state.pending.isEmpty || isFull { return blockedSince = nil }
        var caps = AvailabilityCaps(world: world, state: state, policy: order.policy)
        var isAnyWaiting = false
        var refusal: String?
        var narrow: NarrowRefusal?
        for target in wave.targets where state.pending.contains(target.node) && !isHeldBack(target) {
            isAnyWaiting = true
            // Only nodes in hand fill the caps: nothing is to be said of the others.
            if caps.isFull && !state.working.isEmpty || failureReason() != nil { break }
            guard mayStartByRate() else { break }
            guard caps.permits(target) else {
                refusal = refusal ?? caps.refusal(of: target)
                continue
            }
            if let reason = shortage(of: target, in: wave) {
                refusal = refusal ?? reason
                continue
            }
            if let reason = windowRefusal(of: target, in: wave, inHand: state.working.count) {
                return spendWindow(reason)
            }
            if let reason = narrowRefusal(of: target, in: wave, inHand: state.working.count) {
                if narrow.map({ isHopeless($0) && !isHopeless(reason) }) ?? true { narrow = reason }
                continue
            }
            caps.take(target)
            start(target, in: wave)
        }
        guard isAnyWaiting else { return blockedSince = nil }
        if let narrow, refusal == nil, state.working.isEmpty { return awaitNarrowWindow(narrow) }
        noteBlocked(refusal, wave)
    }

    /// Why an old node stays: a new one of its zone and pool, which came in for one of this wave's, was set aside (R1).
    private func shortage(of target: PlanTarget, in wave: PlannedWave) -> String? {
        guard !state.setAside.isEmpty, target.isNewcomer != true,
            let before = order.waves.last(where: { $0.number < wave.number }),
            before.targets.first?.isNewcomer == true
        else { return nil }
        let missing = before.targets.filter {
            $0.isNewcomer == true && $0.isInterchangeable(with: target)
                && state.nodes[$0.node]?.isQuarantined == true
        }
        guard !missing.isEmpty else { return nil }
        let staying = wave.targets.count { $0.isInterchangeable(with: target) && state.pending.contains($0.node) }
        guard staying <= missing.count else { return nil }
        return
            "\(missing.map(\.node.rawValue).joined(separator: ", ")) came in for it, or for another node of its zone, and was set aside; mend that host, then plan anew (fleet plan --repin)"
    }

    /// Says why nothing can be begun; after ten minutes of it the run ends, and can be resumed.
    private mutating func noteBlocked(_ reason: String?, _ wave: PlannedWave) {
        guard let reason, state.working.isEmpty else {
            blockedSince = nil
            return
        }
        let words = "wave \(wave.number) cannot start a node: \(reason)"
        if reason != lastBlock { emit(.runBlocked(RunEvent.RunBlocked(reason: words))) }
        lastBlock = reason
        let since = blockedSince ?? now
        blockedSince = since
        if now >= since + Self.patience { finish(.blocked, words) }
    }

    /// How long a run waits for others to make its first step possible.
    static let patience = Duration.seconds(600)

    /// Whether the rate of `starts_per_minute` lets one more node be begun now; when the next one may is noted (E8).
    private mutating func mayStartByRate() -> Bool {
        guard let most = order.policy.startsPerMinute else { return true }
        // A clock that was set back leaves starts behind that are yet to come.
        starts.removeAll { $0 + .seconds(60) <= now || $0 > now }
        rateDeadline = starts.count < most ? nil : starts.first.map { $0 + .seconds(60) }
        return rateDeadline == nil
    }

    private mutating func start(_ target: PlanTarget, in wave: PlannedWave) {
        if order.policy.startsPerMinute != nil { starts.append(now) }
        emit(
            .nodeStarted(RunEvent.NodeStarted(node: target.node, wave: wave.number, zone: target.zone?.rawValue ?? "")))
        beginStep(0, of: target.node)
        advance(target.node)
    }
}
