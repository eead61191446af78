/// Text that is no JSON, with the place.
public struct JSONSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was wrong.
    public let reason: String
    /// Bytes from the start.
    public let offset: Int

    /// `reason at byte offset`.
    public var description: String { "\(reason) at byte \(offset)" }
}

extension JSONValue {
    /// Parses one JSON text (RFC 8259, UTF-8).
    ///
    /// - Parameters:
    ///   - bytes: the text; white space around it is allowed, anything else is an error.
    ///   - skipped: keys whose values are left out wherever they appear, such as `managedFields`.
    public init(parsing bytes: some Sequence<UInt8>, skipping skipped: Set<String> = []) throws(JSONSyntaxError) {
        let parsed = bytes.withContiguousStorageIfAvailable { JSONValue.parse($0, skipped) }
        self = try (parsed ?? Array(bytes).withUnsafeBufferPointer { JSONValue.parse($0, skipped) }).get()
    }

    /// Parses one JSON text that is an object, and hands over the elements of its member `items` one by one, so that a
    /// large list never stands in memory as a whole.
    ///
    /// - Parameters:
    ///   - bytes: the text.
    ///   - skipped: keys whose values are left out wherever they appear.
    ///   - each: takes an element; false stops reading.
    /// - Returns: the object without its items, an empty array in their place; nil when reading was stopped.
    static func reading(
        itemsOf bytes: some Sequence<UInt8>, skipping skipped: Set<String>, each: (JSONValue) -> Bool
    ) throws(JSONSyntaxError) -> JSONValue? {
        func read(_ bytes: UnsafeBufferPointer<UInt8>) -> Result<JSONValue?, JSONSyntaxError> {
            var parser = JSONParser(bytes: bytes, skipped: skipped)
            return Result { () throws(JSONSyntaxError) in try parser.list(each) }
        }
        let parsed = bytes.withContiguousStorageIfAvailable(read)
        return try (parsed ?? Array(bytes).withUnsafeBufferPointer(read)).get()
    }

    /// Parses one JSON text.
    public init(parsing text: String) throws(JSONSyntaxError) { try self.init(parsing: text.utf8) }

    private static func parse(
        _ bytes: UnsafeBufferPointer<UInt8>, _ skipped: Set<String>
    ) -> Result<JSONValue, JSONSyntaxError> {
        var parser = JSONParser(bytes: bytes, skipped: skipped)
        return Result { () throws(JSONSyntaxError) in try parser.document() }
    }
}

/// A recursive-descent parser over bytes that stay in place.
struct JSONParser {
    let bytes: UnsafeBufferPointer<UInt8>
    let skipped: Set<String>
    var position = 0
    var depth = 0

    /// Deeper nesting is refused, so that no answer can exhaust the stack.
    static let deepest = 256

    init(bytes: UnsafeBufferPointer<UInt8>, skipped: Set<String>) {
        self.bytes = bytes
        self.skipped = skipped
    }

    mutating func document() throws(JSONSyntaxError) -> JSONValue {
        skipSpace()
        let result = try value()
        skipSpace()
        guard position == bytes.count else { throw error("something after the end of the value") }
        return result
    }

