public import FleetModel

/// An ad-hoc command on many hosts as a JSON document.
///
/// Its schema is `fleet.exec/v1`; times are RFC 3339 in UTC, durations whole milliseconds, timings by phase of the
/// connection (`connect`, `handshake`, `authentication`) and of the command (`start`, `command`); `stage` says where the
/// way to a host ended on which nothing was started.
public struct ExecJSON: Encodable, Sendable {
    private let schema = "fleet.exec/v1"
    private let command: String
    private let startedAt: String
    private let durationMilliseconds: Int64
    private let counts: [String: Int]
    private let hosts: [Entry]
    private let groups: [Group]

    /// The document of results.
    public init(command: String, _ results: [ExecResult], from startedAt: Instant, to endedAt: Instant) {
        self.command = command
        self.startedAt = startedAt.timestamp
        durationMilliseconds = (endedAt - startedAt).wholeMicroseconds / 1000
        counts = Dictionary(
            uniqueKeysWithValues: ExecEnd.allCases.map { end in
                (end.rawValue, results.count { $0.end == end })
            })
        hosts = results.map(Entry.init)
        groups = OutputGroup.groups(of: results).map(Group.init)
    }

    private struct Entry: Encodable {
        let host: HostName
        let address: String
        let end: ExecEnd
        let outcome: Outcome
        let standardOutput: String?
        let standardError: String?
        let droppedBytes: Int?
        let timings: [String: Int]?
        let stage: String?

        init(_ result: ExecResult) {
            host = result.host
            address = result.address
            end = result.end
            outcome = Outcome(result.report?.outcome)
            standardOutput = result.report?.standardOutput
            standardError = result.report?.standardError
            droppedBytes = result.report?.droppedBytes
            timings = result.report?.timings
            stage = result.report?.stage?.rawValue
        }
    }

    /// The outcome with a stable word for its case.
    private struct Outcome: Encodable {
        var kind: String
        var status: Int32?
        var signal: String?
        var phase: String?
        var code: String?
        var message: String?

        init(_ outcome: HostOutcome?) {
            switch outcome {
            case nil: kind = "notBegun"
            case .exited(let status): (kind, self.status) = ("exited", status)
            case .signalled(let signal): (kind, self.signal) = ("signalled", signal)
            case .noStatus: kind = "noStatus"
            case .transportLost(let words): (kind, message) = ("transportLost", words)
            case .timedOut(let phase): (kind, self.phase) = ("timedOut", phase.rawValue)
            case .neverStarted(let words): (kind, message) = ("neverStarted", words)
            case .refused(let refusal): (kind, code, message) = ("refused", refusal.code.rawValue, refusal.message)
            }
        }
    }

    /// Hosts with the same outcome and output.
    private struct Group: Encodable {
        let names: String
        let end: ExecEnd
        let hosts: [HostName]

        init(_ group: OutputGroup) {
            names = group.names.description
            end = group.end
            hosts = group.results.map(\.host)
        }
    }
}
