public import FleetModel

/// Something of fleet's that still stands on an object of a cluster, and what it says of itself (safety rule 23).
public struct Leftover: Hashable, Sendable {
    /// What was changed.
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        /// A workload's replicas.
        case replicas
        /// An autoscaler's minimum.
        case minimumReplicas = "min-replicas"
        /// A budget's bound.
        case budget
        /// A label of a Node.
        case label
        /// The taint that keeps moved pods from a plan's nodes.
        case taint
        /// A cordon.
        case cordon
        /// The label of a node that was set aside.
        case quarantine
        /// A token that a host was to join with.
        case token = "bootstrap-token"
    }

    /// What is done about it.
    public enum Fate: Hashable, Sendable {
        /// It is set back by this request, only while the object still has this version; nil where any will do.
        case restore(ClusterRequest, resourceVersion: String?)
        /// It stays unless the operator asks for it.
        case keep(why: String)
    }

    /// What was changed.
    public var kind: Kind
    /// The object, such as `Deployment shop/cart`, or `Node web-02`.
    public var object: String
    /// The run that changed it; nil when the object does not say.
    public var run: RunID?
    /// The value before; nil when there was none.
    public var previous: String?
    /// The value as it stands.
    public var found: String
    /// Whether somebody else changed it since: its value is left alone, only fleet's note goes.
    public var isChangedSince: Bool
    /// What is done about it.
    public var fate: Fate

    /// Whether `fleet leftovers --restore` sets it back.
    public var isRestorable: Bool { if case .restore = fate { true } else { false } }
}
