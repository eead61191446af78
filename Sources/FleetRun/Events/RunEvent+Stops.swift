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
