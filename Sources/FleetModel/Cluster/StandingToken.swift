/// A bootstrap token that stands in the cluster, without its secret half.
public struct StandingToken: Hashable, Sendable {
    /// The public half.
    public var id: String
    /// The note on the Secret (annotation `fleet.run/temporary`); nil where there is none.
    public var note: String?
    /// What its maker wrote about it.
    public var description: String
    /// From then on the API refuses it; nil where it never expires.
    public var expiresAt: Instant?

    /// A token.
    public init(id: String, note: String? = nil, description: String = "", expiresAt: Instant? = nil) {
        self.id = id
        self.note = note
        self.description = description
        self.expiresAt = expiresAt
    }
}
