/// A number, or a percentage of something.
public enum CountOrPercent: Hashable, Sendable, Codable, CustomStringConvertible {
    case count(Int)
    case percent(Int)

    /// `3` or `25%`.
    public var description: String {
        switch self {
        case .count(let count): "\(count)"
        case .percent(let percent): "\(percent)%"
        }
    }

    /// The number for a total; percentages round down (safety rule 18 adds "at least 1" where it applies).
    public func roundedDown(of total: Int) -> Int {
        switch self {
        case .count(let count): count
        case .percent(let percent): total * percent / 100
        }
    }

    /// The number for a total; percentages round up, as the disruption controller does (semantics 2).
    public func roundedUp(of total: Int) -> Int {
        switch self {
        case .count(let count): count
        case .percent(let percent): (total * percent + 99) / 100
        }
    }
}

/// A PodDisruptionBudget of the cluster (policy/v1).
public struct PodDisruptionBudget: SharedObject {
    /// `spec.unhealthyPodEvictionPolicy`.
    public enum UnhealthyPodEvictionPolicy: String, Sendable, Codable {
        case ifHealthyBudget = "IfHealthyBudget"
        case alwaysAllow = "AlwaysAllow"
    }

    /// What it says; its properties are the budget's own.
    public struct Content: Hashable, Sendable, Codable {
        /// Namespace and name.
        public var key: ObjectKey
        /// The UID.
        public var uid: ObjectUID
        /// The version of the last change.
        public var resourceVersion: String
        /// Labels.
        public var labels: [String: String]
        /// Annotations.
        public var annotations: [String: String]
        /// Which pods; nil matches none, an empty selector all pods of the namespace.
        public var selector: LabelSelector?
        /// `spec.minAvailable`.
        public var minAvailable: CountOrPercent?
        /// `spec.maxUnavailable`.
        public var maxUnavailable: CountOrPercent?
        /// What holds for pods that are not Ready.
        public var unhealthyPodEvictionPolicy: UnhealthyPodEvictionPolicy
        /// `metadata.generation`.
        public var generation: Int64
        /// `status.observedGeneration`.
        public var observedGeneration: Int64
        /// `status.disruptionsAllowed`.
        public var disruptionsAllowed: Int
        /// `status.currentHealthy`.
        public var currentHealthy: Int
        /// `status.desiredHealthy`.
        public var desiredHealthy: Int
        /// `status.expectedPods`.
        public var expectedPods: Int
        /// `status.disruptedPods`: names of evicted pods that the controller has not yet seen go, with the time.
        public var disruptedPods: [String: Instant]
        /// The message when condition DisruptionAllowed has reason `SyncFailed`; nil while it syncs.
        public var syncFailure: String?
    }

    /// What this one says.
    public var content: Shared<Content>

    /// One that says this.
    @inlinable public init(content: Shared<Content>) { self.content = content }

    /// A budget; everything omitted is empty.
    public init(
        key: ObjectKey, uid: ObjectUID, resourceVersion: String = "", labels: [String: String] = [:],
        annotations: [String: String] = [:], selector: LabelSelector? = nil, minAvailable: CountOrPercent? = nil,
        maxUnavailable: CountOrPercent? = nil,
        unhealthyPodEvictionPolicy: UnhealthyPodEvictionPolicy = .ifHealthyBudget, generation: Int64 = 1,
        observedGeneration: Int64 = 0, disruptionsAllowed: Int = 0, currentHealthy: Int = 0, desiredHealthy: Int = 0,
        expectedPods: Int = 0, disruptedPods: [String: Instant] = [:], syncFailure: String? = nil
    ) {
        content = Shared(
            Content(
                key: key, uid: uid, resourceVersion: resourceVersion, labels: labels, annotations: annotations,
                selector: selector, minAvailable: minAvailable, maxUnavailable: maxUnavailable,
                unhealthyPodEvictionPolicy: unhealthyPodEvictionPolicy, generation: generation,
                observedGeneration: observedGeneration, disruptionsAllowed: disruptionsAllowed,
                currentHealthy: currentHealthy, desiredHealthy: desiredHealthy, expectedPods: expectedPods,
                disruptedPods: disruptedPods, syncFailure: syncFailure))
    }

    /// Whether the budget selects the pod (policy/v1: nil selects none, `{}` all of the namespace).
    public func selects(_ pod: Pod) -> Bool {
        guard let selector = self.selector, pod.key.namespace == self.key.namespace else { return false }
        return selector.matches(pod.labels)
    }
}
