/// A resource of the API: where it is served and what its objects are called.
public struct APIResource: Hashable, Sendable, CustomStringConvertible {
    /// The group; empty for the core group.
    public let group: String
    /// Such as `v1`.
    public let version: String
    /// The plural that stands in paths, such as `pods`.
    public let plural: String
    /// The kind of its objects, such as `Pod`.
    public let kind: String
    /// Whether objects live in namespaces.
    public let isNamespaced: Bool

    /// A resource.
    public init(_ group: String, _ version: String, _ plural: String, _ kind: String, isNamespaced: Bool = true) {
        self.group = group
        self.version = version
        self.plural = plural
        self.kind = kind
        self.isNamespaced = isNamespaced
    }

    /// `v1`, or `apps/v1`.
    public var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    /// `pods`, or `deployments.apps`.
    public var description: String { group.isEmpty ? plural : "\(plural).\(group)" }

    /// The path of the collection over all namespaces.
    public var path: String { group.isEmpty ? "/api/\(version)/\(plural)" : "/apis/\(group)/\(version)/\(plural)" }

    /// The path of the collection in one namespace; an empty one stands for all, and for what has none.
    public func collection(namespace: String) -> String {
        let base = group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)"
        return namespace.isEmpty ? path : "\(base)/namespaces/\(namespace)/\(plural)"
    }

    /// The path of one object, or of a subresource of it.
    public func path(namespace: String = "", name: String, subresource: String = "") -> String {
        let base = group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)"
        let scope = namespace.isEmpty ? "" : "/namespaces/\(APIRequest.segment(namespace))"
        return "\(base)\(scope)/\(plural)/\(APIRequest.segment(name))\(subresource.isEmpty ? "" : "/\(subresource)")"
    }
}

extension APIResource {
    /// `nodes`.
    public static let nodes = APIResource("", "v1", "nodes", "Node", isNamespaced: false)
    /// `pods`.
    public static let pods = APIResource("", "v1", "pods", "Pod")
    /// `namespaces`.
    public static let namespaces = APIResource("", "v1", "namespaces", "Namespace", isNamespaced: false)
    /// `configmaps`.
    public static let configMaps = APIResource("", "v1", "configmaps", "ConfigMap")
    /// `persistentvolumeclaims`.
    public static let claims = APIResource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim")
    /// `persistentvolumes`.
    public static let volumes = APIResource("", "v1", "persistentvolumes", "PersistentVolume", isNamespaced: false)
    /// `replicationcontrollers`.
    public static let replicationControllers = APIResource("", "v1", "replicationcontrollers", "ReplicationController")
    /// `poddisruptionbudgets.policy`.
    public static let budgets = APIResource("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget")
    /// `deployments.apps`.
    public static let deployments = APIResource("apps", "v1", "deployments", "Deployment")
    /// `replicasets.apps`.
    public static let replicaSets = APIResource("apps", "v1", "replicasets", "ReplicaSet")
    /// `statefulsets.apps`.
    public static let statefulSets = APIResource("apps", "v1", "statefulsets", "StatefulSet")
    /// `daemonsets.apps`.
    public static let daemonSets = APIResource("apps", "v1", "daemonsets", "DaemonSet")
    /// `jobs.batch`.
    public static let jobs = APIResource("batch", "v1", "jobs", "Job")
    /// `horizontalpodautoscalers.autoscaling`.
    public static let autoscalers = APIResource(
        "autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler")
    /// `volumeattachments.storage.k8s.io`.
    public static let attachments = APIResource(
        "storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment", isNamespaced: false)
    /// `leases.coordination.k8s.io`.
    public static let leases = APIResource("coordination.k8s.io", "v1", "leases", "Lease")

    /// Everything that makes up a snapshot.
    public static let ofSnapshot: [APIResource] = [
        .nodes, .pods, .budgets, .deployments, .replicaSets, .statefulSets, .daemonSets, .replicationControllers, .jobs,
        .autoscalers, .claims, .volumes, .attachments,
    ]
}
