public import FleetPlanning

/// Findings for people: each blocker with what to do, warnings grouped by kind.
public struct FindingsText: Sendable {
    /// Subjects named of one group of warnings; the rest is counted.
    public static let shownSubjects = 4

    private let findings: [Finding]
    private let namesItems: Bool
    private let style: TextStyle

    /// The text of findings; `namesItems` lists every pod or node by which each showed.
    public init(_ findings: [Finding], namesItems: Bool = false, style: TextStyle = .plain) {
        self.findings = findings
        self.namesItems = namesItems
        self.style = style
    }

    /// Blockers, then warnings; empty when there are none.
    public var text: String {
        [blockers, warnings].filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    /// Each blocker with what to do; empty when there are none.
    public var blockers: String {
        let found = findings.filter { $0.severity == .blocker }
        guard !found.isEmpty else { return "" }
        return found.map { finding in
            let remedy = finding.remedy.isEmpty ? "" : "\n    \(style(.strong, "→")) \(finding.remedy)"
            return "\(style(.bad, "blocker")): \(finding.subject): \(finding.message)\(list(finding.items))\(remedy)"
        }.joined(separator: "\n")
    }

    /// Warnings by what they say; empty when there are none.
    public var warnings: String {
        groups.map { group in
            let remedy = group.remedy.isEmpty ? "" : "\n    \(style(.faint, "→")) \(group.remedy)"
            return "\(style(.warning, "warning")): \(group.words)\(list(group.items))\(remedy)"
        }.joined(separator: "\n")
    }

    /// The items that a message names only some of, one a line.
    private func list(_ items: [String]?) -> String {
        guard namesItems, let items, items.count > Self.namedItems else { return "" }
        return items.map { "\n    \($0)" }.joined()
    }

    /// So many are named by the message itself.
    private static let namedItems = 3

    /// Warnings that say the same of several things.
    private struct Group {
        var code: Finding.Code
        var message: String
        var remedy: String
        var subjects: [String]
        var items: [String]?

        var words: String {
            subjects.count == 1
                ? "\(subjects[0]): \(message)"
                : "\(message): \(Words.list(subjects, atMost: FindingsText.shownSubjects))"
        }
    }

    private var groups: [Group] {
        var groups: [Group] = []
        for finding in findings where finding.severity == .warning {
            let twin = groups.firstIndex {
                $0.code == finding.code && $0.message == finding.message && $0.remedy == finding.remedy
            }
            if let twin {
                groups[twin].subjects.append(finding.subject)
                if let items = finding.items { groups[twin].items = (groups[twin].items ?? []) + items }
            } else {
                groups.append(
                    Group(
                        code: finding.code, message: finding.message, remedy: finding.remedy,
                        subjects: [finding.subject], items: finding.items)
                )
            }
        }
        return groups
    }
}
