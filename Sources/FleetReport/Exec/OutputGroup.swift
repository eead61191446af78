import FleetModel

/// Hosts on which a command ended the same way and printed the same.
public struct OutputGroup: Hashable, Sendable {
    /// The results, in the order in which the hosts were named.
    public let results: [ExecResult]

    /// What they came to.
    public var end: ExecEnd { results[0].end }
    /// The hosts' names, folded.
    public var names: NodeSet { NodeSet(results.map(\.host.rawValue)) }
    /// How it ended, in a few words; the host's own name and address stand for themselves only when it is one host.
    public var words: String { results.count == 1 ? results[0].words : results[0].sharedWords }
    /// What each printed: standard output.
    public var standardOutput: String { results[0].report?.standardOutput ?? "" }
    /// What each printed: standard error.
    public var standardError: String { results[0].report?.standardError ?? "" }
    /// Bytes that each printed beyond the limit.
    public var droppedBytes: Int { results[0].report?.droppedBytes ?? 0 }

    private init(_ results: [ExecResult]) { self.results = results }

    private struct Key: Hashable {
        var words: String
        var output: String
        var error: String
        var dropped: Int

        init(_ result: ExecResult) {
            words = result.sharedWords
            output = result.report?.standardOutput ?? ""
            error = result.report?.standardError ?? ""
            dropped = result.report?.droppedBytes ?? 0
        }
    }

    /// The groups: successes first, the largest of each kind of end first, then as their first hosts were named.
    public static func groups(of results: [ExecResult]) -> [OutputGroup] {
        var order: [Key] = []
        var members: [Key: [ExecResult]] = [:]
        for result in results {
            let key = Key(result)
            if members[key] == nil { order.append(key) }
            members[key, default: []].append(result)
        }
        let groups = order.enumerated().compactMap { position, key in
            members[key].map { (position: position, group: OutputGroup($0)) }
        }
        let rank = Dictionary(uniqueKeysWithValues: ExecEnd.allCases.enumerated().map { ($1, $0) })
        return groups.sorted { left, right in
            let (first, second) = (left.group, right.group)
            if first.end != second.end { return rank[first.end, default: 0] < rank[second.end, default: 0] }
            if first.results.count != second.results.count { return first.results.count > second.results.count }
            return left.position < right.position
        }.map(\.group)
    }

    /// The group that the others are compared with: the largest one where the command ran to its end, when it holds at
    /// least two hosts.
    public static func majority(of groups: [OutputGroup]) -> OutputGroup? {
        let ended = groups.filter { $0.end == .ok || $0.end == .failed }
        guard let largest = ended.max(by: { $0.results.count < $1.results.count }), largest.results.count > 1 else {
            return nil
        }
        return largest
    }
}
