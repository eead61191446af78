/// Something that an operator did to a cluster or its plans beside the runs, for the audit.
public struct OperatorAct: Hashable, Sendable {
    /// How something that was asked of somebody else came out.
    public enum Outcome: String, Hashable, Sendable, Codable {
        /// It is asked for; nobody knows yet.
        case asked
        /// It is done.
        case done
        /// It failed.
        case failed
    }

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
    /// On which thing, such as a machine's name; nil where the detail says it.
    public var subject: String?
    /// How it came out; nil for what is simply done.
    public var outcome: Outcome?
    /// The particulars: from what to what, or why it failed.
    public var detail: String

    /// An act.
    public init(
        cluster: ObjectUID, time: Instant, by: String, run: RunID? = nil, what: String, subject: String? = nil,
        outcome: Outcome? = nil, detail: String
    ) {
        self.cluster = cluster
        self.time = time
        self.by = by
        self.run = run
        self.what = what
        self.subject = subject
        self.outcome = outcome
        self.detail = detail
    }
}
