public import FleetModel

extension ClusterFailure {
    /// Tells an answer apart that is no success (semantics 0, 1.2, 1.3, 7).
    ///
    /// The machine's reason and causes decide, the HTTP status only where they say nothing. A 429 is a budget's only
    /// with cause `DisruptionBudget`; a 404 about a budget says nothing about the pod.
    ///
    /// - Parameters:
    ///   - status: the HTTP status.
    ///   - body: the answer's text, a `Status` or not.
    ///   - retryAfterSeconds: the header, where it was sent; at most an hour is kept.
    ///   - subject: what was being done, such as `evict shop/cart-7f9`.
    public init(status: Int, body: some Sequence<UInt8>, retryAfterSeconds: Int64? = nil, subject: String = "") {
        let bytes = Array(body)
        if let json = try? JSONValue(parsing: bytes), let decoded = Status(json) {
            self.init(decoded, httpStatus: status, retryAfterSeconds: retryAfterSeconds, subject: subject)
        } else {
            let text = Self.excerpt(bytes)
            self.init(
                Self.code(httpStatus: status), subject: subject,
                message: text.isEmpty ? "the server answered HTTP \(status) without a word" : text, status: status,
                retryAfterSeconds: retryAfterSeconds.map(WireSeconds.ofRetry)
            )
        }
    }

    /// Tells a decoded `Status` apart.
    public init(_ status: Status, httpStatus: Int? = nil, retryAfterSeconds: Int64? = nil, subject: String = "") {
        let retry = retryAfterSeconds ?? status.details.map(\.retryAfterSeconds).flatMap { $0 > 0 ? $0 : nil }
        let http = httpStatus ?? (status.code == 0 ? nil : status.code)
        self.init(
            Self.code(of: status, httpStatus: http ?? 500), subject: subject, message: status.words, status: http,
            retryAfterSeconds: retry.map(WireSeconds.ofRetry)
        )
    }

    private static func code(of status: Status, httpStatus: Int) -> Code {
        switch status.reason {
        case "NotFound": return status.isAboutBudget ? .conflict : .notFound
        case "AlreadyExists": return .alreadyExists
        case "Conflict": return status.isAboutUID ? .replaced : .conflict
        case "Forbidden": return status.hasCause("NamespaceTerminating") ? .namespaceTerminating : .forbidden
        case "Unauthorized": return .unauthorized
        case "Expired", "Gone": return .expired
        case "TooManyRequests": return status.throttling
        case "Invalid": return status.isAboutUID ? .replaced : .invalid
        case "Timeout", "ServerTimeout": return .timedOut
        default:
            if httpStatus == 429 { return status.throttling }
            return status.isAboutSeveralBudgets ? .severalBudgets : code(httpStatus: httpStatus)
        }
    }

    private static func code(httpStatus: Int) -> Code {
        switch httpStatus {
        case 401: .unauthorized
        case 403: .forbidden
        case 404: .notFound
        case 409: .conflict
        case 410: .expired
        case 429: .throttled
        case 504: .timedOut
        case 400..<500: .invalid
        case 500..<600: .serverError
        default: .malformed
        }
    }

    /// The first 300 characters of a text without the line's end.
    private static func excerpt(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes.prefix(1200), as: UTF8.self).drop { $0.isWhitespace }
        let line = text.prefix { !$0.isNewline }
        return line.count > 300 ? line.prefix(300) + "…" : String(line)
    }
}

extension Status {
    /// The message, and the causes it does not already tell.
    fileprivate var words: String {
        let told = message.isEmpty ? (reason.isEmpty ? "the server gave no reason" : reason) : message
        let causes = (details?.causes ?? []).map(\.message).filter { !$0.isEmpty && !told.contains($0) }
        return causes.isEmpty ? told : "\(told) \(causes.joined(separator: "; "))"
    }

    /// A budget's 429 has cause `DisruptionBudget`; "still being processed" comes with a delay (semantics 1.3).
    fileprivate var throttling: ClusterFailure.Code {
        guard let cause = details?.causes.first(where: { $0.reason == "DisruptionBudget" }) else { return .throttled }
        return cause.message.contains("is still being processed by the server") ? .budgetNotObserved : .budgetExhausted
    }

    /// A budget that vanished during an eviction answers 404, too (semantics 1.1, traps).
    fileprivate var isAboutBudget: Bool { details?.kind.hasPrefix("poddisruptionbudget") ?? false }

    /// A UID precondition failed, or a patch named another UID.
    fileprivate var isAboutUID: Bool {
        message.contains("the UID in the precondition") || message.contains("UID in precondition")
            || (details?.causes.contains { $0.field == "metadata.uid" } ?? false)
    }

    fileprivate var isAboutSeveralBudgets: Bool { message.contains("more than one PodDisruptionBudget") }
}
