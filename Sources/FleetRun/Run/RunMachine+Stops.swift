public import FleetModel
import FleetPlanning

extension RunMachine {
    /// Takes in that the run is to stop; a wish that ends the run outweighs one that does not, and the first one stands.
    mutating func requestStop(_ wish: RunEvent.StopRequested) {
        guard state.result == nil || pendingStart != nil else { return }
        guard pendingStart == nil else { return stopBeforeStart(wish) }
        pendingStop = nil
        let isNew =
            wish.kind?.isEnding == true ? state.ending == nil || state.ending?.kind == .abort : state.stop == nil
        guard isNew, state.ending != wish else { return }
        emit(.stopRequested(wish))
        awaitAtMostAMinute()
    }

    /// Before the cluster was seen, nothing is in hand: what is no undoing ends here.
    private mutating func stopBeforeStart(_ wish: RunEvent.StopRequested) {
        pendingStop = wish
        guard wish.kind?.isEnding != true, !world.isSynchronized else { return }
        emitPendingStart()
        emit(.stopRequested(wish))
        finish((wish.kind ?? .interrupt).result, wish.words)
    }

    /// What is in flight has a minute to settle (safety rule 22).
    mutating func awaitAtMostAMinute() {
        stopDeadline = now + .seconds(60)
        touchEverything()
    }

    // MARK: - Winding down

    /// Ends a run that should go no further once what is in flight has settled; true while it winds down.
    mutating func windsDown() -> Bool {
        undoDeadline = nil
        if let stop = state.stop { return stops(stop) }
        if let ending = state.ending { return ends(ending) }
        guard let reason = failureReason() else { return false }
        // Outside the window the nodes in hand are given back first.
        if isOutsideWindow { return false }
        if state.working.isEmpty, state.compensations.isEmpty, state.open.isEmpty, !owesLabels {
            finish(.failed, Afterword(state, world, order).text(after: reason))
        }
        return true
    }

    /// A stop that the run survives: everything stays for the process that goes on.
    private mutating func stops(_ stop: RunEvent.StopRequested) -> Bool {
        if hasSettled { finish((stop.kind ?? .interrupt).result, stop.words) }
        return true
    }

    /// An abort or a rollback: once what is in flight has settled, what is temporary is undone.
    private mutating func ends(_ ending: RunEvent.StopRequested) -> Bool {
        if !isUndoing, hasSettled {
            isUndoing = true
            touchEverything()
            advanceWorkingNodes()
        }
        guard isUndoing, state.result == nil, state.stop == nil, putsBack(ending) else { return true }
        finish((ending.kind ?? .abort).result, Afterword(state, world, order).text(after: ending))
        return true
    }

    /// Whether nothing is in flight any more, or it was awaited for long enough.
    private var hasSettled: Bool {
        if let stopDeadline, now >= stopDeadline { return true }
        return state.open.isEmpty && !awaitsAcceptedEvictions
    }

    /// Whether an accepted eviction's pod is still there.
    var awaitsAcceptedEvictions: Bool {
        !state.openEvictions.isEmpty
            || state.working.contains { name in
                state.nodes[name]?.evicted.values.contains { $0.isAccepted && !$0.isGone } ?? false
            }
    }

    /// Why too much has failed; nil while the run may go on (safety rule 17).
    func failureReason() -> String? {
        let bad = state.quarantined
        guard let first = bad.first else { return nil }
        let names = bad.map(\.target.node.rawValue).joined(separator: ", ")
        if isCanary(first) { return "the canary failed: \(names)" }
        guard bad.count > order.policy.maxFailures else { return nil }
        return "\(bad.count) nodes failed (\(names)), more than max_failures: \(order.policy.maxFailures)"
    }

    private func isCanary(_ node: NodeProgress) -> Bool { node.wave == 1 && order.policy.hasCanary }

    // MARK: - Putting nodes back

    /// Lifts the plan's taints, and cordons where a rollback asks for it; true once that and all undoing is done.
    private mutating func putsBack(_ ending: RunEvent.StopRequested) -> Bool {
        var isDone = true
        for target in nodesToPutBack {
            guard let node = world.nodes[target.node], node.uid == target.nodeUID else { continue }
            if !putBack(node, uncordoning: ending.kind == .rollback && isOursToUncordon(node)) { isDone = false }
        }
        return isDone && state.compensations.isEmpty && state.open.isEmpty
    }

    /// The nodes of the run, and those that the plan's taint keeps for later runs.
    private var nodesToPutBack: [PlanTarget] {
        let own = state.order.compactMap { state.nodes[$0]?.target }
        return own + order.soon.filter { state.nodes[$0.node] == nil }
    }

    /// What fleet cordoned and did not finish draining; never a host whose clean-up began (safety rule 21).
    private func isOursToUncordon(_ node: Node) -> Bool {
        guard let progress = state.nodes[node.name], !progress.isDrained, !progress.isCleanupBegun else { return false }
        return isCordonedByRun(node, takenBackBy: Self.putBackKey)
    }

