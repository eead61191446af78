public import FleetModel
public import FleetRun
public import FleetSimulation

/// Something that goes wrong in a rehearsal, at a time after its start.
public struct Trouble: Sendable {
    /// What goes wrong.
    public enum Kind: Sendable {
        /// The cluster or a host of it is disturbed.
        case cluster(SimulationCommand)
        /// The watch breaks for a while.
        case watchLost(Duration)
        /// The next command on a host ends so.
        case command(HostOutcome)
    }

    /// When, after the start.
    public var at: Duration
    /// What.
    public var kind: Kind

    /// A trouble.
    public init(at: Duration, _ kind: Kind) {
        self.at = at
        self.kind = kind
    }
}

extension Rehearsal {
    /// Plays to the run's end with troubles on the way, at most for a span of virtual time; returns how it ended, nil
    /// when it did not.
    @discardableResult
    public mutating func play(_ troubles: [Trouble], atMost span: Duration = .seconds(7 * 86_400)) -> RunResult? {
        let start = time
        var rest = troubles.sorted { $0.at < $1.at }[...]
        while result == nil, time < start + span {
            while let trouble = rest.first, start + trouble.at <= time {
                rest.removeFirst()
                meet(trouble.kind)
            }
            if !step(until: rest.first.map { start + $0.at }) { break }
        }
        return result
    }

    private mutating func meet(_ kind: Trouble.Kind) {
        switch kind {
        case .cluster(let command): disturb(command)
        case .watchLost(let span): loseWatch(for: span)
        case .command(let outcome): disturbHosts([outcome])
        }
    }
}
