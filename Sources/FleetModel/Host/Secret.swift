/// A text that no log, journal, report or error may show: it describes itself as `•••`, and cannot be encoded.
public struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let text: String

    /// Keeps a text to itself.
    public init(_ text: String) { self.text = text }

    /// Hands the text to whoever must send it.
    public func reveal<Value>(_ body: (String) throws -> Value) rethrows -> Value { try body(text) }

    /// `•••`.
    public var description: String { "•••" }
    /// `•••`.
    public var debugDescription: String { description }
    /// Nothing: a dump shows no more than a description.
    public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
