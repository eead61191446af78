public import FleetModel

/// What was asked of the simulated API, counted.
public struct Audit: Sendable {
    /// What requests are told apart by.
    public struct Entry: Hashable, Sendable {
        /// The `User-Agent` up to the first slash or space.
        public var agent: String
        /// Such as `list`, `watch`, `patch`.
        public var verb: String
        /// Such as `pods` or `pods/eviction`; empty for paths without a resource.
        public var resource: String
        /// The HTTP status.
        public var code: Int

        /// An entry.
        public init(agent: String, verb: String, resource: String, code: Int) {
            self.agent = agent
            self.verb = verb
            self.resource = resource
            self.code = code
        }
    }

    /// How often each was answered.
    public private(set) var counts: [Entry: Int] = [:]

    /// How often the eviction of each pod was accepted, by UID: more than once means that somebody asked again.
    public private(set) var evictedPods: [ObjectUID: Int] = [:]

    mutating func countEviction(of pod: ObjectUID) { evictedPods[pod, default: 0] += 1 }

    /// All requests, or those of one client.
    public func requests(by agent: String? = nil) -> Int {
        counts.filter { agent == nil || $0.key.agent == agent }.values.reduce(0, +)
    }

    /// Requests of a verb on a resource.
    public func requests(_ verb: String, _ resource: String) -> Int {
        counts.filter { $0.key.verb == verb && $0.key.resource == resource }.values.reduce(0, +)
    }

    /// Evictions that were permitted.
    public var evictions: Int {
        counts.filter { $0.key.resource == "pods/eviction" && $0.key.code == 201 }.values.reduce(0, +)
    }

    /// Evictions that were answered 429.
    public var refusedEvictions: Int {
        counts.filter { $0.key.resource == "pods/eviction" && $0.key.code == 429 }.values.reduce(0, +)
    }

    mutating func count(_ entry: Entry) { counts[entry, default: 0] += 1 }
}
