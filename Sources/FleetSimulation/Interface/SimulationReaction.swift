public import FleetModel

/// What a command brought about.
public struct SimulationReaction: Hashable, Sendable {
    /// The answer.
    public var reply: SimulationReply
    /// How late the answer comes, beyond the network: the server's own retries.
    public var delay: Duration
    /// Every change up to and including the command's own, in order.
    public var changes: [SimulationChange]

    /// A reaction.
    public init(reply: SimulationReply, delay: Duration = .zero, changes: [SimulationChange] = []) {
        self.reply = reply
        self.delay = delay
        self.changes = changes
    }

    /// The answer in the model's words.
    public var outcome: ClusterOutcome { reply.outcome }
}

/// The answer to a command.
public enum SimulationReply: Hashable, Sendable {
    /// Done, or permitted by a dry run; with the object after the write where the API returns one.
    case done(StoredObject?)
    /// Refused.
    case refused(SimulationRefusal)
    /// No answer arrives: the connection broke.
    case lost

    /// The answer in the model's words.
    public var outcome: ClusterOutcome {
        switch self {
        case .done: .succeeded
        case .refused(let refusal): .failed(refusal.failure)
        case .lost:
            .failed(ClusterFailure(.connectionLost, message: "the connection broke before the answer arrived"))
        }
    }
}

/// An error answer, complete enough for the server to write it down.
public struct SimulationRefusal: Error, Hashable, Sendable {
    /// One cause of `details.causes`.
    public struct Cause: Hashable, Sendable {
        /// `reason`.
        public var reason: String
        /// `message`.
        public var message: String
        /// `field`; empty when absent.
        public var field: String

        /// A cause.
        public init(reason: String, message: String, field: String = "") {
            self.reason = reason
            self.message = message
            self.field = field
        }
    }

    /// `details` of the Status; empty strings are omitted.
    public struct Details: Hashable, Sendable {
        /// `name`.
        public var name: String
        /// `group`.
        public var group: String
        /// `kind`: a resource's or a kind's name, as the API has it.
        public var kind: String
        /// `uid`.
        public var uid: String
        /// `causes`.
        public var causes: [Cause]

        /// Details; everything omitted is absent.
        public init(
            name: String = "", group: String = "", kind: String = "", uid: String = "", causes: [Cause] = []
        ) {
            self.name = name
            self.group = group
            self.kind = kind
            self.uid = uid
            self.causes = causes
        }
    }

    /// The HTTP status.
    public var status: Int
    /// The Status' reason; empty when absent.
    public var reason: String
    /// The message.
    public var message: String
    /// The details; nil when absent.
    public var details: Details?
    /// `Retry-After`, and `details.retryAfterSeconds`.
    public var retryAfterSeconds: Int64?
    /// True when the body is text/plain, not a Status.
    public var isPlainText: Bool
    /// The cause in the model's words.
    public var code: ClusterFailure.Code

    /// A refusal.
    public init(
        status: Int, reason: String = "", message: String, details: Details? = nil, retryAfterSeconds: Int64? = nil,
        isPlainText: Bool = false, code: ClusterFailure.Code
    ) {
        self.status = status
        self.reason = reason
        self.message = message
        self.details = details
        self.retryAfterSeconds = retryAfterSeconds
        self.isPlainText = isPlainText
        self.code = code
    }

    /// The refusal in the model's words.
    ///
    /// A budget's cause is the message: it says which budget and why.
    public var failure: ClusterFailure {
        let cause = details?.causes.first { $0.reason == "DisruptionBudget" }?.message
        return ClusterFailure(
            code, message: cause ?? message, status: status, retryAfterSeconds: retryAfterSeconds)
    }
}
