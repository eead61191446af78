import FleetModel

/// One field of one object of the cluster that a request changes, for the audit.
public struct ObjectChange: Hashable, Sendable, Codable {
    /// The object, such as `Node web-01`.
    public var object: String
    /// The field, such as `spec.unschedulable`, or `metadata.labels[pool]`.
    public var field: String
    /// Its value before, as last observed; nil when it had none.
    public var before: String?
    /// Its value after; nil when it has none.
    public var after: String?

    /// A change.
    public init(object: String, field: String, before: String?, after: String?) {
        self.object = object
        self.field = field
        self.before = before
        self.after = after
    }
}

extension ClusterRequest {
    /// What the request changes, field by field, with what is there now; evictions and deletions of pods are facts of
    /// their own.
    func changes(in world: World) -> [ObjectChange] {
        switch self {
        case .patchNode(let name, _, let patch): patch.changes(of: name, in: world)
        case .deleteNode(let name, let uid):
            [ObjectChange(object: "Node \(name)", field: "metadata.uid", before: uid.rawValue, after: nil)]
        case .scale(let workload, let replicas, let annotations):
            [
                ObjectChange(
                    object: "\(workload)", field: "spec.replicas",
                    before: world.workloads[workload.uid].map { "\($0.replicas)" }, after: "\(replicas)")
            ]
                + Self.changes(
                    annotations, of: "\(workload)", "annotations", world.workloads[workload.uid]?.annotations ?? [:])
        case .setMinimumReplicas(let key, let minimum, let annotations):
            [
                ObjectChange(
                    object: "HorizontalPodAutoscaler \(key)", field: "spec.minReplicas",
                    before: world.autoscalers[key].map { "\($0.minReplicas)" }, after: "\(minimum)")
            ]
                + Self.changes(
                    annotations, of: "HorizontalPodAutoscaler \(key)", "annotations",
                    world.autoscalers[key]?.annotations ?? [:])
        case .setBudget(let key, _, let bound, let annotations):
            Self.changes(of: key, to: bound, annotations, world.budgets[key])
        case .ifUnchanged(_, let patch): patch.changes(in: world)
        case .createBootstrapToken(let token): [Self.token(token.id, before: nil, after: token.id)]
        case .deleteBootstrapToken(let id): [Self.token(id, before: id, after: nil)]
        case .deletePod(let pod, _):
            [
                ObjectChange(
                    object: "Pod \(pod.key)", field: "spec.nodeName",
                    before: world.pods[pod.uid]?.nodeName?.rawValue, after: nil)
            ]
        case .evict, .confirmTokenSignature, .recordEvent: []
        }
    }

    private static func changes(
        of key: ObjectKey, to bound: BudgetBound?, _ annotations: [String: String?], _ budget: PodDisruptionBudget?
    ) -> [ObjectChange] {
        let object = "PodDisruptionBudget \(key)"
        let before = budget.flatMap(BudgetBound.init(of:))
        let fields = BudgetBound.Field.allCases.compactMap { field -> ObjectChange? in
            let old = before?.field == field ? before?.value.description : nil
            let new = bound?.field == field ? bound?.value.description : nil
            return old == new
                ? nil : ObjectChange(object: object, field: "spec.\(field.rawValue)", before: old, after: new)
        }
        return fields + changes(annotations, of: object, "annotations", budget?.annotations ?? [:])
    }

    private static func token(_ id: String, before: String?, after: String?) -> ObjectChange {
        ObjectChange(
            object: "Secret kube-system/bootstrap-token-\(id)", field: "data.token-id", before: before, after: after)
    }

    /// The values of labels or annotations that change.
    fileprivate static func changes(
        _ values: [String: String?], of object: String, _ map: String, _ current: [String: String]
    ) -> [ObjectChange] {
        values.sorted { $0.key < $1.key }.filter { current[$0.key] != $0.value }.map { key, value in
            ObjectChange(object: object, field: "metadata.\(map)[\(key)]", before: current[key], after: value)
        }
    }
}

extension NodePatch {
    fileprivate func changes(of name: NodeName, in world: World) -> [ObjectChange] {
        let node = world.nodes[name]
        let object = "Node \(name)"
        var changes: [ObjectChange] = []
        if let isCordoned, node?.isCordoned != isCordoned {
            changes.append(
                ObjectChange(
                    object: object, field: "spec.unschedulable", before: node.map { "\($0.isCordoned)" },
                    after: "\(isCordoned)"))
        }
        for taint in addTaints + removeTaints {
            let before = node?.taints.first { $0.key == taint.key && $0.effect == taint.effect }
            let after = addTaints.contains(taint) ? taint.value : nil
            guard before?.value != after else { continue }
            changes.append(
                ObjectChange(
                    object: object, field: "spec.taints[\(taint.key):\(taint.effect.rawValue)]", before: before?.value,
                    after: after))
        }
        return changes + ClusterRequest.changes(labels, of: object, "labels", node?.labels ?? [:])
            + ClusterRequest.changes(annotations, of: object, "annotations", node?.annotations ?? [:])
    }
}
