/// The name of a host in the inventory; the Kubernetes Node may have another (`kubernetes_node`).
@frozen public struct HostName: Identifier {
    /// The text itself.
    public let rawValue: String
    /// Wraps the text.
    @inlinable public init(rawValue: String) { self.rawValue = rawValue }
}
