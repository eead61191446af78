public import FleetModel
public import FleetRun
public import FleetSimulation

/// A run played against a simulated cluster on a virtual clock: the same machine as live, without waiting.
///
/// Equal inputs play equally. `step()` moves to the next instant at which something happens, so that tests can look
/// between any two.
public struct Rehearsal: Sendable {
    /// How quickly the world answers.
    public struct Latencies: Sendable {
        /// From a request to the API's answer.
        public var request: Duration = .milliseconds(10)
        /// From a change to the watch's delivering it.
        public var watch: Duration = .zero
        /// From a command's start on a host to its end.
        public var command: Duration = .seconds(1)
        /// How long the shell takes to record the facts of one turn; what arrives meanwhile is taken in together.
        public var turn: Duration = .zero

        /// A nearby API server, and hosts that take a second.
        public init() {}
    }

    /// Something that the run did to the world.
    public struct Deed: Sendable {
        /// When.
        public var time: Instant
        /// The node for whose sake.
        public var node: NodeName?
        /// What.
        public var operation: Operation
        /// What the world answered.
        public var answer: OperationAnswer
    }

    /// The cluster.
    public private(set) var simulation: ClusterSimulation
    /// The run.
    public private(set) var machine: RunMachine
    /// The facts so far, with their times.
    public private(set) var events: [(event: RunEvent, time: Instant)] = []
    /// What was done so far, in this process' life.
    public private(set) var deeds: [Deed] = []
    /// What the budgets' statuses said at the start and whenever one changed.
    public private(set) var readings: [BudgetReading] = []
    /// How the run ended; nil while it goes on.
    public private(set) var result: RunResult?
    /// What must hold throughout; nil checks nothing.
    public var invariants: Invariants?

    private let latencies: Latencies
    /// The hosts, with what their disks keep over a crash of the run.
    private(set) var hosts: SimulatedHosts
    private var now: Instant
    /// When the shell has recorded the last turn's facts, and takes in what has arrived.
    private var freeAt: Instant
    private var localAnswers: [LocalReport] = []
    private var inbox = Inbox()
    private var deadline: Instant?
    private var crashPoint: CrashPoint?
    private var gapEnd: Instant?
    private var idleTicks = 0
    private var lastReadings: [ObjectKey: BudgetReading] = [:]

    /// A rehearsal of an order against a cluster.
    ///
    /// `history` is what a crashed run's journal holds.
    public init(
        _ order: RunOrder, in simulation: ClusterSimulation, latencies: Latencies = Latencies(),
        history: [(event: RunEvent, time: Instant)] = []
    ) {
        let hosts = SimulatedHosts(clusterAuthority: order.settings.clusterAuthority)
        self.init(order, in: simulation, hosts: hosts, latencies: latencies, history: history)
    }

    /// A rehearsal of a run that goes on after a crash.
    public init(_ order: RunOrder, after wreck: Wreck, latencies: Latencies = Latencies()) {
        self.init(order, in: wreck.simulation, hosts: wreck.hosts, latencies: latencies, history: wreck.history)
    }

    private init(
        _ order: RunOrder, in simulation: ClusterSimulation, hosts: SimulatedHosts, latencies: Latencies,
        history: [(event: RunEvent, time: Instant)]
    ) {
        self.simulation = simulation
        self.latencies = latencies
        machine = RunMachine(order, history: history)
        self.hosts = hosts
        now = simulation.now
        freeAt = now
        events = history
        let snapshot = simulation.snapshot()
        for budget in snapshot.budgets { read(budget) }
        inbox.add(.synchronized(snapshot), at: now)
    }

    /// The virtual time.
    public var time: Instant { now }

    /// Plays to the run's end, at most for a span of virtual time; returns how it ended, nil when it did not.
    @discardableResult
    public mutating func play(atMost span: Duration = .seconds(7 * 86_400)) -> RunResult? {
        let end = now + span
        while result == nil, now < end, step() {}
        return result
    }

