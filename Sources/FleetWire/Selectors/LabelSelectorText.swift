public import FleetModel

extension LabelSelector {
    /// Parses the text of `labelSelector=` (`~/apimachinery/pkg/labels/selector.go`).
    ///
    /// Such as `app=web,tier in (a, b),!legacy,generation>3`; the empty text selects everything. All requirements
    /// become `matchExpressions`.
    public init(parsing text: String) throws(SelectorSyntaxError) {
        var parser = LabelSelectorParser(text)
        self.init(matchExpressions: try parser.requirements())
    }

    /// The text for `labelSelector=`; equal selectors of the same order print the same.
    public var text: String {
        let equalities = matchLabels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return (equalities + matchExpressions.map(\.text)).joined(separator: ",")
    }
}

extension SelectorRequirement {
    /// The requirement as part of a label selector's text.
    public var text: String {
        switch operation {
        case .isIn: values.count == 1 ? "\(key)=\(values[0])" : "\(key) in (\(values.joined(separator: ",")))"
        case .isNotIn: values.count == 1 ? "\(key)!=\(values[0])" : "\(key) notin (\(values.joined(separator: ",")))"
        case .exists: key
        case .doesNotExist: "!\(key)"
        case .greaterThan: "\(key)>\(values.first ?? "")"
        case .lessThan: "\(key)<\(values.first ?? "")"
        }
    }
}

/// Reads a label selector token by token.
struct LabelSelectorParser {
    private let text: String
    private var rest: Substring

    init(_ text: String) {
        self.text = text
        rest = Substring(text)
    }

    mutating func requirements() throws(SelectorSyntaxError) -> [SelectorRequirement] {
        var result: [SelectorRequirement] = []
        skipSpace()
        while !rest.isEmpty {
            result.append(try requirement())
            skipSpace()
            guard !rest.isEmpty else { break }
            guard take(",") else { throw unexpected("',' or the end") }
            skipSpace()
            if rest.isEmpty { throw unexpected("a requirement after ','") }
        }
        return result
    }

    private mutating func requirement() throws(SelectorSyntaxError) -> SelectorRequirement {
        if take("!") { return SelectorRequirement(try key(), .doesNotExist) }
        let key = try key()
        skipSpace()
        if take("!=") { return SelectorRequirement(key, .isNotIn, [word()]) }
        if take("==") || take("=") { return SelectorRequirement(key, .isIn, [word()]) }
        if take(">") { return try comparison(key, .greaterThan) }
        if take("<") { return try comparison(key, .lessThan) }
        if rest.isEmpty || rest.hasPrefix(",") { return SelectorRequirement(key, .exists) }
        switch word() {
        case "in": return SelectorRequirement(key, .isIn, try set())
        case "notin": return SelectorRequirement(key, .isNotIn, try set())
        default: throw unexpected("in, notin, =, ==, !=, > or <")
        }
    }

    private mutating func comparison(
        _ key: String, _ operation: SelectorRequirement.Operation
    ) throws(SelectorSyntaxError) -> SelectorRequirement {
        let value = word()
        guard Int64(value) != nil else { throw unexpected("a whole number") }
        return SelectorRequirement(key, operation, [value])
    }

    private mutating func key() throws(SelectorSyntaxError) -> String {
        skipSpace()
        let key = word()
        guard !key.isEmpty else { throw unexpected("!, identifier, or 'end of string'") }
        return key
    }

    private mutating func set() throws(SelectorSyntaxError) -> [String] {
        skipSpace()
        guard take("(") else { throw unexpected("'('") }
        var values: [String] = []
        repeat { values.append(word()) } while take(",")
        guard take(")") else { throw unexpected("',' or ')'") }
        return values
    }

    private mutating func word() -> String {
        skipSpace()
        let word = rest.prefix { !$0.isWhitespace && !"=!,()<>".contains($0) }
        rest = rest.dropFirst(word.count)
        skipSpace()
        return String(word)
    }

    private mutating func take(_ token: String) -> Bool {
        guard rest.hasPrefix(token) else { return false }
        rest = rest.dropFirst(token.count)
        return true
    }

    private mutating func skipSpace() { rest = rest.drop(while: \.isWhitespace) }

    private func unexpected(_ expected: String) -> SelectorSyntaxError {
        SelectorSyntaxError(selector: text, reason: "found '\(token)', expected: \(expected)")
    }

    /// What the parser stands before: an operator, or a word.
    private var token: Substring {
        let symbols = rest.prefix { "=!<>".contains($0) }
        if !symbols.isEmpty { return symbols }
        let word = rest.prefix { !$0.isWhitespace && !"=!,()<>".contains($0) }
        return word.isEmpty ? rest.prefix(1) : word
    }
}
