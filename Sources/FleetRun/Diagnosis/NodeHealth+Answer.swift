import FleetModel

/// A Node's health as the journal keeps it: a line each for conditions and events.
extension NodeHealth {
    /// `condition=TYPE STATUS REASON MESSAGE` and `warning=MESSAGE`.
    var lines: String {
        let conditions = conditions.map { condition in
            let reason = condition.reason.isEmpty ? "-" : condition.reason
            return "condition=\(condition.type) \(condition.status) \(reason) \(condition.message.onOneLine)"
        }
        return (conditions + warnings.prefix(Self.keptWarnings).map { "warning=\($0.onOneLine)" }).joined(
            separator: "\n")
    }

    /// Reads such lines.
    init(_ answer: NodeAnswer) {
        let conditions = answer.all("condition").compactMap { line -> Condition? in
            let parts = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 4 else { return nil }
            return Condition(
                type: parts[0], status: parts[1], reason: parts[2] == "-" ? "" : parts[2], message: parts[3])
        }
        self.init(conditions: conditions, warnings: answer.all("warning"))
    }

    private static let keptWarnings = 5
}

extension String {
    fileprivate var onOneLine: String { split(whereSeparator: \.isNewline).joined(separator: " ") }
}
