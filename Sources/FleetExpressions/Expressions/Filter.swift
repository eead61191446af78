import FleetModel
import Foundation

/// The filters behind `|`.
enum Filter: String, CaseIterable {
    case quote, `default`, lower, upper, trim, replace, join, split, int, float, string, bool, length, first, last, sort
    case unique, keys, values, b64encode, b64decode, basename, dirname, raw, lines, min, max, sum
    case union, difference, intersect, map
    case toJSON = "to_json"
    case fromJSON = "from_json"
    case regexReplace = "regex_replace"

    static let synonyms: [String: Filter] = [
        "d": .default, "count": .length, "tojson": .toJSON, "fromjson": .fromJSON, "splitlines": .lines,
    ]
    static var names: [String] { allCases.map(\.rawValue) }

    var argumentCount: ClosedRange<Int> {
        switch self {
        case .default: 0...2
        case .join, .split: 0...1
        case .replace, .regexReplace: 2...2
        case .union, .difference, .intersect, .map: 1...1
        default: 0...0
        }
    }

    /// What the filter is for, in words.
    var input: String {
        switch self {
        case .join, .sort, .unique, .union, .difference, .intersect: "a list"
        case .min, .max: "a list of numbers, or of strings"
        case .sum: "a list of numbers"
        case .map: "a list of mappings, and the key to take of each"
        case .fromJSON: "a string of JSON"
        case .b64decode: "a string of base64, of UTF-8 text"
        case .regexReplace: "a string, a regular expression, and the text in its place"
        case .first, .last, .length: "a list or a string"
        case .keys, .values: "a mapping"
        case .int, .float: "a number, or a string that is one"
        case .bool: "true, false, yes, no, on, off, 1 or 0"
        case .quote: "a string, a number, or a list of them"
        case .default, .toJSON, .raw: "anything"
        default: "a string"
        }
    }

    /// The result.
    ///
    /// Nil when the filter does not exist for the value. `default` is the evaluator's.
    func apply(to value: VariableValue, _ arguments: [VariableValue]) -> VariableValue? {
        switch self {
        case .quote: Self.quoted(value)
        case .int, .float, .string, .bool: converted(value)
        case .join, .first, .last, .sort, .unique, .length, .keys, .values: collected(value, arguments)
        case .min, .max, .sum, .union, .difference, .intersect, .map:
            value.listValue.flatMap { combined($0, arguments.first) }
        case .toJSON: VariableJSON.text(of: value).map { .string($0) }
        case .raw, .default: value
        default: value.stringValue.flatMap { rewritten($0, arguments) }
        }
    }

    private static func quoted(_ value: VariableValue) -> VariableValue? {
        if case .list(let elements) = value {
            let words = elements.compactMap { $0.scalarText.flatMap(ShellWord.quoted) }
            return words.count == elements.count ? .string(words.joined(separator: " ")) : nil
        }
        return value.scalarText.flatMap(ShellWord.quoted).map { .string($0) }
    }

    private func rewritten(_ text: String, _ arguments: [VariableValue]) -> VariableValue? {
        switch self {
        case .lower: return .string(text.lowercased())
        case .upper: return .string(text.uppercased())
        case .trim: return .string(text.trimmingCharacters(in: .whitespacesAndNewlines))
        case .b64encode: return .string(Data(text.utf8).base64EncodedString())
        case .b64decode:
            return Data(base64Encoded: text.filter { !$0.isWhitespace }).flatMap { String(data: $0, encoding: .utf8) }
                .map { .string($0) }
        case .fromJSON: return VariableJSON.value(of: text)
        case .lines: return .list(text.split(whereSeparator: \.isNewline).map { .string(String($0)) })
        case .regexReplace:
            guard let pattern = arguments.first?.stringValue, let regex = try? Regex(pattern),
                let new = arguments.last?.stringValue
            else { return nil }
            return .string(text.replacing(regex, with: new))
        case .basename:
            return .string(text.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? "")
        case .dirname: return .string(text.lastIndex(of: "/").map { String(text[..<$0]) } ?? "")
        case .replace: return replaced(text, arguments)
        case .split: return split(text, arguments.first)
        default: return nil
        }
    }

