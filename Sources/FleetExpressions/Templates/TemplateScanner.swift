/// Cuts a text into plain stretches and `{{ }}` expressions; `{% raw %}` … `{% endraw %}` is plain.
struct TemplateScanner {
    enum Part {
        case text(Range<String.Index>)
        /// The expression, and the place of its braces.
        case expression(Expression, start: String.Index)
    }

    private let scalar: LocatedScalar
    private let text: String
    /// Whether `{#` begins a comment: not in scripts, where `${#list}` is a length.
    private let hasComments: Bool
    private var position: String.Index
    private var isRaw = false

    init(_ scalar: LocatedScalar, hasComments: Bool) {
        self.scalar = scalar
        self.hasComments = hasComments
        text = scalar.text
        position = text.startIndex
    }

    mutating func next() throws(Diagnostic) -> Part? {
        let start = position
        while position < text.endIndex {
            let rest = text[position...]
            if isRaw || rest.hasPrefix("{%") || (hasComments && rest.hasPrefix("{#")) {
                if start < position, !isRaw { return .text(start..<position) }
                if let plain = try statement() { return .text(plain) }
                return try next()
            }
            if rest.hasPrefix("{{") {
                return start < position ? .text(start..<position) : try expression()
            }
            position = text.index(after: position)
        }
        return start < position ? .text(start..<position) : nil
    }

    private mutating func expression() throws(Diagnostic) -> Part {
        let start = position
        var parser = ExpressionParser(scalar, from: text.index(position, offsetBy: 2))
        let expression = try parser.parse()
        position = try parser.endOfTemplate()
        return .expression(expression, start: start)
    }

    /// Reads `{% raw %}` and its plain text; other statements and comments are mistakes.
    private mutating func statement() throws(Diagnostic) -> Range<String.Index>? {
        if isRaw { return try rawText() }
        guard let opening = text[position...].prefixMatch(of: /\{%-?\s*raw\s*-?%\}/) else {
            throw Diagnostic(
                "statements and comments do not exist in fleet's templates", at: scalar.location(of: position),
                found: "\"\(text[position...].prefix(12))\"", expected: "{{ expression }}",
                suggestion: "write {% raw %} … {% endraw %} around text that is no template")
        }
        position = opening.range.upperBound
        isRaw = true
        return try rawText()
    }

    private mutating func rawText() throws(Diagnostic) -> Range<String.Index> {
        guard let closing = text[position...].firstMatch(of: /\{%-?\s*endraw\s*-?%\}/) else {
            throw Diagnostic("{% raw %} is not closed", at: scalar.location(of: position), expected: "{% endraw %}")
        }
        let plain = position..<closing.range.lowerBound
        position = closing.range.upperBound
        isRaw = false
        return plain
    }
}
