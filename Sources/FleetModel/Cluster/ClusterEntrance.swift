/// How hosts reach the cluster that they are to join.
public struct ClusterEntrance: Hashable, Sendable {
    /// `host:port` of the API server, as hosts see it.
    public var endpoint: String
    /// `sha256:HEX` of the public key (SPKI) of each CA that may sign the API server's certificate.
    public var authorityPins: [String]
    /// What this process makes tokens of; another process has another.
    public var seed: SecretText

    /// An entrance.
    public init(endpoint: String, authorityPins: [String], seed: SecretText) {
        self.endpoint = endpoint
        self.authorityPins = authorityPins
        self.seed = seed
    }
}
