import FleetModel

/// Holds a value against a JSON Schema, as far as fleet's schemas use it; an unknown keyword is a failure.
struct SchemaCheck {
    let root: VariableMapping

    /// One line for every place where the value breaks the schema.
    func mistakes(_ value: VariableValue) -> [String] { mistakes(value, root, "$") }

    private static let notes: Set<String> = ["description", "title", "$schema", "$defs"]

    private func mistakes(_ value: VariableValue, _ schema: VariableMapping, _ path: String) -> [String] {
        schema.entries.flatMap { keyword, wanted -> [String] in
            switch keyword {
            case "$ref": return referenced(wanted).map { mistakes(value, $0, path) } ?? ["\(path): no \(wanted)"]
            case "type": return hasType(value, wanted) ? [] : ["\(path): \(value.kindName) is not \(wanted)"]
            case "enum": return wanted.listValue?.contains(value) == true ? [] : ["\(path): not one of \(wanted)"]
            case "const": return wanted == value ? [] : ["\(path): not \(wanted)"]
            case "pattern": return matches(value, wanted) ? [] : ["\(path): does not match \(wanted)"]
            case "minimum", "maximum": return isWithin(value, keyword, wanted) ? [] : ["\(path): beyond \(keyword)"]
            case "properties": return properties(value, wanted, path)
            case "additionalProperties": return others(value, wanted, schema, path)
            case "required": return required(value, wanted, path)
            case "items":
                guard let item = wanted.mappingValue, let elements = value.listValue else { return [] }
                return elements.enumerated().flatMap { mistakes($1, item, "\(path)[\($0)]") }
            case "anyOf":
                let all = choices(value, wanted, path)
                let near = all.filter { mistakes in
                    !mistakes.contains { $0.hasPrefix("\(path): ") && $0.contains(" is not ") }
                }
                return all.contains([]) ? [] : ["\(path): nothing fits"] + near.joined()
            case "oneOf":
                return choices(value, wanted, path).count { $0.isEmpty } == 1 ? [] : ["\(path): not exactly one"]
            default: return Self.notes.contains(keyword) ? [] : ["\(path): unknown keyword \(keyword)"]
            }
        }
    }

    private func referenced(_ reference: VariableValue) -> VariableMapping? {
        let name = reference.stringValue?.split(separator: "/").last.map(String.init) ?? ""
        return root["$defs"]?.mappingValue?[name]?.mappingValue
    }

    private func choices(_ value: VariableValue, _ schemas: VariableValue, _ path: String) -> [[String]] {
        (schemas.listValue ?? []).compactMap(\.mappingValue).map { mistakes(value, $0, path) }
    }

    private func hasType(_ value: VariableValue, _ types: VariableValue) -> Bool {
        let names = (types.listValue ?? [types]).compactMap(\.stringValue)
        let own: [String] =
            switch value {
            case .null: ["null"]
            case .bool: ["boolean"]
            case .int: ["integer", "number"]
            case .float: ["number"]
            case .string, .vaulted: ["string"]
            case .list: ["array"]
            case .mapping: ["object"]
            }
        return !Set(own).isDisjoint(with: names)
    }

    private func matches(_ value: VariableValue, _ pattern: VariableValue) -> Bool {
        guard let text = value.stringValue, let regex = pattern.stringValue.flatMap({ try? Regex($0) }) else {
            return true
        }
        return text.contains(regex)
    }

    private func isWithin(_ value: VariableValue, _ keyword: String, _ bound: VariableValue) -> Bool {
        guard case .int(let number) = value, case .int(let bound) = bound else { return true }
        return keyword == "minimum" ? number >= bound : number <= bound
    }

    private func properties(_ value: VariableValue, _ schemas: VariableValue, _ path: String) -> [String] {
        (value.mappingValue?.entries ?? []).flatMap { name, value in
            (schemas.mappingValue?[name]?.mappingValue).map { mistakes(value, $0, "\(path).\(name)") } ?? []
        }
    }

    private func others(
        _ value: VariableValue, _ rest: VariableValue, _ schema: VariableMapping, _ path: String
    ) -> [String] {
        let known = Set(schema["properties"]?.mappingValue?.names ?? [])
        return (value.mappingValue?.entries ?? []).filter { !known.contains($0.name) }.flatMap { name, value in
            if rest == false { return ["\(path): no key \(name)"] }
            return rest.mappingValue.map { mistakes(value, $0, "\(path).\(name)") } ?? []
        }
    }

    private func required(_ value: VariableValue, _ names: VariableValue, _ path: String) -> [String] {
        guard let mapping = value.mappingValue else { return [] }
        return (names.listValue ?? []).compactMap(\.stringValue).filter { mapping[$0] == nil }.map {
            "\(path): needs \($0)"
        }
    }
}
