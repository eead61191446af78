public import FleetModel
public import FleetPlanning

/// A run's folded state: `apply` of every event of its journal, in order, and nothing else.
public struct RunState: Hashable, Sendable {
    /// Where an operation belongs.
    public struct OperationPlace: Hashable, Sendable {
        /// The node; nil for the run's own.
        public var node: NodeName?
        /// The step's position; nil for the run's own and for the node's frame.
        public var index: Int?
        /// Its name there.
        public var key: String
    }

    /// The nodes of the waves asked for.
    public private(set) var nodes: [NodeName: NodeProgress] = [:]
    /// The same, in the order of the plan.
    public private(set) var order: [NodeName] = []
    /// Nodes in hand.
    public private(set) var working: Set<NodeName> = []
    /// Nodes that were set aside.
    public private(set) var setAside: Set<NodeName> = []
    /// Nodes that were not begun, or gave way and were not begun again.
    public private(set) var pending: Set<NodeName> = []
    /// How many nodes of each wave have ended.
    public private(set) var endedInWave: [Int: Int] = [:]
    /// Operations whose outcome is not recorded.
    public private(set) var open: [Int: OperationPlace] = [:]
    /// Evictions whose answer is not recorded, by operation.
    public private(set) var openEvictions: [Int: PodReference] = [:]
    /// The acts of the run itself and of nodes outside their steps, by `node/key` or key.
    public private(set) var acts: [String: StepMemory.Act] = [:]
    /// Temporary changes that are not undone yet.
    public private(set) var compensations: [String: Compensation] = [:]
    /// When each of them was made.
    public private(set) var owedAt: [String: Instant] = [:]
    /// When the last operation of each node was answered, or found in doubt.
    public private(set) var answeredAt: [NodeName: Instant] = [:]
    /// The number of the last operation.
    public private(set) var lastOperation = 0
    /// Whether all hosts were reached and proved.
    public private(set) var isPreflightPassed = false
    /// The wave under way, or the last one.
    public private(set) var wave: Int?
    /// Waves that are done.
    public private(set) var finishedWaves: Set<Int> = []
    /// When the last wave's soak ends; nil while none runs.
    public private(set) var soakEnd: Instant?
    /// The last wave whose soak began.
    public private(set) var soakedWave: Int?
    /// What the health checks found at the start, or somebody accepted since, by check; nil before.
    public private(set) var healthBaseline: [String: HealthReading]?
    /// The last wave after which the cluster was as well as at the start.
    public private(set) var healthyWave: Int?
    /// Why this process should stop; nil while it should not.
    ///
    /// A process that goes on forgets it.
    public private(set) var stop: RunEvent.StopRequested?
    /// That the run is to be aborted or rolled back; nil while it is not.
    ///
    /// It outlives the process.
    public private(set) var ending: RunEvent.StopRequested?
    /// When the window closed outside of which the run stands; moved like all that is waited for.
    public private(set) var windowClosedAt: Instant?
    /// How long the node took that took longest of those that are finished; zero before the first.
    public private(set) var longestNode = Duration.zero
    /// How the run ended; nil while it has not.
    public private(set) var result: RunResult?
    /// Why it ended so.
    public private(set) var reason = ""

    /// A run that has not begun.
    public init(waves: [PlannedWave]) {
        for wave in waves {
            for target in wave.targets {
                nodes[target.node] = NodeProgress(target: target, wave: wave.number)
                order.append(target.node)
                pending.insert(target.node)
            }
        }
    }

    /// The nodes that were set aside, in the order of the plan.
    public var quarantined: [NodeProgress] {
        setAside.isEmpty ? [] : order.filter { setAside.contains($0) }.compactMap { nodes[$0] }
    }

    /// The time of the last fact.
    private var latest: Instant?

