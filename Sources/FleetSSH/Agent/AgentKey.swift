/// A key that an agent holds.
struct AgentKey: Hashable, Sendable {
    /// The public key or certificate in the wire format, as the agent named it.
    let blob: [UInt8]
    /// What its owner called it.
    let comment: String

    /// Such as `ssh-ed25519`.
    var type: String {
        var reader = WireReader(blob)
        return reader.text() ?? "unknown"
    }
}
