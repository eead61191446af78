import FleetModel

/// Why an expression has no value.
enum EvaluationFailure: Error {
    /// A name, key or index does not exist; `default` and `is defined` ask for this.
    case undefined(Diagnostic)
    /// Anything else.
    case failed(Diagnostic)

    var diagnostic: Diagnostic {
        switch self {
        case .undefined(let diagnostic), .failed(let diagnostic): diagnostic
        }
    }
}

/// Works out expressions in a scope.
///
/// Nothing is guessed: undefined names, mixed types and non-boolean conditions fail.
struct Evaluator {
    let scope: VariableScope
    /// How many variables deep the present one was reached; a cycle ends at the limit.
    var depth = 0
    private let effort: Effort

    private static let deepest = 32
    /// Variables of variables, each naming the next one twice, grow without bound.
    private static let mostVariables = 10_000
    private static let mostBytes = 1 << 20

    /// What has been worked out so far for one text of a file.
    private final class Effort {
        var variables = 0
    }

    init(scope: VariableScope, depth: Int = 0) {
        self.init(scope: scope, depth: depth, effort: Effort())
    }

    private init(scope: VariableScope, depth: Int, effort: Effort) {
        (self.scope, self.depth, self.effort) = (scope, depth, effort)
    }

    func value(of expression: Expression) throws(EvaluationFailure) -> VariableValue {
        switch expression.node {
        case .literal(let value): return value
        case .list(let elements): return .list(try values(of: elements))
        case .name(let name): return try variable(name, at: expression.location)
        case .attribute(let base, let key): return try entry(key, of: value(of: base), at: expression.location)
        case .index(let base, let index):
            return try element(value(of: index), of: value(of: base), at: expression.location)
        case .filter(let base, let name, let arguments):
            return try filtered(base, name, arguments, at: expression.location)
        case .test(let base, let name, let arguments, let isNegated):
            return .bool(try passes(base, name, arguments, at: expression.location) != isNegated)
        case .not(let operand): return .bool(try !flag(of: operand))
        case .negative(let operand): return try negative(operand)
        case .binary(let operation, let left, let right): return try binary(operation, left, right)
        case .conditional(let condition, let value, let otherwise):
            if try flag(of: condition) { return try self.value(of: value) }
            return try otherwise.map { other throws(EvaluationFailure) in try self.value(of: other) } ?? .string("")
        }
    }

    /// The boolean of a condition; anything else fails.
    func flag(of expression: Expression) throws(EvaluationFailure) -> Bool {
        let result = try value(of: expression)
        guard case .bool(let flag) = result else {
            throw .failed(
                Diagnostic(
                    "a condition must be true or false", at: expression.location, found: result.kindName,
                    suggestion: "compare it, as in x == \"a\", x | length > 0 or x | bool"))
        }
        return flag
    }

    private func values(of expressions: [Expression]) throws(EvaluationFailure) -> [VariableValue] {
        var values: [VariableValue] = []
        for expression in expressions { values.append(try value(of: expression)) }
        return values
    }

    private func definedValue(of expression: Expression) throws(EvaluationFailure) -> VariableValue? {
        do {
            return try value(of: expression)
        } catch .undefined {
            return nil
        }
    }

    private func passes(
        _ base: Expression, _ name: String, _ arguments: [Expression], at location: SourceLocation
    ) throws(EvaluationFailure) -> Bool {
        let given = try values(of: arguments)
        guard let test = ValueTest(rawValue: name) else { return false }
        let subject = test.needsValue ? try value(of: base) : try definedValue(of: base)
        do throws(ValueTest.Misuse) {
            return try test.holds(subject, given)
        } catch {
            throw .failed(
                Diagnostic("\"is \(name)\" \(error.words)", at: location, found: error.found, expected: test.usage))
        }
    }

    // MARK: - Names

    private func variable(_ name: String, at location: SourceLocation) throws(EvaluationFailure) -> VariableValue {
        guard let (value, holdsTemplates) = scope.lookUp(name) else {
            throw .undefined(
                Diagnostic(
                    "\"\(name)\" is undefined", at: location,
                    suggestion: Suggestion.sentence(for: name, among: scope.names)))
        }
        guard holdsTemplates else { return value }
        guard depth < Self.deepest else {
            throw .failed(Diagnostic("variable \"\(name)\" refers to itself", at: location))
        }
        effort.variables += 1
        guard effort.variables <= Self.mostVariables else {
            throw .failed(
                Diagnostic(
                    "\"\(name)\" is one of more than \(Self.mostVariables) variables in one another", at: location))
        }
        return try Evaluator(scope: scope, depth: depth + 1, effort: effort).resolved(value, of: name, usedAt: location)
    }

    /// A text that was put together, unless it is larger than any file's or script's.
    func bounded(_ text: String, at location: SourceLocation) throws(EvaluationFailure) -> String {
        guard text.utf8.count <= Self.mostBytes else {
            throw .failed(Diagnostic("the text unfolds to more than \(Self.mostBytes) bytes", at: location))
        }
        return text
    }

