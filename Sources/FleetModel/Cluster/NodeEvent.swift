/// A Kubernetes Event about a Node, for whoever asks the cluster what happened to it (`kubectl describe node`).
public struct NodeEvent: Hashable, Sendable, Codable {
    /// Its own name, by which a second attempt is known; it must be a DNS subdomain.
    public var name: String
    /// The Node.
    public var node: NodeName
    /// The Node's UID.
    public var uid: ObjectUID
    /// What happened, in one word, such as `Cordoned`.
    public var reason: String
    /// What was done, in one word, such as `Cordon`.
    public var action: String
    /// What happened, in a sentence; at most 1024 bytes reach the cluster.
    public var note: String
    /// Whether somebody should look at it.
    public var isWarning: Bool
    /// When.
    public var time: Instant
    /// Who reports it, such as `alice@bastion`.
    public var reporter: String

    /// An event.
    public init(
        name: String, node: NodeName, uid: ObjectUID, reason: String, action: String, note: String,
        isWarning: Bool = false, time: Instant, reporter: String
    ) {
        self.name = name
        self.node = node
        self.uid = uid
        self.reason = reason
        self.action = action
        self.note = note
        self.isWarning = isWarning
        self.time = time
        self.reporter = reporter
    }
}