    /// Takes in one fact.
    public mutating func apply(_ event: RunEvent, at time: Instant) {
        // Nothing was done of the run: the time since its last fact is one in which no process drove it.
        if case .runHandedOver = event { return }
        defer { latest = time }
        switch event {
        case .runStarted, .runHandedOver: break
        case .runResumed: resume(at: time)
        case .preflightPassed: isPreflightPassed = true
        case .waveStarted(let change): wave = change.wave
        case .waveFinished(let change): finishedWaves.insert(change.wave)
        case .soakStarted(let soak):
            soakEnd = time + Duration(bounded: soak.seconds)
            soakedWave = soak.wave
        case .nodeStarted(let start): nodes[start.node]?.startedAt = time
        case .nodeWaiting(let waiting): nodes[waiting.node]?.waiting = waiting.reason
        case .nodeFinished(let fact): finish(fact.node, at: time)
        case .nodeQuarantined(let fact):
            end(fact.node, .quarantined(step: fact.step, reason: fact.reason), at: time)
        case .nodeRetreated(let fact): retreat(fact)
        case .identityProved(let proof): nodes[proof.node]?.identity = proof
        case .stepStarted(let start): begin(start, at: time)
        case .stepFinished(let finish):
            nodes[finish.node]?.waiting = ""
            if finish.step == CordonStep.kind { nodes[finish.node]?.isCordoned = true }
            if finish.step == DrainStep.kind { nodes[finish.node]?.isDrained = true }
            if finish.step == HostOffStep.kind, finish.changed { nodes[finish.node]?.isProvedOff = true }
            if finish.changed { nodes[finish.node]?.changes.append(finish.step) }
            nodes[finish.node]?.results[finish.index] = StepResult(finish)
        case .stepRetried(let fact):
            nodes[fact.node]?.waiting = ""
            nodes[fact.node]?.failedAttempts[fact.index, default: 0] += 1
            nodes[fact.node]?.steps[fact.index] = StepMemory(
                startedAt: time + Duration(bounded: fact.seconds), attempt: fact.attempt)
        case .operationIntended(let intent): intend(intent, at: time)
        case .operationFinished(let finish): finishOperation(finish.id, finish.result, at: time)
        case .evictionRequested(let request): requestEviction(request, at: time)
        case .budgetPassed(let pass):
            requestEviction(pass.request, at: time)
            nodes[pass.request.node]?.evicted[pass.request.pod.uid]?.isPassed = true
        case .evictionAnswered(let answer): answerEviction(answer)
        case .podLeft(let left): nodes[left.node]?.evicted[left.pod.uid]?.isGone = true
        case .compensationOwed(let owed):
            compensations[owed.compensation.id] = owed.compensation
            // A node that gave way makes the change anew: it is not undone by what undid the first.
            acts[
                Self.name(OperationPlace(node: owed.compensation.node, index: nil, key: "undo \(owed.compensation.id)"))
            ] = nil
            owedAt[owed.compensation.id] = time
        case .compensationSettled(let settled): compensations[settled.id] = nil
        case .healthBaseline(let fact):
            healthBaseline = Dictionary(fact.readings.map { ($0.check, $0) }, uniquingKeysWith: { first, _ in first })
        case .healthChecked(let fact): if fact.isHealthy { healthyWave = fact.wave }
        case .runBlocked: break
        case .windowOpened: windowClosedAt = nil
        case .windowClosed: windowClosedAt = windowClosedAt ?? time
        case .nodeReturned(let fact): giveBack(fact.node)
        case .nodeRewound(let fact): rewind(fact, at: time)
        case .timeStopped(let fact): stopTime(fact, at: time)
        case .stopRequested(let request): take(request)
        case .runFinished(let finish): (result, reason) = (finish.result, finish.reason)
        }
    }

    /// Whether nothing new may be begun.
    var isStopping: Bool { stop != nil || ending != nil }

    private mutating func take(_ request: RunEvent.StopRequested) {
        if request.kind?.isEnding == true { ending = request } else { stop = request }
    }

    // MARK: - Nodes

    private mutating func begin(_ start: RunEvent.StepStarted, at time: Instant) {
        working.insert(start.node)
        pending.remove(start.node)
        nodes[start.node]?.phase = .working(step: start.index)
        nodes[start.node]?.stepKind = start.step
        nodes[start.node]?.waiting = ""
        if start.step == CleanupStep.kind { nodes[start.node]?.isCleanupBegun = true }
        if nodes[start.node]?.steps[start.index] == nil {
            nodes[start.node]?.steps[start.index] = StepMemory(startedAt: time)
        }
    }

