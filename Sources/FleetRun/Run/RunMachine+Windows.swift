import FleetModel
import FleetPlanning

extension RunMachine {
    /// Whether the run has windows and none is open.
    var isOutsideWindow: Bool { if case .closed = window.phase { true } else { false } }

    /// Whether nothing new may be begun: the run is to stop, or its window is closed.
    var beginsNothing: Bool { state.isStopping || isOutsideWindow }

    /// The time by which windows open and close: the machine's clock as it is now, though it was set meanwhile.
    ///
    /// Everything else goes by `now`, which no setting of a clock moves.
    var wallTime: Instant { now + clockSetBy }

    /// The run's own time at which the machine's clock shows an instant.
    func own(_ instant: Instant) -> Instant { instant - clockSetBy }

    // MARK: - Opening and closing

    /// Notices that a window opened or closed since the last turn.
    mutating func watchWindow() {
        guard let calendar = order.window?.calendar else { return }
        switch window.phase {
        case .unknown: enter(calendar)
        case .open(let span): if wallTime >= span.end || window.spent == span { leave(span, calendar) }
        case .closed(_, let next): if let next, wallTime >= next.start { open(calendar.span(at: wallTime) ?? next) }
        }
    }

    /// The machine's clock was set: windows are looked at anew, by the clock as it is now.
    mutating func setClock(by offset: Duration) {
        guard offset != clockSetBy else { return }
        clockSetBy = offset
        narrow = []
        guard let calendar = order.window?.calendar else { return }
        let current = calendar.span(at: wallTime)
        switch window.phase {
        case .unknown: break
        case .open(let span):
            guard wallTime < span.start else { return }
            if let current {
                window.phase = .open(current)
            } else {
                close(span.atEnd, calendar.next(after: wallTime), "")
            }
        case .closed(let end, _):
            let next = current.flatMap { $0 == window.spent ? nil : $0 } ?? calendar.next(after: wallTime)
            window.phase = .closed(end, next: next)
        }
    }

    private mutating func enter(_ calendar: WindowCalendar) {
        guard let span = calendar.span(at: wallTime) else {
            let next = calendar.next(after: wallTime)
            return close(next?.atEnd ?? .uncordon, next, "")
        }
        if state.windowClosedAt == nil { window.phase = .open(span) } else { open(span) }
    }

    private mutating func open(_ span: WindowCalendar.Span) {
        window = WindowState(phase: .open(span))
        let closed = state.windowClosedAt.map { now - $0 }
        emit(.windowOpened(RunEvent.WindowChanged(until: span.end)))
        if let closed { for name in state.order where state.working.contains(name) { wasKept(name, for: closed) } }
        isWindowUndone = false
        health = nil
        blockedSince = nil
        lastBlock = nil
        touchEverything()
    }

    /// A span that was only the one ahead of another is gone over into it.
    private mutating func leave(_ span: WindowCalendar.Span, _ calendar: WindowCalendar) {
        if window.spent != span, let following = calendar.span(at: wallTime) {
            window.phase = .open(following)
            return
        }
        let reason = window.spent == span ? spentReason : ""
        close(span.atEnd, calendar.next(after: wallTime), reason)
    }

    private mutating func close(_ end: MaintenanceWindow.End, _ next: WindowCalendar.Span?, _ reason: String) {
        window.phase = .closed(end, next: next)
        window.settleDeadline = now + .seconds(60)
        emit(.windowClosed(RunEvent.WindowChanged(until: next?.start, reason: reason.isEmpty ? nil : reason)))
        touchEverything()
    }

    // MARK: - Outside

    /// Winds down at a window's end and waits for the next, or ends the run; true while no window is open.
    mutating func isKeptByWindow() -> Bool {
        guard case .closed(let end, let next) = window.phase else { return false }
        guard hasSettledForWindow else { return true }
        if !isWindowUndone {
            isWindowUndone = true
            for name in state.order where state.working.contains(name) && !isReturnable(name) { rewind(name) }
            touchEverything()
            advanceWorkingNodes()
        }
        guard state.result == nil, state.stop == nil else { return true }
        let isClean = state.compensations.isEmpty
        guard returnsNodes(end, isClean: isClean), isClean, state.open.isEmpty else { return true }
        waitOrEnd(next)
        return true
    }

    private var hasSettledForWindow: Bool {
        if let deadline = window.settleDeadline, now >= deadline { return true }
        return isWindowUndone || (state.open.isEmpty && !awaitsAcceptedEvictions)
    }

