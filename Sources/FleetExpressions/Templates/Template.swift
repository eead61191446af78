public import FleetModel

/// A text with `{{ }}` in it, such as a value of `env:`.
public struct Template: Hashable, Sendable {
    enum Piece: Hashable, Sendable {
        case text(String)
        case expression(Expression)
    }

    let pieces: [Piece]

    /// Reads a text; an unclosed or wrong template, a statement (`{% %}`) and a comment (`{# #}`) are mistakes.
    public init(parsing scalar: LocatedScalar) throws(Diagnostic) {
        var scanner = TemplateScanner(scalar, hasComments: true)
        var pieces: [Piece] = []
        while let part = try scanner.next() {
            switch part {
            case .text(let range): pieces.append(.text(String(scalar.text[range])))
            case .expression(let expression, _): pieces.append(.expression(expression))
            }
        }
        self.pieces = pieces
    }

    /// Whether there is nothing to work out.
    public var isLiteral: Bool {
        pieces.allSatisfy { if case .text = $0 { true } else { false } }
    }

    /// The variables that it names.
    public var names: Set<String> { Set(references.map(\.name)) }

    /// The variables that it names, and where.
    var references: [VariableReference] {
        pieces.flatMap { piece in
            if case .expression(let expression) = piece { expression.references() } else { [VariableReference]() }
        }
    }

    /// The text with every template replaced by its value; a list, a mapping or nothing in its place is an error.
    public func text(in scope: VariableScope) throws(Diagnostic) -> String {
        do {
            return try text(with: Evaluator(scope: scope))
        } catch {
            throw error.diagnostic
        }
    }

    /// The value: of its own type when the text is one template and nothing else, a string otherwise.
    public func value(in scope: VariableScope) throws(Diagnostic) -> VariableValue {
        do {
            return try value(with: Evaluator(scope: scope))
        } catch {
            throw error.diagnostic
        }
    }

    func value(with evaluator: Evaluator) throws(EvaluationFailure) -> VariableValue {
        if pieces.count == 1, case .expression(let expression) = pieces[0] {
            return try evaluator.value(of: expression)
        }
        return .string(try text(with: evaluator))
    }

    private func text(with evaluator: Evaluator) throws(EvaluationFailure) -> String {
        var result = ""
        for piece in pieces {
            switch piece {
            case .text(let text): result += text
            case .expression(let expression):
                result = try evaluator.bounded(result + evaluator.text(of: expression), at: expression.location)
            }
        }
        return result
    }
}

extension Evaluator {
    /// The text of a scalar; anything else fails.
    func text(of expression: Expression) throws(EvaluationFailure) -> String {
        let result = try value(of: expression)
        guard let text = result.scalarText else {
            throw .failed(
                Diagnostic(
                    "\(result.kindName) has no text", at: expression.location,
                    suggestion: "use join(\",\"), to_json or default(\"\")"))
        }
        return text
    }
}

extension ValueForm<Template> {
    /// Text that may hold `{{ }}`.
    public static var template: ValueForm {
        ValueForm(expected: "text, which may hold {{ }}", schema: .scalar) { value, diagnostics in
            guard let scalar = value.scalar, scalar.value != .null, !scalar.isVaulted else {
                diagnostics.append(
                    Diagnostic(
                        "unusable value", at: value.location, found: value.foundText,
                        expected: "text, which may hold {{ }}"))
                return nil
            }
            do throws(Diagnostic) {
                return try Template(parsing: scalar)
            } catch {
                diagnostics.append(error)
                return nil
            }
        }
    }
}

extension ValueForm<Template> {
    /// Text that may hold `{{ }}`; one that holds none is judged where it stands, not when the step comes to it.
    public static func constant(
        _ expected: String, _ isValid: @escaping @Sendable (String) -> Bool
    ) -> ValueForm {
        ValueForm(expected: expected, schema: .scalar) { value, diagnostics in
            guard let template = Self.template.read(value, &diagnostics) else { return nil }
            guard let text = template.literal, !isValid(text) else { return template }
            diagnostics.append(
                Diagnostic("unusable value", at: value.location, found: value.foundText, expected: expected))
            return nil
        }
    }
}

extension Template {
    /// The text where there is nothing to work out; nil otherwise.
    public var literal: String? {
        var text = ""
        for piece in pieces {
            guard case .text(let part) = piece else { return nil }
            text += part
        }
        return text
    }
}
