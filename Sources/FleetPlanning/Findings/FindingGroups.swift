import FleetModel

/// Collects findings so that five hundred pods of one workload give one.
struct FindingGroups {
    private struct Group: Hashable {
        let severity: Finding.Severity
        let code: Finding.Code
        let subject: String
        let reason: String
        let remedy: String
    }

    private var order: [Group] = []
    private var items: [Group: [String: Int]] = [:]

    /// Something about one thing; `item` is the pod or node by which it showed, and is counted in the message.
    mutating func add(
        _ severity: Finding.Severity, _ code: Finding.Code, on subject: String, _ reason: String, remedy: String = "",
        item: String? = nil
    ) {
        note(Group(severity: severity, code: code, subject: subject, reason: reason, remedy: remedy), item)
    }

    /// The same about many things: the finding's subject names them.
    mutating func add(
        _ severity: Finding.Severity, _ code: Finding.Code, each item: String, _ reason: String, remedy: String = ""
    ) {
        note(Group(severity: severity, code: code, subject: "", reason: reason, remedy: remedy), item)
    }

    /// Adds what another collection holds, after what is here.
    mutating func append(_ others: FindingGroups) {
        for group in others.order {
            if items[group] == nil { order.append(group) }
            items[group, default: [:]].merge(others.items[group] ?? [:], uniquingKeysWith: +)
        }
    }

    private mutating func note(_ group: Group, _ item: String?) {
        if items[group] == nil {
            order.append(group)
            items[group] = [:]
        }
        if let item { items[group]?[item, default: 0] += 1 }
    }

    /// Blockers first; otherwise in the order in which they showed.
    var findings: [Finding] {
        let all = order.map(finding)
        return all.filter { $0.severity == .blocker } + all.filter { $0.severity == .warning }
    }

    private func finding(_ group: Group) -> Finding {
        let names = (items[group] ?? [:]).keys.sorted()
        let shown = ShortList.text(names)
        let items = names.isEmpty ? nil : names
        if group.subject.isEmpty {
            return Finding(
                group.severity, group.code, subject: shown, message: group.reason, remedy: group.remedy, items: items)
        }
        let message = names.isEmpty ? group.reason : "\(group.reason) (\(names.count): \(shown))"
        return Finding(
            group.severity, group.code, subject: group.subject, message: message, remedy: group.remedy, items: items)
    }
}

/// Names in a message: the first three, and how many more.
enum ShortList {
    static func text(_ names: [String], limit: Int = 3) -> String {
        let shown = names.prefix(limit).joined(separator: ", ")
        return names.count > limit ? "\(shown) and \(names.count - limit) more" : shown
    }
}
