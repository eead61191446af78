import FleetExpressions
import FleetModel

extension ValueForm<PlaybookStep> {
    /// What may stand beside a step's kind.
    static var modifiers: [(name: String, schema: ValueSchema)] {
        [
            ("name", .text("What the step is called in plans and reports.")),
            ("when", ValueForm<Condition>.condition.schema), ("repeatable", ValueForm<Bool>.bool.schema),
            ("register", ValueForm<String>.variableName.schema), ("retries", ValueForm<Int>.int(in: 0...10).schema),
            ("delay", ValueForm<Duration>.duration.schema), ("vars", ValueForm<VariableMapping>.variables.schema),
        ]
    }

    /// A bare kind (`cordon`), or a mapping of one kind to its arguments, with `name`, `when`, `repeatable`, `register`,
    /// `retries`, `delay` and `vars` beside it.
    static var step: ValueForm {
        let expected = "a step such as drain: {timeout: 10m}"
        return ValueForm(expected: expected, schema: .reference("step")) { value, diagnostics in
            if let scalar = value.scalar, case .string(let kind) = scalar.value {
                return PlaybookStep(
                    kind: kind, kindLocation: value.location, arguments: .null(at: value.location),
                    location: value.location)
            }
            guard let mapping = value.mapping else {
                diagnostics.append(
                    Diagnostic(
                        "unusable step", at: value.location, found: value.foundText,
                        expected: "a kind and its arguments"))
                return nil
            }
            return read(mapping, at: value.location, &diagnostics)
        }
    }

    private static func read(
        _ mapping: LocatedMapping, at location: SourceLocation, _ diagnostics: inout [Diagnostic]
    ) -> PlaybookStep? {
        let names = modifiers.map(\.name)
        let kinds = mapping.entries.filter { !names.contains($0.key) }
        guard let kind = kinds.first, kinds.count == 1 else {
            diagnostics.append(miscounted(kinds, at: location))
            return nil
        }
        var mistakes: [Diagnostic] = []
        let name = mapping["name"].flatMap { ValueForm<String>.string.read($0, &mistakes) }
        let condition = mapping["when"].flatMap { ValueForm<Condition>.condition.read($0, &mistakes) }
        let isRepeatable = mapping["repeatable"].flatMap { ValueForm<Bool>.bool.read($0, &mistakes) }
        let register = mapping["register"].flatMap { ValueForm<String>.variableName.read($0, &mistakes) }
        let retries = retries(mapping, &mistakes)
        let variables = mapping["vars"].flatMap { ValueForm<VariableMapping>.variables.read($0, &mistakes) }
        diagnostics += mistakes
        guard mistakes.isEmpty else { return nil }
        return PlaybookStep(
            kind: kind.key, kindLocation: kind.keyLocation, name: name, arguments: kind.value, condition: condition,
            isRepeatable: isRepeatable, register: register, retries: retries, variables: variables ?? [:],
            location: location)
    }

    private static func retries(_ mapping: LocatedMapping, _ mistakes: inout [Diagnostic]) -> StepRetries? {
        let delay = mapping["delay"].flatMap { ValueForm<Duration>.duration.read($0, &mistakes) }
        guard let entry = mapping.entries.first(where: { $0.key == "retries" }) else {
            if let entry = mapping.entries.first(where: { $0.key == "delay" }) {
                mistakes.append(
                    Diagnostic(
                        "delay without retries", at: entry.keyLocation, suggestion: "say how often: retries: 3"))
            }
            return nil
        }
        guard let count = ValueForm<Int>.int(in: 0...10).read(entry.value, &mistakes) else { return nil }
        return StepRetries(count, delay: delay ?? StepRetries.usualDelay, location: entry.keyLocation)
    }

    private static func miscounted(_ kinds: [LocatedMapping.Entry], at location: SourceLocation) -> Diagnostic {
        guard let second = kinds.dropFirst().first else {
            return Diagnostic(
                "the step has no kind", at: location, expected: "a kind such as drain beside name and when")
        }
        let near = kinds.compactMap { Suggestion.sentence(for: $0.key, among: modifiers.map(\.name)) }.first
        let names = kinds.map { "\"\($0.key)\"" }.joined(separator: " and ")
        return Diagnostic(
            "a step has one kind", at: second.keyLocation, found: names,
            suggestion: near ?? "begin each step with a dash, and indent its arguments below it")
    }
}

extension ValueForm<[PlaybookStep]> {
    /// The steps that can be read; every other one is a mistake of its own.
    static var steps: ValueForm {
        let list = ValueForm.list(of: ValueForm<PlaybookStep>.step)
        return ValueForm(expected: "a list of steps", schema: list.schema) { value, diagnostics in
            guard let elements = value.elements else { return list.read(value, &diagnostics) }
            return elements.compactMap { ValueForm<PlaybookStep>.step.read($0, &diagnostics) }
        }
    }
}

extension ValueForm<String> {
    /// A name that expressions can say, and that means nothing yet.
    static var variableName: ValueForm {
        let taken: Set = [
            "facts", "inventory_hostname", "inventory_hostname_short", "group_names", "kubernetes_node", "true",
            "false",
            "none", "null", "and", "or", "not", "in", "is", "if", "else",
        ]
        return .scalar("a variable's name such as probe: letters, digits and _") { scalar in
            let isName = scalar.text.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil
            return isName && !taken.contains(scalar.text) ? scalar.text : nil
        }
    }
}

extension ValueForm<PlaybookCheck> {
    /// A check of `preflight`.
    static var check: ValueForm { entry("check", "a check such as api_access or critical_pods: {selector: app=x}") }
    /// A check of `health`.
    static var healthCheck: ValueForm {
        entry("health_check", "a check such as ready_nodes or pending_pods: {more: 2}")
    }
    /// An entry of `notify`.
    static var notifier: ValueForm { entry("notifier", "http or command, such as http: https://hooks.example/T0123") }

    /// A bare kind (`api_access`), or a mapping of one kind to its arguments.
    private static func entry(_ part: String, _ expected: String) -> ValueForm {
        ValueForm(expected: expected, schema: .reference(part)) { value, diagnostics in
            if let scalar = value.scalar, case .string(let kind) = scalar.value {
                return PlaybookCheck(kind: kind, arguments: .null(at: value.location), location: value.location)
            }
            guard let entries = value.mapping?.entries, let entry = entries.first, entries.count == 1 else {
                diagnostics.append(
                    Diagnostic(
                        "unusable check", at: value.location, found: value.foundText,
                        expected: "one kind, with its arguments below it"))
                return nil
            }
            return PlaybookCheck(kind: entry.key, arguments: entry.value, location: entry.keyLocation)
        }
    }
}
