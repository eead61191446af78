public import FleetModel
public import FleetRun

/// Turns a run's events into sentences, one after the other.
///
/// It remembers what a sentence needs from earlier events: a node's wave, an operation's title, since when something
/// is awaited. A wait is told once it lasts, and told again at growing intervals: never silent, never noisy.
public struct EventLines: Sendable {
    private let run: RunID
    /// What the events add up to so far.
    public private(set) var summary: RunSummary
    private var titles: [Int: RunEvent.OperationIntended] = [:]
    private var stepStarts: [NodeName: Instant] = [:]
    private var waits: [NodeName: Wait] = [:]

    private struct Wait: Sendable {
        var event: RunEvent.NodeWaiting
        var since: Instant
        var next: Instant
        var interval = EventLines.firstReminder

        init(event: RunEvent.NodeWaiting, since: Instant) {
            self.event = event
            self.since = since
            next = since + interval
        }

        mutating func moveOn(past now: Instant) {
            while next <= now, interval < EventLines.longestSilence {
                next = next + interval
                interval = min(interval * 2, EventLines.longestSilence)
            }
            guard next <= now else { return }
            // In one step: a journal's times may lie thousands of years apart.
            let silence = EventLines.longestSilence.components.seconds
            next = next + .seconds(((now - next).components.seconds / silence + 1) * silence)
        }
    }

    /// The first reminder of a wait comes after this; the gaps then double, up to ``longestSilence``.
    public static let firstReminder = Duration.seconds(5)
    /// No wait is passed over in silence for longer.
    public static let longestSilence = Duration.seconds(60)

    /// The sentences of a run.
    public init(run: RunID) {
        self.run = run
        summary = RunSummary(run)
    }

    /// The width of the longest node name so far, for aligned lines.
    public private(set) var nodeWidth = 0

    /// The sentences of one event, after those of waits that lasted until then.
    public mutating func lines(for event: RunEvent, at time: Instant) -> [EventLine] {
        let reminders = reminders(at: time)
        let known = summary.nodes.count
        summary.apply(event, at: time)
        nodeWidth = summary.nodes[known...].reduce(nodeWidth) { max($0, $1.name.rawValue.count) }
        let sentences = sentences(for: event, at: time)
        remember(event, at: time)
        return reminders + sentences
    }

    /// Sentences about what has been awaited for long enough; to be asked for about once a second.
    public mutating func reminders(at now: Instant) -> [EventLine] {
        var lines: [EventLine] = []
        for (name, wait) in waits.sorted(by: { $0.key < $1.key }) where wait.next <= now {
            let text = "\(wait.event.step): waiting \((now - wait.since).short) for \(wait.event.reason)"
            lines.append(line(name, at: now, text, .warning))
            waits[name]?.moveOn(past: now)
        }
        return lines
    }

    private mutating func remember(_ event: RunEvent, at time: Instant) {
        switch event {
        case .operationIntended(let intent): titles[intent.id] = intent
        case .operationFinished(let finish): titles[finish.id] = nil
        case .stepStarted(let start): begin(start.node, at: time)
        case .stepFinished(let finish): begin(finish.node, at: time)
        case .stepRetried(let fact): begin(fact.node, at: time)
        case .nodeFinished(let finish): waits[finish.node] = nil
        case .nodeReturned(let fact): waits[fact.node] = nil
        case .nodeQuarantined(let fact): waits[fact.node] = nil
        case .nodeRetreated(let fact): waits[fact.node] = nil
        case .nodeWaiting(let waiting):
            waits[waiting.node] =
                waiting.reason.isEmpty
                ? nil : Wait(event: waiting, since: time)
        case .runFinished: waits = [:]
        default: break
        }
    }

    private mutating func begin(_ node: NodeName, at time: Instant) {
        waits[node] = nil
        stepStarts[node] = time
    }

    private func line(
        _ node: NodeName, at time: Instant, _ text: String, _ tone: TextStyle.Tone = .normal, isDetail: Bool = false
    ) -> EventLine {
        let wave = summary.places[node].map { summary.nodes[$0].wave }
        return EventLine(at: time, wave: wave == 0 ? nil : wave, node: node, text, tone, isDetail: isDetail)
    }
}

