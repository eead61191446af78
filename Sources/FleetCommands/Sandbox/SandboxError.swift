/// Why sandboxed hosts could not be started.
public struct SandboxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The cause.
    public enum Code: String, Hashable, Sendable {
        /// A program is not installed.
        case missingTool
        /// The kernel or its settings do not allow namespaces to this user.
        case namespacesDisabled
        /// The directory or a host's name cannot be used.
        case invalidArgument
        /// A host or the SSH server did not come up.
        case startFailed
    }

    /// The cause.
    public let code: Code
    /// What, on which thing, and what to do.
    public let message: String

    /// A failure.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
