import FleetExpressions
import FleetModel

/// Variables with their places, in the order in which they were first set.
struct LocatedVariables: Hashable {
    private(set) var names: [String] = []
    private var values: [String: LocatedValue] = [:]

    subscript(name: String) -> LocatedValue? {
        get { values[name] }
        set {
            if values.updateValue(newValue ?? .null(at: SourceLocation(file: "")), forKey: name) == nil {
                names.append(name)
            }
        }
    }

    mutating func overlay(_ other: LocatedVariables) {
        for name in other.names { self[name] = other[name] }
    }

    mutating func overlay(_ mapping: LocatedMapping) {
        for entry in mapping.entries { self[entry.key] = entry.value }
    }

    var mapping: VariableMapping {
        VariableMapping(names.compactMap { name in values[name].map { (name, $0.value) } })
    }
}
