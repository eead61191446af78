public import FleetModel
import FleetPlanning

extension RunMachine {
    /// The taint that keeps moved pods from nodes that will go too.
    public static let retiringTaint = Taint(key: "fleet.run/retiring", effect: .preferNoSchedule)

    /// Takes the run as far as it goes now.
    mutating func advanceRun() {
        advanceWorkingNodes()
        guard state.result == nil, !windsDown() else { return }
        guard passesPreflight(), marksRetiringNodes() else { return }
        advanceWaves()
    }

    private mutating func advanceWaves() {
        while state.result == nil, !windsDown() {
            guard let wave = currentWave() else { return finishAllWaves() }
            if state.wave != wave.number {
                guard soakIsOver() else { return }
                emit(.waveStarted(change(wave)))
            }
            admitNodes(of: wave)
            guard wave.targets.allSatisfy({ isEnded($0) }) else { return }
            finishWave(wave)
        }
    }

    private func currentWave() -> PlannedWave? { order.waves.first { !state.finishedWaves.contains($0.number) } }

    private func change(_ wave: PlannedWave) -> RunEvent.WaveChanged {
        let zones = Set(wave.targets.compactMap { $0.zone?.rawValue }).sorted()
        return RunEvent.WaveChanged(wave: wave.number, nodes: wave.targets.map(\.node), zones: zones)
    }

    private func soakIsOver() -> Bool { state.soakEnd.map { now >= $0 } ?? true }

    private func isEnded(_ target: PlanTarget) -> Bool {
        guard let node = state.nodes[target.node] else { return true }
        return node.isEnded && state.compensations.values.allSatisfy { $0.node != target.node }
    }

    private mutating func finishWave(_ wave: PlannedWave) {
        emit(.waveFinished(change(wave)))
        guard currentWave() != nil, order.policy.soak > .zero else { return }
        emit(.soakStarted(RunEvent.SoakStarted(wave: wave.number, seconds: order.policy.soak.inSeconds)))
    }

    private mutating func finishAllWaves() {
        guard state.compensations.isEmpty else { return }
        let bad = state.quarantined
        guard !bad.isEmpty else { return finish(.done) }
        finish(.quarantined, "set aside: \(bad.map(\.target.node.rawValue).joined(separator: ", "))")
    }

    // MARK: - Stopping

    /// Ends a run that should go no further once what is in flight has settled; true while it winds down.
    private mutating func windsDown() -> Bool {
        if let by = state.stop { return windDown(.interrupted, "stopped by \(by)") }
        guard let reason = failureReason() else { return false }
        return windDown(.failed, reason)
    }

    /// Why too much has failed; nil while the run may go on (safety rule 17).
    private func failureReason() -> String? {
        let bad = state.quarantined
        guard let first = bad.first else { return nil }
        let names = bad.map(\.target.node.rawValue).joined(separator: ", ")
        if isCanary(first) { return "the canary failed: \(names)" }
        guard bad.count > order.policy.maxFailures else { return nil }
        return "\(bad.count) nodes failed (\(names)), more than max_failures: \(order.policy.maxFailures)"
    }

    private func isCanary(_ node: NodeProgress) -> Bool { node.wave == 1 && order.policy.canary != .count(0) }

    private mutating func windDown(_ result: RunResult, _ reason: String) -> Bool {
        let isLate = stopDeadline.map { now >= $0 } ?? false
        let isSettled = result == .interrupted
            ? state.open.isEmpty && !awaitsAcceptedEvictions
            : state.nodes.values.allSatisfy { !$0.isWorking } && state.compensations.isEmpty
        if isSettled || isLate { finish(result, reason) }
        return true
    }

    /// Whether an accepted eviction's pod is still there.
    private var awaitsAcceptedEvictions: Bool {
        !state.openEvictions.isEmpty
            || state.nodes.values.contains { node in
                node.isWorking && node.evicted.values.contains { $0.isAccepted && !$0.isGone }
            }
    }

    // MARK: - Preflight

