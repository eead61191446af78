import FleetModel
import FleetPlanning

extension RunMachine {
    /// Notices that a narrower window opened or closed since the last turn.
    mutating func watchNarrowWindows() {
        let windows = order.narrowWindows.windows
        guard !windows.isEmpty else { return }
        var hasChanged = narrow.isEmpty
        if narrow.isEmpty { narrow = windows.map { NarrowState($0.calendar, at: wallTime) } }
        for index in narrow.indices where narrow[index].changesAt.map({ wallTime >= $0 }) ?? false {
            narrow[index] = NarrowState(windows[index].calendar, at: wallTime)
            hasChanged = true
        }
        if hasChanged { touchEverything() }
    }

    /// When the next narrower window opens or closes.
    var narrowDeadline: Instant? { narrow.compactMap(\.changesAt).min().map(own) }

    // MARK: - Admission

    /// Why a node may not be taken in hand: pods on it may not be moved now, or the node could not be finished in time.
    func narrowRefusal(of target: PlanTarget, in wave: PlannedWave, inHand: Int) -> NarrowRefusal? {
        guard order.drains, !narrow.isEmpty else { return nil }
        let need = RunWindow.need(of: wave, inHand: inHand, order.narrowWindows.forecast)
        return zip(order.narrowWindows.windows, narrow).lazy
            .compactMap { refusal($0, $1, need, target.node) }.first
    }

    private func refusal(
        _ window: NarrowWindow, _ state: NarrowState, _ need: Duration, _ node: NodeName
    ) -> NarrowRefusal? {
        if let span = state.span, wallTime + need <= span.end { return nil }
        guard let pod = world.pods(on: node).first(where: { mustLeave($0, window) }) else { return nil }
        let what = "\(pod.key) on \(node) has a window of its own (\(window.words))"
        if let longest = window.calendar.longest(from: wallTime), need > longest {
            return NarrowRefusal(
                reason:
                    "\(what), never longer than \(longest.minutes)m, and a node needs about \(need.minutes)m by the forecast",
                isForGood: true, window: window, need: need)
        }
        let next =
            state.next.map { "the next one opens \(Self.words($0, in: window.calendar))" } ?? "none opens within a year"
        guard let span = state.span else {
            return NarrowRefusal(
                reason: "\(what); \(next)", isForGood: state.next == nil, window: window, need: need)
        }
        return NarrowRefusal(
            reason:
                "\(what), which ends in \((span.end - wallTime).minutes)m, and a node needs about \(need.minutes)m by the forecast; \(next)",
            window: window, need: need
        )
    }

    private func mustLeave(_ pod: Pod, _ window: NarrowWindow) -> Bool {
        guard window.concerns(pod), !pod.isFinished else { return false }
        if case .leave = triage.verdict(on: pod, in: world) { return false }
        return true
    }

    /// Nothing is in hand, and every node left has pods that may not be moved now: waits, or ends the run.
    mutating func awaitNarrowWindow(_ refusal: NarrowRefusal) {
        blockedSince = nil
        if isHopeless(refusal), !refusal.isForGood, let common = common[refusal.meeting] {
            return finish(
                .blocked,
                "\(refusal.reason); that and the run's own windows are open together for \(common.minutes)m at most: no run ever moves it"
            )
        }
        guard order.narrowWindows.waits, !refusal.isForGood else { return finish(.blocked, refusal.reason) }
        if refusal.reason != lastBlock { emit(.runBlocked(RunEvent.RunBlocked(reason: refusal.reason))) }
        lastBlock = refusal.reason
    }

    /// Whether waiting is in vain: no window of the pods is ever long enough, or none is while the run's own is open.
    mutating func isHopeless(_ refusal: NarrowRefusal) -> Bool {
        guard !refusal.isForGood, let run = order.window?.calendar else { return refusal.isForGood }
        let longest =
            common[refusal.meeting]
            ?? run.longest(with: refusal.window.calendar, from: wallTime, enough: refusal.need)
        common[refusal.meeting] = longest
        return longest < refusal.need
    }

    // MARK: - Nodes in hand

    /// Whether a node in hand has pods whose window is closed; it is given back, or kept as it is until it opens.
    mutating func isKeptByNarrowWindow(_ name: NodeName) -> Bool {
        guard !narrow.isEmpty, !state.isStopping, !isOutsideWindow, let node = state.nodes[name], !node.isDrained,
            let closed = closedWindow(of: name)
        else {
            goOn(name)
            return false
        }
        governor.drop(name)
        let deadline = returning[name] ?? now + Self.settling
        returning[name] = deadline
        recordTime(of: name)
        let isUnderWay =
            state.open.values.contains { $0.node == name }
            || node.evicted.values.contains {
                !$0.isGone && ($0.isAccepted || state.openEvictions.values.contains($0.pod))
            }
        guard !isUnderWay || now >= deadline else {
            wake(name, at: deadline)
            return true
        }
        if !isReturnable(name) { rewind(name) }
        settleCompensations(of: name)
        guard state.compensations.values.allSatisfy({ $0.node != name }) else { return true }
        returnNode(name, closed.calendar.windows.first?.atEnd ?? .uncordon)
        if let undoDeadline { wake(name, at: undoDeadline) }
        return true
    }

    /// What is under way on a node whose pods' window closes is awaited for so long (safety rule 22).
    private static let settling = Duration.seconds(60)

    /// Says now and then that the time of a kept node does not count, so that a process that is killed loses little.
    private mutating func recordTime(of name: NodeName) {
        let since = keptSince[name] ?? now
        keptSince[name] = since
        guard now >= since + Self.recordInterval else { return wake(name, at: since + Self.recordInterval) }
        wasKept(name, for: now - since)
        keptSince[name] = now
        wake(name, at: now + Self.recordInterval)
    }

    private static let recordInterval = Duration.seconds(1800)

    private mutating func goOn(_ name: NodeName) {
        guard returning.removeValue(forKey: name) != nil else { return }
        if let since = keptSince.removeValue(forKey: name), since < now { wasKept(name, for: now - since) }
        refreshEvictions(of: name)
    }

    /// A closed window of a pod that is still to leave the node.
    private func closedWindow(of name: NodeName) -> NarrowWindow? {
        guard order.drains else { return nil }
        let closed = zip(order.narrowWindows.windows, narrow).filter { $1.span == nil }.map(\.0)
        guard !closed.isEmpty else { return nil }
        let pods = world.pods(on: name)
        return closed.first { window in pods.contains { mustLeave($0, window) } }
    }
}

extension Duration {
    /// Whole minutes, rounded down; at least 0.
    var minutes: Int64 { max(0, components.seconds / 60) }
}
