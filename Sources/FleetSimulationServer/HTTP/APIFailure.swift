import FleetWire

/// An answer that is an error: a Status object, or plain text where the server itself answers.
struct APIFailure: Error, Sendable {
    /// The Status.
    var status: Status
    /// Whether `details` is there even when it is empty, as with errors that name no object.
    var showsEmptyDetails = false
    /// The `Retry-After` header of a plain-text answer; nil answers with the Status.
    var plainText: (message: String, retryAfter: Int?)?

    /// A failure with a Status.
    init(_ code: Int, _ reason: String, _ message: String, details: Status.Details? = nil) {
        status = Status(message: message, reason: reason, details: details, code: code)
    }

    /// The body: the Status as the server writes it.
    var json: JSONValue {
        var json = status.json
        if showsEmptyDetails { json["details"] = .emptyObject }
        return json
    }

    /// The seconds of the `Retry-After` header; nil when there is none.
    var retryAfter: Int64? {
        if let plainText { return plainText.retryAfter.map(Int64.init) }
        return status.details.flatMap { $0.retryAfterSeconds > 0 ? $0.retryAfterSeconds : nil }
    }
}

extension APIFailure {
    private static func details(
        _ resource: APIResource, _ name: String?, causes: [Status.Cause] = []
    ) -> Status.Details {
        Status.Details(name: name ?? "", group: resource.group, kind: resource.name, causes: causes)
    }

    /// The failure with an empty `details`.
    private var withEmptyDetails: APIFailure {
        var copy = self
        copy.showsEmptyDetails = true
        return copy
    }

    /// No object of the name.
    static func notFound(_ resource: APIResource, _ name: String) -> APIFailure {
        APIFailure(
            404, "NotFound", "\(resource.qualifiedName) \"\(name)\" not found", details: details(resource, name))
    }

    /// No such path.
    static let noSuchPath = APIFailure(404, "NotFound", "the server could not find the requested resource")
        .withEmptyDetails

    /// The name is taken.
    static func alreadyExists(_ resource: APIResource, _ name: String) -> APIFailure {
        APIFailure(
            409, "AlreadyExists", "\(resource.qualifiedName) \"\(name)\" already exists",
            details: details(resource, name))
    }

    /// The resourceVersion moved on.
    static func conflict(_ resource: APIResource, _ name: String) -> APIFailure {
        let message =
            "Operation cannot be fulfilled on \(resource.qualifiedName) \"\(name)\": the object has been modified; "
            + "please apply your changes to the latest version and try again"
        return APIFailure(409, "Conflict", message, details: details(resource, name))
    }

    /// A precondition of a delete or an eviction that fails; its details name the kind (semantics 0).
    static func precondition(
        _ resource: APIResource, _ name: String, _ what: String, asked: String, stored: String
    ) -> APIFailure {
        let message =
            "Operation cannot be fulfilled on \(resource.kind) \"\(name)\": the \(what) in the precondition (\(asked)) "
            + "does not match the \(what) in record (\(stored)). The object might have been "
            + (what == "UID" ? "deleted and then recreated" : "modified")
        return APIFailure(409, "Conflict", message, details: Status.Details(name: name, kind: resource.kind))
    }

    /// A request that makes no sense.
    static func badRequest(_ message: String) -> APIFailure { APIFailure(400, "BadRequest", message) }

    /// An unknown token.
    static let unauthorized = APIFailure(401, "Unauthorized", "Unauthorized")

    /// Authorisation or admission refuses.
    static func forbidden(
        _ resource: APIResource, _ name: String?, _ why: String, causes: [Status.Cause] = []
    ) -> APIFailure {
        let subject = name.map { "\(resource.qualifiedName) \"\($0)\"" } ?? resource.qualifiedName
        return APIFailure(
            403, "Forbidden", "\(subject) is forbidden: \(why)", details: details(resource, name, causes: causes))
    }

