import FleetExpressions
import FleetModel

extension ValueForm<PlaybookStep> {
    private static var modifiers: [String] { ["name", "when", "repeatable"] }

    /// A bare kind (`cordon`), or a mapping of one kind to its arguments, with `name`, `when` and `repeatable` beside it.
    static var step: ValueForm {
        ValueForm(expected: "a step such as drain: {timeout: 10m}") { value, diagnostics in
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
        let kinds = mapping.entries.filter { !modifiers.contains($0.key) }
        guard let kind = kinds.first, kinds.count == 1 else {
            diagnostics.append(miscounted(kinds, at: location))
            return nil
        }
        var mistakes: [Diagnostic] = []
        let name = mapping["name"].flatMap { ValueForm<String>.string.read($0, &mistakes) }
        let condition = mapping["when"].flatMap { ValueForm<Condition>.condition.read($0, &mistakes) }
        let isRepeatable = mapping["repeatable"].flatMap { ValueForm<Bool>.bool.read($0, &mistakes) }
        diagnostics += mistakes
        guard mistakes.isEmpty else { return nil }
        return PlaybookStep(
            kind: kind.key, kindLocation: kind.keyLocation, name: name, arguments: kind.value, condition: condition,
            isRepeatable: isRepeatable, location: location)
    }

    private static func miscounted(_ kinds: [LocatedMapping.Entry], at location: SourceLocation) -> Diagnostic {
        guard let second = kinds.dropFirst().first else {
            return Diagnostic(
                "the step has no kind", at: location, expected: "a kind such as drain beside name and when")
        }
        let near = kinds.compactMap { Suggestion.sentence(for: $0.key, among: modifiers) }.first
        let names = kinds.map { "\"\($0.key)\"" }.joined(separator: " and ")
        return Diagnostic(
            "a step has one kind", at: second.keyLocation, found: names,
            suggestion: near ?? "begin each step with a dash, and indent its arguments below it")
    }
}

extension ValueForm<PlaybookCheck> {
    /// A bare kind (`api_access`), or a mapping of one kind to its arguments.
    static var check: ValueForm {
        ValueForm(expected: "a check such as api_access or critical_pods: {selector: app=x}") { value, diagnostics in
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
