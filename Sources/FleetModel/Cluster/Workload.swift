/// A controller's kind, as far as fleet tells them apart.
public enum WorkloadKind: String, Hashable, Sendable, Codable, CaseIterable {
    case deployment = "Deployment"
    case replicaSet = "ReplicaSet"
    case statefulSet = "StatefulSet"
    case daemonSet = "DaemonSet"
    case job = "Job"
    case replicationController = "ReplicationController"
}

/// Kind, namespace, name and UID of a workload.
public struct WorkloadReference: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The kind.
    public var kind: WorkloadKind
    /// Namespace and name.
    public var key: ObjectKey
    /// The UID.
    public var uid: ObjectUID

    /// A reference.
    public init(kind: WorkloadKind, key: ObjectKey, uid: ObjectUID) {
        self.kind = kind
        self.key = key
        self.uid = uid
    }

    /// `Deployment shop/cart`.
    public var description: String { "\(kind.rawValue) \(key)" }
}

/// A Deployment, ReplicaSet, StatefulSet, DaemonSet, Job or ReplicationController.
public struct Workload: SharedObject {
    /// How a Deployment or StatefulSet replaces its pods.
    public enum Strategy: String, Sendable, Codable {
        case rollingUpdate = "RollingUpdate"
        case recreate = "Recreate"
        case onDelete = "OnDelete"
    }

    /// What it says; its properties are the workload's own.
    public struct Content: Hashable, Sendable, Codable {
        /// Kind, name and UID.
        public var reference: WorkloadReference
        /// The version of the last change.
        public var resourceVersion: String
        /// Labels of the workload itself.
        public var labels: [String: String]
        /// Annotations of the workload itself.
        public var annotations: [String: String]
        /// The owner that controls it, such as the Deployment of a ReplicaSet.
        public var controller: ControllerReference?
        /// `spec.replicas`; for a DaemonSet the desired number.
        public var replicas: Int
        /// `status.readyReplicas`, or `numberReady`.
        public var readyReplicas: Int
        /// `spec.selector`; nil matches nothing.
        public var selector: LabelSelector?
        /// How pods are replaced.
        public var strategy: Strategy
        /// The pod that its template makes (key's name and UID are empty); nil where it was not decoded.
        public var template: PodTemplate?
        /// Names of the volume claim templates of a StatefulSet.
        public var claimTemplates: [String]
        /// Whether a StatefulSet's pods come and go all at once (`podManagementPolicy: Parallel`), not one by one.
        public var isParallel: Bool
        /// `metadata.generation`.
        public var generation: Int64
        /// `status.observedGeneration`.
        public var observedGeneration: Int64
    }

    /// What this one says.
    public var content: Shared<Content>

    /// One that says this.
    @inlinable public init(content: Shared<Content>) { self.content = content }

    /// A workload; everything omitted is empty.
    public init(
        reference: WorkloadReference, resourceVersion: String = "", labels: [String: String] = [:],
        annotations: [String: String] = [:], controller: ControllerReference? = nil, replicas: Int = 1,
        readyReplicas: Int = 0, selector: LabelSelector? = nil, strategy: Strategy = .rollingUpdate,
        template: PodTemplate? = nil, claimTemplates: [String] = [], isParallel: Bool = false, generation: Int64 = 1,
        observedGeneration: Int64 = 1
    ) {
        content = Shared(
            Content(
                reference: reference, resourceVersion: resourceVersion, labels: labels, annotations: annotations,
                controller: controller, replicas: replicas, readyReplicas: readyReplicas, selector: selector,
                strategy: strategy, template: template, claimTemplates: claimTemplates, isParallel: isParallel,
                generation: generation, observedGeneration: observedGeneration))
    }
}

/// What a workload's template puts into each of its pods.
public struct PodTemplate: Hashable, Sendable, Codable {
    /// Labels.
    public var labels: [String: String]
    /// Annotations.
    public var annotations: [String: String]
    /// Effective requests.
    public var requests: Resources
    /// Where the pods may run.
    public var constraints: SchedulingConstraints
    /// Volumes of interest.
    public var volumes: [PodVolume]
    /// `spec.terminationGracePeriodSeconds`.
    public var gracePeriodSeconds: Int64
    /// `spec.priorityClassName`.
    public var priorityClassName: String

    /// A template; everything omitted is empty.
    public init(
        labels: [String: String] = [:], annotations: [String: String] = [:], requests: Resources = .zero,
        constraints: SchedulingConstraints = SchedulingConstraints(), volumes: [PodVolume] = [],
        gracePeriodSeconds: Int64 = 30, priorityClassName: String = ""
    ) {
        self.labels = labels
        self.annotations = annotations
        self.requests = requests
        self.constraints = constraints
        self.volumes = volumes
        self.gracePeriodSeconds = gracePeriodSeconds
        self.priorityClassName = priorityClassName
    }
}

/// A HorizontalPodAutoscaler, as far as fleet looks at it.
public struct PodAutoscaler: Hashable, Sendable, Codable {
    /// Namespace and name.
    public var key: ObjectKey
    /// The UID.
    public var uid: ObjectUID
    /// The kind of the scaled object.
    public var targetKind: String
    /// The name of the scaled object, in the same namespace.
    public var targetName: String
    /// `spec.minReplicas`; 1 when absent.
    public var minReplicas: Int
    /// `spec.maxReplicas`.
    public var maxReplicas: Int
    /// Annotations.
    public var annotations: [String: String]
    /// The version of the last change; empty where it was not decoded.
    public var resourceVersion: String

    /// An autoscaler.
    public init(
        key: ObjectKey, uid: ObjectUID, targetKind: String, targetName: String, minReplicas: Int = 1,
        maxReplicas: Int, annotations: [String: String] = [:], resourceVersion: String = ""
    ) {
        self.resourceVersion = resourceVersion
        self.key = key
        self.uid = uid
        self.targetKind = targetKind
        self.targetName = targetName
        self.minReplicas = minReplicas
        self.maxReplicas = maxReplicas
        self.annotations = annotations
    }
}
