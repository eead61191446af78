import FleetModel

/// Reads the values of INI inventories: Python literals, and plain text for everything else (`ast.literal_eval`).
struct PythonLiteral {
    private let characters: [Character]
    private var index = 0
    private var depth = 0

    /// Python gives up on deeper literals too, and takes them as text.
    private static let deepest = 100

    private struct NoLiteral: Error {}

    /// The literal, or the text itself when it is none: `yes`, `true` and `1.2.3` are strings, `True` is not.
    static func value(of text: String) -> VariableValue {
        var reader = PythonLiteral(characters: Array(text))
        guard let value = try? reader.whole() else { return .string(text) }
        return value
    }

    private init(characters: [Character]) { self.characters = characters }

    private var current: Character? { index < characters.count ? characters[index] : nil }

    private mutating func whole() throws -> VariableValue {
        skipSpace()
        let value = try tuple(until: nil)
        skipSpace()
        if current == "#" { index = characters.count }
        guard index == characters.count else { throw NoLiteral() }
        return value
    }

    private mutating func skipSpace() {
        while let character = current, character == " " || character == "\t" || character == "\u{0C}" { index += 1 }
    }

    private mutating func take(_ character: Character) -> Bool {
        skipSpace()
        guard current == character else { return false }
        index += 1
        return true
    }

    /// One value, or several with commas between, which make a tuple: a list for fleet.
    private mutating func tuple(until end: Character?) throws -> VariableValue {
        let first = try value()
        guard take(",") else { return first }
        var elements = [first]
        while true {
            skipSpace()
            if current == end || current == nil || current == "#" { return .list(elements) }
            elements.append(try value())
            if !take(",") { return .list(elements) }
        }
    }

    private mutating func value() throws -> VariableValue {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else { throw NoLiteral() }
        skipSpace()
        switch current {
        case "[": return .list(try elements(until: "]"))
        case "(": return try parenthesised()
        case "{": return try braces()
        case "'", "\"": return try strings()
        case "-", "+": return try signed()
        case .some(let character) where character.isNumber || character == ".": return try number()
        default: return try word()
        }
    }

    // MARK: - Containers

    private mutating func elements(until end: Character) throws -> [VariableValue] {
        index += 1
        var list: [VariableValue] = []
        while !take(end) {
            if !list.isEmpty {
                guard take(",") else { throw NoLiteral() }
                if take(end) { break }
            }
            list.append(try value())
        }
        return list
    }

    private mutating func parenthesised() throws -> VariableValue {
        index += 1
        if take(")") { return .list([]) }
        let inner = try tuple(until: ")")
        guard take(")") else { throw NoLiteral() }
        return inner
    }

    private mutating func braces() throws -> VariableValue {
        index += 1
        if take("}") { return .mapping([:]) }
        let first = try value()
        guard take(":") else { return try set(first) }
        var mapping = VariableMapping()
        mapping[try Self.key(first)] = try value()
        while take(",") {
            skipSpace()
            if current == "}" { break }
            let key = try value()
            guard take(":") else { throw NoLiteral() }
            mapping[try Self.key(key)] = try value()
        }
        guard take("}") else { throw NoLiteral() }
        return .mapping(mapping)
    }

    private mutating func set(_ first: VariableValue) throws -> VariableValue {
        var elements = [first]
        while take(",") {
            skipSpace()
            if current == "}" { break }
            let element = try value()
            if !elements.contains(element) { elements.append(element) }
        }
        guard take("}") else { throw NoLiteral() }
        return .list(elements)
    }

    private static func key(_ value: VariableValue) throws -> String {
        switch value {
        case .null: return "null"
        case .list, .mapping: throw NoLiteral()
        default: return value.scalarText ?? ""
        }
    }

    // MARK: - Scalars

    private mutating func word() throws -> VariableValue {
        let start = index
        while let character = current, character.isLetter || character.isNumber || character == "_" { index += 1 }
        switch String(characters[start..<index]) {
        case "True": return true
        case "False": return false
        case "None": return .null
        case "u", "b", "r", "U", "B", "R", "rb", "br":
            guard current == "'" || current == "\"" else { throw NoLiteral() }
            return try strings(isRaw: characters[start..<index].contains { $0 == "r" || $0 == "R" })
        default: throw NoLiteral()
        }
    }

