public import FleetModel

/// The kinds of objects that the simulated cluster keeps; raw values are Kubernetes' own kinds.
public enum SimulationKind: String, Hashable, Sendable, CaseIterable {
    case namespace = "Namespace"
    case node = "Node"
    case pod = "Pod"
    case budget = "PodDisruptionBudget"
    case deployment = "Deployment"
    case replicaSet = "ReplicaSet"
    case statefulSet = "StatefulSet"
    case daemonSet = "DaemonSet"
    case job = "Job"
    case replicationController = "ReplicationController"
    case autoscaler = "HorizontalPodAutoscaler"
    case claim = "PersistentVolumeClaim"
    case volume = "PersistentVolume"
    case attachment = "VolumeAttachment"

    /// The kind of a workload's object.
    public init(_ kind: WorkloadKind) {
        switch kind {
        case .deployment: self = .deployment
        case .replicaSet: self = .replicaSet
        case .statefulSet: self = .statefulSet
        case .daemonSet: self = .daemonSet
        case .job: self = .job
        case .replicationController: self = .replicationController
        }
    }

    /// The workload kind; nil for other objects.
    public var workloadKind: WorkloadKind? { WorkloadKind(rawValue: rawValue) }

    /// The API group; empty for the core group.
    public var group: String {
        switch self {
        case .namespace, .node, .pod, .replicationController, .claim, .volume: ""
        case .budget: "policy"
        case .deployment, .replicaSet, .statefulSet, .daemonSet: "apps"
        case .job: "batch"
        case .autoscaler: "autoscaling"
        case .attachment: "storage.k8s.io"
        }
    }

    /// The resource's name in paths and messages, such as `pods`.
    public var resource: String { rawValue.lowercased() + "s" }

    /// `pods`, or `deployments.apps`: how messages name the resource.
    public var qualifiedResource: String { group.isEmpty ? resource : "\(resource).\(group)" }

    /// Whether its objects live in namespaces.
    public var isNamespaced: Bool {
        switch self {
        case .namespace, .node, .volume, .attachment: false
        default: true
        }
    }
}

/// Kind and key of one object of the simulated cluster.
public struct ObjectIdentity: Hashable, Sendable, CustomStringConvertible {
    /// The kind.
    public var kind: SimulationKind
    /// Namespace (empty for cluster-scoped kinds) and name.
    public var key: ObjectKey

    /// Joins a kind and a key.
    public init(_ kind: SimulationKind, _ key: ObjectKey) {
        self.kind = kind
        self.key = key
    }

    /// `Pod shop/cart-0`.
    public var description: String { "\(kind.rawValue) \(key)" }
}

/// A namespace of the simulated cluster.
public struct SimulatedNamespace: Hashable, Sendable {
    /// The name.
    public var name: String
    /// The UID.
    public var uid: ObjectUID
    /// Labels.
    public var labels: [String: String]
    /// Whether it is being deleted: nothing new may be created in it, and evictions are answered 403.
    public var isTerminating: Bool

    /// A namespace.
    public init(name: String, uid: ObjectUID = "", labels: [String: String] = [:], isTerminating: Bool = false) {
        self.name = name
        self.uid = uid
        self.labels = labels
        self.isTerminating = isTerminating
    }
}

/// One object of any kind.
public enum SimulationObject: Hashable, Sendable {
    case namespace(SimulatedNamespace)
    case node(Node)
    case pod(Pod)
    case budget(PodDisruptionBudget)
    case workload(Workload)
    case autoscaler(PodAutoscaler)
    case claim(PersistentVolumeClaim)
    case volume(PersistentVolume)
    case attachment(VolumeAttachment)

    /// Kind and key.
    public var identity: ObjectIdentity {
        switch self {
        case .namespace(let namespace): ObjectIdentity(.namespace, ObjectKey("", namespace.name))
        case .node(let node): ObjectIdentity(.node, ObjectKey("", node.name.rawValue))
        case .pod(let pod): ObjectIdentity(.pod, pod.key)
        case .budget(let budget): ObjectIdentity(.budget, budget.key)
        case .workload(let workload):
            ObjectIdentity(SimulationKind(workload.reference.kind), workload.reference.key)
        case .autoscaler(let autoscaler): ObjectIdentity(.autoscaler, autoscaler.key)
        case .claim(let claim): ObjectIdentity(.claim, claim.key)
        case .volume(let volume): ObjectIdentity(.volume, ObjectKey("", volume.name))
        case .attachment(let attachment): ObjectIdentity(.attachment, ObjectKey("", attachment.name))
        }
    }
}

/// What the simulation knows about an object beyond the model's value; the rest of its JSON is the server's.
public struct ObjectDetail: Hashable, Sendable {
    /// `metadata.uid`.
    public var uid: ObjectUID
    /// `metadata.creationTimestamp`.
    public var createdAt: Instant
    /// `metadata.generation`; 0 for kinds that have none.
    public var generation: Int64
    /// `metadata.deletionGracePeriodSeconds` of a terminating pod.
    public var deletionGracePeriodSeconds: Int64?
    /// The reason of condition `DisruptionTarget`, such as `EvictionByEvictionAPI`; nil without the condition.
    public var disruptionReason: String?
    /// `status.startTime` of a pod, or when a workload was last rolled; nil before.
    public var startedAt: Instant?
    /// The last time the Ready condition changed; nil before the first time.
    public var readinessChangedAt: Instant?
    /// Pods that exist for a workload (`status.replicas`, `currentNumberScheduled`).
    public var currentReplicas: Int
    /// Whether a VolumeClaim is bound, and other kinds' phases: `Bound`, `Pending`, `Terminating`; empty otherwise.
    public var phase: String

    /// Details; everything omitted is absent.
    public init(
        uid: ObjectUID = "", createdAt: Instant = .epoch, generation: Int64 = 0,
        deletionGracePeriodSeconds: Int64? = nil, disruptionReason: String? = nil, startedAt: Instant? = nil,
        readinessChangedAt: Instant? = nil, currentReplicas: Int = 0, phase: String = ""
    ) {
        self.uid = uid
        self.createdAt = createdAt
        self.generation = generation
        self.deletionGracePeriodSeconds = deletionGracePeriodSeconds
        self.disruptionReason = disruptionReason
        self.startedAt = startedAt
        self.readinessChangedAt = readinessChangedAt
        self.currentReplicas = currentReplicas
        self.phase = phase
    }
}

/// An object as it is stored, with its version.
public struct StoredObject: Hashable, Sendable {
    /// The object; where the model has a `resourceVersion`, it is the same version as here.
    public var object: SimulationObject
    /// What the model's value does not hold.
    public var detail: ObjectDetail
    /// The version of its last change, from the one global counter.
    public var resourceVersion: Int64

    /// Joins object, details and version.
    public init(object: SimulationObject, detail: ObjectDetail, resourceVersion: Int64) {
        self.object = object
        self.detail = detail
        self.resourceVersion = resourceVersion
    }

    /// Kind and key.
    public var identity: ObjectIdentity { object.identity }
}
