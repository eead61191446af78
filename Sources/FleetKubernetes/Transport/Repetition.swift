import FleetModel
import FleetWire

extension APITransport {
    /// Sends a request, and again while a failure allows it, waiting as long as the server asks for.
    func repeating(
        subject: String, while mayRepeat: @Sendable (ClusterFailure) -> Bool, _ request: APIRequest
    ) async throws(ClusterFailure) -> [UInt8] {
        var attempt = 0
        while true {
            do throws(ClusterFailure) {
                return try await send(request, subject: subject)
            } catch {
                attempt += 1
                guard attempt <= options.retries, mayRepeat(error), !Task.isCancelled else { throw error }
                try await pause(error, attempt)
            }
        }
    }

    private func pause(_ failure: ClusterFailure, _ attempt: Int) async throws(ClusterFailure) {
        let asked = failure.retryAfterSeconds.map { Duration.seconds(min($0, 60)) } ?? .zero
        do {
            try await Task.sleep(for: max(asked, options.backoff.wait(attempt)))
        } catch {
            throw failure
        }
    }
}

extension ClusterFailure {
    /// Whether nothing can have changed: there was no connection, or the server turned the request away at its door.
    var surelyDidNotLand: Bool { code == .unreachable || code == .throttled }

    /// Whether a read may succeed when it is repeated.
    var mayPass: Bool {
        switch code {
        case .unreachable, .throttled, .timedOut, .connectionLost, .serverError: true
        default: false
        }
    }

    /// Whether the credentials or permissions do not allow it.
    var isRefusal: Bool { code == .unauthorized || code == .forbidden || code == .credentials }
}
