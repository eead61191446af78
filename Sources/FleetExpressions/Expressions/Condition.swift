import FleetModel

/// A `when:`: one expression, or a list of which all must hold.
public struct Condition: Hashable, Sendable {
    /// The expressions, each of which must hold.
    public let expressions: [Expression]
    /// The text as it was written, for plans and messages.
    public let text: String

    /// Reads a condition from an expression's text, a boolean, or a list of them.
    public init(_ value: LocatedValue) throws(Diagnostics) {
        var expressions: [Expression] = []
        var mistakes: [Diagnostic] = []
        let parts = value.elements ?? [value]
        for part in parts {
            do {
                expressions.append(try Self.expression(part))
            } catch {
                mistakes.append(error)
            }
        }
        if let failure = Diagnostics(mistakes) { throw failure }
        self.expressions = expressions
        text = parts.compactMap { $0.scalar?.text }.joined(separator: " and ")
    }

    private static func expression(_ value: LocatedValue) throws(Diagnostic) -> Expression {
        guard let scalar = value.scalar, scalar.value != .null else {
            throw Diagnostic(
                "unusable condition", at: value.location, found: value.foundText, expected: "an expression")
        }
        if case .bool(let flag) = scalar.value { return Expression(.literal(.bool(flag)), at: value.location) }
        if let braces = scalar.text.firstRange(of: "{{") {
            throw Diagnostic(
                "a condition is an expression already", at: scalar.location(of: braces.lowerBound), found: "{{",
                suggestion: "leave out the braces")
        }
        return try Expression(parsing: scalar)
    }

    private init(_ expressions: [Expression], text: String) {
        self.expressions = expressions
        self.text = text
    }

    /// Both conditions: what stands around an include, and what its steps say themselves.
    public func and(_ other: Condition) -> Condition {
        Condition(expressions + other.expressions, text: [text, other.text].joined(separator: " and "))
    }

    /// Whether all expressions hold; an undefined name or a value that is no boolean is an error.
    public func holds(in scope: VariableScope) throws(Diagnostic) -> Bool {
        for expression in expressions {
            do {
                if try !Evaluator(scope: scope).flag(of: expression) { return false }
            } catch {
                throw error.diagnostic
            }
        }
        return true
    }
}

extension ValueForm<Condition> {
    /// A condition, such as `zone == "a" and not spare`.
    public static var condition: ValueForm {
        ValueForm(
            expected: "a condition such as zone == \"a\"",
            schema: .any(of: [
                ValueSchema(["type": ["string", "boolean"]]), .list(of: ValueSchema(["type": ["string", "boolean"]])),
            ])
        ) { value, diagnostics in
            do throws(Diagnostics) {
                return try Condition(value)
            } catch {
                diagnostics += error.all
                return nil
            }
        }
    }
}
