import FleetExpressions
import FleetModel

extension LocatedValue {
    /// A value without marks of its own, all of it at one place.
    static func located(_ value: VariableValue, text: String? = nil, at location: SourceLocation) -> LocatedValue {
        switch value {
        case .list(let elements):
            return LocatedValue(.sequence(elements.map { located($0, at: location) }), at: location)
        case .mapping(let mapping):
            let entries = mapping.entries.map {
                LocatedMapping.Entry(key: $0.name, keyLocation: location, value: located($0.value, at: location))
            }
            return LocatedValue(.mapping(LocatedMapping(entries)), at: location)
        default:
            let text = value.stringValue ?? text ?? value.scalarText ?? ""
            return LocatedValue(.scalar(LocatedScalar(text: text, value: value, textLocation: location)), at: location)
        }
    }
}
