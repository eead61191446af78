/// A disturbance between client and API server, below what the simulated cluster does.
public struct WireFault: Sendable {
    /// What happens to a matching request.
    public enum Effect: Sendable {
        /// 429 as text/plain, as priority and fairness answers.
        case throttled(retryAfterSeconds: Int)
        /// A JSON Status of this code and reason; `Retry-After` when positive.
        case status(code: Int, reason: String, message: String, retryAfterSeconds: Int)
        /// 504, and the write lands or does not.
        case timedOut(lands: Bool)
        /// The connection is cut, and the write lands or does not.
        case cut(lands: Bool)
        /// The answer comes this much later, in real time.
        case latency(Duration)
        /// A watch that asks for the state first is told that the storage cannot do that.
        case streamingListsRefused
        /// A watch: events stop coming, without an end.
        case watchStall
        /// A watch: it ends after so many events.
        case watchEnd(afterEvents: Int)
        /// A watch: an ERROR event 410 comes after so many events, then the end.
        case watchExpired(afterEvents: Int)
    }

    /// The verb, such as `list` or `watch`; nil for every one.
    public var verb: String?
    /// The resource, such as `pods` or `pods/eviction`; nil for every one.
    public var resource: String?
    /// The client, by the beginning of its `User-Agent`; nil for every one.
    public var agent: String?
    /// How many requests are hit; then the fault is spent.
    public var count: Int
    /// What happens.
    public var effect: Effect

    /// A fault; everything omitted matches everything.
    public init(
        _ effect: Effect, verb: String? = nil, resource: String? = nil, agent: String? = nil, count: Int = 1
    ) {
        self.effect = effect
        self.verb = verb
        self.resource = resource
        self.agent = agent
        self.count = count
    }

    func matches(verb: String, resource: String, agent: String) -> Bool {
        (self.verb ?? verb) == verb && (self.resource ?? resource) == resource
            && (self.agent.map { agent.hasPrefix($0) } ?? true) && count > 0
    }
}