    private mutating func signed() throws -> VariableValue {
        let isNegative = current == "-"
        index += 1
        skipSpace()
        guard let next = current, next.isNumber || next == "." else { throw NoLiteral() }
        switch try number() {
        case .int(let number): return .int(isNegative ? -number : number)
        case .float(let number): return .float(isNegative ? -number : number)
        default: throw NoLiteral()
        }
    }

    private mutating func number() throws -> VariableValue {
        let start = index
        while let character = current, isPartOfNumber(character, after: start) { index += 1 }
        let text = String(characters[start..<index])
        if text == ".", characters[start...].starts(with: "...") {
            index = start + 3
            return "..."
        }
        guard let number = Self.number(text) else { throw NoLiteral() }
        return number
    }

    private func isPartOfNumber(_ character: Character, after start: Int) -> Bool {
        if character.isLetter || character.isNumber || character == "_" || character == "." { return true }
        guard character == "+" || character == "-", index > start else { return false }
        let isHexadecimal = characters[start...].starts(with: "0x") || characters[start...].starts(with: "0X")
        return !isHexadecimal && (characters[index - 1] == "e" || characters[index - 1] == "E")
    }

    private static func number(_ text: String) -> VariableValue? {
        guard !text.hasSuffix("_"), !text.hasPrefix("_"), !text.contains("__") else { return nil }
        let digits = text.filter { $0 != "_" }.lowercased()
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.hasPrefix(prefix) {
            return Int(digits.dropFirst(2), radix: radix).map { .int($0) }
        }
        if digits.allSatisfy({ $0.isASCII && $0.isNumber }) {
            if digits.hasPrefix("0"), digits.contains(where: { $0 != "0" }) { return nil }
            return Int(digits).map { .int($0) } ?? Double(digits).map { .float($0) }
        }
        guard isDecimal(digits) else { return nil }
        let padded = digits.replacing(/\.(?![0-9])/, with: ".0")
        return Double(padded.hasPrefix(".") ? "0" + padded : padded).map { .float($0) }
    }

    /// `1.5`, `1.` or `.5`, perhaps with an exponent; by hand, because every address of an inventory comes by here.
    private static func isDecimal(_ text: String) -> Bool {
        let isDigit = { (byte: UInt8) in (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        let parts = text.utf8.split(separator: UInt8(ascii: "e"), maxSplits: 1, omittingEmptySubsequences: false)
        let digits = parts[0].split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard digits.allSatisfy({ $0.allSatisfy(isDigit) }), digits.contains(where: { !$0.isEmpty }) else {
            return false
        }
        guard parts.count == 2 else { return true }
        let isSigned = parts[1].first == UInt8(ascii: "+") || parts[1].first == UInt8(ascii: "-")
        let exponent = isSigned ? parts[1].dropFirst() : parts[1]
        return !exponent.isEmpty && exponent.allSatisfy(isDigit)
    }

    /// Adjacent strings are one.
    private mutating func strings(isRaw: Bool = false) throws -> VariableValue {
        var text = try string(isRaw: isRaw)
        skipSpace()
        while current == "'" || current == "\"" {
            text += try string(isRaw: false)
            skipSpace()
        }
        return .string(text)
    }

    private mutating func string(isRaw: Bool) throws -> String {
        guard let quote = current else { throw NoLiteral() }
        index += 1
        var text = ""
        while let character = current, character != quote {
            index += 1
            guard character == "\\" else {
                text.append(character)
                continue
            }
            text += isRaw ? "\\" + taken() : try escape()
        }
        guard take(quote) else { throw NoLiteral() }
        return text
    }

    private mutating func taken() -> String {
        guard let character = current else { return "" }
        index += 1
        return String(character)
    }

    private static let escapes: [Character: String] = [
        "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", "\"": "\"", "a": "\u{07}", "b": "\u{08}", "f": "\u{0C}",
        "v": "\u{0B}", "0": "\0",
    ]

    private mutating func escape() throws -> String {
        guard let character = current else { throw NoLiteral() }
        index += 1
        let lengths: [Character: Int] = ["x": 2, "u": 4, "U": 8]
        guard let length = lengths[character] else { return Self.escapes[character] ?? "\\\(character)" }
        let digits = String(characters[index..<min(index + length, characters.count)])
        guard digits.count == length, let code = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(code) else {
            throw NoLiteral()
        }
        index += length
        return String(Character(scalar))
    }
}