extension EventLines {
    private func sentences(for event: RunEvent, at time: Instant) -> [EventLine] {
        switch event {
        case .waveStarted, .waveFinished, .soakStarted: waveSentences(event, at: time)
        case .nodeStarted, .nodeWaiting, .nodeFinished, .nodeQuarantined, .nodeRetreated, .nodeReturned, .nodeRewound,
            .identityProved:
            nodeSentences(event, at: time)
        case .stepStarted(let start): [line(start.node, at: time, "\(start.step) begins", .faint, isDetail: true)]
        case .stepFinished(let finish): [sentence(finish, at: time)]
        case .stepRetried(let fact): [sentence(fact, at: time)]
        case .operationIntended(let intent): [sentence(intent, at: time)]
        case .operationFinished(let finish): sentence(finish, at: time).map { [$0] } ?? []
        case .evictionRequested(let request): [sentence(request, at: time)]
        case .budgetPassed(let pass): [sentence(pass, at: time)]
        case .evictionAnswered(let answer): [sentence(answer, at: time)]
        case .podLeft(let left): [sentence(left, at: time)]
        case .compensationOwed(let fact): [line(fact.compensation.node, at: time, fact.compensation.sentence)]
        case .compensationSettled(let fact): [EventLine(at: time, "undone: \(fact.id) (\(fact.detail))", .good)]
        case .healthBaseline, .healthChecked: healthSentences(event, at: time)
        case .timeStopped(let fact): [sentence(fact, at: time)]
        case .runStarted, .runResumed, .runHandedOver, .preflightPassed, .runBlocked, .windowOpened, .windowClosed,
            .stopRequested,
            .runFinished:
            runSentences(event, at: time)
        }
    }

    // MARK: - The run

    private func runSentences(_ event: RunEvent, at time: Instant) -> [EventLine] {
        switch event {
        case .runStarted(let start):
            let waves = (start.waves.count == 1 ? "wave " : "waves ") + Words.ranges(start.waves)
            return [
                EventLine(
                    at: time,
                    "run \(run) of \(start.playbook) begins: \(waves) of plan \(start.planDigest.prefix(12)), by \(start.actor.sentence)",
                    .strong)
            ]
        case .runResumed(let resumed):
            let doubt =
                resumed.inDoubt.isEmpty
                ? ""
                : "; \(Words.count(resumed.inDoubt.count, "operation")) in doubt: looking at the world before acting again"
            return [EventLine(at: time, "run \(run) goes on, by \(resumed.actor.sentence)\(doubt)", .strong)]
        case .runHandedOver(let fact):
            return [
                EventLine(at: time, "run \(run) is handed over to another machine, by \(fact.actor.sentence)", .strong)
            ]
        case .preflightPassed(let fact):
            return [
                EventLine(
                    at: time,
                    fact.hosts == 0
                        ? "preflight passed" : "preflight passed: \(Words.count(fact.hosts, "host")) reached and proved"
                )
            ]
        case .runBlocked(let fact): return [EventLine(at: time, "blocked: \(fact.reason)", .warning)]
        case .windowOpened(let fact):
            let until = fact.until.map { "; it closes \($0.dateText)" } ?? ""
            return [EventLine(at: time, "the window is open\(until)", .strong)]
        case .windowClosed(let fact):
            return [
                EventLine(at: time, "\(fact.sentence): nothing new is begun, what is temporary is undone", .warning)
            ]
        case .stopRequested(let request):
            return [EventLine(at: time, request.sentence, .warning)]
        case .runFinished(let finish): return [EventLine(at: time, finish.sentence(of: run), finish.result.tone)]
        default: return []
        }
    }

    // MARK: - Waves and nodes

