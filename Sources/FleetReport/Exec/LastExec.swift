public import FleetModel

/// How the last ad-hoc command ended on each host: what `--rerun` chooses from.
///
/// Stored as a document of its own beside the journal: nothing resumes it, and it belongs to no cluster. Neither the
/// command nor its output is kept, since either may hold a secret.
public struct LastExec: Hashable, Sendable, Codable {
    /// Why a stored document cannot be used.
    public enum Unreadable: Error, Hashable, Sendable {
        /// Another fleet wrote it, in a later schema.
        case schema(String)
    }

    /// The schema that this fleet writes and reads.
    public static let schema = "fleet.last-exec/v1"

    /// ``schema``, as stored.
    public private(set) var schema = LastExec.schema
    /// When it ended, RFC 3339.
    public private(set) var endedAt: String
    /// The end by host.
    public private(set) var hosts: [String: ExecEnd]

    /// The document of results; hosts of an earlier one that were not worked on again keep their end.
    public init(_ results: [ExecResult], at time: Instant, keeping earlier: LastExec? = nil) {
        endedAt = time.timestamp
        hosts = earlier?.hosts ?? [:]
        for result in results { hosts[result.host.rawValue] = result.end }
    }

    /// Throws when the document's schema is another one.
    public func validated() throws(Unreadable) -> LastExec {
        guard schema == Self.schema else { throw .schema(schema) }
        return self
    }

    /// The hosts among these that ended in one of these ways, in their order.
    public func chosen(_ ends: Set<ExecEnd>, of names: [HostName]) -> [HostName] {
        names.filter { name in hosts[name.rawValue].map(ends.contains) ?? false }
    }
}
