import FleetModel

extension Governor {
    /// An API server gives a request up after a minute: what did not land by then does not.
    private static let landing = Duration.seconds(120)

    /// The API answered an eviction; returns whether the pod goes.
    ///
    /// `latency` is how long the answer took; nil where nobody measured it.
    mutating func answered(
        _ uid: ObjectUID, _ outcome: ClusterOutcome, after latency: Duration? = nil, in world: World, at now: Instant
    ) -> Bool {
        guard let entry = entries[uid] else { return answeredLate(uid, outcome, in: world, at: now) }
        guard case .failed(let failure) = outcome else {
            rate.answered(after: latency, at: now)
            entries[uid]?.standing = .leaving
            entries[uid]?.refusal = ""
            return true
        }
        if world.pods[uid]?.isTerminating ?? true {
            // The answer was lost, the eviction was not.
            entries[uid]?.standing = .leaving
            entries[uid]?.refusal = ""
            return true
        }
        switch failure.code {
        case .notFound, .replaced, .namespaceTerminating:
            unreflected[entry.lane]?.remove(uid)
            entries[uid]?.standing = .leaving
            entries[uid]?.refusal = failure.code == .namespaceTerminating ? failure.message : ""
            return true
        case .forbidden, .unauthorized, .invalid, .credentials:
            hopeless[entry.candidate.node] = "evict \(entry.candidate.pod): \(failure.message)"
            unreflected[entry.lane]?.remove(uid)
            land(uid)
            releaseHeld()
        case .throttled:
            rate.pushedBack(retryAfter: .seconds(max(1, failure.retryAfterSeconds ?? 1)), at: now)
            putBack(uid, entry, failure, notBefore: nil)
        case .budgetExhausted:
            putBack(uid, entry, failure, notBefore: now + .seconds(5))
            entries[uid]?.isExhausted = true
        case .serverError, .timedOut, .unreachable:
            rate.struggles(for: latency ?? .zero, at: now)
            let again = now + .seconds(max(2, failure.retryAfterSeconds ?? 2))
            putBack(
                uid, entry, failure, notBefore: again,
                landsBy: failure.code == .unreachable ? nil : now + Self.landing)
        case .connectionLost:
            putBack(uid, entry, failure, notBefore: now + .seconds(2), landsBy: now + Self.landing)
        default: putBack(uid, entry, failure, notBefore: now + .seconds(max(2, failure.retryAfterSeconds ?? 2)))
        }
        return false
    }

    /// The answer for a pod whose node was given up since: a refusal frees what it had spent, and one that may land yet
    /// does so once it will not any more.
    private mutating func answeredLate(
        _ uid: ObjectUID, _ outcome: ClusterOutcome, in world: World, at now: Instant
    ) -> Bool {
        guard case .failed(let failure) = outcome else { return true }
        guard owed[uid] != nil else { return false }
        if world.pods[uid]?.isTerminating ?? true { return true }
        switch failure.code {
        case .serverError, .timedOut, .connectionLost:
            owed[uid]?.landsBy = now + Self.landing
            owed[uid]?.standing = .waiting
        default: settle(uid)
        }
        return false
    }

    /// A refused pod waits again; one whose eviction may land yet is counted as out until it is seen or answered.
    private mutating func putBack(
        _ uid: ObjectUID, _ entry: Entry, _ failure: ClusterFailure, notBefore: Instant?, landsBy: Instant? = nil
    ) {
        land(uid)
        if landsBy == nil { unreflected[entry.lane]?.remove(uid) }
        entries[uid]?.landsBy = landsBy
        entries[uid]?.isExhausted = false
        entries[uid]?.candidate.isPassed = false
        entries[uid]?.refusal = failure.message
        entries[uid]?.notBefore = notBefore
        entries[uid]?.standing = .waiting
        queue(uid, in: entry.lane)
        releaseHeld()
    }
}