    /// A variable's value with the templates in it worked out.
    func resolved(
        _ value: VariableValue, of name: String, usedAt location: SourceLocation
    ) throws(EvaluationFailure) -> VariableValue {
        switch value {
        case .string(let text) where text.contains("{{") || text.contains("{%"):
            return try template(text, of: name, usedAt: location)
        case .list(let elements):
            var list: [VariableValue] = []
            for element in elements { list.append(try resolved(element, of: name, usedAt: location)) }
            return .list(list)
        case .mapping(let mapping):
            var result = VariableMapping()
            for (key, entry) in mapping.entries { result[key] = try resolved(entry, of: name, usedAt: location) }
            return .mapping(result)
        case .vaulted:
            var diagnostic = Diagnostic.vaulted(at: location)
            diagnostic.message = "variable \"\(name)\" is encrypted with Ansible Vault, which fleet cannot open"
            throw .failed(diagnostic)
        default: return value
        }
    }

    private func template(
        _ text: String, of name: String, usedAt location: SourceLocation
    ) throws(EvaluationFailure) -> VariableValue {
        let place = SourceLocation(file: "\(location) (variable \(name))")
        do {
            return try Template(parsing: LocatedScalar(text: text, value: .string(text), textLocation: place)).value(
                with: self)
        } catch let failure as EvaluationFailure {
            throw failure
        } catch let diagnostic as Diagnostic {
            throw .failed(diagnostic)
        } catch {
            throw .failed(Diagnostic("\(error)", at: place))
        }
    }

    private func entry(
        _ key: String, of base: VariableValue, at location: SourceLocation
    ) throws(EvaluationFailure) -> VariableValue {
        guard case .mapping(let mapping) = base else {
            throw .failed(Diagnostic("\".\(key)\" needs a mapping", at: location, found: base.kindName))
        }
        guard let value = mapping[key] else {
            throw .undefined(
                Diagnostic(
                    "there is no key \"\(key)\"", at: location,
                    suggestion: Suggestion.sentence(for: key, among: mapping.names)))
        }
        return value
    }

    private func element(
        _ index: VariableValue, of base: VariableValue, at location: SourceLocation
    ) throws(EvaluationFailure) -> VariableValue {
        switch (base, index) {
        case (.mapping, .string(let key)): return try entry(key, of: base, at: location)
        case (.list(let elements), .int(let number)):
            let position = number < 0 ? elements.count + number : number
            guard elements.indices.contains(position) else {
                throw .undefined(
                    Diagnostic("the list has no element \(number)", at: location, found: "\(elements.count) elements"))
            }
            return elements[position]
        default:
            throw .failed(Diagnostic("\(base.kindName) has no element by \(index.kindName)", at: location))
        }
    }

    // MARK: - Filters

    private func filtered(
        _ base: Expression, _ name: String, _ arguments: [Expression], at location: SourceLocation
    ) throws(EvaluationFailure) -> VariableValue {
        guard let filter = Filter(rawValue: name) else {
            throw .failed(Diagnostic("there is no filter \"\(name)\"", at: location))
        }
        let given = try values(of: arguments)
        if filter == .default { return try defaulted(base, given) }
        let input = try value(of: base)
        guard let output = filter.apply(to: input, given) else {
            throw .failed(
                Diagnostic(
                    "filter \"\(name)\" cannot be used on \(input.kindName)", at: location, expected: filter.input))
        }
        return output
    }

    private func defaulted(_ base: Expression, _ arguments: [VariableValue]) throws(EvaluationFailure) -> VariableValue
    {
        let replacement = arguments.first ?? ""
        guard let value = try definedValue(of: base) else { return replacement }
        let isEmptyToo = arguments.count > 1 && arguments[1] == true
        return isEmptyToo && [.null, "", false, [], [:], 0].contains(value) ? replacement : value
    }

    // MARK: - Operators

    private func negative(_ operand: Expression) throws(EvaluationFailure) -> VariableValue {
        switch try value(of: operand) {
        case .int(let number): return .int(0 &- number)
        case .float(let number): return .float(-number)
        case let other: throw .failed(Diagnostic("\"-\" needs a number", at: operand.location, found: other.kindName))
        }
    }

    private func binary(
        _ operation: Expression.Operator, _ left: Expression, _ right: Expression
    ) throws(EvaluationFailure) -> VariableValue {
        switch operation {
        case .and: return .bool(try flag(of: left) ? try flag(of: right) : false)
        case .or: return .bool(try flag(of: left) ? true : try flag(of: right))
        default: break
        }
        let (first, second) = (try value(of: left), try value(of: right))
        guard let result = operation.apply(first, second) else {
            throw .failed(
                Diagnostic(
                    "\"\(operation.rawValue)\" cannot be used between \(first.kindName) and \(second.kindName)",
                    at: left.location))
        }
        return result
    }
}
