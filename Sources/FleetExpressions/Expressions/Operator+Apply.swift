import FleetModel

extension Expression.Operator {
    /// The result for two values; nil when the operator does not exist between them, or divides by zero.
    func apply(_ left: VariableValue, _ right: VariableValue) -> VariableValue? {
        switch self {
        case .equal: .bool(Self.areEqual(left, right))
        case .notEqual: .bool(!Self.areEqual(left, right))
        case .isIn: Self.contains(right, left).map { .bool($0) }
        case .isNotIn: Self.contains(right, left).map { .bool(!$0) }
        case .less, .lessOrEqual, .greater, .greaterOrEqual: compare(left, right).map { .bool($0) }
        case .concatenation: Self.joined(left, right)
        case .plus, .minus, .times, .divide, .floorDivide, .remainder: calculate(left, right)
        case .and, .or: nil
        }
    }

    private static func areEqual(_ left: VariableValue, _ right: VariableValue) -> Bool {
        if let left = number(left), let right = number(right) { return left == right }
        return left == right
    }

    private static func number(_ value: VariableValue) -> Double? {
        switch value {
        case .int(let number): Double(number)
        case .float(let number): number
        default: nil
        }
    }

    private static func contains(_ container: VariableValue, _ value: VariableValue) -> Bool? {
        switch (container, value) {
        case (.list(let elements), _): elements.contains { areEqual($0, value) }
        case (.mapping(let mapping), .string(let key)): mapping[key] != nil
        case (.string(let text), .string(let part)): part.isEmpty || text.contains(part)
        default: nil
        }
    }

    private func compare(_ left: VariableValue, _ right: VariableValue) -> Bool? {
        if let left = Self.number(left), let right = Self.number(right) { return compare(left, right) }
        if case .string(let left) = left, case .string(let right) = right { return compare(left, right) }
        return nil
    }

    private func compare<Value: Comparable>(_ left: Value, _ right: Value) -> Bool {
        switch self {
        case .less: left < right
        case .lessOrEqual: left <= right
        case .greater: left > right
        default: left >= right
        }
    }

    private static func joined(_ left: VariableValue, _ right: VariableValue) -> VariableValue? {
        guard let left = left.scalarText, let right = right.scalarText else { return nil }
        return .string(left + right)
    }

    private func calculate(_ left: VariableValue, _ right: VariableValue) -> VariableValue? {
        switch (left, right) {
        case (.int(let left), .int(let right)): return calculate(left, right)
        case (.string(let left), .string(let right)) where self == .plus: return .string(left + right)
        case (.list(let left), .list(let right)) where self == .plus: return .list(left + right)
        default:
            guard let left = Self.number(left), let right = Self.number(right) else { return nil }
            return calculate(left, right)
        }
    }

    /// Whole numbers: division rounds down and the remainder takes the divisor's sign, as in Python.
    private func calculate(_ left: Int, _ right: Int) -> VariableValue? {
        let result: (partialValue: Int, overflow: Bool)
        switch self {
        case .plus: result = left.addingReportingOverflow(right)
        case .minus: result = left.subtractingReportingOverflow(right)
        case .times: result = left.multipliedReportingOverflow(by: right)
        case .divide: return right == 0 ? nil : .float(Double(left) / Double(right))
        default:
            guard right != 0, right != -1 else { return right == 0 ? nil : .int(self == .remainder ? 0 : 0 &- left) }
            let remainder = left % right
            let isAdjusted = remainder != 0 && (remainder < 0) != (right < 0)
            return .int(
                self == .remainder ? remainder + (isAdjusted ? right : 0) : left / right - (isAdjusted ? 1 : 0))
        }
        return result.overflow ? nil : .int(result.partialValue)
    }

    private func calculate(_ left: Double, _ right: Double) -> VariableValue? {
        switch self {
        case .plus: .float(left + right)
        case .minus: .float(left - right)
        case .times: .float(left * right)
        case .divide: right == 0 ? nil : .float(left / right)
        case .floorDivide: right == 0 ? nil : .float((left / right).rounded(.down))
        default: right == 0 ? nil : .float(left - (left / right).rounded(.down) * right)
        }
    }
}
