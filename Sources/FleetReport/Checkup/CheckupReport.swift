public import FleetRun

/// Checkups of many hosts as a command shows them: each finding once, under folded names.
public struct CheckupReport: Report {
    private let checkups: [Checkup]

    /// How many pieces of evidence are shown under a finding; the JSON document has all.
    private static let shownEvidence = 5

    /// The report of checkups, in the order of the hosts.
    public init(_ checkups: [Checkup]) { self.checkups = checkups }

    /// `fleet.doctor/v1`.
    public var document: CheckupJSON { CheckupJSON(checkups) }

    /// Findings, blockers and the most frequent first, then the count.
    public func text(_ style: TextStyle) -> String {
        let blocks = CheckupGroup.groups(of: checkups).map { block($0, style) }
        return (blocks + [summary(style)]).joined(separator: "\n\n")
    }

    private func block(_ group: CheckupGroup, _ style: TextStyle) -> String {
        let isBlocker = group.severity == .blocker
        let word = style(isBlocker ? .bad : .warning, group.severity.rawValue)
        let count = group.hosts.count > 1 ? " (\(group.hosts.count) hosts)" : ""
        let head = "\(word): \(VisibleText.line(group.message)): \(style(.strong, group.names.description))\(count)"
        let evidence = group.evidence.prefix(Self.shownEvidence).map { seen in
            let name = group.evidence.count > 1 ? "\(NodeSet(seen.hosts)): " : ""
            return "    " + style(.faint, VisibleText.line(name + seen.words))
        }
        let rest = group.evidence.count - evidence.count
        let more = rest > 0 ? [style(.faint, "    and \(rest) more; --output json has all")] : []
        return ([head] + evidence + more + ["    \(style(.strong, "→")) \(group.mend)"]).joined(separator: "\n")
    }

    private func summary(_ style: TextStyle) -> String {
        let blocked = checkups.count { $0.isBlocked }
        let warned = checkups.count { !$0.isBlocked && !$0.findings.isEmpty }
        let well = checkups.count - blocked - warned
        var parts = [style(well > 0 ? .good : .normal, "\(well) well")]
        if warned > 0 { parts.append(style(.warning, "\(warned) with warnings")) }
        if blocked > 0 { parts.append(style(.bad, "\(blocked) blocked")) }
        return parts.joined(separator: ", ")
    }
}

/// A finding, and the hosts that have it.
struct CheckupGroup: Hashable {
    /// The same seen on several hosts.
    struct Seen: Hashable {
        var words: String
        var hosts: [String]
    }

    let code: String
    let severity: Checkup.Severity
    let message: String
    let mend: String
    let hosts: [String]
    let evidence: [Seen]

    var names: NodeSet { NodeSet(hosts) }

    private struct Key: Hashable {
        var code: String
        var severity: Checkup.Severity
        var message: String
        var mend: String
    }

    private init(_ key: Key, _ seen: [(host: String, words: String)]) {
        (code, severity, message, mend) = (key.code, key.severity, key.message, key.mend)
        var (hosts, evidence): ([String], [Seen]) = ([], [])
        for (host, words) in seen {
            if hosts.last != host { hosts.append(host) }
            guard !words.isEmpty else { continue }
            if let place = evidence.firstIndex(where: { $0.words == words }) {
                evidence[place].hosts.append(host)
            } else {
                evidence.append(Seen(words: words, hosts: [host]))
            }
        }
        (self.hosts, self.evidence) = (hosts, evidence)
    }

    /// The groups: blockers first, then those of the most hosts, then as they were found first.
    static func groups(of checkups: [Checkup]) -> [CheckupGroup] {
        var order: [Key] = []
        var members: [Key: [(host: String, words: String)]] = [:]
        for checkup in checkups {
            for finding in checkup.findings {
                let key = Key(
                    code: finding.code, severity: finding.severity, message: finding.message, mend: finding.mend)
                if members[key] == nil { order.append(key) }
                members[key, default: []].append((checkup.host, finding.evidence))
            }
        }
        let groups = order.map { CheckupGroup($0, members[$0] ?? []) }
        return Checkup.Severity.allCases.flatMap { severity in
            groups.enumerated().filter { $0.element.severity == severity }.sorted {
                ($1.element.hosts.count, $0.offset) < ($0.element.hosts.count, $1.offset)
            }.map(\.element)
        }
    }
}