    private mutating func finish(_ node: NodeName, at time: Instant) {
        if let begun = nodes[node]?.steps.values.map(\.startedAt).min() {
            longestNode = max(longestNode, time - begun)
        }
        end(node, .finished, at: time)
    }

    private mutating func end(_ node: NodeName, _ phase: NodeProgress.Phase, at time: Instant) {
        working.remove(node)
        pending.remove(node)
        if let wave = nodes[node]?.wave, nodes[node]?.isEnded == false { endedInWave[wave, default: 0] += 1 }
        if case .quarantined = phase { setAside.insert(node) }
        nodes[node]?.phase = phase
        nodes[node]?.endedAt = time
        nodes[node]?.waiting = ""
    }

    /// The node stands where it stood before it was begun; what its evicted pods' workloads had is remembered.
    private mutating func retreat(_ fact: RunEvent.NodeRetreated) {
        working.remove(fact.node)
        pending.insert(fact.node)
        nodes[fact.node]?.phase = .pending
        nodes[fact.node]?.steps = [:]
        nodes[fact.node]?.results = [:]
        nodes[fact.node]?.firstEviction = nil
        nodes[fact.node]?.isCordoned = false
        nodes[fact.node]?.isDrained = false
        nodes[fact.node]?.isProvedOff = false
        nodes[fact.node]?.waiting = ""
        nodes[fact.node]?.retreats += 1
        nodes[fact.node]?.waitsFor = fact.waitsFor
    }

    /// A node that was given back at a window's end begins anew: nothing that was done with it lasts.
    private mutating func giveBack(_ name: NodeName) {
        guard let known = nodes[name] else { return }
        working.remove(name)
        pending.insert(name)
        var fresh = NodeProgress(target: known.target, wave: known.wave)
        fresh.identity = known.identity
        fresh.facts = known.facts
        fresh.failedAttempts = known.failedAttempts
        fresh.changes = known.changes
        fresh.startedAt = known.startedAt
        nodes[name] = fresh
        acts = acts.filter { !$0.key.hasPrefix("\(name)/") || $0.key == "\(name)/\(RunMachine.identityKey)" }
    }

    private mutating func rewind(_ fact: RunEvent.NodeRewound, at time: Instant) {
        guard let first = fact.steps.min(), nodes[fact.node]?.isWorking == true else { return }
        nodes[fact.node]?.phase = .working(step: first)
        nodes[fact.node]?.waiting = ""
        for index in fact.steps {
            nodes[fact.node]?.steps[index] = StepMemory(startedAt: time)
            nodes[fact.node]?.results[index] = nil
        }
    }

    // MARK: - Operations

    private mutating func intend(_ intent: RunEvent.OperationIntended, at time: Instant) {
        lastOperation = max(lastOperation, intent.id)
        let place = OperationPlace(node: intent.node, index: intent.index, key: intent.key)
        open[intent.id] = place
        change(place, to: .inFlight, at: time)
    }

    private mutating func finishOperation(_ id: Int, _ result: OperationResult, at time: Instant) {
        guard let place = open.removeValue(forKey: id) else { return }
        if let node = place.node { answeredAt[node] = time }
        if place.key == RunMachine.identityKey, result.isSuccess, let node = place.node {
            nodes[node]?.facts = GatheredFacts(NodeAnswer(result.output))
        }
        change(place, to: .finished(result), at: time)
    }

    private mutating func change(_ place: OperationPlace, to state: StepMemory.Act.State, at time: Instant) {
        let old = act(at: place)
        let attempts = (old?.attempts ?? 0) + (state == .inFlight ? 1 : 0)
        let act = StepMemory.Act(state: state, attempts: attempts, changedAt: time)
        if let node = place.node, let index = place.index {
            nodes[node]?.steps[index]?.acts[place.key] = act
        } else {
            acts[Self.name(place)] = act
        }
    }

    private func act(at place: OperationPlace) -> StepMemory.Act? {
        if let node = place.node, let index = place.index { return nodes[node]?.steps[index]?.acts[place.key] }
        return acts[Self.name(place)]
    }

