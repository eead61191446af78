/// The `key=value` lines that a node script answers with.
public struct NodeAnswer: Hashable, Sendable {
    /// The lines, in order.
    public let rows: [Row]

    /// One line.
    public struct Row: Hashable, Sendable {
        /// What precedes the first `=`; a word of small letters, digits and `_`.
        public let key: String
        /// The rest of the line.
        public let value: String
    }

    /// Reads standard output; lines of any other shape are left out.
    public init(_ output: String) {
        rows = output.utf8.split(separator: UInt8(ascii: "\n")).compactMap(Self.row)
    }

    /// The values of a key, in order.
    public func all(_ key: String) -> [String] { rows.filter { $0.key == key }.map(\.value) }

    /// The last value of a key; nil where there is none or it is empty.
    public func last(_ key: String) -> String? {
        rows.last { $0.key == key && !$0.value.isEmpty }?.value
    }

    /// Bytes, as the shell wrote them: `=` before a combining mark is a Character of its own, and a thousand hosts answer
    /// at once.
    private static func row(_ line: Substring.UTF8View) -> Row? {
        guard let equals = line.firstIndex(of: UInt8(ascii: "=")), equals > line.startIndex else { return nil }
        let key = line[..<equals]
        guard key.allSatisfy(isOfKey) else { return nil }
        return Row(key: String(Substring(key)), value: String(Substring(line[line.index(after: equals)...])))
    }

    private static func isOfKey(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
