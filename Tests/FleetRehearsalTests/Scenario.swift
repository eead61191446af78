import FleetModel
import FleetPlanning
import FleetRun
import FleetSimulation

@testable import FleetRehearsal

/// A cluster, a run and its troubles, all chosen by one seed.
struct Scenario {
    let snapshot: ClusterSnapshot
    let order: RunOrder
    let latencies: Rehearsal.Latencies
    let number: UInt64
    let faults: [(at: Duration, command: SimulationCommand)]
    /// When the watch breaks, and for how long.
    let gaps: [(at: Duration, span: Duration)]
    let hostFaults: [(at: Duration, outcomes: [HostOutcome])]
    /// When the operator presses Ctrl-C; nil when nobody does.
    let stop: Duration?

    init(_ number: UInt64, stops: Bool = false, faulty: Bool = true) throws {
        var seed = Seed(number)
        self.number = number
        snapshot = RandomCluster.snapshot(seed: number)
        order = try Self.order(snapshot, &seed)
        latencies = Self.latencies(&seed)
        faults = faulty && seed.chance(60) ? Self.faults(snapshot, &seed) : []
        hostFaults = faulty && seed.chance(20) ? Self.hostFaults(&seed) : []
        gaps = faulty && seed.chance(25) ? [(.seconds(seed.pick(1...90)), .seconds(seed.pick(1...40)))] : []
        stop = stops ? .milliseconds(seed.pick(0...120_000)) : nil
    }

    /// Whether health may change behind the budgets' back.
    var disturbsHealth: Bool {
        faults.contains { if case .fault(.podReadiness) = $0.command { true } else { false } }
    }

    private static func order(_ snapshot: ClusterSnapshot, _ seed: inout Seed) throws -> RunOrder {
        let names = snapshot.nodes.map(\.name).shuffled(using: &seed)
        var left = names.prefix(seed.pick(1...max(1, names.count / 2)))[...]
        var waves: [[NodeName]] = []
        while !left.isEmpty {
            let wave = left.prefix(seed.pick(1...4))
            waves.append(Array(wave))
            left = left.dropFirst(wave.count)
        }
        let policy = WavePolicy(
            canary: seed.chance(50) ? .count(0) : .count(1),
            maxUnavailable: seed.chance(50) ? .percent(seed.pick(5...50)) : .count(seed.pick(1...5)),
            maxUnavailablePerZone: .count(seed.pick(1...3)), parallelism: seed.pick(1...6),
            soak: .seconds(seed.pick(0...30)), maxFailures: seed.pick(0...2))
        var order = try Decommission.order(waves, in: snapshot, policy: policy, evictions: evictions(&seed))
        order.settings.permitsBudgetOverride = seed.chance(70)
        return order
    }

    /// Some delete what is still held back after two minutes.
    private static func evictions(_ seed: inout Seed) -> EvictionPolicy {
        guard seed.chance(20) else { return EvictionPolicy(timeout: .seconds(900)) }
        let named = LabelSelector(matchExpressions: [SelectorRequirement("app", .isIn, (0..<10).map { "app\($0 * 2)" })]
        )
        return EvictionPolicy(
            timeout: .seconds(120), stuck: StuckPolicy(rules: [StuckPolicy.Rule(selector: named, action: .delete)]))
    }

    static func latencies(_ seed: inout Seed) -> Rehearsal.Latencies {
        var latencies = Rehearsal.Latencies()
        latencies.request = .milliseconds(seed.pick(0...300))
        latencies.watch = .milliseconds(seed.chance(50) ? 0 : seed.pick(1...800))
        latencies.command = .milliseconds(seed.pick(10...5000))
        latencies.turn = .milliseconds(seed.chance(50) ? 0 : seed.pick(1...200))
        return latencies
    }

    private static func hostFaults(_ seed: inout Seed) -> [(at: Duration, outcomes: [HostOutcome])] {
        let outcomes: [HostOutcome] = [
            .neverStarted("connect: timed out"), .transportLost("broken pipe"), .exited(1),
        ]
        return (0..<seed.pick(1...2)).map { _ in
            (.seconds(seed.pick(0...120)), [seed.pick(outcomes, otherwise: .noStatus)])
        }
    }

    private static func faults(_ snapshot: ClusterSnapshot, _ seed: inout Seed) -> [(
        at: Duration, command: SimulationCommand
    )] {
        (0..<seed.pick(1...6)).flatMap { _ in fault(snapshot, &seed) }.sorted { $0.at < $1.at }
    }

