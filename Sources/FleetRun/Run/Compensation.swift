public import FleetModel

/// A temporary change of fleet's, with what it must be set back to (safety rules 21 and 23).
public struct Compensation: Hashable, Sendable, Codable, Identifiable {
    /// What was changed.
    public enum Kind: String, Hashable, Sendable, Codable {
        /// A workload's replicas.
        case replicas
        /// An autoscaler's minimum.
        case minimumReplicas
        /// A label of a Node.
        case nodeLabel
        /// A token with which a host joins.
        case bootstrapToken
    }

    /// Unique in the run, such as `replicas Deployment shop/cart`.
    public var id: String
    /// What was changed.
    public var kind: Kind
    /// The node for whose sake it was changed.
    public var node: NodeName
    /// The workload or autoscaler.
    public var key: ObjectKey
    /// The workload's kind.
    public var workloadKind: WorkloadKind?
    /// The object's UID.
    public var uid: ObjectUID
    /// The value that fleet set; where another stands now, somebody else changed it and it is left alone.
    public var temporary: Int
    /// The value to set back.
    public var previous: Int
    /// The label's key, for `nodeLabel`; the token's public half, for `bootstrapToken`.
    public var label: String?
    /// The label's previous value; nil when it was absent.
    public var previousLabel: String?

    /// The annotation under which fleet notes a change on the object itself.
    public static let annotation = "fleet.run/temporary"

    /// A change of a workload's replicas.
    public static func replicas(of workload: Workload, to temporary: Int, for node: NodeName) -> Compensation {
        Compensation(
            id: "replicas \(workload.reference)", kind: .replicas, node: node, key: workload.reference.key,
            workloadKind: workload.reference.kind, uid: workload.reference.uid, temporary: temporary,
            previous: workload.replicas
        )
    }

    /// A change of an autoscaler's minimum.
    public static func minimum(of autoscaler: PodAutoscaler, to temporary: Int, for node: NodeName) -> Compensation {
        Compensation(
            id: "minReplicas HorizontalPodAutoscaler \(autoscaler.key)", kind: .minimumReplicas, node: node,
            key: autoscaler.key, uid: autoscaler.uid, temporary: temporary, previous: autoscaler.minReplicas
        )
    }

    /// A label set on a Node.
    public static func label(_ label: String, of node: Node) -> Compensation {
        Compensation(
            id: "label \(label) of \(node.name)", kind: .nodeLabel, node: node.name, key: ObjectKey("", node.name.rawValue),
            uid: node.uid, temporary: 0, previous: 0, label: label, previousLabel: node.labels[label]
        )
    }

    /// A token made for a host to join with; its deletion is the undoing.
    public static func bootstrapToken(_ id: String, for node: NodeName) -> Compensation {
        Compensation(
            id: "bootstrap token \(id)", kind: .bootstrapToken, node: node,
            key: ObjectKey("kube-system", "bootstrap-token-\(id)"), uid: "", temporary: 0, previous: 0, label: id)
    }

    /// Whether the API's answer alone says that it is undone: fleet does not follow the object.
    func isUndone(by result: OperationResult) -> Bool { kind == .bootstrapToken && result.isSuccess }

    /// Whether the changed object is gone, and with it the change.
    func isMoot(in world: World) -> Bool {
        switch kind {
        case .replicas: world.workloads[uid] == nil
        case .minimumReplicas: world.autoscalers[key] == nil
        case .nodeLabel: world.nodes[node]?.uid != uid
        case .bootstrapToken: false
        }
    }

    /// What undoes it, or nil when the world shows nothing left to undo.
    func request(in world: World) -> ClusterRequest? {
        switch kind {
        case .replicas:
            guard let workload = world.workloads[uid], let workloadKind,
                let replicas = restored(workload.replicas, workload.annotations)
            else { return nil }
            let reference = WorkloadReference(kind: workloadKind, key: key, uid: uid)
            return .scale(reference, replicas: replicas, annotations: [Self.annotation: nil])
        case .minimumReplicas:
            guard let autoscaler = world.autoscalers[key],
                let minimum = restored(autoscaler.minReplicas, autoscaler.annotations)
            else { return nil }
            return .setMinimumReplicas(key, minReplicas: minimum, annotations: [Self.annotation: nil])
        case .nodeLabel:
            guard let label, let current = world.nodes[node], current.uid == uid, current.labels[label] != previousLabel
            else { return nil }
            return .patchNode(node, uid: uid, NodePatch(labels: [label: previousLabel]))
        case .bootstrapToken: return label.map { .deleteBootstrapToken(id: $0) }
        }
    }

    /// The number to set back: the previous one where fleet's own stands, the present one where somebody else changed
    /// it and only fleet's annotation is left; nil when nothing is.
    private func restored(_ current: Int, _ annotations: [String: String]) -> Int? {
        if current == temporary { return previous }
        return annotations[Self.annotation] == nil ? nil : current
    }
}