    /// The namespace is being deleted, so nothing may be created in it (semantics 1.2).
    static func namespaceTerminating(_ resource: APIResource, _ name: String, namespace: String) -> APIFailure {
        let cause = Status.Cause(
            reason: "NamespaceTerminating", message: "namespace \(namespace) is being terminated",
            field: "metadata.namespace")
        let why = "unable to create new content in namespace \(namespace) because it is being terminated"
        return forbidden(resource, name, why, causes: [cause])
    }

    /// The resource does not serve the verb.
    static let methodNotAllowed = APIFailure(
        405, "MethodNotAllowed", "the server does not allow this method on the requested resource"
    ).withEmptyDetails

    /// A patch type that is not known.
    static let unsupportedMediaType = APIFailure(415, "UnsupportedMediaType", "415: Unsupported Media Type")
        .withEmptyDetails

    /// A JSON patch that does not fit.
    static let rejectedPatch = APIFailure(
        422, "Invalid", "the server rejected our request due to an error in our request"
    ).withEmptyDetails

    /// A version that is compacted; the token resumes a paged list at the latest state.
    static func expired(_ message: String, continueToken: String = "") -> APIFailure {
        var failure = APIFailure(410, "Expired", message)
        failure.status.continueToken = continueToken
        return failure
    }

    /// A version from the future (semantics 6.1).
    static func tooLargeVersion(_ asked: Int64, current: Int64) -> APIFailure {
        let cause = Status.Cause(reason: "ResourceVersionTooLarge", message: "Too large resource version")
        return APIFailure(
            504, "Timeout", "Timeout: Too large resource version: \(asked), current: \(current)",
            details: Status.Details(causes: [cause], retryAfterSeconds: 1))
    }

    /// An untyped error of the server.
    static func untyped(_ message: String) -> APIFailure { APIFailure(500, "", message) }

    /// An object that fails validation.
    static func invalid(_ resource: APIResource, _ name: String, _ errors: [FieldError]) -> APIFailure {
        let texts = Array(errors.map { "\($0.field): \($0.message)" }.uniqued())
        let text = texts.count == 1 ? texts[0] : "[" + texts.joined(separator: ", ") + "]"
        let kind = resource.group.isEmpty ? resource.kind : "\(resource.kind).\(resource.group)"
        let causes = errors.map { Status.Cause(reason: $0.reason, message: $0.message, field: $0.field) }
        return APIFailure(
            422, "Invalid", "\(kind) \"\(name)\" is invalid: \(text)",
            details: Status.Details(name: name, group: resource.group, kind: resource.kind, causes: causes))
    }

    /// An answer of the server itself, before any object is looked at (semantics 7).
    static func plainText(_ code: Int, _ message: String, retryAfter: Int?) -> APIFailure {
        var failure = APIFailure(code, "", message)
        failure.plainText = (message, retryAfter)
        return failure
    }
}

extension Sequence where Element: Hashable {
    /// The elements without repetitions, in order.
    func uniqued() -> [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}

/// What is wrong with one field.
struct FieldError: Hashable, Sendable {
    let reason: String
    let field: String
    let message: String

    static func required(_ field: String, _ detail: String = "") -> FieldError {
        let message = detail.isEmpty ? "Required value" : "Required value: \(detail)"
        return FieldError(reason: "FieldValueRequired", field: field, message: message)
    }

    static func invalid(_ field: String, _ value: String, _ detail: String) -> FieldError {
        FieldError(reason: "FieldValueInvalid", field: field, message: "Invalid value: \(value): \(detail)")
    }

    static func unsupported(_ field: String, _ value: String, _ supported: [String]) -> FieldError {
        let list = supported.map { "\"\($0)\"" }.joined(separator: ", ")
        return FieldError(
            reason: "FieldValueNotSupported", field: field,
            message: "Unsupported value: \"\(value)\": supported values: \(list)")
    }

    static func forbidden(_ field: String, _ detail: String) -> FieldError {
        FieldError(reason: "FieldValueForbidden", field: field, message: "Forbidden: \(detail)")
    }
}
