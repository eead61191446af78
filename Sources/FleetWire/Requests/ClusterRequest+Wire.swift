public import FleetModel

extension APIRequest {
    private static let mergePatch = "application/merge-patch+json"

    /// A merge patch of a Node.
    ///
    /// The list of taints has no merge key, so it is replaced as a whole: `current` must then be the Node as just read,
    /// and its version goes along, so that nobody's taint is lost. The UID goes along always: the server refuses to
    /// change it (409 or 422), and the patch never reaches a namesake.
    ///
    /// - Parameter current: the Node as just read, as JSON; needed only if the patch changes taints.
    public static func patch(_ name: NodeName, uid: ObjectUID, _ patch: NodePatch, current: JSONValue?) -> APIRequest {
        var metadata: JSONValue = ["uid": .string(uid.rawValue)]
        if !patch.labels.isEmpty { metadata["labels"] = changes(patch.labels) }
        if !patch.annotations.isEmpty { metadata["annotations"] = changes(patch.annotations) }
        var spec = JSONValue.object(JSONObject())
        if let isCordoned = patch.isCordoned { spec["unschedulable"] = isCordoned ? true : .null }
        if let current, patch.changesTaints {
            metadata["resourceVersion"] = current["metadata"]["resourceVersion"]
            spec["taints"] = patch.taints(from: current["spec"]["taints"])
        }
        var body: JSONValue = ["metadata": metadata]
        if spec.object?.isEmpty == false { body["spec"] = spec }
        return APIRequest(.patch, APIResource.nodes.path(name: name.rawValue), contentType: mergePatch, body: body)
    }

    /// An eviction under the pod's budgets, with a UID precondition (semantics 1).
    public static func evict(_ pod: PodReference, gracePeriodSeconds: Int64?) -> APIRequest {
        APIRequest(
            .post, APIResource.pods.path(namespace: pod.key.namespace, name: pod.key.name, subresource: "eviction"),
            body: [
                "apiVersion": "policy/v1", "kind": "Eviction",
                "metadata": ["name": .string(pod.key.name), "namespace": .string(pod.key.namespace)],
                "deleteOptions": deleteOptions(pod.uid, gracePeriodSeconds),
            ]
        )
    }

    /// The deletion of a pod past its budgets, with a UID precondition.
    public static func delete(_ pod: PodReference, gracePeriodSeconds: Int64?) -> APIRequest {
        delete(.pods, pod.key, uid: pod.uid, gracePeriodSeconds: gracePeriodSeconds)
    }

    /// The deletion of a Node, with a UID precondition.
    public static func delete(_ node: NodeName, uid: ObjectUID) -> APIRequest {
        delete(.nodes, ObjectKey("", node.rawValue), uid: uid, gracePeriodSeconds: nil)
    }

    /// A patch of a workload's replicas and annotations in one request; nil for kinds that do not scale.
    public static func scale(
        _ workload: WorkloadReference, replicas: Int, annotations: [String: String?]
    ) -> APIRequest? {
        guard let resource = workload.kind.scalable else { return nil }
        var metadata: JSONValue = ["uid": .string(workload.uid.rawValue)]
        if !annotations.isEmpty { metadata["annotations"] = changes(annotations) }
        return APIRequest(
            .patch, resource.path(namespace: workload.key.namespace, name: workload.key.name), contentType: mergePatch,
            body: ["metadata": metadata, "spec": ["replicas": .int(replicas)]]
        )
    }

    /// A patch of an autoscaler's minimum and annotations in one request.
    public static func setMinimum(
        of autoscaler: ObjectKey, minReplicas: Int, annotations: [String: String?]
    ) -> APIRequest {
        var body: JSONValue = ["spec": ["minReplicas": .int(minReplicas)]]
        if !annotations.isEmpty { body["metadata"] = ["annotations": changes(annotations)] }
        return APIRequest(
            .patch, APIResource.autoscalers.path(namespace: autoscaler.namespace, name: autoscaler.name),
            contentType: mergePatch, body: body
        )
    }

    /// A patch of a budget's bound and annotations in one request; the UID goes along, so that it never reaches a
    /// namesake.
    public static func setBudget(
        _ budget: ObjectKey, uid: ObjectUID, _ bound: BudgetBound?, annotations: [String: String?]
    ) -> APIRequest {
        var metadata: JSONValue = ["uid": .string(uid.rawValue)]
        if !annotations.isEmpty { metadata["annotations"] = changes(annotations) }
        var spec = JSONValue.object(JSONObject())
        for field in BudgetBound.Field.allCases {
            spec[field.rawValue] = bound.flatMap { $0.field == field ? $0.value.json : nil } ?? .null
        }
        return APIRequest(
            .patch, APIResource.budgets.path(namespace: budget.namespace, name: budget.name), contentType: mergePatch,
            body: ["metadata": metadata, "spec": spec])
    }

    private static func delete(
        _ resource: APIResource, _ key: ObjectKey, uid: ObjectUID, gracePeriodSeconds: Int64?
    ) -> APIRequest {
        var body = deleteOptions(uid, gracePeriodSeconds)
        body["apiVersion"] = "v1"
        body["kind"] = "DeleteOptions"
        return APIRequest(.delete, resource.path(namespace: key.namespace, name: key.name), body: body)
    }

    private static func deleteOptions(_ uid: ObjectUID, _ gracePeriodSeconds: Int64?) -> JSONValue {
        var options: JSONValue = ["preconditions": ["uid": .string(uid.rawValue)]]
        if let gracePeriodSeconds { options["gracePeriodSeconds"] = .int(gracePeriodSeconds) }
        return options
    }

    private static func changes(_ values: [String: String?]) -> JSONValue {
        .object(JSONObject(values.sorted { $0.key < $1.key }.map { ($0.key, $0.value.map(JSONValue.string) ?? .null) }))
    }
}

extension NodePatch {
    /// Whether the list of taints has to be read and written back.
    public var changesTaints: Bool { !addTaints.isEmpty || !removeTaints.isEmpty }

    /// The whole new list of taints: others stay exactly as they are, fields that fleet does not know included.
    func taints(from current: JSONValue) -> JSONValue {
        var taints = current.elements.filter { element in
            !removeTaints.contains { $0.isSame(as: element) }
        }
        for taint in addTaints {
            if let place = taints.firstIndex(where: { taint.isSame(as: $0) }) {
                if (taints[place]["value"].string ?? "") != taint.value { taints[place] = taint.json }
            } else {
                taints.append(taint.json)
            }
        }
        return .array(taints)
    }
}

extension Taint {
    /// A taint's identity on a node is key and effect.
    fileprivate func isSame(as json: JSONValue) -> Bool {
        json["key"].string == key && json["effect"].string == effect.rawValue
    }
}

extension WorkloadKind {
    /// The resource whose `spec.replicas` can be set; nil for DaemonSets and Jobs.
    fileprivate var scalable: APIResource? {
        switch self {
        case .deployment: .deployments
        case .replicaSet: .replicaSets
        case .statefulSet: .statefulSets
        case .replicationController: .replicationControllers
        case .daemonSet, .job: nil
        }
    }
}
