import FleetWire

/// An answer to a request.
struct APIAnswer: Sendable {
    /// What the body is.
    enum Body: Sendable {
        case json(JSONValue)
        case text(String)
        case bytes([UInt8])
        /// Events until the stream ends.
        case watch(AsyncStream<JSONValue>)
    }

    /// The HTTP status.
    var code: Int
    /// The body.
    var body: Body
    /// The `Content-Type`.
    var contentType = "application/json"
    /// Further headers.
    var headers: [(name: String, value: String)] = []

    /// An answer with the usual content type.
    init(code: Int = 200, _ body: Body) {
        self.code = code
        self.body = body
    }

    /// A JSON answer.
    static func json(_ value: JSONValue, code: Int = 200) -> APIAnswer { APIAnswer(code: code, .json(value)) }

    /// A plain-text answer.
    static func text(_ text: String, code: Int = 200) -> APIAnswer {
        var answer = APIAnswer(code: code, .text(text))
        answer.contentType = "text/plain; charset=utf-8"
        return answer
    }

    /// An error.
    init(_ failure: APIFailure) {
        if let plain = failure.plainText {
            self = .text(plain.message + "\n", code: failure.status.code)
        } else {
            self.init(code: failure.status.code, .json(failure.json))
        }
        if let seconds = failure.retryAfter { headers.append(("Retry-After", "\(seconds)")) }
    }

    /// A Status of success with its code, as an eviction's answer.
    static func success(code: Int) -> APIAnswer { .json(Status(isSuccess: true, code: code).json, code: code) }

    /// A Status of success that names what was deleted.
    static func deleted(_ resource: APIResource, name: String, uid: String) -> APIAnswer {
        let details = Status.Details(name: name, group: resource.group, kind: resource.name, uid: uid)
        return .json(Status(isSuccess: true, details: details, code: 0).json)
    }
}