    private func replaced(_ text: String, _ arguments: [VariableValue]) -> VariableValue? {
        guard case .string(let old)? = arguments.first, case .string(let new)? = arguments.last else { return nil }
        return .string(text.replacingOccurrences(of: old, with: new))
    }

    private func split(_ text: String, _ separator: VariableValue?) -> VariableValue? {
        guard let separator else {
            return .list(text.split(whereSeparator: \.isWhitespace).map { .string(String($0)) })
        }
        guard case .string(let mark) = separator, !mark.isEmpty else { return nil }
        return .list(text.components(separatedBy: mark).map { .string($0) })
    }

    private func converted(_ value: VariableValue) -> VariableValue? {
        if self == .string { return value.scalarText.map { .string($0) } }
        if self == .bool { return Self.flag(value) }
        switch value {
        case .int(let number): return self == .int ? value : .float(Double(number))
        case .float(let number):
            return self == .float ? value : Int(exactly: number.rounded(.towardZero)).map { .int($0) }
        case .string(let text):
            let text = text.trimmingCharacters(in: .whitespaces)
            return self == .int ? Int(text).map { .int($0) } : Double(text).map { .float($0) }
        default: return nil
        }
    }

    private static func flag(_ value: VariableValue) -> VariableValue? {
        switch value.scalarText?.lowercased() {
        case "true", "yes", "on", "1": true
        case "false", "no", "off", "0": false
        default: nil
        }
    }

    private func collected(_ value: VariableValue, _ arguments: [VariableValue]) -> VariableValue? {
        switch (self, value) {
        case (.length, .string(let text)): .int(text.count)
        case (.length, .list(let elements)): .int(elements.count)
        case (.length, .mapping(let mapping)): .int(mapping.count)
        case (.keys, .mapping(let mapping)): .list(mapping.names.map { .string($0) })
        case (.values, .mapping(let mapping)): .list(mapping.entries.map(\.value))
        case (.first, .list(let elements)): elements.first
        case (.last, .list(let elements)): elements.last
        case (.first, .string(let text)): text.first.map { .string(String($0)) }
        case (.last, .string(let text)): text.last.map { .string(String($0)) }
        case (.unique, .list(let elements)): .list(Self.unique(elements))
        case (.sort, .list(let elements)): Self.sorted(elements)
        case (.join, .list(let elements)): Self.joined(elements, arguments.first)
        default: nil
        }
    }

    private func combined(_ elements: [VariableValue], _ argument: VariableValue?) -> VariableValue? {
        switch self {
        case .min: return Self.sorted(elements)?.listValue?.first
        case .max: return Self.sorted(elements)?.listValue?.last
        case .sum:
            return elements.reduce(.some(0)) { sum, next in sum.flatMap { Expression.Operator.plus.apply($0, next) } }
        case .map:
            guard let key = argument?.stringValue else { return nil }
            let values = elements.compactMap { $0.mappingValue?[key] }
            return values.count == elements.count ? .list(values) : nil
        default:
            guard let other = argument?.listValue else { return nil }
            switch self {
            case .union: return .list(Self.unique(elements + other))
            case .difference: return .list(Self.unique(elements.filter { !other.contains($0) }))
            default: return .list(Self.unique(elements.filter { other.contains($0) }))
            }
        }
    }

    private static func unique(_ elements: [VariableValue]) -> [VariableValue] {
        var seen: Set<VariableValue> = []
        return elements.filter { seen.insert($0).inserted }
    }

    private static func sorted(_ elements: [VariableValue]) -> VariableValue? {
        let isOrdered = zip(elements, elements.dropFirst()).allSatisfy { Expression.Operator.less.apply($0, $1) != nil }
        guard isOrdered else { return nil }
        return .list(elements.sorted { Expression.Operator.less.apply($0, $1) == true })
    }

    private static func joined(_ elements: [VariableValue], _ separator: VariableValue?) -> VariableValue? {
        let texts = elements.compactMap(\.scalarText)
        guard texts.count == elements.count, let mark = separator?.stringValue ?? (separator == nil ? "" : nil) else {
            return nil
        }
        return .string(texts.joined(separator: mark))
    }
}
