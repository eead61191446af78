import FleetModel
import FleetPlanning
import FleetRun

extension RehearsalSummary {
    /// Folds a story.
    public init(_ story: RehearsalStory) {
        run = RunSummary("rehearsal")
        for (event, time) in story.events { run.apply(event, at: time) }
        result = run.result
        reason = run.reason
        let start = story.span.lowerBound
        let clock = Clock(start: start)
        duration = clock.seconds((run.lastFactAt ?? start))
        bars = BarFold(story, clock).bars(of: run)
        waves = Self.waves(of: run, clock)
        stalls = StallFold.stalls(story.events, clock)
        headroom = Self.headroom(story.readings, clock, until: duration)
        timeline = Self.timeline(story.events, clock)
    }

    /// Seconds since the virtual clock's start.
    struct Clock {
        let start: Instant

        func seconds(_ instant: Instant) -> Double { Double((instant - start).wholeMicroseconds / 1000) / 1000 }
    }

    private static func waves(of run: RunSummary, _ clock: Clock) -> [Wave] {
        var evicted: [Int: Int] = [:]
        var setAside: [Int: Int] = [:]
        for node in run.nodes {
            evicted[node.wave, default: 0] += node.evicted
            if node.phase == .quarantined { setAside[node.wave, default: 0] += 1 }
        }
        return run.waves.compactMap { wave in
            guard let from = wave.startedAt, let last = run.lastFactAt else { return nil }
            return Wave(
                number: wave.number, nodes: wave.nodes.count, from: clock.seconds(from),
                to: clock.seconds(wave.finishedAt ?? last), evicted: evicted[wave.number] ?? 0,
                setAside: setAside[wave.number] ?? 0)
        }
    }

    // MARK: - Headroom

    private static func headroom(_ readings: [BudgetReading], _ clock: Clock, until end: Double) -> [Headroom] {
        var byKey: [ObjectKey: [BudgetReading]] = [:]
        for reading in readings { byKey[reading.key, default: []].append(reading) }
        let all = byKey.compactMap { key, readings in headroom(key, readings, clock, until: end) }
        return all.sorted { ($0.least, -$0.atZero, $0.budget) < ($1.least, -$1.atZero, $1.budget) }
    }

    private static func headroom(
        _ key: ObjectKey, _ readings: [BudgetReading], _ clock: Clock, until end: Double
    ) -> Headroom? {
        guard readings.count > 1 else { return nil }
        var points: [Headroom.Point] = []
        for reading in readings {
            let at = max(0, clock.seconds(reading.time))
            if at > end { break }
            if points.last?.at == at { points.removeLast() }
            if points.last?.allowed != reading.allowed {
                points.append(Headroom.Point(at: at, allowed: reading.allowed))
            }
        }
        guard points.count > 1, let least = points.map(\.allowed).min() else { return nil }
        let ends = points.dropFirst().map(\.at) + [end]
        let atZero = zip(points, ends).reduce(0.0) { $1.0.allowed == 0 ? $0 + max(0, $1.1 - $1.0.at) : $0 }
        let margin = readings.map { $0.healthy - $0.desired }.min() ?? 0
        return Headroom(budget: key, points: points, least: least, atZero: atZero, leastHealthyOverDesired: margin)
    }

    // MARK: - Timeline

    private static func timeline(_ events: [(event: RunEvent, time: Instant)], _ clock: Clock) -> [Moment] {
        events.compactMap { event, time in sentence(event).map { Moment(at: clock.seconds(time), text: $0) } }
    }

    private static func sentence(_ event: RunEvent) -> String? {
        switch event {
        case .waveStarted(let change):
            "wave \(change.wave) begins: \(Words.list([NodeSet(change.nodes).description], atMost: 1))"
        case .waveFinished(let change): "wave \(change.wave) is done"
        case .soakStarted(let soak):
            "soak of \(Duration(bounded: soak.seconds).short) after wave \(soak.wave)"
        case .stepRetried(let fact): "\(fact.node) tries \(fact.step) again: \(fact.reason)"
        case .nodeQuarantined(let fact): "\(fact.node) is set aside in \(fact.step): \(fact.reason)"
        case .nodeRetreated(let fact): "\(fact.node) gives way: \(fact.reason)"
        case .nodeReturned(let fact): "\(fact.node) is given back until the next window"
        case .windowOpened: "the window opens"
        case .windowClosed(let fact): fact.sentence
        case .budgetPassed(let pass): "\(pass.request.pod.key) is deleted past its budget: \(pass.reason)"
        case .runBlocked(let fact): "blocked: \(fact.reason)"
        case .runFinished(let fact):
            "the run ends: \(fact.result.rawValue)\(fact.reason.isEmpty ? "" : ": \(fact.reason)")"
        default: nil
        }
    }
}

