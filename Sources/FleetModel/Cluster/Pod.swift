/// The owner with `controller: true` of an object.
public struct ControllerReference: Hashable, Sendable, Codable {
    /// Such as `apps/v1`.
    public var apiVersion: String
    /// Such as `ReplicaSet`.
    public var kind: String
    /// The owner's name, in the owned object's namespace.
    public var name: String
    /// The owner's UID.
    public var uid: ObjectUID

    /// A controller.
    public init(apiVersion: String, kind: String, name: String, uid: ObjectUID) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.name = name
        self.uid = uid
    }
}

/// A volume of a pod, as far as it decides whether and where the pod may move.
public enum PodVolume: Hashable, Sendable, Codable {
    /// Scratch data that is lost with the pod.
    case emptyDir(name: String)
    /// A path of the node.
    case hostPath(name: String, path: String)
    /// A claim of the pod's namespace; generic ephemeral volumes name theirs `POD-VOLUME`.
    case claim(name: String, claim: String)
}

/// Name and UID of one pod: a name's next bearer is another pod.
public struct PodReference: Hashable, Sendable, Codable, CustomStringConvertible {
    /// Namespace and name.
    public var key: ObjectKey
    /// The UID.
    public var uid: ObjectUID

    /// Joins key and UID.
    public init(_ key: ObjectKey, uid: ObjectUID) {
        self.key = key
        self.uid = uid
    }

    /// `namespace/name`.
    public var description: String { key.description }
}

/// A Kubernetes Pod, as far as fleet looks at it.
public struct Pod: SharedObject {
    /// `status.phase`.
    public enum Phase: String, Sendable, Codable {
        case pending = "Pending"
        case running = "Running"
        case succeeded = "Succeeded"
        case failed = "Failed"
        case unknown = "Unknown"
    }

    /// What it says; its properties are the pod's own.
    public struct Content: Hashable, Sendable, Codable {
        /// Namespace and name.
        public var key: ObjectKey
        /// The object's UID.
        public var uid: ObjectUID
        /// The version of the last change.
        public var resourceVersion: String
        /// Labels.
        public var labels: [String: String]
        /// Annotations.
        public var annotations: [String: String]
        /// Finalizers that hold the object after its deletion.
        public var finalizers: [String]
        /// The owner that controls it.
        public var controller: ControllerReference?
        /// The node it is bound to.
        public var nodeName: NodeName?
        /// The phase.
        public var phase: Phase
        /// The Ready condition.
        public var isReady: Bool
        /// `metadata.deletionTimestamp`: when the grace period ends; nil while it is not being deleted.
        public var deletionTime: Instant?
        /// `metadata.creationTimestamp`.
        public var createdAt: Instant
        /// `spec.terminationGracePeriodSeconds`.
        public var gracePeriodSeconds: Int64
        /// Effective requests, as the scheduler counts them (semantics 5.1).
        public var requests: Resources
        /// Sum of the containers' limits.
        public var limits: Resources
        /// What decides where it may run.
        public var constraints: SchedulingConstraints
        /// Volumes of interest.
        public var volumes: [PodVolume]
        /// `spec.priorityClassName`; empty when absent.
        public var priorityClassName: String
        /// `spec.priority`, which admission fills in from the class; 0 when absent.
        public var priority: Int
        /// Why it is Pending: the message of condition PodScheduled, or a container's waiting reason; empty otherwise.
        public var pendingReason: String
        /// True once condition `DisruptionTarget` is True.
        public var isDisruptionTarget: Bool
        /// Its address; the node's own for a pod of the host's network, empty while it has none.
        public var address: String
    }

    /// What this one says.
    public var content: Shared<Content>

    /// One that says this.
    @inlinable public init(content: Shared<Content>) { self.content = content }

    /// A pod; everything omitted is empty.
    public init(
        key: ObjectKey, uid: ObjectUID, resourceVersion: String = "", labels: [String: String] = [:],
        annotations: [String: String] = [:], finalizers: [String] = [], controller: ControllerReference? = nil,
        nodeName: NodeName? = nil, phase: Phase = .pending, isReady: Bool = false, deletionTime: Instant? = nil,
        createdAt: Instant = .epoch, gracePeriodSeconds: Int64 = 30, requests: Resources = .zero,
        limits: Resources = .zero, constraints: SchedulingConstraints = SchedulingConstraints(),
        volumes: [PodVolume] = [], priorityClassName: String = "", priority: Int = 0, pendingReason: String = "",
        isDisruptionTarget: Bool = false, address: String = ""
    ) {
        content = Shared(
            Content(
                key: key, uid: uid, resourceVersion: resourceVersion, labels: labels, annotations: annotations,
                finalizers: finalizers, controller: controller, nodeName: nodeName, phase: phase, isReady: isReady,
                deletionTime: deletionTime, createdAt: createdAt, gracePeriodSeconds: gracePeriodSeconds,
                requests: requests, limits: limits, constraints: constraints, volumes: volumes,
                priorityClassName: priorityClassName, priority: priority, pendingReason: pendingReason,
                isDisruptionTarget: isDisruptionTarget, address: address))
    }

    /// Name and UID.
    public var reference: PodReference { PodReference(self.key, uid: self.uid) }

    /// Whether the kubelet made it from a file on the node (annotation `kubernetes.io/config.mirror`).
    @inlinable public var isMirror: Bool { self.annotations["kubernetes.io/config.mirror"] != nil }

    /// Whether a DaemonSet controls it.
    @inlinable public var isDaemon: Bool {
        self.controller.map { $0.kind == "DaemonSet" && $0.apiVersion.hasPrefix("apps/") } ?? false
    }

    /// Whether its containers are done: phase Succeeded or Failed.
    @inlinable public var isFinished: Bool { self.phase == .succeeded || self.phase == .failed }

    /// The toleration by which it may be bound to a cordoned node; nil when it may not.
    public var cordonToleration: Toleration? { self.constraints.tolerations.first { $0.tolerates(.cordon) } }

    /// Whether it is being deleted.
    @inlinable public var isTerminating: Bool { self.deletionTime != nil }
}
