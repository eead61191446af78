import FleetExpressions
import FleetModel

/// Lays JSON out as Python's `json.dumps(…, sort_keys=True, indent=4)` does.
enum JSONLayout {
    static func indented(_ value: VariableValue, by depth: Int = 0) -> String {
        switch value {
        case .list(let elements): block(elements.map { indented($0, by: depth + 1) }, "[", "]", depth)
        case .mapping(let mapping): block(entries(mapping, depth), "{", "}", depth)
        case .vaulted(let text): indented(["__ansible_vault": .string(text)], by: depth)
        case .float(let number): self.number(number)
        default: VariableJSON.text(of: value) ?? "null"
        }
    }

    private static func entries(_ mapping: VariableMapping, _ depth: Int) -> [String] {
        mapping.entries.sorted { $0.name.unicodeScalars.lexicographicallyPrecedes($1.name.unicodeScalars) }
            .map { "\(VariableJSON.quoted($0.name)): \(indented($0.value, by: depth + 1))" }
    }

    /// Python has words for what JSON has none.
    private static func number(_ number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
        return String(number)
    }

    private static func block(_ items: [String], _ open: String, _ close: String, _ depth: Int) -> String {
        guard !items.isEmpty else { return open + close }
        let indentation = String(repeating: " ", count: 4 * depth)
        return "\(open)\n" + items.map { "\(indentation)    \($0)" }.joined(separator: ",\n")
            + "\n\(indentation)\(close)"
    }
}