    /// Whether this run, or another of its plan, cordoned a Node, also where the watch has not shown it yet; an act of that key takes it back.
    func isCordonedByRun(_ node: Node, takenBackBy key: String) -> Bool {
        if node.isCordoned { return order.settings.isOwnCordon(of: node) }
        // By the act, not by the step: what is undone from the journal alone has no steps.
        let acts = state.nodes[node.name]?.steps.values.compactMap { $0.acts[CordonStep.kind] } ?? []
        return acts.contains { isOnItsWay($0, to: node.name, takenBackBy: key) }
    }

    /// Sees to one node; true once nothing is left to put back, or it cannot be.
    private mutating func putBack(_ node: Node, uncordoning: Bool) -> Bool {
        let patch = patch(puttingBack: node, uncordoning: uncordoning)
        guard patch != NodePatch() else { return true }
        let act = StepOperation(
            key: Self.putBackKey, title: uncordoning ? "uncordon \(node.name)" : "take fleet's taint off \(node.name)",
            .cluster(.patchNode(node.name, uid: node.uid, patch)))
        return undo(act, of: node.name)
    }

    /// The name of the act that takes fleet's taint, and in a rollback its cordon, off a node.
    public static let putBackKey = "put back"

    private func patch(puttingBack node: Node, uncordoning: Bool) -> NodePatch {
        var patch = NodePatch()
        if node.isRetiring ? node.isMarked(by: order.planDigest, of: order.settings.id) : isMarkOnItsWay(to: node.name)
        {
            patch.unmark()
        }
        guard uncordoning else { return patch }
        patch.isCordoned = false
        patch.annotations[CordonStep.annotation] = .some(nil)
        patch.unmarkQuarantined(node)
        return patch
    }

    private func isMarkOnItsWay(to name: NodeName) -> Bool {
        state.act(Self.retireKey, of: name).map { isOnItsWay($0, to: name, takenBackBy: Self.putBackKey) } ?? false
    }

    /// Whether an act changed a node, or may have, which the watch has not shown yet; what was taken back since is not.
    private func isOnItsWay(_ act: StepMemory.Act, to name: NodeName, takenBackBy key: String) -> Bool {
        if case .finished(let result) = act.state, !result.isSuccess, !result.isPassing { return false }
        guard let back = state.act(key, of: name), case .finished(let result) = back.state, result.isSuccess else {
            return true
        }
        return act.changedAt > back.changedAt
    }

    /// Sends something that undoes until the world shows it; true when it was given up.
    mutating func undo(_ act: StepOperation, of name: NodeName) -> Bool {
        let attempts = undoAttempts[act.title, default: 0]
        if let memory = state.act(act.key, of: name) {
            switch memory.state {
            case .inFlight: return false
            case .inDoubt: break
            case .finished(let result):
                if attempts > 0, !result.isSuccess, !result.isPassing || attempts >= 6 { return true }
                let again = memory.changedAt + memory.pause
                guard now >= again else {
                    undoDeadline = min(again, undoDeadline ?? again)
                    return false
                }
            }
        }
        undoAttempts[act.title] = attempts + 1
        perform(act, node: name, index: nil)
        return false
    }

    // MARK: - The end of a plan

    /// Lifts the plan's taint where its last node is finished and Nodes of it stay (safety rule 24); true while it does.
    mutating func unmarksWhenPlanIsDone() -> Bool {
        undoDeadline = nil
        guard order.drains, order.soon.allSatisfy({ state.nodes[$0.node]?.phase == .finished }) else { return false }
        var isDone = true
        let own = nodesToPutBack.filter { state.nodes[$0.node]?.phase == .finished }
        for target in own + order.earlier.filter({ state.nodes[$0.node] == nil }) {
            guard let node = world.nodes[target.node], node.uid == target.nodeUID else { continue }
            if !putBack(node, uncordoning: false) { isDone = false }
        }
        return !isDone
    }
}

extension RunEvent.StopRequested {
    /// Why the run ended.
    var words: String { kind == .block ? by : kind == .pause ? "paused by \(by)" : "stopped by \(by)" }
}

extension Node {
    /// Whether it bears the taint of a plan's nodes.
    var isRetiring: Bool { self.taints.contains { $0.key == RunMachine.retiringTaint.key } }

    /// Whether the plan's taint on it is of a plan, or of a run where the note names no plan: another plan of the same
    /// cluster keeps its own.
    public func isMarked(by digest: String, of run: RunID? = nil) -> Bool {
        guard let note = self.annotations[RunMachine.retiringAnnotation].flatMap(TemporaryNote.init(text:)) else {
            return true
        }
        return note.plan.map(digest.hasPrefix) ?? (run == nil || note.run == run)
    }
}

extension NodePatch {
    /// Takes the plan's taint off, and the note whose it is.
    mutating func unmark() {
        removeTaints = [RunMachine.retiringTaint]
        annotations[RunMachine.retiringAnnotation] = .some(nil)
    }
}
