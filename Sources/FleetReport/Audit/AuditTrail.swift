public import FleetModel
public import FleetRun

/// Who did what in a run, and what was there before: a fold over its journal.
///
/// Requests that journals of older versions hold say what was done, but not field by field.
public struct AuditTrail: Encodable, Sendable {
    private var actors: [Actor] = []
    private var stops: [Stop] = []
    private var handOvers: [HandOver] = []
    private var acts: [Act] = []
    private var steps: [Step] = []
    private var beside: [Beside] = []

    private var open: [Int: Int] = [:]

    private enum CodingKeys: String, CodingKey {
        case actors, stops, handOvers, acts, steps, beside
    }

    /// Who drove the run, from when on.
    private struct Actor: Encodable, Sendable {
        var at: String
        var user: String
        var machine: String
        var version: String
        /// What the cluster calls them; nil where it did not tell.
        var clusterUser: String?
        var isResumption: Bool
        /// What was said yes to by name.
        var consent: RunEvent.Consent?
    }

    /// Who wrote the run to a file for another machine.
    private struct HandOver: Encodable, Sendable {
        var at: String
        var user: String
        var machine: String
    }

    /// Somebody's wish that the run go no further.
    private struct Stop: Encodable, Sendable {
        var at: String
        var by: String
        var kind: StopKind
    }

    /// One request or command, with what it changes.
    private struct Act: Encodable, Sendable {
        var at: String
        var answeredAt: String?
        var operation: Int
        var node: NodeName?
        var title: String
        var changes: [ObjectChange]
        /// `unknown` while no outcome is on record.
        var outcome = "unknown"
        var message: String?
    }

    /// What a step changed on a node or its host, in its own words.
    private struct Step: Encodable, Sendable {
        var at: String
        var node: NodeName
        var step: String
        var detail: String
    }

    /// What was asked of others for the run's sake, such as a provider's machines.
    private struct Beside: Encodable, Sendable {
        var at: String
        var by: String
        var what: String
        var subject: String?
        var outcome: OperatorAct.Outcome?
        var detail: String
    }

    /// The trail of a journal, with what was done for the run beside it, in order.
    ///
    /// - Throws: `UnreadableRecord` for a record of a newer fleet.
    public init(_ records: [JournalRecord], beside acts: [OperatorAct] = []) throws(RunEvent.UnreadableRecord) {
        self.init(try RunEvent.events(of: records))
        beside = acts.map {
            Beside(
                at: $0.time.timestamp, by: $0.by, what: $0.what, subject: $0.subject, outcome: $0.outcome,
                detail: $0.detail)
        }
    }

    /// The trail of events.
    init(_ events: [(event: RunEvent, time: Instant)]) {
        for (event, time) in events { take(event, at: time) }
    }

    private mutating func take(_ event: RunEvent, at time: Instant) {
        switch event {
        case .runStarted(let fact): begin(fact.actor, fact.consent, isResumption: false, at: time)
        case .runResumed(let fact): begin(fact.actor, fact.consent, isResumption: true, at: time)
        case .runHandedOver(let fact):
            handOvers.append(HandOver(at: time.timestamp, user: fact.actor.user, machine: fact.actor.machine))
        case .stopRequested(let fact):
            stops.append(Stop(at: time.timestamp, by: fact.by, kind: fact.kind ?? .interrupt))
        case .operationIntended(let fact):
            act(fact.id, fact.node, fact.title, fact.changes ?? [], at: time)
        case .operationFinished(let fact):
            answer(fact.id, fact.result.code, fact.result.message, at: time)
        case .evictionRequested(let fact):
            let change = ObjectChange(
                object: "Pod \(fact.pod.key)", field: "spec.nodeName", before: fact.node.rawValue, after: nil)
            act(fact.id, fact.node, "evict \(fact.pod.key)", [change], at: time)
        case .budgetPassed(let fact):
            let pod = fact.request.pod.key
            let change = ObjectChange(
                object: "Pod \(pod)", field: "spec.nodeName", before: fact.request.node.rawValue, after: nil)
            act(
                fact.request.id, fact.request.node, "delete \(pod) past its budget: \(fact.reason)", [change], at: time)
        case .evictionAnswered(let fact): answer(fact.id, fact.answer, fact.message, at: time)
        case .stepFinished(let fact) where fact.changed:
            steps.append(Step(at: time.timestamp, node: fact.node, step: fact.step, detail: fact.detail))
        default: break
        }
    }

    private mutating func begin(
        _ actor: RunEvent.Actor, _ consent: RunEvent.Consent?, isResumption: Bool, at time: Instant
    ) {
        actors.append(
            Actor(
                at: time.timestamp, user: actor.user, machine: actor.machine, version: actor.version,
                clusterUser: actor.clusterUser, isResumption: isResumption, consent: consent))
    }

    private mutating func act(
        _ id: Int, _ node: NodeName?, _ title: String, _ changes: [ObjectChange], at time: Instant
    ) {
        open[id] = acts.count
        acts.append(Act(at: time.timestamp, operation: id, node: node, title: title, changes: changes))
    }

    private mutating func answer(_ id: Int, _ code: String, _ message: String, at time: Instant) {
        guard let place = open.removeValue(forKey: id) else { return }
        acts[place].answeredAt = time.timestamp
        acts[place].outcome = code
        acts[place].message = message.isEmpty ? nil : message
    }
}
