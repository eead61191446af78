/// A kubeconfig that cannot be used.
public struct KubeconfigError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What, in which file; never a secret.
    public let message: String

    /// A complaint.
    public init(_ message: String) { self.message = message }

    /// The message.
    public var description: String { message }
}
