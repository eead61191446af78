import FleetModel
import FleetRun

/// A run's summary as a JSON document.
///
/// Its schema is `fleet.run/v1`; times are RFC 3339 in UTC, durations whole milliseconds.
public struct RunJSON: Encodable, Sendable {
    private let schema = "fleet.run/v1"
    private let run: RunID
    private let playbook: String
    private let planDigest: String
    private let state: String
    private let isDriven: Bool?
    private let handedOverBy: String?
    private let reason: String?
    private let startedAt: String?
    private let lastFactAt: String?
    private let durationMilliseconds: Int64?
    private let resumptions: Int
    private let blocked: String?
    private let waves: [Wave]
    private let nodes: [Node]
    private let waiting: [Waiting]
    private let evictions: Evictions
    private let operations: Operations
    private let temporaryChanges: [String]
    private let audit: AuditTrail?

    /// The document of a summary; with an audit trail it says who did what, with what was there before.
    public init(_ summary: RunSummary, isDriven: Bool? = nil, audit: AuditTrail? = nil) {
        self.audit = audit
        run = summary.id
        playbook = summary.playbook
        planDigest = summary.planDigest
        state = summary.result?.rawValue ?? "unfinished"
        self.isDriven = isDriven
        handedOverBy = summary.handedOver?.actor.sentence
        reason = summary.reason.isEmpty ? nil : summary.reason
        startedAt = summary.startedAt?.timestamp
        lastFactAt = summary.lastFactAt?.timestamp
        durationMilliseconds = summary.duration.map { $0.wholeMicroseconds / 1000 }
        resumptions = summary.resumptions
        blocked = summary.block
        waves = summary.waves.map(Wave.init)
        nodes = summary.nodes.map(Node.init)
        waiting = summary.waiting.map(Waiting.init)
        evictions = Evictions(summary.evictions)
        operations = Operations(summary.operations)
        temporaryChanges = summary.owed
    }

    private struct Wave: Encodable {
        let number: Int
        let nodes: [NodeName]
        let zones: [String]
        let startedAt: String?
        let finishedAt: String?

        init(_ wave: RunSummary.Wave) {
            number = wave.number
            nodes = wave.nodes
            zones = wave.zones
            startedAt = wave.startedAt?.timestamp
            finishedAt = wave.finishedAt?.timestamp
        }
    }

    private struct Node: Encodable {
        let name: NodeName
        let wave: Int
        let zone: String?
        let phase: RunSummary.Node.Phase
        let step: String?
        let waitingFor: String?
        let waitingSince: String?
        let startedAt: String?
        let endedAt: String?
        let podsEvicted: Int
        let podsGone: Int
        let reason: String?
        let owesCleanup: Bool
        let diagnosis: [Diagnosis.Finding]?

        init(_ node: RunSummary.Node) {
            name = node.name
            wave = node.wave
            zone = node.zone.isEmpty ? nil : node.zone
            phase = node.phase
            step = node.step.isEmpty ? nil : node.step
            waitingFor = node.waiting.isEmpty ? nil : node.waiting
            waitingSince = node.waitingSince?.timestamp
            startedAt = node.startedAt?.timestamp
            endedAt = node.endedAt?.timestamp
            podsEvicted = node.evicted
            podsGone = node.left
            reason = node.reason.isEmpty ? nil : node.reason
            owesCleanup = node.owesCleanup
            diagnosis = node.diagnosis
        }
    }

    private struct Waiting: Encodable {
        let reason: String
        let step: String
        let nodes: [NodeName]
        let since: String?

        init(_ waiting: RunSummary.Waiting) {
            reason = waiting.reason
            step = waiting.step
            nodes = waiting.nodes
            since = waiting.since?.timestamp
        }
    }

    private struct Evictions: Encodable {
        let requested: Int
        let accepted: Int
        let pushedBack: Int
        let refused: Int
        let podsGone: Int
        let secondMoves: Int
        let movesPerPod: Double?
        let byBudget: [String: Int]
        let pastBudgets: [PastBudget]

        init(_ evictions: RunSummary.Evictions) {
            requested = evictions.requested
            accepted = evictions.accepted
            pushedBack = evictions.pushedBack
            refused = evictions.refused
            podsGone = evictions.left
            secondMoves = evictions.repeated
            movesPerPod = evictions.movesPerPod
            byBudget = evictions.byBudget
            pastBudgets = evictions.passed.map(PastBudget.init)
        }
    }

    private struct PastBudget: Encodable {
        let pod: String
        let node: NodeName
        let budget: String?
        let reason: String
        let waitedSeconds: Double

        init(_ pass: RunEvent.BudgetPassed) {
            pod = pass.request.pod.description
            node = pass.request.node
            budget = pass.request.budget.isEmpty ? nil : pass.request.budget
            reason = pass.reason
            waitedSeconds = pass.waitedSeconds
        }
    }

    private struct Operations: Encodable {
        let requests: Int
        let hostCommands: Int
        let failed: Int

        init(_ operations: RunSummary.Operations) {
            requests = operations.requests
            hostCommands = operations.commands
            failed = operations.failed
        }
    }
}
