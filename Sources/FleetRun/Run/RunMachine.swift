public import FleetModel
import FleetPlanning

/// The machine of one run: run ⊃ waves ⊃ nodes ⊃ steps, and one governor for all evictions.
///
/// It observes and returns what to record and what to do; it has no clock and does nothing itself. The same machine
/// runs live, in rehearsal and in tests. Facts are folded into ``state`` the moment they are emitted, so a machine
/// built from a journal's history stands where the last one stood.
public struct RunMachine: Sendable {
    /// What it carries out.
    public let order: RunOrder
    /// What has happened.
    public internal(set) var state: RunState
    /// The cluster as last observed.
    public internal(set) var world = World()

    let triage: PodTriage
    var governor: Governor
    var now = Instant.epoch
    var reaction = Reaction()
    var deadlines: [NodeName: Instant] = [:]
    var governorDeadline: Instant?
    /// When the next pod may be deleted past its budget.
    var overrideDeadline: Instant?
    var markDeadline: Instant?
    var touched: Set<NodeName> = []
    var touchesAll = true
    var isInterrupted = false
    var lastBlock: String?
    /// Since when nothing is in hand and nothing can be begun.
    var blockedSince: Instant?
    /// Nodes from which nothing may be evicted, which pods are held back there and since when; when that was looked at,
    /// and when it is again.
    var standstills: [NodeName: (pods: Governor.Standstill, since: Instant)] = [:]
    var standstillsSeenAt: Instant?
    var standstillDeadline: Instant?
    /// Whether something happened since nodes were admitted last that may let more in.
    var mayAdmitNodes = true
    /// Workloads whose pods became Ready, or stopped being so.
    var touchedWorkloads: Set<ObjectUID> = []
    /// What nodes wait for whose step watches workloads.
    var watched = WorkloadWatches()
    /// The pods that were on each node when its drain began.
    var residents: [NodeName: Set<ObjectUID>] = [:]
    /// Nodes whose step waits for a person, and for what.
    var blocked: [NodeName: String] = [:]
    /// Nodes whose hosts were proved by this process (safety rule 2).
    var proved: Set<NodeName> = []
    /// When the wait graph was built last and showed no way out: it goes through all pods.
    var graphBuiltAt: Instant?
    /// When controllers of unknown kinds were looked at last.
    var strangersSeenAt: Instant?
    /// When nodes were begun within the last minute, oldest first; kept only where their rate is bounded.
    var starts: [Instant] = []
    /// When another node may be begun by that rate; nil while one may be now.
    var rateDeadline: Instant?
    /// Hosts that were not asked yet who they are; nil before the first is.
    var unasked: ArraySlice<NodeName>?
    /// Nodes whose taint was not seen to yet, and those whose taint is under way; nil before the first is.
    var unmarked: ArraySlice<PlanTarget>?
    var marking: [PlanTarget] = []
    /// Accepted evictions and running commands are awaited until then after a stop (safety rule 22).
    var stopDeadline: Instant?
    /// Whether what is in flight has settled and temporary changes are undone before the end.
    var isUndoing = false
    /// Attempts of this process to undo something, by the compensation's or the act's name.
    var undoAttempts: [String: Int] = [:]
    /// When something that could not be undone is tried again.
    var undoDeadline: Instant?
    /// Where the run stands with its windows.
    var window = WindowState()
    /// By how much the machine's clock was set since the process began.
    var clockSetBy = Duration.zero
    /// Why the window was left before its end.
    var spentReason = ""
    /// Whether temporary changes are being undone because the window closed.
    var isWindowUndone = false
    /// Where the look at the health checks stands; nil while nothing is to be looked at.
    var health: HealthWatch?
    /// When the health checks are looked at again.
    var healthDeadline: Instant?
    /// Whether what the health checks find next was approved by name.
    var acceptsHealth: Bool
    /// Where the narrower windows stand, in the order of the playbook; empty before the first turn.
    var narrow: [NarrowState] = []
    /// How long narrower windows and the run's own are open together, as far as that was asked.
    var common: [WindowMeeting: Duration] = [:]
    /// Nodes in hand whose pods' window is closed, and until when what is under way there is awaited.
    var returning: [NodeName: Instant] = [:]
    /// Since when the time of such nodes was not yet recorded as one that does not count.
    var keptSince: [NodeName: Instant] = [:]
    /// What was asked for before the run began or went on.
    var pendingStop: RunEvent.StopRequested?
    let positions: [NodeName: Int]