    /// Lets the cluster go on by itself, after the run ended.
    public mutating func settle(for span: Duration) {
        now = now + span
        _ = simulation.advance(to: now)
    }

    /// Asks the run to stop, as Ctrl-C does, or `fleet pause`, `abort` and `rollback` from another terminal.
    public mutating func requestStop(_ kind: StopKind = .interrupt) {
        inbox.add(.stopRequested(by: kind == .interrupt ? "SIGINT" : "fleet \(kind.rawValue)", kind: kind), at: now)
    }

    /// Somebody else takes the cluster's lock.
    public mutating func loseLock() {
        inbox.add(.lockLost("run r-other of ops@elsewhere took the cluster over"), at: now)
    }

    /// Does something to the world at this instant, such as injecting a fault.
    public mutating func disturb(_ command: SimulationCommand) { deliver(simulation.apply(command, at: now).changes) }

    /// The machine that runs fleet answers so next, before all is well.
    public mutating func disturbLocal(_ reports: [LocalReport]) { localAnswers += reports }

    private static func wellness(_ act: LocalAct) -> LocalReport {
        if case .query = act { return LocalReport(isSuccess: true, code: "status 200", values: [0]) }
        return LocalReport(isSuccess: true, code: "exited 0")
    }

    /// The next commands on hosts end so.
    public mutating func disturbHosts(_ outcomes: [HostOutcome]) { hosts.faults += outcomes }

    /// The watch breaks for a while; then the whole cluster is listed anew.
    public mutating func loseWatch(for span: Duration) {
        inbox.dropChanges()
        inbox.add(.interrupted(ClusterFailure(.connectionLost, message: "the watch broke")), at: now)
        gapEnd = now + span
    }

    /// Moves to the next instant at which something happens, at the latest to `limit`; false when nothing will happen
    /// any more.
    public mutating func step(until limit: Instant? = nil) -> Bool {
        let turns = [inbox.next, simulation.nextDue, deadline].compactMap(\.self).min().map { max($0, freeAt) }
        guard result == nil, crashPoint?.isReached != true,
            let next = [turns, gapEnd, limit].compactMap(\.self).min()
        else { return false }
        now = max(now, next)
        deliver(simulation.advance(to: now))
        endGap()
        while result == nil, crashPoint?.isReached != true, freeAt <= now {
            let observations = inbox.takeAll(at: now)
            if observations.isEmpty { break }
            tell(observations)
        }
        if result == nil, freeAt <= now, let deadline, deadline <= now { tick() }
        return true
    }

    /// A machine that asks again and again for a tick at once would spin a processor when live.
    private mutating func tick() {
        tell([.tick])
        idleTicks = deadline.map { $0 <= now } ?? false ? idleTicks + 1 : 0
        precondition(idleTicks < 1000, "the machine asks for a tick at once, again and again")
    }

    private mutating func endGap() {
        guard let end = gapEnd, end <= now else { return }
        gapEnd = nil
        inbox.add(.synchronized(simulation.snapshot()), at: now)
    }

    private mutating func read(_ budget: PodDisruptionBudget) {
        let reading = BudgetReading(budget, at: now)
        if let last = lastReadings[budget.key], reading.agrees(with: last) { return }
        lastReadings[budget.key] = reading
        readings.append(reading)
    }

    private mutating func deliver(_ changes: [SimulationChange]) {
        for change in changes {
            guard let change = change.clusterChange else { continue }
            if case .budget(let budget) = change { read(budget) }
            guard gapEnd == nil else { continue }
            inbox.add(.changed(change), at: now + latencies.watch)
        }
    }

    /// Tells the machine what has arrived, all at once as the shell does.
    private mutating func tell(_ observations: [Observation]) {
        let reaction = machine.handle(observations, at: now)
        deadline = reaction.deadline
        if !reaction.events.isEmpty { freeAt = now + latencies.turn }
        for event in reaction.events {
            events.append((event, now))
            invariants?.take(event, in: simulation)
        }
        if crashPoint?.isReached(by: events.count, performing: false) == true { return }
        finish(reaction.directives)
        guard result == nil else { return }
        for directive in reaction.directives { perform(directive) }
        _ = crashPoint?.isReached(by: events.count, performing: true)
    }

