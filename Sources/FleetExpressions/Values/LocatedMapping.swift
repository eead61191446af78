public import FleetModel

/// A mapping of a file: entries in the order written, each key with its place.
public struct LocatedMapping: Hashable, Sendable {
    /// One entry.
    public struct Entry: Hashable, Sendable {
        /// The key's text.
        public let key: String
        /// The key's value: `1` and `"1"` are different keys with one text.
        public let keyValue: VariableValue
        /// Where the key stands.
        public let keyLocation: SourceLocation
        /// The value.
        public let value: LocatedValue

        /// Joins key and value; the key is a string unless said otherwise.
        public init(key: String, keyValue: VariableValue? = nil, keyLocation: SourceLocation, value: LocatedValue) {
            self.key = key
            self.keyValue = keyValue ?? .string(key)
            self.keyLocation = keyLocation
            self.value = value
        }
    }

    /// The entries, in order.
    public let entries: [Entry]

    /// Entries in order; keys must be unique.
    public init(_ entries: [Entry]) { self.entries = entries }

    /// The value of a key.
    public subscript(key: String) -> LocatedValue? { entries.first { $0.key == key }?.value }
    /// The entry of a key.
    public func entry(_ key: String) -> Entry? { entries.first { $0.key == key } }
    /// The keys, in order.
    public var keys: [String] { entries.map(\.key) }
    /// The values without their places.
    public var values: VariableMapping { VariableMapping(entries.map { ($0.key, $0.value.value) }) }
}