    private mutating func waitOrEnd(_ next: WindowCalendar.Span?) {
        window.settleDeadline = nil
        if state.working.isEmpty, let reason = failureReason() {
            return finish(.failed, Afterword(state, world, order).text(after: reason))
        }
        guard let plan = order.window else { return }
        guard let next else { return finish(.blocked, "outside its window, and none opens within a year") }
        if let longest = plan.calendar.longest(from: wallTime), let need = leastNeed(in: longest), need > longest {
            let words = "a node needs about \(need.minutes)m by the forecast"
            return finish(.blocked, "\(words), and no window is longer than \(longest.minutes)m")
        }
        if !plan.waits {
            finish(.blocked, "outside its window; the next one opens \(Self.words(next, in: plan.calendar))")
        }
    }

    /// How long the next node to be begun needs when nothing else is in hand; nil when none is left.
    private func leastNeed(in length: Duration) -> Duration? {
        guard state.working.isEmpty else { return nil }
        for wave in order.waves {
            guard let next = wave.targets.first(where: { state.nodes[$0.node]?.phase == .pending }) else { continue }
            return order.window?.need(of: wave, inHand: 0, before: commitment(of: next, in: length))
        }
        return nil
    }

    /// When a span opens, in the time zone of its calendar's first window.
    static func words(_ span: WindowCalendar.Span, in calendar: WindowCalendar) -> String {
        let zone = calendar.windows.first.flatMap { calendar.zones[$0.timeZone] } ?? .utc
        let local = Instant(microseconds: span.start.microseconds + Int64(zone.offset(at: span.start)) * 1_000_000)
        let minutes = (local.microseconds / 60_000_000 % 1440 + 1440) % 1440
        let time = TimeOfDay(minutes: Int(minutes))?.description ?? ""
        return "\(zone.date(at: span.start)) \(time) \(calendar.windows.first?.timeZone ?? "UTC")"
    }

    // MARK: - Nodes in hand

    /// Nothing could be done for a node in hand between two windows: that time counts against none of its timeouts.
    mutating func wasKept(_ name: NodeName, for gap: Duration) {
        emit(
            .timeStopped(
                RunEvent.TimeStopped(seconds: gap.inSeconds, node: name, reason: "its window was closed")))
    }

    /// A node that cannot begin anew goes on in a later window: the steps whose changes are undone meanwhile are done
    /// once more then, the others stay done.
    mutating func rewind(_ name: NodeName) {
        guard let node = state.nodes[name], let index = node.step else { return }
        let owed = state.compensations.values.filter { $0.node == name && !$0.isMoot(in: world) }
        let undone = Set(owed.map(\.kind))
        let steps = (0...index).filter { position in
            guard position < order.steps.count, node.steps[position]?.acts.isEmpty == false else { return false }
            return !order.steps[position].step.temporary.isDisjoint(with: undone)
        }
        guard !steps.isEmpty else { return }
        emit(.nodeRewound(RunEvent.NodeRewound(node: name, steps: steps)))
        governor.drop(name)
        deadlines[name] = nil
    }

    /// Gives back the nodes in hand that can be begun anew; true once all are (safety rule 21).
    private mutating func returnsNodes(_ end: MaintenanceWindow.End, isClean: Bool) -> Bool {
        undoDeadline = nil
        var isDone = true
        for name in state.order where state.working.contains(name) && isReturnable(name) {
            if !returns(name, end, isClean: isClean) { isDone = false }
        }
        return isDone
    }

    /// Gives one node back once its cordon is lifted, if it is to be, and nothing is under way; true once it is.
    private mutating func returns(_ name: NodeName, _ end: MaintenanceWindow.End, isClean: Bool) -> Bool {
        let isUncordoned = end == .uncordon
        guard !state.open.values.contains(where: { $0.node == name && $0.index != nil }) else { return false }
        if isUncordoned, !uncordons(name) { return false }
        guard isClean, isQuiet(name) else { return false }
        giveBack(name, isUncordoned: isUncordoned)
        return true
    }

    /// Gives a node back whose pods' own window closed; one that cannot begin anew stays in hand.
    mutating func returnNode(_ name: NodeName, _ end: MaintenanceWindow.End) {
        guard isReturnable(name), returns(name, end, isClean: true) else { return }
        returning[name] = nil
        keptSince[name] = nil
    }

