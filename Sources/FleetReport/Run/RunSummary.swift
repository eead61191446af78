public import FleetModel
public import FleetRun

/// What a run's facts add up to: the fold behind `fleet status`, `fleet report` and the end of a run.
///
/// It needs the events only, so a journal can be read where neither cluster nor inventory can be reached.
public struct RunSummary: Hashable, Sendable {
    /// The run.
    public let id: RunID
    /// The playbook's name; empty until the run began.
    public internal(set) var playbook = ""
    /// The digest of the plan.
    public internal(set) var planDigest = ""
    /// Who began it.
    public internal(set) var actor: RunEvent.Actor?
    /// The waves asked for and what became of them, in order.
    public internal(set) var waves: [Wave] = []
    /// The nodes begun so far, and those of begun waves, in the order of the plan.
    public internal(set) var nodes: [Node] = []
    /// Evictions.
    public internal(set) var evictions = Evictions()
    /// Requests of the API and commands on hosts that were answered.
    public internal(set) var operations = Operations()
    /// Temporary changes that are not undone yet, by name.
    public internal(set) var owed: [String] = []
    /// Why no node could be begun when last tried; nil when that is over.
    public internal(set) var block: String?
    /// When the soak under way ends.
    public internal(set) var soakEnd: Instant?
    /// How often a later process took the run up again.
    public internal(set) var resumptions = 0
    /// That it was handed over to another machine, and not taken up since.
    public internal(set) var handedOver: RunEvent.RunHandedOver?
    /// When it began.
    public internal(set) var startedAt: Instant?
    /// The time of the last fact.
    public internal(set) var lastFactAt: Instant?
    /// How it ended; nil while it has not.
    public internal(set) var result: RunResult?
    /// Why, when it is not `done`.
    public internal(set) var reason = ""

    var places: [NodeName: Int] = [:]

    /// A run of which nothing is known yet.
    public init(_ id: RunID) { self.id = id }

    /// The fold over a journal; throws `UnreadableRecord` for a record of a newer fleet.
    public init(_ id: RunID, records: [JournalRecord]) throws(RunEvent.UnreadableRecord) {
        self.init(id)
        for (event, time) in try RunEvent.events(of: records) { apply(event, at: time) }
    }
}

extension RunSummary {
    /// One wave.
    public struct Wave: Hashable, Sendable {
        /// From 1.
        public var number: Int
        /// Its nodes; empty until it began.
        public var nodes: [NodeName] = []
        /// Its zones.
        public var zones: [String] = []
        /// When it began.
        public var startedAt: Instant?
        /// When its last node ended.
        public var finishedAt: Instant?
    }

    /// One node.
    public struct Node: Hashable, Sendable {
        /// Where it stands.
        public enum Phase: String, Hashable, Sendable, Codable {
            case pending, working, finished, quarantined
        }

        /// The node.
        public var name: NodeName
        /// Its wave.
        public var wave: Int
        /// Its zone; empty when unknown.
        public var zone = ""
        /// Where it stands.
        public var phase = Phase.pending
        /// The kind of the step under way, or of the one that failed.
        public var step = ""
        /// What is awaited; empty when nothing is.
        public var waiting = ""
        /// Since when it is awaited.
        public var waitingSince: Instant?
        /// When it was taken in hand.
        public var startedAt: Instant?
        /// When it ended.
        public var endedAt: Instant?
        /// Evictions the API accepted.
        public var evicted = 0
        /// Evicted pods that are gone.
        public var left = 0
        /// Why it was set aside; empty when it was not.
        public var reason = ""
        /// Whether its clean-up is owed.
        public var owesCleanup = false
        /// What was found to be wrong with it; nil where nothing was.
        public var diagnosis: [Diagnosis.Finding]?
    }

    /// Evictions of the run.
    public struct Evictions: Hashable, Sendable {
        /// Requests sent.
        public var requested = 0
        /// Requests that the API accepted.
        public var accepted = 0
        /// Requests answered 429: by a budget, or by the server itself.
        public var pushedBack = 0
        /// Requests refused otherwise.
        public var refused = 0
        /// Evicted pods that are gone.
        public var left = 0
        /// Accepted evictions of pods that are younger than the run: second moves.
        public var repeated = 0
        /// Accepted evictions by what limited them, such as `PodDisruptionBudget shop/cart`.
        public var byBudget: [String: Int] = [:]

        /// Pods that were deleted past their budgets (safety rule 11).
        public var passed: [RunEvent.BudgetPassed] = []

        var open: [Int: RunEvent.EvictionRequested] = [:]
        var openPasses: [Int: RunEvent.BudgetPassed] = [:]

        /// Moves per pod: 1 when nothing moved twice; nil before the first move.
        public var movesPerPod: Double? {
            let first = accepted - repeated
            return first > 0 ? Double(accepted) / Double(first) : nil
        }
    }

    /// What was asked of the world.
    public struct Operations: Hashable, Sendable {
        /// Answered requests of the API, evictions included, watches aside.
        public var requests = 0
        /// Commands on hosts that ended.
        public var commands = 0
        /// How many of both failed, 429s aside.
        public var failed = 0

        /// What the machine that runs fleet was asked itself: neither request nor command on a host.
        var local: Set<Int> = []
    }

    /// Nodes that wait for the same thing.
    public struct Waiting: Hashable, Sendable {
        /// What is awaited.
        public var reason: String
        /// The step that waits.
        public var step: String
        /// Who waits.
        public var nodes: [NodeName]
        /// Since when the first of them waits.
        public var since: Instant?
    }

    /// What is awaited now, by reason, longest first.
    public var waiting: [Waiting] {
        var groups: [Waiting] = []
        for node in nodes where node.phase == .working && !node.waiting.isEmpty {
            if let index = groups.firstIndex(where: { $0.reason == node.waiting && $0.step == node.step }) {
                groups[index].nodes.append(node.name)
                groups[index].since = [groups[index].since, node.waitingSince].compactMap(\.self).min()
            } else {
                groups.append(
                    Waiting(reason: node.waiting, step: node.step, nodes: [node.name], since: node.waitingSince))
            }
        }
        return groups.sorted { ($0.since ?? .epoch) < ($1.since ?? .epoch) }
    }

    /// Nodes that were set aside.
    public var quarantined: [Node] { nodes.filter { $0.phase == .quarantined } }

    /// From the first fact to the last.
    public var duration: Duration? {
        guard let startedAt, let lastFactAt else { return nil }
        return lastFactAt - startedAt
    }
}
