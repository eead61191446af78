public import FleetModel

/// Something that an operator did to a cluster or its plans beside the runs, for the audit.
public struct OperatorAct: Hashable, Sendable {
    /// The cluster's UID.
    public var cluster: ObjectUID
    /// When.
    public var time: Instant
    /// Who, from where, such as `alice@bastion`.
    public var by: String
    /// What, such as `pin`, `drop`, `leftovers --restore`.
    public var what: String
    /// On which thing, from what to what.
    public var detail: String

    /// An act.
    public init(cluster: ObjectUID, time: Instant, by: String, what: String, detail: String) {
        self.cluster = cluster
        self.time = time
        self.by = by
        self.what = what
        self.detail = detail
    }
}
