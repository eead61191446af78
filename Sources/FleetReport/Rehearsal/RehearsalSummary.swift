public import FleetModel
public import FleetRun

/// What a rehearsal adds up to: how long the run takes, what each node does when, which budgets hold it up.
///
/// All times are seconds since the virtual clock's start.
public struct RehearsalSummary: Sendable {
    /// One stretch of a node's bar.
    public struct Stretch: Hashable, Sendable, Encodable {
        /// What is done meanwhile.
        public enum Work: String, Hashable, Sendable, Encodable, CaseIterable {
            /// Before its pods leave: cordon, surge, connections.
            case prepare
            /// Its pods leave.
            case drain
            /// Looking whether all is well: replacements, volumes, absence.
            case verify
            /// Commands on its host.
            case host
            /// Its Node object is deleted or uncordoned.
            case node
        }

        /// What is done.
        public var work: Work
        /// The step's kind.
        public var step: String
        /// When it begins.
        public var from: Double
        /// When it ends.
        public var to: Double
    }

    /// One node's bar.
    public struct Bar: Hashable, Sendable, Encodable {
        /// The node.
        public var node: NodeName
        /// Its wave.
        public var wave: Int
        /// Its zone; empty when unknown.
        public var zone: String
        /// How it ended.
        public var phase: RunSummary.Node.Phase
        /// Why it was set aside; empty when it was not.
        public var reason: String
        /// Pods evicted from it.
        public var evicted: Int
        /// What it did when.
        public var stretches: [Stretch] = []
    }

    /// One wave.
    public struct Wave: Hashable, Sendable, Encodable {
        /// From 1.
        public var number: Int
        /// How many nodes.
        public var nodes: Int
        /// When its first node was begun.
        public var from: Double
        /// When its last node ended.
        public var to: Double
        /// Pods evicted.
        public var evicted: Int
        /// Nodes set aside.
        public var setAside: Int
    }

    /// How long pods waited for one budget, from the start of their node's drain to their eviction's request.
    public struct Stall: Hashable, Sendable, Encodable {
        /// The budget, such as `PodDisruptionBudget shop/cart` or `implicit budget of Deployment shop/cart`.
        public var budget: String
        /// Pods that waited.
        public var pods: Int
        /// The longest wait.
        public var longest: Double
        /// All waits together.
        public var together: Double
        /// When the first began.
        public var from: Double
        /// When the last ended.
        public var to: Double
    }

    /// A budget's room over time.
    public struct Headroom: Hashable, Sendable, Encodable {
        /// From then on so many pods may go.
        public struct Point: Hashable, Sendable, Encodable {
            /// When.
            public var at: Double
            /// How many.
            public var allowed: Int
        }

        /// The budget.
        public var budget: ObjectKey
        /// The changes, the first at 0.
        public var points: [Point]
        /// The least room it had.
        public var least: Int
        /// How long it had none.
        public var atZero: Double
        /// Healthy pods less needed ones, at the worst.
        public var leastHealthyOverDesired: Int
    }

    /// What happened, a sentence each.
    public struct Moment: Hashable, Sendable, Encodable {
        /// When.
        public var at: Double
        /// What.
        public var text: String
    }

    /// How long the run takes.
    public internal(set) var duration: Double = 0
    /// How it ended; nil when it did not within the time played.
    public internal(set) var result: RunResult?
    /// Why, when it is not `done`.
    public internal(set) var reason = ""
    /// The counts.
    public internal(set) var run: RunSummary
    /// The waves that were begun.
    public internal(set) var waves: [Wave] = []
    /// The nodes in the plan's order.
    public internal(set) var bars: [Bar] = []
    /// What held pods up, by the longest wait.
    public internal(set) var stalls: [Stall] = []
    /// The budgets that lost room, the tightest first.
    public internal(set) var headroom: [Headroom] = []
    /// Waves, and what was out of the ordinary.
    public internal(set) var timeline: [Moment] = []
}
