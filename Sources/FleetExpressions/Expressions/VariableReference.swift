import FleetModel

/// A variable that an expression names, and where.
public struct VariableReference: Hashable, Sendable {
    /// The variable.
    public var name: String
    /// Where it is named.
    public var location: SourceLocation
    /// The members of it that are named behind it, as far as they are constant: `os`, `family` of `facts.os.family`.
    public var members: [String] = []
    /// Whether the expression asks if it is defined, or has something in its place.
    public var isOptional: Bool

    /// The variables that a step's condition and arguments name.
    public static func all(in step: PlaybookStep) -> [VariableReference] {
        let condition = step.condition?.expressions.flatMap { $0.references() } ?? []
        let guarded = Set(condition.filter(\.isOptional).map(\.name))
        return (condition + all(in: step.arguments)).map { reference in
            var reference = reference
            reference.isOptional = reference.isOptional || guarded.contains(reference.name)
            return reference
        }
    }

    /// The variables that a text of a step names; those that the step's condition guards are optional.
    public static func all(in template: Template, under condition: Condition?) -> [VariableReference] {
        let condition = condition?.expressions.flatMap { $0.references() } ?? []
        let guarded = Set(condition.filter(\.isOptional).map(\.name))
        return template.references.map { reference in
            var reference = reference
            reference.isOptional = reference.isOptional || guarded.contains(reference.name)
            return reference
        }
    }

    /// The variables that the templates of a value name.
    static func all(in value: LocatedValue) -> [VariableReference] {
        switch value.content {
        case .sequence(let elements): return elements.flatMap { all(in: $0) }
        case .mapping(let mapping): return mapping.entries.flatMap { all(in: $0.value) }
        case .scalar(let scalar):
            guard scalar.text.contains("{{") else { return [] }
            var scanner = TemplateScanner(scalar, hasComments: false)
            var references: [VariableReference] = []
            while let part = try? scanner.next() {
                if case .expression(let expression, _) = part { references += expression.references() }
            }
            return references
        }
    }
}

extension Expression {
    /// The variables that it names; those behind `default` and `is defined` are optional.
    func references(isOptional: Bool = false) -> [VariableReference] {
        if let chain {
            return [
                VariableReference(name: chain.name, location: location, members: chain.members, isOptional: isOptional)
            ]
        }
        switch node {
        case .literal, .name: return []
        case .list(let elements): return elements.flatMap { $0.references(isOptional: isOptional) }
        case .attribute(let base, _), .not(let base), .negative(let base):
            return base.references(isOptional: isOptional)
        case .index(let base, let index):
            return base.references(isOptional: isOptional) + index.references(isOptional: isOptional)
        case .filter(let base, let name, let arguments):
            let hasDefault = name == Filter.default.rawValue
            return base.references(isOptional: isOptional || hasDefault)
                + arguments.flatMap { $0.references(isOptional: isOptional) }
        case .test(let base, let name, let arguments, _):
            let asks = ValueTest(rawValue: name).map { !$0.needsValue } ?? false
            return base.references(isOptional: isOptional || asks)
                + arguments.flatMap { $0.references(isOptional: isOptional) }
        case .binary(_, let left, let right):
            return left.references(isOptional: isOptional) + right.references(isOptional: isOptional)
        case .conditional(let condition, let value, let other):
            return condition.references(isOptional: isOptional) + value.references(isOptional: isOptional)
                + (other?.references(isOptional: isOptional) ?? [])
        }
    }

    /// The variable and its members, where the expression is nothing but their names.
    private var chain: (name: String, members: [String])? {
        switch node {
        case .name(let name): (name, [])
        case .attribute(let base, let member): base.chain.map { ($0.name, $0.members + [member]) }
        case .index(let base, let index):
            if case .literal(.string(let member)) = index.node {
                base.chain.map { ($0.name, $0.members + [member]) }
            } else {
                nil
            }
        default: nil
        }
    }
}
