/// The cluster's state at one instant, as far as fleet looks at it.
public struct ClusterSnapshot: Hashable, Sendable, Codable {
    /// The UID of namespace `kube-system`, which stands for the cluster; empty in a snapshot that lacks it.
    public var clusterUID: ObjectUID
    /// `gitVersion` of the API server; empty when unknown.
    public var serverVersion: String
    /// When it was taken.
    public var takenAt: Instant
    /// All Nodes.
    public var nodes: [Node]
    /// All Pods.
    public var pods: [Pod]
    /// All PodDisruptionBudgets.
    public var budgets: [PodDisruptionBudget]
    /// All workloads of the kinds that fleet knows.
    public var workloads: [Workload]
    /// All HorizontalPodAutoscalers.
    public var autoscalers: [PodAutoscaler]
    /// All PersistentVolumeClaims.
    public var claims: [PersistentVolumeClaim]
    /// All PersistentVolumes.
    public var volumes: [PersistentVolume]
    /// All VolumeAttachments.
    public var attachments: [VolumeAttachment]

    /// A snapshot; everything omitted is empty.
    public init(
        clusterUID: ObjectUID = "", serverVersion: String = "", takenAt: Instant = .epoch, nodes: [Node] = [],
        pods: [Pod] = [], budgets: [PodDisruptionBudget] = [], workloads: [Workload] = [],
        autoscalers: [PodAutoscaler] = [], claims: [PersistentVolumeClaim] = [], volumes: [PersistentVolume] = [],
        attachments: [VolumeAttachment] = []
    ) {
        self.clusterUID = clusterUID
        self.serverVersion = serverVersion
        self.takenAt = takenAt
        self.nodes = nodes
        self.pods = pods
        self.budgets = budgets
        self.workloads = workloads
        self.autoscalers = autoscalers
        self.claims = claims
        self.volumes = volumes
        self.attachments = attachments
    }
}

/// One change of the cluster, as a watch delivers it.
///
/// A change carries the object's whole new state.
public enum ClusterChange: Hashable, Sendable {
    case node(Node)
    case nodeDeleted(NodeName, uid: ObjectUID)
    case pod(Pod)
    case podDeleted(PodReference)
    case budget(PodDisruptionBudget)
    case budgetDeleted(ObjectKey)
    case workload(Workload)
    case workloadDeleted(WorkloadReference)
    case autoscaler(PodAutoscaler)
    case autoscalerDeleted(ObjectKey)
    case attachment(VolumeAttachment)
    case attachmentDeleted(name: String)
}
