public import FleetModel

extension RunEvent {
    /// A maintenance window opened or closed for the run.
    public struct WindowChanged: Hashable, Sendable, Codable {
        /// When it closes, or when the next one opens; nil when none does.
        public var until: Instant?
        /// Why it counts as closed before its end; nil when its end came.
        public var reason: String?

        /// A change.
        public init(until: Instant?, reason: String? = nil) {
            self.until = until
            self.reason = reason
        }
    }

    /// A node in hand was given back at a window's end; it begins anew in a later one (safety rule 21).
    public struct NodeReturned: Hashable, Sendable, Codable {
        /// The node.
        public var node: NodeName
        /// Whether it was uncordoned.
        public var isUncordoned: Bool

        /// A node given back.
        public init(node: NodeName, isUncordoned: Bool) {
            self.node = node
            self.isUncordoned = isUncordoned
        }
    }

    /// Nothing could be done for a while: what was waited for is waited for as long as was left.
    public struct TimeStopped: Hashable, Sendable, Codable {
        /// For how long, in seconds.
        public var seconds: Double
        /// The node for which nothing could be done; nil when it was nothing at all.
        public var node: NodeName?
        /// Why.
        public var reason: String

        /// A time that does not count.
        public init(seconds: Double, node: NodeName? = nil, reason: String) {
            self.seconds = seconds
            self.node = node
            self.reason = reason
        }
    }

    /// Steps of a node in hand are done anew: what they had changed for a time was undone at a window's end.
    public struct NodeRewound: Hashable, Sendable, Codable {
        /// The node.
        public var node: NodeName
        /// The steps' positions, ascending; the node stands at the first.
        ///
        /// Steps between them that are done stay done.
        public var steps: [Int]

        /// A node rewound.
        public init(node: NodeName, steps: [Int]) {
            self.node = node
            self.steps = steps
        }
    }

    /// The run was written to a file for another machine: this one's journal goes on with it no more (safety rule 23).
    public struct RunHandedOver: Hashable, Sendable, Codable {
        /// Who handed it over.
        public var actor: Actor
        /// The identity of the state file that it was handed over from.
        public var stateFile: String

        /// A run handed over.
        public init(actor: Actor, stateFile: String) {
            self.actor = actor
            self.stateFile = stateFile
        }
    }

    /// The run is to go no further.
    public struct StopRequested: Hashable, Sendable, Codable {
        /// Who or what asks, such as `SIGINT`, or `fleet abort of alice@bastion`.
        public var by: String
        /// What is asked for; nil (in journals that lack it) means `interrupt`.
        public var kind: StopKind?

        /// A wish that the run stop.
        public init(by: String, kind: StopKind? = nil) {
            self.by = by
            self.kind = kind
        }
    }
}
