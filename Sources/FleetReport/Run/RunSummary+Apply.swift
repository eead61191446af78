public import FleetModel
public import FleetRun

extension RunSummary {
    /// Takes in one fact.
    public mutating func apply(_ event: RunEvent, at time: Instant) {
        if case .runHandedOver(let fact) = event { return handedOver = fact }
        lastFactAt = time
        switch event {
        case .runStarted(let start): begin(start, at: time)
        case .runResumed: resume()
        case .runHandedOver, .preflightPassed, .identityProved, .stopRequested: break
        case .operationIntended(let intent):
            if intent.key.hasPrefix(RunMachine.healthKeyPrefix) { operations.local.insert(intent.id) }
        case .healthBaseline: break
        case .healthChecked(let fact): block = fact.isHealthy ? nil : fact.sentence
        case .windowOpened: block = nil
        case .windowClosed(let fact): block = fact.sentence
        case .nodeReturned(let fact): giveBack(fact.node)
        case .nodeRewound, .timeStopped: break
        case .waveStarted(let change): begin(change, at: time)
        case .waveFinished(let change): changeWave(change.wave) { $0.finishedAt = time }
        case .soakStarted(let soak): soakEnd = time + Duration(bounded: soak.seconds)
        case .nodeStarted(let start): begin(start, at: time)
        case .nodeWaiting(let waiting): wait(waiting, at: time)
        case .nodeFinished(let finish): end(finish.node, .finished, at: time)
        case .nodeQuarantined(let fact): quarantine(fact, at: time)
        case .nodeRetreated(let fact): giveBack(fact.node)
        case .stepStarted(let start): step(start.node, start.step)
        case .stepFinished(let finish): step(finish.node, finish.step)
        case .stepRetried(let fact): step(fact.node, fact.step)
        case .operationFinished(let finish): count(finish)
        case .evictionRequested(let request): count(request)
        case .budgetPassed(let pass): count(pass)
        case .evictionAnswered(let answer): count(answer)
        case .podLeft(let left): count(left)
        case .compensationOwed(let fact): owed.append(fact.compensation.id)
        case .compensationSettled(let fact): owed.removeAll { $0 == fact.id }
        case .runBlocked(let fact): block = fact.reason
        case .runFinished(let finish): (result, reason) = (finish.result, finish.reason)
        }
    }

    // MARK: - Run and waves

    private mutating func begin(_ start: RunEvent.RunStarted, at time: Instant) {
        playbook = start.playbook
        planDigest = start.planDigest
        actor = start.actor
        startedAt = time
        waves = start.waves.map { Wave(number: $0) }
    }

    private mutating func resume() {
        handedOver = nil
        resumptions += 1
        result = nil
        reason = ""
    }

    private mutating func begin(_ change: RunEvent.WaveChanged, at time: Instant) {
        soakEnd = nil
        if !waves.contains(where: { $0.number == change.wave }) { waves.append(Wave(number: change.wave)) }
        changeWave(change.wave) { wave in
            wave.nodes = change.nodes
            wave.zones = change.zones
            wave.startedAt = wave.startedAt ?? time
        }
        for name in change.nodes { changeNode(name, wave: change.wave) { _ in } }
    }

    private mutating func changeWave(_ number: Int, _ edit: (inout Wave) -> Void) {
        guard let index = waves.firstIndex(where: { $0.number == number }) else { return }
        edit(&waves[index])
    }

    // MARK: - Nodes

    private mutating func changeNode(_ name: NodeName, wave: Int = 0, _ edit: (inout Node) -> Void) {
        let index = places[name] ?? nodes.count
        if index == nodes.count {
            places[name] = index
            nodes.append(Node(name: name, wave: wave))
        }
        edit(&nodes[index])
    }

    private mutating func begin(_ start: RunEvent.NodeStarted, at time: Instant) {
        block = nil
        changeNode(start.node, wave: start.wave) { node in
            node.phase = .working
            node.wave = start.wave
            node.zone = start.zone
            node.startedAt = node.startedAt ?? time
        }
    }

    private mutating func wait(_ waiting: RunEvent.NodeWaiting, at time: Instant) {
        changeNode(waiting.node) { node in
            node.step = waiting.step
            node.waiting = waiting.reason
            node.waitingSince = waiting.reason.isEmpty ? nil : time
        }
    }

    private mutating func step(_ name: NodeName, _ kind: String) {
        changeNode(name) { node in
            node.step = kind
            node.waiting = ""
            node.waitingSince = nil
        }
    }

    private mutating func end(_ name: NodeName, _ phase: Node.Phase, at time: Instant) {
        changeNode(name) { node in
            node.phase = phase
            node.endedAt = time
            node.waiting = ""
            node.waitingSince = nil
        }
    }

    private mutating func giveBack(_ name: NodeName) {
        changeNode(name) { node in
            node.phase = .pending
            node.step = ""
            node.waiting = ""
            node.waitingSince = nil
        }
    }

    private mutating func quarantine(_ fact: RunEvent.NodeQuarantined, at time: Instant) {
        end(fact.node, .quarantined, at: time)
        changeNode(fact.node) { node in
            node.step = fact.step
            node.reason = fact.reason
            node.owesCleanup = fact.owesCleanup
            node.diagnosis = fact.diagnosis
        }
    }

    // MARK: - Counts

    private mutating func count(_ finish: RunEvent.OperationFinished) {
        guard operations.local.remove(finish.id) == nil else { return }
        if finish.result.isOfCluster { operations.requests += 1 } else { operations.commands += 1 }
        if !finish.result.isSuccess { operations.failed += 1 }
    }

    private mutating func count(_ request: RunEvent.EvictionRequested) {
        evictions.requested += 1
        evictions.open[request.id] = request
    }

    private mutating func count(_ pass: RunEvent.BudgetPassed) {
        count(pass.request)
        evictions.openPasses[pass.request.id] = pass
    }

    private mutating func count(_ answer: RunEvent.EvictionAnswered) {
        operations.requests += 1
        let request = evictions.open.removeValue(forKey: answer.id)
        let pass = evictions.openPasses.removeValue(forKey: answer.id)
        guard answer.isAccepted else { return refuse(answer) }
        evictions.accepted += 1
        if let pass { evictions.passed.append(pass) }
        changeNode(answer.node) { $0.evicted += 1 }
        guard let request else { return }
        if !request.budget.isEmpty { evictions.byBudget[request.budget, default: 0] += 1 }
        if let created = request.podCreatedAt, let startedAt, created > startedAt { evictions.repeated += 1 }
    }

    private mutating func refuse(_ answer: RunEvent.EvictionAnswered) {
        let pushBacks: [ClusterFailure.Code] = [.budgetExhausted, .budgetNotObserved, .throttled]
        if pushBacks.contains(where: { $0.rawValue == answer.answer }) {
            evictions.pushedBack += 1
        } else {
            evictions.refused += 1
            operations.failed += 1
        }
    }

    private mutating func count(_ left: RunEvent.PodLeft) {
        evictions.left += 1
        changeNode(left.node) { $0.left += 1 }
    }
}

extension OperationResult {
    /// Whether the API answered, and no host: the codes of the two never overlap.
    var isOfCluster: Bool { code == "succeeded" || ClusterFailure.Code(rawValue: code) != nil }
}
