import FleetModel

/// Versions as operators write them: `v1.36.0`, `5.10.0-28-amd64`, `22.04`; numbers compare as numbers.
enum VersionText {
    static func holds(_ value: VariableValue?, _ arguments: [VariableValue]) throws(ValueTest.Misuse) -> Bool {
        let operation = arguments.count > 1 ? arguments[1].stringValue ?? "" : "=="
        guard let left = value?.scalarText, let found = parts(left) else {
            throw ValueTest.Misuse("needs a version such as 1.36.0", found: value)
        }
        guard let right = arguments.first?.scalarText, let wanted = parts(right) else {
            throw ValueTest.Misuse("compares with a version such as 1.36.0", found: arguments.first)
        }
        let order = compare(found, wanted)
        switch operation {
        case "==", "=", "eq": return order == 0
        case "!=", "ne": return order != 0
        case "<", "lt": return order < 0
        case "<=", "le": return order <= 0
        case ">", "gt": return order > 0
        case ">=", "ge": return order >= 0
        default: throw ValueTest.Misuse("compares by ==, !=, <, <=, > or >=", found: .string(operation))
        }
    }

    /// The numbers of a version up to the first part that begins with none; nil where it begins with none at all.
    private static func parts(_ text: String) -> [Int]? {
        let body = text.drop { $0 == "v" || $0 == "V" }
        var numbers: [Int] = []
        for part in body.split(whereSeparator: { ".-+~:_".contains($0) }) {
            guard let number = Int(part.prefix { $0.isASCII && $0.isNumber }) else { break }
            numbers.append(number)
        }
        return numbers.isEmpty ? nil : numbers
    }

    private static func compare(_ left: [Int], _ right: [Int]) -> Int {
        for position in 0..<max(left.count, right.count) {
            let (first, second) = (
                position < left.count ? left[position] : 0, position < right.count ? right[position] : 0
            )
            if first != second { return first < second ? -1 : 1 }
        }
        return 0
    }
}
