import FleetModel

/// Reads an expression by precedence, as Jinja does: `or`, `and`, `not`, comparisons, `~`, sums, products, then
/// filters, tests, attributes and indices.
struct ExpressionParser {
    private let scalar: LocatedScalar
    private var lexer: ExpressionLexer
    private var token: ExpressionToken
    private var depth = 0

    /// Deeper nesting is no playbook's, and would end on the stack.
    private static let deepest = 100
    private var words = 0
    /// A chain of operators nests as deep as it is long, unseen by ``deepest``.
    private static let mostWords = 1000

    init(_ scalar: LocatedScalar, from start: String.Index) {
        self.scalar = scalar
        lexer = ExpressionLexer(scalar, from: start)
        token = ExpressionToken(kind: .end, start: start, end: start)
    }

    /// Where the word after the expression begins.
    var endOfExpression: String.Index { token.start }

    mutating func parse() throws(Diagnostic) -> Expression {
        try advance()
        if token.kind == .end { throw Diagnostic("an expression is missing", at: here) }
        return try conditional()
    }

    func expectEnd() throws(Diagnostic) {
        guard token.kind == .end, token.start == scalar.text.endIndex else {
            let rest = scalar.text[token.start...].prefix(20)
            throw Diagnostic("the expression goes on unexpectedly", at: here, found: "\"\(rest)\"")
        }
    }

    /// The next word must be `}}`; returns the place behind it.
    func endOfTemplate() throws(Diagnostic) -> String.Index {
        let rest = scalar.text[token.start...]
        guard rest.hasPrefix("}}") else {
            throw Diagnostic(
                "a template is not closed", at: here, found: rest.isEmpty ? "the end" : "\"\(rest.prefix(20))\"",
                expected: "}}")
        }
        return scalar.text.index(token.start, offsetBy: 2)
    }

    // MARK: - Words

    private var here: SourceLocation { scalar.location(of: token.start) }

    private mutating func advance() throws(Diagnostic) {
        words += 1
        guard words <= Self.mostWords else {
            throw Diagnostic("the expression has more than \(Self.mostWords) words", at: here)
        }
        token = try lexer.next()
    }

    private mutating func take(_ symbol: String) throws(Diagnostic) -> Bool {
        guard token.kind == .symbol(symbol) || token.kind == .name(symbol) else { return false }
        try advance()
        return true
    }

    private mutating func expect(_ symbol: String) throws(Diagnostic) {
        guard try take(symbol) else {
            throw Diagnostic("unexpected word in an expression", at: here, found: foundText, expected: "\"\(symbol)\"")
        }
    }

    private mutating func takeName(_ what: String) throws(Diagnostic) -> String {
        guard case .name(let name) = token.kind else {
            throw Diagnostic("unexpected word in an expression", at: here, found: foundText, expected: what)
        }
        try advance()
        return name
    }

    private var foundText: String {
        token.kind == .end ? "the end" : "\"\(scalar.text[token.start..<token.end])\""
    }

    // MARK: - Levels

