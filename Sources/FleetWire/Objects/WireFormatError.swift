/// An object that is not what the API documents.
public struct WireFormatError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, with the object's kind and name where they are known.
    public let message: String

    /// A complaint.
    public init(_ message: String) { self.message = message }

    /// The message.
    public var description: String { message }
}
