/// The one bound that a PodDisruptionBudget's specification has.
public struct BudgetBound: Hashable, Sendable, Codable, CustomStringConvertible {
    /// Which of the two, which exclude each other; the raw value is the field's name.
    public enum Field: String, Hashable, Sendable, Codable, CaseIterable {
        case minAvailable, maxUnavailable
    }

    /// The field.
    public var field: Field
    /// Its value.
    public var value: CountOrPercent

    /// A bound.
    public init(_ field: Field, _ value: CountOrPercent) {
        self.field = field
        self.value = value
    }

    /// The bound of a budget; nil when it has neither.
    public init?(of budget: PodDisruptionBudget) {
        if let most = budget.maxUnavailable {
            self.init(.maxUnavailable, most)
        } else if let least = budget.minAvailable {
            self.init(.minAvailable, least)
        } else {
            return nil
        }
    }

    /// Reads `minAvailable 2`; nil for anything else.
    public init?(text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let field = Field(rawValue: String(parts[0])),
            let value = CountOrPercent(text: String(parts[1]))
        else { return nil }
        self.init(field, value)
    }

    /// `minAvailable 2`.
    public var description: String { "\(field.rawValue) \(value)" }
}

extension PodDisruptionBudget {
    /// Sets the one bound, and clears the other; nil clears both.
    public mutating func set(_ bound: BudgetBound?) {
        self.minAvailable = bound?.field == .minAvailable ? bound?.value : nil
        self.maxUnavailable = bound?.field == .maxUnavailable ? bound?.value : nil
    }
}
