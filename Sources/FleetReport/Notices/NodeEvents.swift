public import FleetModel
public import FleetRun

/// Turns a run's facts into Kubernetes Events on the nodes touched: one for each node that says what was done to it, and
/// one for whatever is out of the ordinary.
///
/// While a node is in hand, the cordon's annotation on it names the run.
public struct NodeEvents: Sendable {
    private let run: RunID
    private let playbook: String
    private let reporter: String
    private var uids: [NodeName: ObjectUID]
    private var waves: [NodeName: Int] = [:]
    private var done: [NodeName: [(words: Words, detail: String)]] = [:]
    private var uncordoning: [Int: NodeName] = [:]

    /// The events of a run over Nodes whose UIDs the plan knows; those of Nodes that come in are told by the facts.
    public init(run: RunID, playbook: String, actor: RunEvent.Actor, uids: [NodeName: ObjectUID]) {
        self.run = run
        self.playbook = playbook
        reporter = "\(actor.user)@\(actor.machine)"
        self.uids = uids
    }

    /// The Events that a fact gives; none for most.
    public mutating func take(_ event: RunEvent, sequence: Int64, at time: Instant) -> [NodeEvent] {
        learn(from: event)
        if case .runFinished(let fact) = event { return leftovers(of: fact, sequence, time) }
        return [outcome(of: event, sequence, time)].compactMap(\.self)
    }

    /// A Node that came in is known from the step that brought it, or from what it was set aside for.
    private mutating func learn(from event: RunEvent) {
        switch event {
        case .stepFinished(let fact): if let uid = fact.nodeUID { uids[fact.node] = uid }
        case .nodeQuarantined(let fact): if let uid = fact.nodeUID { uids[fact.node] = uid }
        default: break
        }
    }

    /// What was done to nodes that the run leaves in the middle of their steps.
    private mutating func leftovers(
        of fact: RunEvent.RunFinished, _ sequence: Int64, _ time: Instant
    ) -> [NodeEvent] {
        guard fact.result.isFinal else { return [] }
        defer { done = [:] }
        return done.keys.sorted().compactMap { node in
            guard let words = outcome(of: node) else { return nil }
            return make(
                node, words, "the run ended meanwhile: \(fact.result.rawValue)", sequence, time, isWarning: true)
        }
    }

    private mutating func outcome(of event: RunEvent, _ sequence: Int64, _ time: Instant) -> NodeEvent? {
        switch event {
        case .nodeStarted(let fact):
            waves[fact.node] = fact.wave
            return nil
        case .stepFinished(let fact):
            guard fact.changed || fact.step == DrainStep.kind else { return nil }
            let words = Self.steps[fact.step] ?? Words(reason: "Changed", action: "Change", verb: fact.step)
            done[fact.node, default: []].append((words, fact.step == DrainStep.kind ? fact.detail : ""))
            return nil
        case .nodeFinished(let fact):
            guard let words = outcome(of: fact.node) else { return nil }
            done[fact.node] = nil
            return make(fact.node, words, "", sequence, time)
        case .nodeQuarantined(let fact):
            let words = Words(reason: "SetAside", action: "Quarantine", verb: "set aside in \(fact.step)")
            let before = done.removeValue(forKey: fact.node).map { "; before that " + Self.list($0) } ?? ""
            return make(fact.node, words, fact.reason + before, sequence, time, isWarning: true)
        case .nodeRetreated(let fact):
            let words = Words(reason: "GaveWay", action: "Uncordon", verb: "uncordoned for the time being")
            return make(fact.node, words, fact.reason, sequence, time)
        case .operationIntended(let fact):
            if let node = fact.node, fact.isRollback { uncordoning[fact.id] = node }
            return nil
        case .operationFinished(let fact):
            guard let node = uncordoning.removeValue(forKey: fact.id), fact.result.isSuccess else { return nil }
            done[node] = nil
            let words = Words(reason: "Uncordoned", action: "Uncordon", verb: "uncordoned")
            return make(node, words, "rolled back", sequence, time)
        case .nodeReturned(let fact):
            let words = Words(reason: "GivenBack", action: "Return", verb: "given back at the window's end")
            return make(fact.node, words, fact.isUncordoned ? "uncordoned" : "still cordoned", sequence, time)
        default: return nil
        }
    }

    private struct Words {
        var reason: String
        var action: String
        var verb: String
        /// Of several the weightiest names the Event; a step that has no words of its own weighs nothing.
        var weight = 0
    }

    private static let steps: [String: Words] = [
        CordonStep.kind: Words(reason: "Cordoned", action: "Cordon", verb: "cordoned", weight: 1),
        UncordonStep.kind: Words(reason: "Uncordoned", action: "Uncordon", verb: "uncordoned", weight: 2),
        DrainStep.kind: Words(reason: "Drained", action: "Drain", verb: "drained", weight: 3),
        RebootStep.kind: Words(reason: "Rebooted", action: "Reboot", verb: "rebooted", weight: 4),
        JoinStep.kind: Words(reason: "Joined", action: "Join", verb: "joined the cluster", weight: 5),
        DeleteNodeStep.kind: Words(reason: "Deleted", action: "Delete", verb: "removed from the cluster", weight: 6),
    ]

    /// What was done to a node, by the name of the weightiest; nil when it was nothing that Events tell.
    private func outcome(of node: NodeName) -> Words? {
        guard let all = done[node], let first = all.max(by: { $0.words.weight < $1.words.weight }) else { return nil }
        return Words(reason: first.words.reason, action: first.words.action, verb: Self.list(all))
    }

    private static func list(_ done: [(words: Words, detail: String)]) -> String {
        done.map { $0.detail.isEmpty ? $0.words.verb : "\($0.words.verb) (\($0.detail))" }.joined(separator: ", ")
    }

    private func make(
        _ node: NodeName, _ words: Words, _ detail: String, _ sequence: Int64, _ time: Instant, isWarning: Bool = false
    ) -> NodeEvent? {
        guard let uid = uids[node] else { return nil }
        let wave = waves[node].map { ", wave \($0)" } ?? ""
        let more = detail.isEmpty ? "" : ": \(detail)"
        return NodeEvent(
            name: "\(node).\(run)-\(sequence)", node: node, uid: uid, reason: words.reason, action: words.action,
            note: "\(words.verb) by fleet run \(run) (\(playbook)\(wave))\(more)", isWarning: isWarning, time: time,
            reporter: reporter)
    }
}

extension RunEvent.OperationIntended {
    /// Whether it takes a cordon of the run's back; uncordoning in the middle of a run has facts of its own.
    fileprivate var isRollback: Bool {
        key == RunMachine.putBackKey && (changes ?? []).contains { $0.field == "spec.unschedulable" }
    }
}
