/// A requirement on one label or node field.
public struct SelectorRequirement: Hashable, Sendable, Codable {
    /// How the values are compared; `greaterThan` and `lessThan` exist for node selectors only.
    public enum Operation: String, Sendable, Codable {
        case isIn = "In"
        case isNotIn = "NotIn"
        case exists = "Exists"
        case doesNotExist = "DoesNotExist"
        case greaterThan = "Gt"
        case lessThan = "Lt"
    }

    /// The label's key.
    public var key: String
    /// The comparison.
    public var operation: Operation
    /// The values compared with; empty for `Exists` and `DoesNotExist`.
    public var values: [String]

    /// A requirement on one label.
    public init(_ key: String, _ operation: Operation, _ values: [String] = []) {
        self.key = key
        self.operation = operation
        self.values = values
    }

    /// Whether the labels meet the requirement (apimachinery `labels.Requirement.Matches`).
    public func matches(_ labels: [String: String]) -> Bool {
        let value = labels[key]
        switch operation {
        case .isIn: return value.map(values.contains) ?? false
        case .isNotIn: return value.map { !values.contains($0) } ?? true
        case .exists: return value != nil
        case .doesNotExist: return value == nil
        case .greaterThan: return compare(value, by: >)
        case .lessThan: return compare(value, by: <)
        }
    }

    private func compare(_ value: String?, by operation: (Int64, Int64) -> Bool) -> Bool {
        guard let value, let number = Int64(value), let first = values.first, let bound = Int64(first) else {
            return false
        }
        return operation(number, bound)
    }
}

/// A Kubernetes label selector; an empty one matches everything.
public struct LabelSelector: Hashable, Sendable, Codable {
    /// Labels that must be equal.
    public var matchLabels: [String: String]
    /// Requirements that must all hold.
    public var matchExpressions: [SelectorRequirement]

    /// Joins equalities and requirements.
    public init(matchLabels: [String: String] = [:], matchExpressions: [SelectorRequirement] = []) {
        self.matchLabels = matchLabels
        self.matchExpressions = matchExpressions
    }

    /// Whether all equalities and requirements hold.
    public func matches(_ labels: [String: String]) -> Bool {
        matchLabels.allSatisfy { labels[$0.key] == $0.value } && matchExpressions.allSatisfy { $0.matches(labels) }
    }
}
