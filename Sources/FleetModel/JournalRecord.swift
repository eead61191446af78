/// One entry of a run's journal; its payload is opaque to the store.
public struct JournalRecord: Hashable, Sendable {
    /// The position in its run, from 1, without gaps.
    public var sequence: Int64
    /// The event's kind, such as `node.cordoned`; shipped names are frozen.
    public var kind: String
    /// The payload's version, from 1.
    public var version: Int
    /// When it was recorded.
    public var time: Instant
    /// The payload, JSON by convention.
    public var payload: [UInt8]

    /// A record.
    public init(sequence: Int64, kind: String, version: Int, time: Instant, payload: [UInt8]) {
        self.sequence = sequence
        self.kind = kind
        self.version = version
        self.time = time
        self.payload = payload
    }
}