    private mutating func conditional() throws(Diagnostic) -> Expression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else { throw Diagnostic("the expression is nested too deeply", at: here) }
        let value = try disjunction()
        guard try take("if") else { return value }
        let condition = try disjunction()
        let otherwise = try take("else") ? try conditional() : nil
        return Expression(.conditional(condition, then: value, otherwise: otherwise), at: value.location)
    }

    private mutating func disjunction() throws(Diagnostic) -> Expression {
        var left = try conjunction()
        while try take("or") { left = Expression(.binary(.or, left, try conjunction()), at: left.location) }
        return left
    }

    private mutating func conjunction() throws(Diagnostic) -> Expression {
        var left = try negation()
        while try take("and") { left = Expression(.binary(.and, left, try negation()), at: left.location) }
        return left
    }

    private mutating func negation() throws(Diagnostic) -> Expression {
        let location = here
        if try take("not") {
            depth += 1
            defer { depth -= 1 }
            guard depth <= Self.deepest else { throw Diagnostic("the expression is nested too deeply", at: location) }
            return Expression(.not(try negation()), at: location)
        }
        return try comparison()
    }

    private mutating func comparison() throws(Diagnostic) -> Expression {
        let left = try concatenation()
        guard let operation = try takeComparison() else { return left }
        let result = Expression(.binary(operation, left, try concatenation()), at: left.location)
        let next = here
        if try takeComparison() != nil {
            throw Diagnostic("comparisons cannot be chained", at: next, suggestion: "join them with \"and\"")
        }
        return result
    }

    private mutating func takeComparison() throws(Diagnostic) -> Expression.Operator? {
        if try take("not") {
            try expect("in")
            return .isNotIn
        }
        for operation: Expression.Operator in [
            .isIn, .equal, .notEqual, .lessOrEqual, .greaterOrEqual, .less, .greater,
        ] where try take(operation.rawValue) {
            return operation
        }
        return nil
    }

    private mutating func concatenation() throws(Diagnostic) -> Expression {
        var left = try sum()
        while try take("~") { left = Expression(.binary(.concatenation, left, try sum()), at: left.location) }
        return left
    }

    private mutating func sum() throws(Diagnostic) -> Expression {
        var left = try product()
        while let operation = try takeOperator([.plus, .minus]) {
            left = Expression(.binary(operation, left, try product()), at: left.location)
        }
        return left
    }

    private mutating func product() throws(Diagnostic) -> Expression {
        var left = try unary()
        while let operation = try takeOperator([.times, .floorDivide, .divide, .remainder]) {
            left = Expression(.binary(operation, left, try unary()), at: left.location)
        }
        return left
    }

    private mutating func takeOperator(_ operations: [Expression.Operator]) throws(Diagnostic) -> Expression.Operator? {
        for operation in operations where try take(operation.rawValue) { return operation }
        return nil
    }

    private mutating func unary() throws(Diagnostic) -> Expression {
        let location = here
        if try take("-") { return Expression(.negative(try postfix(try primary())), at: location) }
        return try postfix(try primary())
    }

    private mutating func primary() throws(Diagnostic) -> Expression {
        let location = here
        switch token.kind {
        case .string(let text): return try literal(.string(text), at: location)
        case .int(let number): return try literal(.int(number), at: location)
        case .float(let number): return try literal(.float(number), at: location)
        case .name(let name): return try word(name, at: location)
        case .symbol("("):
            try advance()
            let inner = try conditional()
            try expect(")")
            return inner
        case .symbol("["):
            try advance()
            return Expression(.list(try arguments(until: "]")), at: location)
        case .symbol, .end:
            throw Diagnostic("unexpected word in an expression", at: location, found: foundText, expected: "a value")
        }
    }

    private mutating func literal(_ value: VariableValue, at location: SourceLocation) throws(Diagnostic) -> Expression
    {
        try advance()
        return Expression(.literal(value), at: location)
    }

    private static let constants: [String: VariableValue] = [
        "true": true, "True": true, "false": false, "False": false, "none": .null, "None": .null, "null": .null,
    ]
    private static let reserved: Set<String> = ["and", "or", "not", "in", "is", "if", "else"]

    private mutating func word(_ name: String, at location: SourceLocation) throws(Diagnostic) -> Expression {
        if let constant = Self.constants[name] { return try literal(constant, at: location) }
        guard !Self.reserved.contains(name) else {
            throw Diagnostic(
                "unexpected word in an expression", at: location, found: "\"\(name)\"", expected: "a value")
        }
        try advance()
        if token.kind == .symbol("(") {
            throw Diagnostic(
                "functions do not exist in fleet's expressions", at: location, found: "\"\(name)(\"",
                suggestion: "use a filter, such as x | default(1)")
        }
        return Expression(.name(name), at: location)
    }

    private mutating func arguments(until end: String) throws(Diagnostic) -> [Expression] {
        var list: [Expression] = []
        while try !take(end) {
            if !list.isEmpty {
                try expect(",")
                if try take(end) { break }
            }
            list.append(try conditional())
        }
        return list
    }

    // MARK: - What follows a value

    private mutating func postfix(_ base: Expression) throws(Diagnostic) -> Expression {
        var result = base
        while true {
            let location = here
            if try take(".") {
                result = try attribute(of: result, at: location)
            } else if try take("[") {
                let index = try conditional()
                try expect("]")
                result = Expression(.index(result, index), at: location)
            } else if try take("|") {
                result = try filter(of: result)
            } else if try take("is") {
                result = try test(of: result)
            } else {
                return result
            }
        }
    }

    private mutating func attribute(of base: Expression, at location: SourceLocation) throws(Diagnostic) -> Expression {
        if case .int(let number) = token.kind {
            try advance()
            return Expression(.index(base, Expression(.literal(.int(number)), at: location)), at: location)
        }
        let name = try takeName("a key's name")
        if token.kind == .symbol("(") {
            throw Diagnostic("methods do not exist in fleet's expressions", at: location, found: "\".\(name)(\"")
        }
        return Expression(.attribute(base, name), at: location)
    }

    private mutating func filter(of base: Expression) throws(Diagnostic) -> Expression {
        let location = here
        let name = try takeName("a filter's name")
        guard let filter = Filter(rawValue: name) ?? Filter.synonyms[name] else {
            throw Diagnostic(
                "there is no filter \"\(name)\"", at: location,
                expected: "one of \(Filter.names.joined(separator: ", "))",
                suggestion: Suggestion.sentence(for: name, among: Filter.names))
        }
        let given = try take("(") ? try arguments(until: ")") : []
        guard filter.argumentCount.contains(given.count) else {
            throw Diagnostic("filter \"\(name)\" does not take \(given.count) arguments", at: location)
        }
        return Expression(.filter(base, name: filter.rawValue, arguments: given), at: location)
    }

    private mutating func test(of base: Expression) throws(Diagnostic) -> Expression {
        let isNegated = try take("not")
        let location = here
        let name = try takeName("a test's name")
        guard let test = ValueTest(rawValue: name) else {
            let names = ValueTest.allCases.map(\.rawValue)
            throw Diagnostic(
                "there is no test \"\(name)\"", at: location, expected: "one of \(names.joined(separator: ", "))",
                suggestion: Suggestion.sentence(for: name, among: names))
        }
        let given = try take("(") ? try arguments(until: ")") : []
        guard test.argumentCount.contains(given.count) else {
            throw Diagnostic(
                "test \"\(name)\" does not take \(given.count) arguments", at: location, expected: test.usage)
        }
        return Expression(.test(base, name: name, arguments: given, isNegated: isNegated), at: base.location)
    }
}
