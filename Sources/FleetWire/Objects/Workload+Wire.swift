public import FleetModel

extension Workload {
    /// A decoded Deployment, ReplicaSet, StatefulSet, DaemonSet, Job or ReplicationController.
    ///
    /// A Job counts its `parallelism` as replicas; none once it is finished or suspended.
    public init(_ json: JSONValue, kind: WorkloadKind) throws(WireFormatError) {
        let metadata = try ObjectMetadata(json, kind: kind.rawValue)
        let spec = json["spec"]
        let strategy = (kind == .deployment ? spec["strategy"] : spec["updateStrategy"])["type"].string
        self.init(
            reference: WorkloadReference(kind: kind, key: metadata.key, uid: metadata.uid),
            resourceVersion: metadata.resourceVersion,
            labels: metadata.labels,
            annotations: metadata.annotations,
            controller: metadata.controller,
            replicas: Self.wanted(json, kind),
            readyReplicas: Self.ready(json["status"], kind),
            selector: Self.labelSelector(spec["selector"], kind),
            strategy: strategy.flatMap(Strategy.init(rawValue:)) ?? .rollingUpdate,
            template: spec["template"].object == nil ? nil : PodTemplate(spec["template"]),
            claimTemplates: spec["volumeClaimTemplates"].elements.compactMap { $0["metadata"]["name"].string },
            isParallel: spec["podManagementPolicy"].string == "Parallel",
            generation: metadata.generation,
            observedGeneration: json["status"]["observedGeneration"].int64 ?? 0
        )
    }

    private static func wanted(_ json: JSONValue, _ kind: WorkloadKind) -> Int {
        switch kind {
        case .daemonSet: return json["status"]["desiredNumberScheduled"].int32 ?? 0
        case .job:
            let ended = ["Complete", "Failed"].contains { json.condition($0)["status"].string == "True" }
            return ended || json["spec"]["suspend"].bool == true ? 0 : json["spec"]["parallelism"].int32 ?? 1
        default: return json["spec"]["replicas"].int32 ?? 1
        }
    }

    private static func ready(_ status: JSONValue, _ kind: WorkloadKind) -> Int {
        switch kind {
        case .daemonSet: status["numberReady"].int32 ?? 0
        case .job: status["ready"].int32 ?? 0
        default: status["readyReplicas"].int32 ?? 0
        }
    }

    /// A ReplicationController's selector is a bare map of labels.
    private static func labelSelector(_ json: JSONValue, _ kind: WorkloadKind) -> LabelSelector? {
        guard kind == .replicationController else { return LabelSelector(json) }
        return json.object == nil ? nil : LabelSelector(matchLabels: json.strings)
    }
}

extension PodTemplate {
    init(_ json: JSONValue) {
        let spec = json["spec"]
        self.init(
            labels: json["metadata"]["labels"].strings,
            annotations: json["metadata"]["annotations"].strings,
            requests: PodRequests(spec: spec, status: .null).effective,
            constraints: SchedulingConstraints(spec: spec, labels: json["metadata"]["labels"].strings),
            volumes: PodVolume.volumes(of: spec, pod: ""),
            gracePeriodSeconds: WireSeconds.ofPods(spec["terminationGracePeriodSeconds"]) ?? 30,
            priorityClassName: spec["priorityClassName"].string ?? ""
        )
    }
}

extension PodAutoscaler {
    /// A decoded HorizontalPodAutoscaler of `autoscaling/v1` or `v2`.
    public init(_ json: JSONValue) throws(WireFormatError) {
        let metadata = try ObjectMetadata(json, kind: "HorizontalPodAutoscaler")
        let spec = json["spec"]
        self.init(
            key: metadata.key,
            uid: metadata.uid,
            targetKind: spec["scaleTargetRef"]["kind"].string ?? "",
            targetName: spec["scaleTargetRef"]["name"].string ?? "",
            minReplicas: spec["minReplicas"].int32 ?? 1,
            maxReplicas: spec["maxReplicas"].int32 ?? 1,
            annotations: metadata.annotations,
            resourceVersion: metadata.resourceVersion
        )
    }
}
