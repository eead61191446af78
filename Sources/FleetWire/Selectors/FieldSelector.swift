/// A field selector, such as `spec.nodeName=n1,status.phase!=Running`.
public struct FieldSelector: Hashable, Sendable {
    /// One comparison.
    public struct Term: Hashable, Sendable {
        /// The field, such as `spec.nodeName`.
        public var field: String
        /// The value compared with.
        public var value: String
        /// Whether the field must differ.
        public var isNegated: Bool

        /// A comparison.
        public init(field: String, value: String, isNegated: Bool = false) {
            self.field = field
            self.value = value
            self.isNegated = isNegated
        }
    }

    /// The comparisons, which must all hold.
    public var terms: [Term]

    /// Joins comparisons.
    public init(_ terms: [Term] = []) { self.terms = terms }

    /// Parses the text of `fieldSelector=` (`~/apimachinery/pkg/fields/selector.go`); `\` escapes `,`, `=` and `\`.
    public init(parsing text: String) throws(SelectorSyntaxError) {
        terms = []
        for part in Self.split(text) where !part.isEmpty {
            guard let term = Term(parsing: part) else {
                throw SelectorSyntaxError(
                    selector: text, reason: "invalid selector: '\(text)'; can't understand '\(part)'")
            }
            terms.append(term)
        }
    }

    /// The text for `fieldSelector=`.
    public var text: String { terms.map(\.text).joined(separator: ",") }

    /// Whether all comparisons hold for an object whose fields are looked up by name; an absent field is empty.
    public func matches(_ value: (_ field: String) -> String?) -> Bool {
        terms.allSatisfy { ((value($0.field) ?? "") == $0.value) != $0.isNegated }
    }

    private static func split(_ text: String) -> [String] {
        var parts = [""]
        var escaped = false
        for character in text {
            if character == ",", !escaped {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
            escaped = character == "\\" && !escaped
        }
        return parts
    }
}

extension FieldSelector.Term {
    init?(parsing text: String) {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else { return nil }
        var field = text[..<equals]
        var value = text[text.index(after: equals)...]
        isNegated = field.last == "!"
        if isNegated { field.removeLast() }
        if !isNegated, value.first == "=" { value.removeFirst() }
        self.field = String(field)
        var result = ""
        var escaped = false
        for character in value {
            if character == "\\", !escaped {
                escaped = true
                continue
            }
            result.append(character)
            escaped = false
        }
        self.value = result
    }

    /// The comparison as part of a field selector's text.
    public var text: String {
        let escaped = value.map { "\\,=".contains($0) ? "\\\($0)" : String($0) }.joined()
        return "\(field)\(isNegated ? "!=" : "=")\(escaped)"
    }
}
