import FleetExpressions
import FleetModel

/// Finds the hosts of one term of a pattern (`~/lib/ansible/inventory/manager.py:_match_one_pattern`).
struct PatternMatcher {
    let inventory: Inventory
    let location: SourceLocation
    let attribute: (Host, String) -> String?

    func hosts(_ term: String) throws(Diagnostic) -> [Host] {
        if let host = inventory[host: HostName(term)] { return [host] }
        if let comparison = Self.comparison(term) { return try compared(comparison) }
        let (pattern, slice) = Self.splitSubscript(term)
        guard let matches = try matches(pattern) else { return try unfolded(term) }
        guard let slice else { return matches }
        return try sliced(matches, slice, term)
    }

    // MARK: - name=value

    struct Comparison {
        var name: String
        var value: String
        var isEqual: Bool
    }

    static func comparison(_ term: String) -> Comparison? {
        guard let match = term.wholeMatch(of: /[&!]?([A-Za-z_][A-Za-z0-9_]*)(!?=)(.*)/) else { return nil }
        return Comparison(name: String(match.1), value: String(match.3), isEqual: match.2 == "=")
    }

    private func compared(_ comparison: Comparison) throws(Diagnostic) -> [Host] {
        let values = inventory.hosts.map { attribute($0, comparison.name) }
        let known = Set(values.compactMap(\.self))
        guard !known.isEmpty else {
            throw Diagnostic(
                "no host has a \"\(comparison.name)\"", at: location,
                suggestion: Suggestion.sentence(for: comparison.name, among: attributeNames))
        }
        guard known.contains(comparison.value) else {
            throw Diagnostic(
                "no host has \(comparison.name) \"\(comparison.value)\"", at: location,
                expected: "one of \(known.sorted().prefix(20).joined(separator: ", "))",
                suggestion: Suggestion.sentence(for: comparison.value, among: known.sorted()))
        }
        return zip(inventory.hosts, values).filter { ($0.1 == comparison.value) == comparison.isEqual }.map(\.0)
    }

    private var attributeNames: [String] {
        ["zone", "pool"] + Set(inventory.hosts.prefix(100).flatMap { $0.variables.merged.names }).sorted()
    }

    // MARK: - Names

    /// Hosts of matching groups, and matching hosts where no group matched or the pattern is a glob; nil when nothing at
    /// all matched.
    private func matches(_ pattern: String) throws(Diagnostic) -> [Host]? {
        let test = try tester(pattern)
        let groups = inventory.groups.map(\.name).filter(test)
        var found = groups.flatMap { inventory.hosts(inGroup: $0) }
        if groups.isEmpty || pattern.hasPrefix("~") || pattern.contains(where: { ".?*[".contains($0) }) {
            found += inventory.hosts.filter { test($0.name.rawValue) }
        }
        return found.isEmpty && groups.isEmpty ? nil : found
    }

    private func tester(_ pattern: String) throws(Diagnostic) -> (String) -> Bool {
        guard pattern.hasPrefix("~") else { return { Glob(pattern).matches($0) } }
        do {
            let regex = try Regex(String(pattern.dropFirst()))
            return { (try? regex.prefixMatch(in: $0)) ?? nil != nil }
        } catch {
            throw Diagnostic("unusable regular expression in a pattern", at: location, found: "\"\(pattern)\"")
        }
    }

    /// Brackets that are no slice of a group: `node[01:10]` or `node0[1-3]` where nothing is called `node`.
    private func unfolded(_ term: String) throws(Diagnostic) -> [Host] {
        if term.contains("[") {
            let names = (try? HostRange.expand(term)) ?? []
            let hosts = names.compactMap { inventory[host: HostName($0)] }
            if !hosts.isEmpty { return hosts }
            let glob = Glob(term)
            let matching = inventory.hosts.filter { glob.matches($0.name.rawValue) }
            if !matching.isEmpty { return matching }
        }
        let names = inventory.groups.map(\.name) + inventory.hosts.map(\.name.rawValue)
        throw Diagnostic(
            "no host or group matches \"\(term)\"", at: location,
            suggestion: Suggestion.sentence(for: term, among: names) ?? groupHint)
    }

    private var groupHint: String? {
        let names = inventory.groups.map(\.name).filter { $0 != "all" && $0 != "ungrouped" }
        return names.isEmpty ? nil : "groups are \(names.prefix(12).joined(separator: ", "))"
    }

    // MARK: - Slices

    enum Slice: Equatable {
        case index(Int)
        case range(Int, Int?)
    }

    static func splitSubscript(_ term: String) -> (pattern: String, slice: Slice?) {
        guard !term.hasPrefix("~"), let match = term.wholeMatch(of: /(.+)\[(?:(-?[0-9]+)|([0-9]+)[:-]([0-9]*))\]/)
        else {
            return (term, nil)
        }
        if let index = match.2.flatMap({ Int($0) }) { return (String(match.1), .index(index)) }
        guard let start = match.3.flatMap({ Int($0) }) else { return (term, nil) }
        return (String(match.1), .range(start, match.4.flatMap { Int($0) }))
    }

    private func sliced(_ hosts: [Host], _ slice: Slice, _ term: String) throws(Diagnostic) -> [Host] {
        guard !hosts.isEmpty else { return [] }
        switch slice {
        case .range(let start, let end) where end != 0:
            let last = min(end ?? hosts.count - 1, hosts.count - 1)
            return start <= last ? Array(hosts[start...last]) : []
        case .range(let number, _), .index(let number):
            let position = number < 0 ? hosts.count + number : number
            guard hosts.indices.contains(position) else {
                throw Diagnostic("\"\(term)\" goes beyond the \(hosts.count) hosts it counts", at: location)
            }
            return [hosts[position]]
        }
    }
}
