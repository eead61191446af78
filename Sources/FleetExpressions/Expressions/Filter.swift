import FleetModel
import Foundation

/// The filters behind `|`.
enum Filter: String, CaseIterable {
    case quote, `default`, lower, upper, trim, replace, join, split, int, float, string, bool, length, first, last, sort
    case unique, keys, b64encode, basename, dirname, raw
    case toJSON = "to_json"

    static let synonyms: [String: Filter] = ["d": .default, "count": .length, "tojson": .toJSON]
    static var names: [String] { allCases.map(\.rawValue) }

    var argumentCount: ClosedRange<Int> {
        switch self {
        case .default: 0...2
        case .join, .split: 0...1
        case .replace: 2...2
        default: 0...0
        }
    }

    /// What the filter is for, in words.
    var input: String {
        switch self {
        case .join, .sort, .unique: "a list"
        case .first, .last, .length: "a list or a string"
        case .keys: "a mapping"
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
        case .join, .first, .last, .sort, .unique, .length, .keys: collected(value, arguments)
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