    /// Whether a node may begin anew: its Node is there, nothing was done to its host that must not be done twice, and
    /// nothing is under way on it.
    func isReturnable(_ name: NodeName) -> Bool {
        guard let node = state.nodes[name], node.isWorking, world.nodes[name]?.uid == node.target.nodeUID else {
            return false
        }
        // All steps: a node that was rewound stands before some that it had begun.
        return !order.steps.indices.contains { position in
            let step = order.steps[position].step
            let isBegun = node.steps[position].map { !$0.acts.isEmpty || $0.attempt > 1 } ?? false
            let isUnderWay = node.results[position] == nil && step.commits
            return isBegun && (step.isFinal || isUnderWay)
        }
    }

    /// Whether nothing that was asked for a node's sake is unanswered.
    private func isQuiet(_ name: NodeName) -> Bool {
        !state.open.values.contains { $0.node == name }
            && state.nodes[name]?.evicted.values.allSatisfy { !state.openEvictions.values.contains($0.pod) } ?? true
    }

    private mutating func giveBack(_ name: NodeName, isUncordoned: Bool) {
        emit(.nodeReturned(RunEvent.NodeReturned(node: name, isUncordoned: isUncordoned)))
        governor.drop(name)
        deadlines[name] = nil
        watched.forget(name)
        mayAdmitNodes = true
    }

    /// Uncordons what this run cordoned; true once it is, or it cannot be.
    private mutating func uncordons(_ name: NodeName) -> Bool {
        let key = "give back"
        guard let node = world.nodes[name], isCordonedByRun(node, takenBackBy: key) else { return true }
        let patch = NodePatch(isCordoned: false, annotations: [CordonStep.annotation: nil])
        return undo(
            StepOperation(
                key: key, title: "uncordon \(name)", .cluster(.patchNode(name, uid: node.uid, patch))),
            of: name)
    }

    // MARK: - Admission

    /// Why one more node of a wave may not be begun now: it could not be finished before the window's end.
    func windowRefusal(of target: PlanTarget, in wave: PlannedWave, inHand: Int) -> String? {
        guard let plan = order.window, case .open(let span) = window.phase else { return nil }
        let forecast = plan.need(of: wave, inHand: inHand, before: commitment(of: target, in: span.end - span.start))
        let need = max(forecast, experience(in: span))
        guard wallTime + need > span.end else { return nil }
        let source = need > forecast ? ", as one of this run did" : " by the forecast"
        return "the window ends in \((span.end - wallTime).minutes)m, and a node needs about \(need.minutes)m\(source)"
    }

    /// How long a node may take by those of this run: the forecast knows pods, not what is done on hosts.
    ///
    /// At most half of the window, so that one node that was held up does not keep all others out for good.
    private func experience(in span: WindowCalendar.Span) -> Duration {
        min(state.longestNode, (span.end - span.start) / 2)
    }

    /// Why a step of a node is left to the next window: once it has begun the node cannot be given back, and it, with what
    /// follows from it, could not end in this one.
    ///
    /// Nothing is left where a window as long as this one would not be enough either, had the node been begun at its opening.
    func windowRefusal(of name: NodeName, at index: Int) -> String? {
        guard case .open(let span) = window.phase, order.steps[index].step.commits, isReturnable(name),
            let node = state.nodes[name]
        else { return nil }
        let length = span.end - span.start
        let need = commitment(of: node.target, from: index, in: length)
        let spent = now - (node.steps.values.map(\.startedAt).min() ?? now)
        guard wallTime + need > span.end, spent + need <= length else { return nil }
        return
            "the window ends in \((span.end - wallTime).minutes)m, and \(order.steps[index].kind) with what follows needs about \(need.minutes)m: left to the next one"
    }

    /// How long a node's steps from one on take, after whose beginning it cannot be given back: no less than two minutes
    /// each; at most half of a window, so that a short one is not without any.
    private func commitment(of target: PlanTarget, from index: Int = 0, in length: Duration) -> Duration {
        let steps = order.steps[index...].count { $0.step.commits && $0.concerns(target) }
        return min(RunWindow.shortest * steps, length / 2)
    }

    /// Nothing is in hand and nothing more can be begun before the window's end: it is over for this run.
    mutating func spendWindow(_ reason: String) {
        guard case .open(let span) = window.phase, state.working.isEmpty else { return }
        spentReason = reason
        window.spent = span
        watchWindow()
    }

    /// When the window's state changes next.
    var windowDeadline: Instant? {
        switch window.phase {
        case .unknown: nil
        case .open(let span): own(span.end)
        case .closed(_, let next):
            [window.settleDeadline, next.map { own($0.start) }].compactMap(\.self).filter { $0 > now }.min()
        }
    }
}
