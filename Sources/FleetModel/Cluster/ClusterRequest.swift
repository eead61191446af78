/// Changes to one Node, sent as one patch.
public struct NodePatch: Hashable, Sendable, Codable {
    /// The new `spec.unschedulable`; nil leaves it.
    public var isCordoned: Bool?
    /// Labels to set; a nil value removes the label.
    public var labels: [String: String?]
    /// Annotations to set; a nil value removes the annotation.
    public var annotations: [String: String?]
    /// Taints to add, or to give a new value; identity is key and effect.
    public var addTaints: [Taint]
    /// Taints to remove; identity is key and effect.
    public var removeTaints: [Taint]

    /// A patch; everything omitted stays as it is.
    public init(
        isCordoned: Bool? = nil, labels: [String: String?] = [:], annotations: [String: String?] = [:],
        addTaints: [Taint] = [], removeTaints: [Taint] = []
    ) {
        self.isCordoned = isCordoned
        self.labels = labels
        self.annotations = annotations
        self.addTaints = addTaints
        self.removeTaints = removeTaints
    }
}

/// A change that fleet asks of the cluster's API.
public enum ClusterRequest: Hashable, Sendable, Codable {
    /// Patches a Node, only while it still has the UID.
    case patchNode(NodeName, uid: ObjectUID, NodePatch)
    /// Evicts a pod under its budgets, with a UID precondition; nil grace keeps the pod's own.
    case evict(PodReference, gracePeriodSeconds: Int64?)
    /// Deletes a pod past its budgets (safety rule 11), with a UID precondition.
    case deletePod(PodReference, gracePeriodSeconds: Int64?)
    /// Deletes a Node, with a UID precondition.
    case deleteNode(NodeName, uid: ObjectUID)
    /// Sets a workload's replicas and annotations in one request; a nil annotation value removes it.
    case scale(WorkloadReference, replicas: Int, annotations: [String: String?])
    /// Sets an autoscaler's minimum and annotations in one request.
    case setMinimumReplicas(ObjectKey, minReplicas: Int, annotations: [String: String?])
    /// Sets a budget's bound and annotations in one request, only while it still has the UID; nil clears its bounds.
    case setBudget(ObjectKey, uid: ObjectUID, BudgetBound?, annotations: [String: String?])
    /// Carries out a patch only while the object still has a `resourceVersion`; else it is a `conflict`, and nothing
    /// is done.
    indirect case ifUnchanged(since: String, ClusterRequest)
    /// Makes a token with which a host can join; one that exists already counts as made.
    case createBootstrapToken(BootstrapToken)
    /// Revokes a token; one that is gone counts as revoked.
    case deleteBootstrapToken(id: String)
    /// Looks whether `cluster-info` carries the token's signature, by which hosts know the API server; changes nothing, and is
    /// `notFound` while it does not.
    case confirmTokenSignature(id: String)
    /// Records an Event about a Node; one that exists already counts as recorded.
    case recordEvent(NodeEvent)
}

/// What became of a request.
public enum ClusterOutcome: Hashable, Sendable {
    /// Carried out, or already so.
    case succeeded
    /// Not carried out, or (code `timedOut`, `connectionLost`) perhaps.
    case failed(ClusterFailure)
}

/// Why the API did not do what it was asked (semantics 1.2, 7).
public struct ClusterFailure: Error, Hashable, Sendable, Codable, CustomStringConvertible {
    /// The cause, told apart as far as fleet acts differently.
    public enum Code: String, Hashable, Sendable, Codable, CaseIterable {
        /// 404: the object (or its namespace) is gone.
        case notFound
        /// 409: the version moved on.
        case conflict
        /// 409: another object bears the name: the UID precondition failed.
        case replaced
        /// 409 on creation.
        case alreadyExists
        /// 429 with cause DisruptionBudget: no allowance now.
        case budgetExhausted
        /// 429 with cause DisruptionBudget: "still being processed".
        case budgetNotObserved
        /// 500: two budgets select the pod.
        case severalBudgets
        /// 403 with cause NamespaceTerminating: the pod is already being deleted.
        case namespaceTerminating
        /// 429 of the server itself: priority and fairness, shutdown, cache.
        case throttled
        /// 401.
        case unauthorized
        /// 403.
        case forbidden
        /// 400 or 422.
        case invalid
        /// 410: the list or watch position is too old.
        case expired
        /// 504, or no answer in time: a write may have landed.
        case timedOut
        /// The connection broke after the request was sent: a write may have landed.
        case connectionLost
        /// No connection: name, route, TLS, proxy.
        case unreachable
        /// Credentials could not be obtained (exec plugin, token file).
        case credentials
        /// Another 5xx.
        case serverError
        /// An answer that is not what the API documents.
        case malformed
    }

    /// The cause.
    public var code: Code
    /// What was being done, such as `evict shop/cart-7f9`; empty when the caller adds it.
    public var subject: String
    /// The server's (or the system's) own words.
    public var message: String
    /// The HTTP status; nil when no answer came.
    public var status: Int?
    /// `Retry-After` in seconds.
    public var retryAfterSeconds: Int64?

    /// A failure.
    public init(
        _ code: Code, subject: String = "", message: String, status: Int? = nil, retryAfterSeconds: Int64? = nil
    ) {
        self.code = code
        self.subject = subject
        self.message = message
        self.status = status
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// `subject: message`.
    public var description: String { subject.isEmpty ? message : "\(subject): \(message)" }
}
