/// Something that an operator did to a cluster or its plans beside the runs, for the audit.
public struct OperatorAct: Hashable, Sendable {
    /// The cluster's UID.
    public var cluster: ObjectUID
    /// When.
    public var time: Instant
    /// Who, from where, such as `alice@bastion`.
    public var by: String
    /// For which run; nil for what belongs to none.
    public var run: RunID?
    /// What, such as `pin`, `drop`, `leftovers --restore`, `provider create`.
    public var what: String
    /// On which thing, from what to what.
    public var detail: String

    /// An act.
    public init(cluster: ObjectUID, time: Instant, by: String, run: RunID? = nil, what: String, detail: String) {
        self.cluster = cluster
        self.time = time
        self.by = by
        self.run = run
        self.what = what
        self.detail = detail
    }
}
