public import FleetModel

/// The window of an ad-hoc command over its hosts: who is begun when, and when nobody is any more.
///
/// A value without clock and I/O: it is told what happened, and answers who is next.
public struct ExecWindow: Sendable {
    /// What each host reported, in the order of the hosts; nil where its turn never came or is not over.
    public private(set) var reports: [HostReport?]
    /// How many failed, and how many may.
    public private(set) var bound: FailureBound
    /// How many have ended.
    public private(set) var ended = 0
    /// Whether it was interrupted.
    public private(set) var isInterrupted = false
    private let forks: Int
    private var next = 0
    private var begun: [Int: Instant] = [:]

    /// A window of at least one over so many hosts.
    public init(_ count: Int, forks: Int, bound: CountOrPercent?) {
        reports = Array(repeating: nil, count: count)
        self.forks = max(1, forks)
        self.bound = FailureBound(bound, of: count)
    }

    /// How many are being worked on.
    public var running: Int { begun.count }
    /// Whether no more hosts are begun although there are some.
    public var isStopped: Bool { (isInterrupted || bound.isExceeded) && next < reports.count }
    /// Whether everything has ended that was begun, and nothing more is.
    public var isFinished: Bool { begun.isEmpty && (next == reports.count || isStopped) }

    /// The host that has been worked on for longest, and since when.
    public var oldest: (position: Int, since: Instant)? {
        begun.min { ($0.value, $0.key) < ($1.value, $1.key) }.map { ($0.key, $0.value) }
    }

    /// The next host to begin; nil when there is no room, nobody left, or too many failed.
    public mutating func begin(at now: Instant) -> Int? {
        guard !isStopped, next < reports.count, begun.count < forks else { return nil }
        defer { next += 1 }
        begun[next] = now
        return next
    }

    /// A host has ended.
    public mutating func end(_ position: Int, _ report: HostReport) {
        guard begun.removeValue(forKey: position) != nil else { return }
        reports[position] = report
        ended += 1
        bound.count(ExecEnd(report.outcome))
    }

    /// No more hosts are begun.
    public mutating func interrupt() { isInterrupted = true }
}
