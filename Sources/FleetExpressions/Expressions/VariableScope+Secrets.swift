public import FleetModel

extension VariableScope {
    /// The secrets among the values of variables, and of those that their templates name in turn.
    ///
    /// A secret is what a variable, or an entry of one, says that it is by its name (``SecretName``).
    public func secrets(of names: Set<String>) -> Set<SecretText> {
        var secrets: Set<SecretText> = []
        var left = Array(names)
        var seen = names
        while let name = left.popLast() {
            guard let (raw, holdsTemplates) = lookUp(name) else { continue }
            if holdsTemplates {
                let more = Self.names(in: raw).subtracting(seen)
                seen.formUnion(more)
                left += more
            }
            let value = (try? value(of: name)) ?? raw
            Self.collect(value, isSecret: SecretName.marks(name), into: &secrets)
        }
        return secrets
    }

    private static func collect(_ value: VariableValue, isSecret: Bool, into secrets: inout Set<SecretText>) {
        switch value {
        case .list(let elements): for element in elements { collect(element, isSecret: isSecret, into: &secrets) }
        case .mapping(let mapping):
            for name in mapping.names {
                guard let entry = mapping[name] else { continue }
                collect(entry, isSecret: isSecret || SecretName.marks(name), into: &secrets)
            }
        default: if isSecret, let text = value.scalarText { secrets.insert(SecretText(text)) }
        }
    }

    /// The variables that the templates in a value's texts name.
    private static func names(in value: VariableValue) -> Set<String> {
        switch value {
        case .string(let text) where text.contains("{{"):
            (try? Template(
                parsing: LocatedScalar(text: text, value: value, textLocation: SourceLocation(file: ""))))?.names ?? []
        case .list(let elements): elements.reduce(into: []) { $0.formUnion(names(in: $1)) }
        case .mapping(let mapping):
            mapping.names.compactMap { mapping[$0] }.reduce(into: []) { $0.formUnion(names(in: $1)) }
        default: []
        }
    }
}