    /// A machine for an order.
    ///
    /// - Parameters:
    ///   - history: what the journal holds of the run so far; empty for a new run.
    ///   - stop: what is to be done instead of going on, such as an abort.
    public init(
        _ order: RunOrder, history: [(event: RunEvent, time: Instant)] = [], stop: RunEvent.StopRequested? = nil
    ) {
        pendingStop = stop
        self.order = order
        acceptsHealth = order.settings.approvals.contains(Self.healthApproval)
        state = RunState(waves: order.waves)
        governor = Governor(
            policy: order.settings.evictions, keepsZonesApart: order.policy.order == .zoneByZone,
            permitsOverride: order.settings.permitsBudgetOverride)
        triage = order.triage
        positions = Dictionary(state.order.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        for (event, time) in history { state.apply(event, at: time) }
        if order.policy.startsPerMinute != nil {
            for (event, time) in history { if case .nodeStarted = event { starts.append(time) } }
        }
        begin(isNew: history.isEmpty)
    }

    /// Takes in an observation, and returns facts to record, then directives to perform.
    public mutating func handle(_ observation: Observation, at time: Instant) -> Reaction {
        handle(CollectionOfOne(observation), at: time)
    }

    /// Takes in everything that was observed until then, in order, before anything is decided.
    public mutating func handle(_ observations: some Collection<Observation>, at time: Instant) -> Reaction {
        now = max(now, time)
        for observation in observations { take(observation) }
        if world.isSynchronized, state.result == nil || pendingStart != nil { proceed() }
        return finishTurn()
    }

    // MARK: - Turns

    private mutating func begin(isNew: Bool) {
        let settings = order.settings
        pendingStart =
            isNew
            ? .runStarted(
                RunEvent.RunStarted(
                    planDigest: order.planDigest, playbook: order.playbook, waves: order.waves.map(\.number),
                    actor: settings.actor, invocation: settings.invocation, consent: settings.consent
                )
            )
            : .runResumed(
                RunEvent.RunResumed(
                    actor: settings.actor, inDoubt: state.open.keys.sorted(), consent: settings.consent))
    }

    private(set) var pendingStart: RunEvent?

    private mutating func proceed() {
        if let start = pendingStart {
            pendingStart = nil
            emit(start)
            if case .runResumed = start { requeueDrainingNodes(remembering: true) }
            if let stop = pendingStop { requestStop(stop) } else if state.ending != nil { awaitAtMostAMinute() }
        }
        watchWindow()
        watchNarrowWindows()
        ageStrangers()
        advanceRun()
        admitEvictions()
        passBudgets()
        if state.result == nil, !touched.isEmpty { advanceRun() }
        resolveDeadlocks()
    }

    /// Looks twice a minute, with whatever else is looked at, for controllers that had fewer pods for long.
    private mutating func ageStrangers() {
        if let strangersSeenAt, now < strangersSeenAt + .seconds(30) { return }
        strangersSeenAt = now
        for uid in world.shortStrangers {
            let lost = world.isLongShort(uid, at: now) ? unreplaced(uid) : 0
            guard world.ageStranger(uid, at: now, lost: lost) else { continue }
            governor.workloadChanged(uid)
            touchedWorkloads.insert(uid)
        }
    }

    /// How many of a controller's pods this run took, less those that it made since.
    private func unreplaced(_ controller: ObjectUID) -> Int {
        let nodes = state.nodes.values.filter { $0.losses[controller] != nil }
        guard let begun = nodes.compactMap(\.startedAt).min() else { return 0 }
        let taken = nodes.reduce(0) { $0 + $1.evicted.values.count { $0.workload == controller && $0.isAccepted } }
        let made = world.pods(of: controller).count { $0.createdAt >= begun }
        return max(0, taken - made)
    }

    /// Records the start of a run that ends before it saw the cluster: without it nobody could go on with the run.
    mutating func emitPendingStart() {
        guard let start = pendingStart else { return }
        pendingStart = nil
        pendingStop = nil
        emit(start)
    }

    private mutating func finishTurn() -> Reaction {
        reaction.deadline = nextDeadline()
        defer { reaction = Reaction() }
        return reaction
    }

    private func nextDeadline() -> Instant? {
        guard state.result == nil else { return nil }
        var next: Instant?
        func consider(_ deadline: Instant?) { if let deadline { next = min(deadline, next ?? deadline) } }
        func considerLater(_ deadline: Instant?) { if let deadline, deadline > now { consider(deadline) } }
        consider(governorDeadline)
        consider(overrideDeadline)
        consider(standstillDeadline)
        consider(markDeadline)
        consider(healthDeadline)
        considerLater(blockedSince.map { $0 + Self.patience })
        considerLater(rateDeadline)
        considerLater(stopDeadline)
        considerLater(undoDeadline)
        considerLater(windowDeadline)
        considerLater(narrowDeadline)
        considerLater(state.soakEnd)
        for deadline in deadlines.values { consider(deadline) }
        return next
    }

    /// Records a fact and takes it into the state.
    mutating func emit(_ event: RunEvent) {
        switch event {
        case .nodeFinished, .nodeQuarantined, .waveStarted, .compensationSettled: mayAdmitNodes = true
        default: break
        }
        state.apply(event, at: now)
        reaction.events.append(event)
    }

    // MARK: - Ending

    /// Ends the run.
    ///
    /// A run that owes compensations is never over for good: whoever goes on with it settles them.
    mutating func finish(_ result: RunResult, _ reason: String = "") {
        if result.isFinal, !state.compensations.isEmpty {
            let owed = state.compensations.keys.sorted().joined(separator: ", ")
            return finish(.blocked, [reason, "not undone yet: \(owed)"].filter { !$0.isEmpty }.joined(separator: "; "))
        }
        emit(.runFinished(RunEvent.RunFinished(result: result, reason: reason)))
        reaction.directives.append(.finish(result))
    }

    /// Records an intent and asks for the act.
    mutating func perform(_ act: StepOperation, node: NodeName?, index: Int?) {
        let id = state.lastOperation + 1
        if let compensation = act.compensation, state.compensations[compensation.id] == nil {
            emit(.compensationOwed(RunEvent.CompensationOwed(compensation: compensation)))
        }
        var intent = RunEvent.OperationIntended(id: id, node: node, index: index, key: act.key, title: act.title)
        if case .cluster(let request) = act.operation {
            let changes = request.changes(in: world)
            intent.changes = changes.isEmpty ? nil : changes
        }
        emit(.operationIntended(intent))
        reaction.directives.append(.perform(id: id, node: node, act.operation))
    }
}