/// Turns steps into the stretches of bars.
private struct BarFold {
    private var stretches: [NodeName: [RehearsalSummary.Stretch]] = [:]
    private var open: [NodeName: (step: String, from: Double)] = [:]
    private let clock: RehearsalSummary.Clock

    init(_ story: RehearsalStory, _ clock: RehearsalSummary.Clock) {
        self.clock = clock
        for (event, time) in story.events { take(event, clock.seconds(time)) }
        let end = clock.seconds(story.span.upperBound)
        for name in Array(open.keys) { close(name, end) }
    }

    private mutating func take(_ event: RunEvent, _ now: Double) {
        switch event {
        case .stepStarted(let start):
            close(start.node, now)
            open[start.node] = (start.step, now)
        case .stepFinished(let finish): close(finish.node, now)
        case .nodeFinished(let finish): close(finish.node, now)
        case .nodeQuarantined(let fact): close(fact.node, now)
        case .nodeRetreated(let fact): close(fact.node, now)
        case .nodeReturned(let fact): close(fact.node, now)
        default: break
        }
    }

    private mutating func close(_ node: NodeName, _ now: Double) {
        guard let (step, from) = open.removeValue(forKey: node), now > from else { return }
        let stretch = RehearsalSummary.Stretch(work: Self.work(of: step), step: step, from: from, to: now)
        stretches[node, default: []].append(stretch)
    }

    private static func work(of step: String) -> RehearsalSummary.Stretch.Work {
        switch step {
        case "cordon", "surge_single_replicas", "exclude_from_load_balancers", "wait_for_connections": .prepare
        case DrainStep.kind: .drain
        case "verify_drained", "wait_volumes_detached", "verify_gone": .verify
        case "delete_node", "uncordon": .node
        default: .host
        }
    }

    func bars(of run: RunSummary) -> [RehearsalSummary.Bar] {
        run.nodes.map { node in
            RehearsalSummary.Bar(
                node: node.name, wave: node.wave, zone: node.zone, phase: node.phase, reason: node.reason,
                evicted: node.evicted, stretches: stretches[node.name] ?? [])
        }
    }
}

/// Adds up how long pods waited for their budgets.
private enum StallFold {
    /// A wait shorter than this is no stall: a request's turn, a status' way through the watch.
    private static let shortest = 1.0

    static func stalls(
        _ events: [(event: RunEvent, time: Instant)], _ clock: RehearsalSummary.Clock
    ) -> [RehearsalSummary.Stall] {
        var drains: [NodeName: Double] = [:]
        var asked: Set<ObjectUID> = []
        var stalls: [String: RehearsalSummary.Stall] = [:]
        func end(_ request: RunEvent.EvictionRequested, _ now: Double) {
            guard !request.budget.isEmpty, asked.insert(request.pod.uid).inserted, let from = drains[request.node],
                now - from >= shortest
            else { return }
            add(request.budget, from, now, to: &stalls)
        }
        for (event, time) in events {
            let now = clock.seconds(time)
            switch event {
            case .stepStarted(let start) where start.step == DrainStep.kind: drains[start.node] = now
            case .evictionRequested(let request): end(request, now)
            case .budgetPassed(let pass): end(pass.request, now)
            default: break
            }
        }
        return stalls.values.sorted { ($1.longest, $1.together, $0.budget) < ($0.longest, $0.together, $1.budget) }
    }

    private static func add(
        _ budget: String, _ from: Double, _ to: Double, to stalls: inout [String: RehearsalSummary.Stall]
    ) {
        var stall =
            stalls[budget]
            ?? RehearsalSummary.Stall(budget: budget, pods: 0, longest: 0, together: 0, from: from, to: to)
        stall.pods += 1
        stall.longest = max(stall.longest, to - from)
        stall.together += to - from
        stall.from = min(stall.from, from)
        stall.to = max(stall.to, to)
        stalls[budget] = stall
    }
}
