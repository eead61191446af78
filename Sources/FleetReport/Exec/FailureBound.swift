public import FleetModel

/// `--max-failures`: how many hosts may fail before no more are begun; unreachable hosts and timeouts count.
public struct FailureBound: Hashable, Sendable {
    /// How many may fail; nil without a bound.
    public let limit: Int?
    /// How many have failed.
    public private(set) var failures = 0

    /// A bound for so many hosts; percentages round down (safety rule 18), and 0 stops at the first failure.
    public init(_ limit: CountOrPercent?, of total: Int) { self.limit = limit?.roundedDown(of: total) }

    /// Counts a host that has ended.
    public mutating func count(_ end: ExecEnd) {
        if end.isFailure { failures += 1 }
    }

    /// Whether more failed than may (safety rule 17).
    public var isExceeded: Bool { limit.map { failures > $0 } ?? false }
}
