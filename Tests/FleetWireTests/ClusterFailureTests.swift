import FleetModel
import FleetWire
import Testing

/// Answers that no transcript holds (semantics 1.2, 1.3, 6, 7).
@Suite struct ClusterFailureTests {
    private func status(_ code: Int, _ reason: String, _ message: String, _ details: Status.Details? = nil) -> [UInt8] {
        Status(message: message, reason: reason, details: details, code: code).json.serialized
    }

    @Test func stillBeingProcessed() {
        let cause = Status.Cause(
            reason: "DisruptionBudget", message: "The disruption budget web is still being processed by the server.")
        let body = status(
            429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.",
            Status.Details(causes: [cause], retryAfterSeconds: 10))
        let failure = ClusterFailure(status: 429, body: body)
        #expect(failure.code == .budgetNotObserved)
        #expect(failure.retryAfterSeconds == 10)
        #expect(failure.message.hasSuffix("The disruption budget web is still being processed by the server."))
    }

    @Test func aWaitIsAnHourAtMost() {
        let body = status(429, "TooManyRequests", "later", Status.Details(causes: [], retryAfterSeconds: .max))
        #expect(ClusterFailure(status: 429, body: body).retryAfterSeconds == 3600)
        #expect(ClusterFailure(status: 503, body: "later".utf8, retryAfterSeconds: .max).retryAfterSeconds == 3600)
        #expect(ClusterFailure(status: 503, body: body, retryAfterSeconds: -1).retryAfterSeconds == 0)
    }

    @Test func plainTextThrottling() {
        let failure = ClusterFailure(
            status: 429, body: "Too many requests, please try again later.".utf8, retryAfterSeconds: 3)
        #expect(failure.code == .throttled)
        #expect(failure.message == "Too many requests, please try again later.")
        #expect(failure.retryAfterSeconds == 3)
    }

    @Test(arguments: [
        ("storage is (re)initializing", 429, "TooManyRequests", ClusterFailure.Code.throttled),
        ("too old resource version: 5 (1000)", 410, "Expired", .expired), ("gone", 410, "Gone", .expired),
        ("Precondition failed: UID in precondition: a, UID in object meta: b", 409, "Conflict", .replaced),
        ("Internal error occurred", 500, "InternalError", .serverError), ("etcd", 500, "", .serverError),
        ("the server is currently unable to handle the request", 503, "ServiceUnavailable", .serverError),
        ("Timeout", 504, "Timeout", .timedOut), ("tea", 418, "", .invalid),
    ])
    func byReason(message: String, code: Int, reason: String, expected: ClusterFailure.Code) {
        let failure = ClusterFailure(status: code, body: status(code, reason, message))
        #expect(failure.code == expected)
        #expect(failure.message == message)
    }

    @Test func aVanishedBudgetIsNoVanishedPod() {
        let body = status(
            404, "NotFound", "poddisruptionbudgets.policy \"web\" not found",
            Status.Details(name: "web", group: "policy", kind: "poddisruptionbudgets"))
        #expect(ClusterFailure(status: 404, body: body).code == .conflict)
    }

    @Test func aPatchOfAnotherUIDIsAReplacement() {
        let cause = Status.Cause(reason: "FieldValueInvalid", message: "field is immutable", field: "metadata.uid")
        let body = status(422, "Invalid", "Node \"n\" is invalid", Status.Details(causes: [cause]))
        #expect(ClusterFailure(status: 422, body: body).code == .replaced)
    }

    @Test func anAnswerOfAProxy() {
        let failure = ClusterFailure(status: 502, body: "\n<html>Bad gateway\n</html>".utf8, subject: "list pods")
        #expect(failure.code == .serverError)
        #expect(failure.description == "list pods: <html>Bad gateway")
    }

    @Test func aSilentAnswer() {
        #expect(ClusterFailure(status: 503, body: []).message == "the server answered HTTP 503 without a word")
    }
}
