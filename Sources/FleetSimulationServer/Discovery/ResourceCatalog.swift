/// Every resource that the simulated API serves.
enum ResourceCatalog {
    static let resources: [APIResource] = core + workloads + policies + machinery

    static let namespaces = APIResource(
        "", "v1", "Namespace", "namespaces", namespaced: false, short: ["ns"],
        subresources: [Subresource("finalize", kind: "Namespace", verbs: ["update"]), .status("Namespace")])

    private static let core: [APIResource] = [
        APIResource("", "v1", "ConfigMap", "configmaps", short: ["cm"]),
        APIResource("", "v1", "Endpoints", "endpoints", short: ["ep"]),
        APIResource("", "v1", "Event", "events", short: ["ev"]),
        APIResource("", "v1", "LimitRange", "limitranges", short: ["limits"]),
        namespaces,
        APIResource(
            "", "v1", "Node", "nodes", namespaced: false, short: ["no"], subresources: [.status("Node")]),
        APIResource(
            "", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", short: ["pvc"],
            subresources: [.status("PersistentVolumeClaim")]),
        APIResource(
            "", "v1", "PersistentVolume", "persistentvolumes", namespaced: false, short: ["pv"],
            subresources: [.status("PersistentVolume")]),
        APIResource(
            "", "v1", "Pod", "pods", short: ["po"], categories: ["all"],
            subresources: [
                Subresource("binding", kind: "Binding", verbs: ["create"]),
                Subresource("eviction", kind: "Eviction", group: "policy", version: "v1", verbs: ["create"]),
                Subresource("log", kind: "Pod", verbs: ["get"]), .status("Pod"),
            ], generation: true),
        APIResource(
            "", "v1", "ReplicationController", "replicationcontrollers", short: ["rc"], categories: ["all"],
            subresources: [.scale, .status("ReplicationController")], generation: true),
        APIResource("", "v1", "ResourceQuota", "resourcequotas", short: ["quota"]),
        APIResource("", "v1", "Secret", "secrets"),
        APIResource("", "v1", "ServiceAccount", "serviceaccounts", short: ["sa"]),
        APIResource("", "v1", "Service", "services", short: ["svc"], categories: ["all"]),
    ]

    private static let workloads: [APIResource] = [
        APIResource("apps", "v1", "ControllerRevision", "controllerrevisions"),
        APIResource(
            "apps", "v1", "DaemonSet", "daemonsets", short: ["ds"], categories: ["all"],
            subresources: [.status("DaemonSet")], generation: true),
        APIResource(
            "apps", "v1", "Deployment", "deployments", short: ["deploy"], categories: ["all"],
            subresources: [.scale, .status("Deployment")], generation: true),
        APIResource(
            "apps", "v1", "ReplicaSet", "replicasets", short: ["rs"], categories: ["all"],
            subresources: [.scale, .status("ReplicaSet")], generation: true),
        APIResource(
            "apps", "v1", "StatefulSet", "statefulsets", short: ["sts"], categories: ["all"],
            subresources: [.scale, .status("StatefulSet")], generation: true),
        APIResource(
            "autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", short: ["hpa"],
            categories: ["all"], subresources: [.status("HorizontalPodAutoscaler")]),
        APIResource(
            "batch", "v1", "CronJob", "cronjobs", short: ["cj"], categories: ["all"],
            subresources: [.status("CronJob")], generation: true),
        APIResource(
            "batch", "v1", "Job", "jobs", categories: ["all"], subresources: [.status("Job")], generation: true),
    ]

    private static let policies: [APIResource] = [
        APIResource(
            "authentication.k8s.io", "v1", "SelfSubjectReview", "selfsubjectreviews", namespaced: false,
            createOnly: true),
        APIResource(
            "authorization.k8s.io", "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", namespaced: false,
            createOnly: true),
        APIResource(
            "authorization.k8s.io", "v1", "SelfSubjectRulesReview", "selfsubjectrulesreviews", namespaced: false,
            createOnly: true),
        APIResource(
            "certificates.k8s.io", "v1", "CertificateSigningRequest", "certificatesigningrequests", namespaced: false,
            short: ["csr"],
            subresources: [
                Subresource("approval", kind: "CertificateSigningRequest", verbs: ["get", "patch", "update"]),
                .status("CertificateSigningRequest"),
            ]),
        APIResource(
            "policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", short: ["pdb"],
            subresources: [.status("PodDisruptionBudget")], generation: true),
        APIResource("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", namespaced: false),
        APIResource("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", namespaced: false),
        APIResource("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings"),
        APIResource("rbac.authorization.k8s.io", "v1", "Role", "roles"),
    ]

    private static let machinery: [APIResource] = [
        APIResource("coordination.k8s.io", "v1", "Lease", "leases"),
        APIResource("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices"),
        APIResource("events.k8s.io", "v1", "Event", "events", short: ["ev"]),
        APIResource(
            "scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", namespaced: false, short: ["pc"]),
        APIResource("storage.k8s.io", "v1", "CSIDriver", "csidrivers", namespaced: false),
        APIResource("storage.k8s.io", "v1", "CSINode", "csinodes", namespaced: false),
        APIResource("storage.k8s.io", "v1", "StorageClass", "storageclasses", namespaced: false, short: ["sc"]),
        APIResource(
            "storage.k8s.io", "v1", "VolumeAttachment", "volumeattachments", namespaced: false,
            subresources: [.status("VolumeAttachment")]),
    ]

    /// The groups other than the core, in the order of discovery.
    static let groups: [String] = {
        let preferred = ["apps", "events.k8s.io"]
        let others = Set(resources.map(\.group)).subtracting([""]).subtracting(preferred).sorted()
        return preferred + others
    }()

    /// The resources of a group and version; nil when it is not served.
    static func resources(group: String, version: String) -> [APIResource]? {
        let found = resources.filter { $0.group == group && $0.version == version }
        return found.isEmpty ? nil : found.sorted { $0.name < $1.name }
    }

    /// The versions of a group.
    static func versions(_ group: String) -> [String] {
        resources.filter { $0.group == group }.map(\.version).uniqued().sorted()
    }

    /// The resource of a path; nil when it is not served.
    static func resource(group: String, version: String, name: String) -> APIResource? {
        byPath[Path(group: group, version: version, name: name)]
    }

    /// The resource of a kind in the group.
    static func resource(group: String, kind: String) -> APIResource? {
        resources.first { $0.group == group && $0.kind == kind }
    }

    private struct Path: Hashable {
        let group: String
        let version: String
        let name: String
    }

    private static let byPath = Dictionary(
        resources.map { (Path(group: $0.group, version: $0.version, name: $0.name), $0) },
        uniquingKeysWith: { first, _ in first })
}
