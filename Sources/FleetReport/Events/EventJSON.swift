public import FleetModel
public import FleetRun

/// One event as an object of NDJSON output: `{"schema": "fleet.event/v1", "sequence": 7, "time": …, "kind": …, …}`.
///
/// `data` is the journal's payload of the kind; kinds and their fields only ever grow.
public struct EventJSON: Encodable, Sendable {
    private let run: RunID
    private let sequence: Int64
    private let time: Instant
    private let event: RunEvent

    /// An event of a run with its place in the journal.
    public init(_ event: RunEvent, sequence: Int64, at time: Instant, run: RunID) {
        self.run = run
        self.sequence = sequence
        self.time = time
        self.event = event
    }

    private enum Key: String, CodingKey {
        case schema, run, sequence, time, kind, data
    }

    /// Writes the object.
    public func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Key.self)
        try object.encode("fleet.event/v1", forKey: .schema)
        try object.encode(run, forKey: .run)
        try object.encode(sequence, forKey: .sequence)
        try object.encode(time.timestamp, forKey: .time)
        try object.encode(event.kind, forKey: .kind)
        try object.encode(event.payload, forKey: .data)
    }
}