    /// An object whose items are handed over one by one; nil when reading was stopped.
    mutating func list(_ each: (JSONValue) -> Bool) throws(JSONSyntaxError) -> JSONValue? {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: "{") else { return try document() }
        try enter()
        var members: [JSONObject.Element] = []
        var isFirst = true
        while try !ends(with: UInt8(ascii: "}"), first: isFirst) {
            isFirst = false
            let key = try memberKey()
            if key == "items", position < bytes.count, bytes[position] == UInt8(ascii: "[") {
                guard try items(each) else { return nil }
                add(key, .array([]), to: &members)
            } else if skipped.contains(key) {
                try skipValue()
            } else {
                add(key, try value(), to: &members)
            }
            skipSpace()
        }
        skipSpace()
        guard position == bytes.count else { throw error("something after the end of the value") }
        return .object(JSONObject(parsed: members))
    }

    private mutating func items(_ each: (JSONValue) -> Bool) throws(JSONSyntaxError) -> Bool {
        try enter()
        var isFirst = true
        while try !ends(with: UInt8(ascii: "]"), first: isFirst) {
            isFirst = false
            guard each(try value()) else { return false }
            skipSpace()
        }
        return true
    }

    func error(_ reason: String) -> JSONSyntaxError { JSONSyntaxError(reason: reason, offset: position) }

    mutating func skipSpace() {
        while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    private mutating func value() throws(JSONSyntaxError) -> JSONValue {
        guard position < bytes.count else { throw error("the text ends where a value should be") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
        let end = position + text.utf8CodeUnitCount
        guard end <= bytes.count else { throw error("the text ends within a word") }
        for offset in 0..<text.utf8CodeUnitCount where bytes[position + offset] != text.utf8Start[offset] {
            throw error("an unknown word")
        }
        position = end
        return value
    }

    private mutating func enter() throws(JSONSyntaxError) {
        depth += 1
        guard depth <= Self.deepest else { throw error("nesting deeper than \(Self.deepest)") }
        position += 1
        skipSpace()
    }

    /// Whether the container ends here; otherwise steps over the comma between two members.
    private mutating func ends(with close: UInt8, first: Bool) throws(JSONSyntaxError) -> Bool {
        guard position < bytes.count else { throw error("the text ends within a list of values") }
        if bytes[position] == close {
            position += 1
            depth -= 1
            return true
        }
        guard !first else { return false }
        guard bytes[position] == UInt8(ascii: ",") else { throw error("a comma is missing") }
        position += 1
        skipSpace()
        return false
    }

    private mutating func array() throws(JSONSyntaxError) -> JSONValue {
        try enter()
        var elements: [JSONValue] = []
        while try !ends(with: UInt8(ascii: "]"), first: elements.isEmpty) {
            elements.append(try value())
            skipSpace()
        }
        return .array(elements)
    }

    private mutating func object() throws(JSONSyntaxError) -> JSONValue {
        try enter()
        var members: [JSONObject.Element] = []
        var first = true
        while try !ends(with: UInt8(ascii: "}"), first: first) {
            first = false
            let key = try memberKey()
            if skipped.contains(key) { try skipValue() } else { add(key, try value(), to: &members) }
            skipSpace()
        }
        return .object(JSONObject(parsed: members))
    }

    private func add(_ key: String, _ value: JSONValue, to members: inout [JSONObject.Element]) {
        if members.count < 64, let place = members.firstIndex(where: { $0.key == key }) {
            members[place].value = value
        } else {
            members.append((key, value))
        }
    }

    private mutating func memberKey() throws(JSONSyntaxError) -> String {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw error("a key is missing") }
        let key = try string()
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: ":") else { throw error("a colon is missing") }
        position += 1
        skipSpace()
        return key
    }

    // MARK: Scalars

    private mutating func string() throws(JSONSyntaxError) -> String {
        let start = position + 1
        position = start
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return String(decoding: bytes[start..<position - 1], as: UTF8.self)
            case UInt8(ascii: "\\"): return try escapedString(from: start)
            case 0..<0x20: throw error("a control character in a string")
            default: position += 1
            }
        }
        throw error("the text ends within a string")
    }

    private mutating func escapedString(from start: Int) throws(JSONSyntaxError) -> String {
        var text = Array(bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text.append(contentsOf: try escape().utf8)
            case 0..<0x20: throw error("a control character in a string")
            default: text.append(byte)
            }
        }
        throw error("the text ends within a string")
    }

    private mutating func escape() throws(JSONSyntaxError) -> String {
        guard position < bytes.count else { throw error("the text ends within an escape") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "u"): return try unicodeEscape()
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return String(UnicodeScalar(byte))
        default: throw error("an unknown escape")
        }
    }

    /// A scalar of four hexadecimal digits, or of a pair of surrogates; a lone surrogate becomes U+FFFD, as in Go.
    private mutating func unicodeEscape() throws(JSONSyntaxError) -> String {
        let high = try fourDigits()
        if let scalar = UnicodeScalar(high) { return String(Character(scalar)) }
        let mark = position
        guard high < 0xDC00, position + 6 <= bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { return "\u{FFFD}" }
        position += 2
        let low = try fourDigits()
        if (0xDC00...0xDFFF).contains(low),
            let scalar = UnicodeScalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
        {
            return String(Character(scalar))
        }
        position = mark
        return "\u{FFFD}"
    }

    private mutating func fourDigits() throws(JSONSyntaxError) -> UInt32 {
        guard position + 4 <= bytes.count else { throw error("the text ends within an escape") }
        let digits = String(decoding: bytes[position..<position + 4], as: UTF8.self)
        guard let value = UInt32(digits, radix: 16), !digits.hasPrefix("+") else { throw error("a broken escape") }
        position += 4
        return value
    }

    private mutating func number() throws(JSONSyntaxError) -> JSONValue {
        let start = position
        if position < bytes.count, bytes[position] == UInt8(ascii: "-") { position += 1 }
        let zero = position < bytes.count && bytes[position] == UInt8(ascii: "0")
        guard digits() > 0 else { throw error("no value starts like this") }
        guard !zero || bytes[start..<position].count <= (bytes[start] == UInt8(ascii: "-") ? 2 : 1) else {
            throw error("a number with a leading zero")
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            guard digits() > 0 else { throw error("a fraction without digits") }
        }
        try exponent()
        return .number(JSONNumber(checked: String(decoding: bytes[start..<position], as: UTF8.self)))
    }

    private mutating func exponent() throws(JSONSyntaxError) {
        guard position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") else { return }
        position += 1
        if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
            position += 1
        }
        guard digits() > 0 else { throw error("an exponent without digits") }
    }

    private mutating func digits() -> Int {
        let start = position
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            position += 1
        }
        return position - start
    }

    // MARK: Skipping

    /// Steps over a value; inside containers only strings and brackets are looked at.
    private mutating func skipValue() throws(JSONSyntaxError) {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "{") || bytes[position] == UInt8(ascii: "[")
        else {
            _ = try value()
            return
        }
        var open = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): open += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): open -= 1
            case UInt8(ascii: "\""): skipString()
            default: break
            }
            position += 1
            if open == 0 { return }
        }
        throw error("the text ends within a list of values")
    }

    /// Leaves the position on the closing quote.
    private mutating func skipString() {
        position += 1
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
    }
}
