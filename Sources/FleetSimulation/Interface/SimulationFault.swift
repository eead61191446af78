public import FleetModel

/// A disturbance of the simulated cluster (semantics 12).
public enum SimulationFault: Hashable, Sendable {
    /// The next `count` requests that match are answered so.
    case answer(RequestPattern, FaultAnswer, count: Int)
    /// Forgets all answers that are still to be given.
    case clearAnswers
    /// Stops a controller (`paused`), or lets it catch up.
    case controller(SimulationController, isPaused: Bool)
    /// Removes the finalizers that hold a pod (they are set through `replace`).
    case releaseFinalizers(ObjectKey)
    /// Sets a pod's Ready condition, as a failing probe does; nil lets the kubelet decide again.
    case podReadiness(ObjectKey, Bool?)
    /// The pod's containers ignore SIGTERM, so that they stop only when the grace period ends.
    case ignoresTermination(ObjectKey)
}

/// The simulated control plane's actors, by what they do.
public enum SimulationController: String, Hashable, Sendable, CaseIterable {
    case scheduler, workloads, disruption, nodeLifecycle, taintEviction, podGarbageCollector, volumes, kubelets
}

/// Which requests a fault hits.
public struct RequestPattern: Hashable, Sendable {
    /// The kinds of requests told apart.
    public enum Verb: String, Hashable, Sendable {
        case evict, deletePod, patchNode, deleteNode, scale, write
    }

    /// The request; nil for every one.
    public var verb: Verb?
    /// The object; nil for every one.
    public var key: ObjectKey?

    /// A pattern; everything omitted matches everything.
    public init(_ verb: Verb? = nil, key: ObjectKey? = nil) {
        self.verb = verb
        self.key = key
    }
}

/// How a fault answers a request instead of the cluster.
public enum FaultAnswer: Hashable, Sendable {
    /// 429 as text/plain with `Retry-After`: priority and fairness, max-in-flight.
    case throttled(retryAfterSeconds: Int64)
    /// 429 as JSON without causes: a cache that is still initialising.
    case cacheInitialising(retryAfterSeconds: Int64)
    /// 429 with the budget's cause, as if the budget were spent.
    case budgetSpent
    /// 429 "still being processed", `Retry-After: 10`.
    case budgetNotObserved
    /// 409 on the budget's status, after the server's own retries.
    case budgetConflict
    /// 403.
    case forbidden
    /// 500 or another 5xx, with this message.
    case serverError(Int, String)
    /// 504; the write lands or does not.
    case timedOut(lands: Bool)
    /// The connection breaks after the request was sent; the write lands or does not.
    case connectionLost(lands: Bool)
}
