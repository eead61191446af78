import FleetModel
import FleetWire

/// The query of a list or a watch.
struct ListOptions: Sendable {
    /// `resourceVersionMatch`.
    enum Match: String, Sendable {
        case exact = "Exact"
        case notOlderThan = "NotOlderThan"
    }

    /// 0 means no limit.
    var limit: Int
    var continueToken: String
    /// Nil when unset.
    var resourceVersion: Int64?
    var match: Match?
    var labels: LabelSelector
    var fields: FieldSelector
    var sendInitialEvents: Bool?
    var allowsBookmarks: Bool
    /// Nil when the client leaves it to the server.
    var timeoutSeconds: Int?

    /// Reads the query; what cannot be read is a 400, forbidden combinations a 422, a bad version of a watch a 500.
    init(_ query: [String: String], _ resource: APIResource, isWatch: Bool) throws(APIFailure) {
        limit = query["limit"].flatMap { Int($0) } ?? 0
        continueToken = query["continue"] ?? ""
        resourceVersion = try Self.version(query["resourceVersion"] ?? "", isWatch: isWatch)
        match = try Self.match(query["resourceVersionMatch"] ?? "")
        do { labels = try LabelSelector(parsing: query["labelSelector"] ?? "") } catch {
            throw .badRequest(error.reason)
        }
        fields = try SelectableFields.selector(query["fieldSelector"] ?? "", for: resource)
        sendInitialEvents = query["sendInitialEvents"].map { $0 == "true" || $0 == "1" }
        allowsBookmarks = ["true", "1"].contains(query["allowWatchBookmarks"] ?? "")
        timeoutSeconds = query["timeoutSeconds"].flatMap { Int($0) }
        try validate(isWatch: isWatch)
    }

    /// Whether an object meets both selectors.
    func selects(_ json: JSONValue) -> Bool {
        (labels == LabelSelector() || labels.matches(json["metadata"]["labels"].strings))
            && fields.matches { SelectableFields.value($0, in: json) }
    }

    /// Whether any selector is given.
    var hasSelector: Bool { labels != LabelSelector() || !fields.terms.isEmpty }

    private static func version(_ text: String, isWatch: Bool) throws(APIFailure) -> Int64? {
        if text.isEmpty { return nil }
        if let version = Int64(text), version >= 0 { return version }
        let message =
            "resourceVersion: Invalid value: \"\(text)\": strconv.ParseUint: parsing \"\(text)\": invalid syntax"
        throw isWatch ? .untyped(message) : .badRequest(message)
    }

    private static func match(_ text: String) throws(APIFailure) -> Match? {
        if text.isEmpty { return nil }
        if let match = Match(rawValue: text) { return match }
        throw invalid([.unsupported("resourceVersionMatch", text, ["Exact", "NotOlderThan", ""])])
    }

    private func validate(isWatch: Bool) throws(APIFailure) {
        let errors = isWatch ? watchErrors : listErrors
        if !errors.isEmpty { throw Self.invalid(errors) }
    }

    private var watchErrors: [FieldError] {
        let field = "resourceVersionMatch"
        guard sendInitialEvents != nil else {
            let words = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
            return match == nil ? [] : [.forbidden(field, words)]
        }
        var errors: [FieldError] = []
        if match != .notOlderThan {
            errors.append(
                .forbidden(field, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"))
        }
        if match == .exact { errors.append(.unsupported(field, "Exact", ["NotOlderThan"])) }
        return errors
    }

    private var listErrors: [FieldError] {
        let field = "resourceVersionMatch"
        var errors: [FieldError] = []
        if match != nil, resourceVersion == nil {
            errors.append(.forbidden(field, "resourceVersionMatch is forbidden unless resourceVersion is provided"))
        }
        if match != nil, !continueToken.isEmpty {
            errors.append(.forbidden(field, "resourceVersionMatch is forbidden when continue is provided"))
        }
        if match == .exact, resourceVersion == 0 {
            errors.append(
                .forbidden(field, "resourceVersionMatch Exact is forbidden when resourceVersion is 0"))
        }
        if sendInitialEvents != nil {
            errors.append(.forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
        }
        return errors
    }

    private static func invalid(_ errors: [FieldError]) -> APIFailure {
        let all = errors.map { "\($0.field): \($0.message)" }.joined(separator: ", ")
        let texts = errors.count > 1 ? "[\(all)]" : all
        let causes = errors.map { Status.Cause(reason: $0.reason, message: $0.message, field: $0.field) }
        return APIFailure(
            422, "Invalid", "ListOptions.meta.k8s.io \"\" is invalid: \(texts)",
            details: Status.Details(group: "meta.k8s.io", kind: "ListOptions", causes: causes))
    }
}