    private func waveSentences(_ event: RunEvent, at time: Instant) -> [EventLine] {
        switch event {
        case .waveStarted(let change):
            let zones =
                change.zones.isEmpty
                ? "" : " in \(change.zones.count == 1 ? "zone" : "zones") \(change.zones.joined(separator: ", "))"
            let nodes = change.nodes.isEmpty ? "nothing left to do" : "\(NodeSet(change.nodes))\(zones)"
            return [EventLine(at: time, wave: change.wave, "begins: \(nodes)", .strong)]
        case .waveFinished(let change):
            let wave = summary.waves.first { $0.number == change.wave }
            let members = summary.nodes.filter { $0.wave == change.wave }
            let bad = members.count { $0.phase == .quarantined }
            let took = wave?.startedAt.map { " in \((time - $0).short)" } ?? ""
            let moved = Words.count(members.reduce(0) { $0 + $1.evicted }, "pod")
            let text =
                "done\(took): \(Words.count(members.count, "node")), \(moved) moved"
                + (bad == 0 ? "" : ", \(bad) quarantined")
            return [EventLine(at: time, wave: change.wave, text, bad == 0 ? .good : .warning)]
        case .soakStarted(let soak):
            return [
                EventLine(
                    at: time, wave: soak.wave, "soaks for \(Duration(bounded: soak.seconds).short) before the next wave"
                )
            ]
        default: return []
        }
    }

    private func nodeSentences(_ event: RunEvent, at time: Instant) -> [EventLine] {
        switch event {
        case .nodeStarted(let start):
            return [line(start.node, at: time, "taken in hand" + (start.zone.isEmpty ? "" : " (zone \(start.zone))"))]
        case .nodeWaiting(let waiting):
            guard !waiting.reason.isEmpty else { return [] }
            return [
                line(waiting.node, at: time, "\(waiting.step): waiting for \(waiting.reason)", .faint, isDetail: true)
            ]
        case .nodeFinished(let finish):
            let node = summary.places[finish.node].map { summary.nodes[$0] }
            let took = node?.startedAt.map { " in \((time - $0).short)" } ?? ""
            return [line(finish.node, at: time, "done\(took), \(Words.count(node?.evicted ?? 0, "pod")) moved", .good)]
        case .nodeQuarantined(let fact):
            let owed = fact.owesCleanup ? "; its clean-up is owed" : ""
            return [line(fact.node, at: time, "quarantined in \(fact.step): \(fact.reason)\(owed)", .bad)]
        case .nodeRetreated(let fact):
            let others = Words.list(fact.waitsFor.map(\.rawValue), atMost: 3)
            return [
                line(
                    fact.node, at: time, "gives way: \(fact.reason); uncordoned, and begun again after \(others)",
                    .warning)
            ]
        case .nodeReturned(let fact):
            let state = fact.isUncordoned ? "uncordoned and given back" : "given back, still cordoned"
            return [line(fact.node, at: time, "\(state): it begins anew in a later window", .warning)]
        case .nodeRewound(let fact):
            return [line(fact.node, at: time, "what it needs for a time is made anew when its window opens", .warning)]
        case .identityProved(let proof):
            guard proof.proof.isEmpty else {
                return [line(proof.node, at: time, "the host is this Node (\(proof.proof))", .faint, isDetail: true)]
            }
            return [
                line(
                    proof.node, at: time, "nothing proves that the host is this Node: it will not be cleaned", .warning)
            ]
        default: return []
        }
    }

    private func sentence(_ fact: RunEvent.TimeStopped, at time: Instant) -> EventLine {
        let text = "\(fact.reason): \(Duration(bounded: fact.seconds).short) that count against no timeout"
        return fact.node.map { line($0, at: time, text, .faint, isDetail: true) } ?? EventLine(at: time, text, .warning)
    }

    private func sentence(_ fact: RunEvent.StepRetried, at time: Instant) -> EventLine {
        let pause = Duration(bounded: fact.seconds).short
        return line(
            fact.node, at: time,
            "\(fact.step) failed: \(fact.reason); attempt \(fact.attempt) of \(fact.attempts) in \(pause)", .warning)
    }

    private func sentence(_ finish: RunEvent.StepFinished, at time: Instant) -> EventLine {
        let took = stepStarts[finish.node].map { time - $0 } ?? .zero
        let isQuick = !finish.changed && took < .seconds(1)
        let duration = took < .seconds(1) ? "" : " (\(took.short))"
        let detail = finish.detail.isEmpty ? "done" : finish.detail
        return line(
            finish.node, at: time, "\(finish.step): \(detail)\(duration)", isQuick ? .faint : .normal, isDetail: isQuick
        )
    }

    // MARK: - Operations and evictions

