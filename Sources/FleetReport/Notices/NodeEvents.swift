public import FleetModel
public import FleetRun

/// Turns a run's facts into Kubernetes Events on the nodes touched: cordoned, drained, deleted, set aside and so on.
public struct NodeEvents: Sendable {
    private let run: RunID
    private let playbook: String
    private let reporter: String
    private let uids: [NodeName: ObjectUID]
    private var waves: [NodeName: Int] = [:]
    private var uncordoning: [Int: NodeName] = [:]

    /// The events of a run; nodes without a known UID, such as those that have yet to join, get none.
    public init(run: RunID, playbook: String, actor: RunEvent.Actor, uids: [NodeName: ObjectUID]) {
        self.run = run
        self.playbook = playbook
        reporter = "\(actor.user)@\(actor.machine)"
        self.uids = uids
    }

    /// The Event that a fact gives; nil for most.
    public mutating func take(_ event: RunEvent, sequence: Int64, at time: Instant) -> NodeEvent? {
        switch event {
        case .nodeStarted(let fact):
            waves[fact.node] = fact.wave
            return nil
        case .stepFinished(let fact):
            guard fact.changed || fact.step == DrainStep.kind, let words = Self.steps[fact.step] else { return nil }
            return make(fact.node, words, fact.detail, sequence, time)
        case .nodeQuarantined(let fact):
            let words = Words(reason: "SetAside", action: "Quarantine", verb: "set aside in \(fact.step)")
            return make(fact.node, words, fact.reason, sequence, time, isWarning: true)
        case .nodeRetreated(let fact):
            let words = Words(reason: "GaveWay", action: "Uncordon", verb: "uncordoned for the time being")
            return make(fact.node, words, fact.reason, sequence, time)
        case .operationIntended(let fact):
            if let node = fact.node, fact.isRollback { uncordoning[fact.id] = node }
            return nil
        case .operationFinished(let fact):
            guard let node = uncordoning.removeValue(forKey: fact.id), fact.result.isSuccess else { return nil }
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
    }

    private static let steps: [String: Words] = [
        CordonStep.kind: Words(reason: "Cordoned", action: "Cordon", verb: "cordoned"),
        UncordonStep.kind: Words(reason: "Uncordoned", action: "Uncordon", verb: "uncordoned"),
        DrainStep.kind: Words(reason: "Drained", action: "Drain", verb: "drained"),
        DeleteNodeStep.kind: Words(reason: "Deleted", action: "Delete", verb: "removed from the cluster"),
        RebootStep.kind: Words(reason: "Rebooted", action: "Reboot", verb: "rebooted"),
    ]

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