    /// The act of the run itself, or of a node outside its steps.
    func act(_ key: String, of node: NodeName? = nil) -> StepMemory.Act? {
        acts[Self.name(OperationPlace(node: node, index: nil, key: key))]
    }

    private static func name(_ place: OperationPlace) -> String {
        place.node.map { "\($0)/\(place.key)" } ?? place.key
    }

    // MARK: - Evictions

    private mutating func requestEviction(_ request: RunEvent.EvictionRequested, at time: Instant) {
        lastOperation = max(lastOperation, request.id)
        openEvictions[request.id] = request.pod
        if nodes[request.node]?.firstEviction == nil { nodes[request.node]?.firstEviction = time }
        let known = nodes[request.node]?.evicted[request.pod.uid]
        nodes[request.node]?.note(
            NodeProgress.EvictedPod(
                pod: request.pod, workload: request.workload, readyBefore: known?.readyBefore ?? request.readyBefore,
                isAccepted: known?.isAccepted ?? false, isGone: false, controller: request.controller,
                isLate: request.isLate ?? false))
    }

    private mutating func answerEviction(_ answer: RunEvent.EvictionAnswered) {
        openEvictions[answer.id] = nil
        if answer.isAccepted {
            nodes[answer.node]?.evicted[answer.pod.uid]?.isAccepted = true
        } else {
            nodes[answer.node]?.forgetEviction(of: answer.pod.uid)
        }
    }

    // MARK: - Time that does not count

    private mutating func stopTime(_ fact: RunEvent.TimeStopped, at time: Instant) {
        let gap = Duration(bounded: fact.seconds)
        if let node = fact.node { nodes[node]?.move(by: gap, until: time) } else { move(by: gap, until: time) }
    }

    // MARK: - Resuming

    /// Everything that was in flight when the last process ended is in doubt.
    private mutating func resume(at time: Instant) {
        if let latest { move(by: time - latest) }
        for place in open.values {
            change(place, to: .inDoubt, at: time)
            if let node = place.node { answeredAt[node] = time }
        }
        // Another process asks every host anew who it is: its address, or the inventory, may be another's by now.
        acts = isPreflightPassed ? acts.filter { !$0.key.hasSuffix("/\(RunMachine.identityKey)") } : [:]
        open = [:]
        openEvictions = [:]
        stop = nil
        result = nil
        reason = ""
    }

    /// The time in which nothing drove the run counts for nothing, and so does a clock that was set meanwhile: what was
    /// waited for is waited for as long as was left.
    private mutating func move(by gap: Duration, until time: Instant? = nil) {
        guard gap != .zero else { return }
        soakEnd = soakEnd.map { $0 + gap }
        windowClosedAt = windowClosedAt.map { $0 + gap }
        for key in acts.keys { acts[key]?.move(by: gap, until: time) }
        owedAt = owedAt.mapValues { $0 + gap }
        answeredAt = answeredAt.mapValues { $0 + gap }
        for name in nodes.keys where nodes[name]?.steps.isEmpty == false { nodes[name]?.move(by: gap, until: time) }
    }
}

extension NodeProgress {
    fileprivate mutating func move(by gap: Duration, until time: Instant? = nil) {
        firstEviction = firstEviction.map { $0 + gap }
        for index in steps.keys { steps[index]?.move(by: gap, until: time) }
    }
}

extension StepMemory {
    fileprivate mutating func move(by gap: Duration, until time: Instant? = nil) {
        startedAt = startedAt.moved(by: gap, until: time)
        for key in acts.keys { acts[key]?.move(by: gap, until: time) }
    }
}

extension StepMemory.Act {
    fileprivate mutating func move(by gap: Duration, until time: Instant?) {
        changedAt = changedAt.moved(by: gap, until: time)
    }
}

extension Instant {
    /// Later by a gap; what happened within the gap happened no later than its end.
    fileprivate func moved(by gap: Duration, until end: Instant?) -> Instant {
        end.map { min(self + gap, max($0, self)) } ?? self + gap
    }
}
