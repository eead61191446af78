import FleetModel
import FleetPlanning
import FleetPorts
import FleetRun

/// What earlier runs did of a pinned plan: a fold over their journals.
struct PlanProgress: Sendable {
    /// One run of the plan.
    struct Run: Sendable {
        var stored: StoredRun
        var history: [(event: RunEvent, time: Instant)]
        var lastSequence: Int64

        /// Whether it began and did not end.
        var isUnfinished: Bool { stored.finishedAt == nil }

        /// Whether its first fact came onto the disk; before that it had begun nothing.
        var hasBegun: Bool { !history.isEmpty }

        /// How it ended; nil while it did not, or can be gone on with.
        var finalResult: RunResult? {
            guard case .runFinished(let fact) = history.last?.event, fact.result.isFinal else { return nil }
            return fact.result
        }

        /// The waves it was asked for.
        var waves: [Int] {
            for (event, _) in history { if case .runStarted(let start) = event { return start.waves } }
            return []
        }
    }

    /// The runs, oldest first.
    private(set) var runs: [Run] = []
    /// The nodes whose steps are all done.
    private(set) var finished: Set<NodeName> = []

    /// Reads the journals of a plan's runs: those of the very pinning, and any that is unfinished.
    ///
    /// A plan that was dropped and made anew begins anew, though it reads the same; clocks say nothing about that.
    static func read(_ plan: Plan, pin: String?, from journal: any JournalPort) async throws -> PlanProgress {
        var progress = PlanProgress()
        let all = try await journal.runs().reversed()
        let own = all.filter {
            $0.cluster == plan.cluster && $0.planDigest == plan.digest && $0.planName == plan.name
        }
        for stored in own {
            guard stored.finishedAt == nil || (pin != nil && stored.pin == pin) else { continue }
            let records = try await journal.records(of: stored.id)
            let history = try RunEvent.events(of: records)
            progress.runs.append(Run(stored: stored, history: history, lastSequence: records.last?.sequence ?? 0))
            for (event, _) in history {
                if case .nodeFinished(let fact) = event { progress.finished.insert(fact.node) }
            }
        }
        return progress
    }

    /// The run to be gone on with.
    var unfinished: Run? { runs.last { $0.isUnfinished } }

    /// The nodes that other runs than this one emptied, or whose hosts they began to clean.
    func emptied(before id: RunID) -> Set<NodeName> {
        var nodes: Set<NodeName> = []
        for run in runs where run.stored.id != id {
            for (event, _) in run.history {
                switch event {
                case .stepFinished(let fact) where fact.step == DrainStep.kind: nodes.insert(fact.node)
                case .stepStarted(let fact) where fact.step == CleanupStep.kind: nodes.insert(fact.node)
                default: break
                }
            }
        }
        return nodes
    }

    /// Forgets a run.
    mutating func forget(_ id: RunID) { runs.removeAll { $0.stored.id == id } }

    /// Whether every node of a wave is done.
    func isFinished(_ wave: PlannedWave) -> Bool { wave.targets.allSatisfy { finished.contains($0.node) } }
}
