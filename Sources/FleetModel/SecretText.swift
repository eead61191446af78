/// A text that must never be shown or stored: it prints, and encodes, as `(secret)`.
public struct SecretText: Hashable, Sendable, Codable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// What stands for it wherever it would be shown.
    public static let placeholder = "(secret)"

    private let text: String

    /// Wraps a text.
    public init(_ text: String) { self.text = text }

    /// Reads what was stored, which is never the secret itself.
    public init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }

    /// Stores the placeholder.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Self.placeholder)
    }

    /// Hands the text to who must have it.
    public func withText<Result, Failure: Error>(_ body: (String) throws(Failure) -> Result) throws(Failure) -> Result {
        try body(text)
    }

    /// `(secret)`.
    public var description: String { Self.placeholder }
    /// `(secret)`.
    public var debugDescription: String { Self.placeholder }
    /// Nothing to look into.
    public var customMirror: Mirror { Mirror(self, children: [:]) }

    /// Another text with every occurrence of the secret's bytes replaced, whatever Characters they are part of.
    public func redacted(from other: String) -> String {
        guard !text.isEmpty, text.utf8.count <= other.utf8.count else { return other }
        let parts = Array(other.utf8).split(separator: Array(text.utf8), omittingEmptySubsequences: false)
        return parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: Self.placeholder)
    }
}