    /// Reaches and proves every host before anything is changed; true once that is done (safety rules 2 and 6).
    private mutating func passesPreflight() -> Bool {
        if state.isPreflightPassed { return true }
        let nodes = state.order.compactMap { state.nodes[$0] }.filter { !$0.isEnded }
        guard order.touchesHosts, !nodes.isEmpty else {
            emit(.preflightPassed(RunEvent.PreflightPassed(hosts: 0)))
            return true
        }
        let acts = nodes.map { ($0, state.act(Self.identityKey, of: $0.target.node)) }
        askForIdentity(acts.filter { $0.1 == nil || $0.1?.state == .inDoubt }.map(\.0), inFlight: acts.count { $0.1?.state == .inFlight })
        let results = acts.compactMap { node, act -> (NodeProgress, OperationResult)? in
            guard case .finished(let result) = act?.state else { return nil }
            return (node, result)
        }
        guard results.count == nodes.count else { return false }
        return judge(results)
    }

    static let identityKey = "identity"

    private mutating func askForIdentity(_ nodes: [NodeProgress], inFlight: Int) {
        let look = StepOperation(
            key: Self.identityKey, title: "prove the host's identity",
            .host(HostCommand(script: NodeScript.identity, timeoutSeconds: 60))
        )
        for node in nodes.prefix(max(0, order.policy.parallelism - inFlight)) {
            perform(look, node: node.target.node, index: nil)
        }
    }

    private mutating func judge(_ results: [(NodeProgress, OperationResult)]) -> Bool {
        var refusals: [String] = []
        for (node, result) in results {
            switch HostProof(of: node.target, result, settings: order.settings) {
            case .proved(let proof): emit(.identityProved(proof))
            case .refused(let reason): refusals.append("\(node.target.host): \(reason)")
            }
        }
        if !refusals.isEmpty {
            finish(.failed, "nothing was changed; these hosts cannot be worked on:\n  " + refusals.joined(separator: "\n  "))
            return false
        }
        emit(.preflightPassed(RunEvent.PreflightPassed(hosts: results.count)))
        return true
    }

    // MARK: - Nodes that will go

    /// Taints the plan's remaining nodes `PreferNoSchedule`, so that no pod moves twice; true once that is done.
    private mutating func marksRetiringNodes() -> Bool {
        guard order.drains, state.wave == nil else { return true }
        var isDone = true
        var inFlight = order.soon.count { state.act(Self.retireKey, of: $0.node)?.state == .inFlight }
        for target in order.soon {
            guard let node = world.nodes[target.node], node.uid == target.nodeUID, !isMarked(node) else { continue }
            switch state.act(Self.retireKey, of: target.node)?.state {
            case .inFlight: isDone = false
            case .finished(let result) where !result.isSuccess && result.code == ClusterFailure.Code.forbidden.rawValue:
                finish(.failed, "taint Node \(node.name): \(result.words); nothing was changed")
                return false
            case .finished: continue
            case nil, .inDoubt:
                isDone = false
                guard inFlight < order.policy.parallelism else { continue }
                inFlight += 1
                let patch = NodePatch(addTaints: [Self.retiringTaint])
                perform(
                    StepOperation(
                        key: Self.retireKey, title: "taint \(node.name) PreferNoSchedule",
                        .cluster(.patchNode(node.name, uid: node.uid, patch))
                    ),
                    node: node.name, index: nil
                )
            }
        }
        return isDone
    }

    private static let retireKey = "retire"

    private func isMarked(_ node: Node) -> Bool { node.taints.contains { $0.key == Self.retiringTaint.key } }

    // MARK: - Admission of nodes

    /// Begins as many nodes of the wave as the caps permit (safety rule 18).
    private mutating func admitNodes(of wave: PlannedWave) {
        let waiting = wave.targets.filter { state.nodes[$0.node]?.phase == .pending }
        guard !waiting.isEmpty else { return }
        var caps = AvailabilityCaps(world: world, state: state, policy: order.policy)
        var refusal: String?
        for target in waiting {
            if let reason = caps.refusal(of: target) {
                refusal = refusal ?? reason
                continue
            }
            caps.take(target)
            start(target, in: wave)
        }
        noteBlocked(refusal, wave)
    }

    private mutating func noteBlocked(_ reason: String?, _ wave: PlannedWave) {
        let isIdle = !state.nodes.values.contains(where: \.isWorking)
        guard let reason, isIdle, reason != lastBlock else { return }
        lastBlock = reason
        emit(.runBlocked(RunEvent.RunBlocked(reason: "wave \(wave.number) cannot start a node: \(reason)")))
    }

    private mutating func start(_ target: PlanTarget, in wave: PlannedWave) {
        emit(.nodeStarted(RunEvent.NodeStarted(node: target.node, wave: wave.number, zone: target.zone?.rawValue ?? "")))
        beginStep(0, of: target.node)
        advance(target.node)
    }
}