    /// A fault and, where it would last, its end.
    private static func fault(_ snapshot: ClusterSnapshot, _ seed: inout Seed) -> [(
        at: Duration, command: SimulationCommand
    )] {
        let at = Duration.seconds(seed.pick(0...120))
        let end = at + .seconds(seed.pick(1...60))
        switch seed.pick(0...9) {
        case 0...5:
            let answers: [FaultAnswer] = [
                .throttled(retryAfterSeconds: 2), .budgetSpent, .budgetNotObserved,
                .serverError(500, "etcdserver: leader changed"),
                .timedOut(lands: true), .timedOut(lands: false), .connectionLost(lands: true),
                .connectionLost(lands: false),
            ]
            let verbs: [RequestPattern.Verb] = [.evict, .patchNode, .deleteNode, .scale]
            let pattern = RequestPattern(seed.chance(20) ? nil : seed.pick(verbs, otherwise: .evict))
            let isBudget = pattern.verb == .evict
            let answer = seed.pick(
                isBudget ? answers : answers.filter { $0 != .budgetSpent && $0 != .budgetNotObserved },
                otherwise: .budgetSpent)
            return [(at, .fault(.answer(pattern, answer, count: seed.pick(1...3))))]
        case 6...7:
            let controllers: [SimulationController] = [
                .scheduler, .workloads, .disruption, .volumes, .kubelets,
            ]
            let controller = seed.pick(controllers, otherwise: .scheduler)
            return [
                (at, .fault(.controller(controller, isPaused: true))),
                (end, .fault(.controller(controller, isPaused: false))),
            ]
        case 8:
            guard let pod = snapshot.pods.filter({ !$0.isDaemon }).randomElement(using: &seed) else { return [] }
            return [
                (at, .fault(.podReadiness(pod.key, false))), (end, .fault(.podReadiness(pod.key, nil))),
            ]
        default:
            guard let pod = snapshot.pods.randomElement(using: &seed) else { return [] }
            return [(at, .fault(.ignoresTermination(pod.key)))]
        }
    }

    // MARK: - Playing

    /// A rehearsal of it, with its invariants.
    func rehearsal() -> Rehearsal {
        // Far from the cluster builder's own seed, so that no UID comes twice.
        let settings = SimulationSettings(seed: number &+ 0x9_0000_0000)
        let simulation = ClusterSimulation(snapshot: snapshot, settings: settings)
        var rehearsal = Rehearsal(order, in: simulation, latencies: latencies)
        rehearsal.invariants = Invariants(order, before: snapshot)
        rehearsal.invariants?.toleratesStaleHealth = disturbsHealth
        return rehearsal
    }

    /// Plays it to the end, with its faults; twelve hours are far more than all its timeouts together.
    func play(_ rehearsal: inout Rehearsal) -> RunResult? {
        var troubles = faults.map { (at: $0.at, trouble: Trouble.cluster($0.command)) }
        troubles += hostFaults.map { (at: $0.at, trouble: Trouble.hosts($0.outcomes)) }
        troubles += gaps.map { (at: $0.at, trouble: Trouble.gap($0.span)) }
        if let stop { troubles.append((stop, .stop)) }
        troubles.sort { $0.at < $1.at }
        var next = troubles[...]
        let end = snapshot.takenAt + .seconds(12 * 3600)
        while rehearsal.result == nil, rehearsal.time < end, rehearsal.step() {
            while let trouble = next.first, snapshot.takenAt + trouble.at <= rehearsal.time {
                next.removeFirst()
                apply(trouble.trouble, to: &rehearsal)
            }
        }
        for trouble in next { if case .cluster = trouble.trouble { apply(trouble.trouble, to: &rehearsal) } }
        return rehearsal.result
    }

    private enum Trouble {
        case cluster(SimulationCommand)
        case hosts([HostOutcome])
        case gap(Duration)
        case stop
    }

    private func apply(_ trouble: Trouble, to rehearsal: inout Rehearsal) {
        switch trouble {
        case .cluster(let command): rehearsal.disturb(command)
        case .hosts(let outcomes): rehearsal.disturbHosts(outcomes)
        case .gap(let span): rehearsal.loseWatch(for: span)
        case .stop: rehearsal.requestStop()
        }
    }
}