    private func sentence(_ intent: RunEvent.OperationIntended, at time: Instant) -> EventLine {
        guard let node = intent.node else {
            return EventLine(at: time, "requests: \(intent.title)", .faint, isDetail: true)
        }
        return line(node, at: time, "requests: \(intent.title)", .faint, isDetail: true)
    }

    private func sentence(_ finish: RunEvent.OperationFinished, at time: Instant) -> EventLine? {
        guard !finish.result.isSuccess else { return nil }
        let intent = titles[finish.id]
        let words =
            finish.result.message.isEmpty ? finish.result.code : "\(finish.result.message) (\(finish.result.code))"
        let text = "\(intent?.title ?? "operation \(finish.id)") failed: \(words)"
        if let node = intent?.node { return line(node, at: time, text, .warning) }
        // What a health check found is told by what becomes of it.
        let isDetail = intent?.key.hasPrefix(RunMachine.healthKeyPrefix) ?? false
        return EventLine(at: time, text, .warning, isDetail: isDetail)
    }

    private func sentence(_ request: RunEvent.EvictionRequested, at time: Instant) -> EventLine {
        let budget = request.budget.isEmpty ? "" : ", \(request.budget)"
        return line(request.node, at: time, "evicts \(request.pod.key)\(budget)", .faint, isDetail: true)
    }

    private func sentence(_ pass: RunEvent.BudgetPassed, at time: Instant) -> EventLine {
        let waited = Duration(bounded: pass.waitedSeconds).short
        return line(
            pass.request.node, at: time,
            "deletes \(pass.request.pod.key) past its budget, which held it back for \(waited): \(pass.reason)",
            .warning)
    }

    private func sentence(_ answer: RunEvent.EvictionAnswered, at time: Instant) -> EventLine {
        if answer.isAccepted {
            return line(
                answer.node, at: time, "eviction of \(answer.pod.key): \(answer.answer)", .faint, isDetail: true)
        }
        return line(
            answer.node, at: time, "evict \(answer.pod.key) was refused: \(answer.message) (\(answer.answer))", .warning
        )
    }

    private func sentence(_ left: RunEvent.PodLeft, at time: Instant) -> EventLine {
        let owner = left.workload.isEmpty ? "" : " (\(left.workload))"
        return line(left.node, at: time, "\(left.pod.key) left\(owner)")
    }
}

extension RunEvent.Actor {
    /// `alice@bastion (oidc:alice in the cluster, fleet 0.1.0)`.
    var sentence: String {
        let name = clusterUser.map { "\($0) in the cluster, " } ?? ""
        return "\(user)@\(machine) (\(name)fleet \(version))"
    }
}

extension RunEvent.RunFinished {
    fileprivate func sentence(of run: RunID) -> String {
        let why = reason.isEmpty ? "" : ": \(reason)"
        switch result {
        case .done: return "run \(run) is done\(why)"
        case .quarantined: return "run \(run) went to its end with nodes set aside\(why)"
        case .failed: return "run \(run) failed\(why)"
        case .aborted: return "run \(run) is aborted\(why)"
        case .rolledBack: return "run \(run) is rolled back\(why)"
        case .blocked, .interrupted, .paused:
            return "run \(run) is \(result.rawValue)\(why); go on with: fleet resume \(run)"
        }
    }
}

extension RunResult {
    /// What the end says about the world.
    var tone: TextStyle.Tone {
        switch self {
        case .done: .good
        case .quarantined, .blocked, .interrupted, .paused, .aborted, .rolledBack: .warning
        case .failed: .bad
        }
    }
}

extension Compensation {
    /// What is changed for the time being.
    var sentence: String {
        switch kind {
        case .replicas:
            "for the time being: \(workloadKind?.rawValue ?? "workload") \(key) has \(temporary) replicas instead of \(previous)"
        case .minimumReplicas:
            "for the time being: HorizontalPodAutoscaler \(key) has minReplicas \(temporary) instead of \(previous)"
        case .budget:
            "for the time being: PodDisruptionBudget \(key) has \(temporaryLabel ?? "") instead of \(previousLabel ?? "no bound")"
        case .nodeLabel: "for the time being: label \(label ?? "") on Node \(key.name)"
        case .nodeTaint: "for the time being: taint \(label ?? "") on Node \(key.name)"
        case .bootstrapToken, .hostToken: "for the time being: a token for host \(node) to join with"
        }
    }
}
