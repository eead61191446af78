/// A Kubernetes `Status`: the answer to everything that is not an object (semantics 0).
public struct Status: Hashable, Sendable {
    /// One machine-readable cause.
    public struct Cause: Hashable, Sendable {
        /// The machine's type, such as `DisruptionBudget` or `NamespaceTerminating`.
        public var reason: String
        /// The server's words.
        public var message: String
        /// The field at fault; empty when absent.
        public var field: String

        /// A cause.
        public init(reason: String, message: String = "", field: String = "") {
            self.reason = reason
            self.message = message
            self.field = field
        }
    }

    /// What the status is about.
    public struct Details: Hashable, Sendable {
        /// The object's name.
        public var name: String
        /// The API group.
        public var group: String
        /// Usually the resource (`pods`); a kind (`Pod`) for preconditions and invalid objects.
        public var kind: String
        /// The object's UID.
        public var uid: String
        /// The causes in order.
        public var causes: [Cause]
        /// When to ask again; 0 when absent.
        ///
        /// The server sends `Retry-After` only for a positive value.
        public var retryAfterSeconds: Int64

        /// Details; everything omitted is absent.
        public init(
            name: String = "", group: String = "", kind: String = "", uid: String = "", causes: [Cause] = [],
            retryAfterSeconds: Int64 = 0
        ) {
            self.name = name
            self.group = group
            self.kind = kind
            self.uid = uid
            self.causes = causes
            self.retryAfterSeconds = retryAfterSeconds
        }
    }

    /// `Success` or `Failure`.
    public var isSuccess: Bool
    /// The server's words; empty when absent.
    public var message: String
    /// The machine's reason, such as `NotFound`; empty when absent.
    public var reason: String
    /// What it is about; nil when absent.
    public var details: Details?
    /// The HTTP status; 0 when absent, as in the answer to a deletion.
    public var code: Int
    /// `metadata.continue`: the inconsistent continuation that comes with an expired list (semantics 6.1).
    public var continueToken: String

    /// A status.
    public init(
        isSuccess: Bool = false, message: String = "", reason: String = "", details: Details? = nil, code: Int,
        continueToken: String = ""
    ) {
        self.isSuccess = isSuccess
        self.message = message
        self.reason = reason
        self.details = details
        self.code = code
        self.continueToken = continueToken
    }

    /// The Status of a decoded answer; nil when it is none.
    public init?(_ json: JSONValue) {
        guard json["kind"].string == "Status" else { return nil }
        isSuccess = json["status"].string == "Success"
        message = json["message"].string ?? ""
        reason = json["reason"].string ?? ""
        details = json["details"].object == nil ? nil : Details(json["details"])
        code = json["code"].int ?? 0
        continueToken = json["metadata"]["continue"].string ?? ""
    }

    /// The wire form; absent fields are omitted, `metadata` is always there.
    public var json: JSONValue {
        var result: JSONValue = ["kind": "Status", "apiVersion": "v1", "metadata": .object(JSONObject())]
        if !continueToken.isEmpty { result["metadata"]["continue"] = .string(continueToken) }
        result["status"] = isSuccess ? "Success" : "Failure"
        if !message.isEmpty { result["message"] = .string(message) }
        if !reason.isEmpty { result["reason"] = .string(reason) }
        if let details { result["details"] = details.json }
        if code != 0 { result["code"] = .int(code) }
        return result
    }

    /// Whether a cause has the reason.
    public func hasCause(_ reason: String) -> Bool { details?.causes.contains { $0.reason == reason } ?? false }
}

extension Status.Details {
    init(_ json: JSONValue) {
        self.init(
            name: json["name"].string ?? "",
            group: json["group"].string ?? "",
            kind: json["kind"].string ?? "",
            uid: json["uid"].string ?? "",
            causes: json["causes"].elements.map(Status.Cause.init(_:)),
            retryAfterSeconds: json["retryAfterSeconds"].int64 ?? 0
        )
    }

    /// The wire form; absent fields are omitted.
    public var json: JSONValue {
        var result = JSONValue.object(JSONObject())
        if !name.isEmpty { result["name"] = .string(name) }
        if !group.isEmpty { result["group"] = .string(group) }
        if !kind.isEmpty { result["kind"] = .string(kind) }
        if !uid.isEmpty { result["uid"] = .string(uid) }
        if !causes.isEmpty { result["causes"] = .array(causes.map(\.json)) }
        if retryAfterSeconds > 0 { result["retryAfterSeconds"] = .int(retryAfterSeconds) }
        return result
    }
}

extension Status.Cause {
    init(_ json: JSONValue) {
        self.init(
            reason: json["reason"].string ?? "", message: json["message"].string ?? "",
            field: json["field"].string ?? ""
        )
    }

    /// The wire form; absent fields are omitted.
    public var json: JSONValue {
        var result = JSONValue.object(JSONObject())
        if !reason.isEmpty { result["reason"] = .string(reason) }
        if !message.isEmpty { result["message"] = .string(message) }
        if !field.isEmpty { result["field"] = .string(field) }
        return result
    }
}