    /// The shell ends with the run: what is asked for together with the end is never done.
    private mutating func finish(_ directives: [Directive]) {
        for directive in directives { if case .finish(let result) = directive { self.result = result } }
        guard result != nil else { return }
        invariants?.runEnded(leaving: directives.count - 1)
    }

    private mutating func perform(_ directive: Directive) {
        guard case .perform(let id, let node, let operation) = directive else { return }
        let (answer, delay) = carryOut(operation, for: node)
        deeds.append(Deed(time: now, node: node, operation: operation, answer: answer))
        inbox.add(.completed(id: id, answer, after: delay), at: now + delay)
    }

    private mutating func carryOut(_ operation: Operation, for node: NodeName?) -> (OperationAnswer, Duration) {
        switch operation {
        case .cluster(let request):
            invariants?.check(request)
            let before = invariants.flatMap { $0.witness(of: request, in: simulation) }
            let reaction = simulation.apply(.request(request, dryRun: false), at: now)
            if let before { invariants?.evicted(before, reaction.reply, in: simulation) }
            deliver(reaction.changes)
            return (.cluster(reaction.outcome), latencies.request + reaction.delay)
        case .otherHost(let other, let command):
            return (.host(hosts.answer(command, on: simulation.host(other)).0), latencies.command)
        case .host(let command):
            let (report, action) = hosts.answer(command, on: node.flatMap { simulation.host($0) })
            if let node, let action { deliver(simulation.apply(.host(node, action), at: now).changes) }
            return (.host(report), latencies.command)
        case .nodeHealth(let name):
            return (.nodeHealth(.success(simulation.node(name).map(NodeHealth.init(simulated:)))), latencies.request)
        case .local(let act):
            let report = localAnswers.isEmpty ? Self.wellness(act) : localAnswers.removeFirst()
            return (.local(report), latencies.request)
        }
    }
}

// MARK: - Crashes

extension Rehearsal {
    /// What a process leaves behind that was killed.
    public struct Wreck: Sendable {
        /// What its journal holds.
        public var history: [(event: RunEvent, time: Instant)]
        /// The world at that instant.
        public var simulation: ClusterSimulation
        /// What it had done.
        public var deeds: [Deed]
        var hosts: SimulatedHosts
    }

    /// Plays until a number of facts is on disk and the process is killed.
    ///
    /// - Parameters:
    ///   - count: The length of the journal's prefix, from 1.
    ///   - performing: Whether it is killed after the acts that the last facts announce, or before them.
    /// - Returns: What is left; nil when the run ended before, or when no turn ends with so many facts and the acts
    ///   were to be performed (nothing is done before all facts of its turn are on disk).
    public mutating func crash(afterFacts count: Int, performing: Bool) -> Wreck? {
        crashPoint = CrashPoint(count: count, isPerforming: performing)
        while crashPoint?.isReached == false, result == nil, step() {}
        guard crashPoint?.isReached == true, !performing || events.count == count else { return nil }
        return Wreck(history: Array(events.prefix(count)), simulation: simulation, deeds: deeds, hosts: hosts)
    }

    private struct CrashPoint: Sendable {
        let count: Int
        let isPerforming: Bool
        private(set) var isReached = false

        init(count: Int, isPerforming: Bool) {
            self.count = count
            self.isPerforming = isPerforming
        }

        mutating func isReached(by facts: Int, performing: Bool) -> Bool {
            if facts >= count, performing == isPerforming { isReached = true }
            return isReached
        }
    }
}

extension NodeHealth {
    /// What the simulation knows of a Node's health: whether it is Ready.
    fileprivate init(simulated node: Node) {
        self.init(conditions: [Condition(type: "Ready", status: node.readiness.rawValue)])
    }
}
