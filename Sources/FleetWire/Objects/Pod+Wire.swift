public import FleetModel

extension Pod {
    /// A decoded `v1` Pod.
    public init(_ json: JSONValue) throws(WireFormatError) {
        let metadata = try ObjectMetadata(json, kind: "Pod")
        let spec = json["spec"]
        let status = json["status"]
        let requests = PodRequests(spec: spec, status: status)
        let phase = status["phase"].string.flatMap(Phase.init(rawValue:)) ?? .pending
        let node = spec["nodeName"].string ?? ""
        self.init(
            key: metadata.key,
            uid: metadata.uid,
            resourceVersion: metadata.resourceVersion,
            labels: metadata.labels,
            annotations: metadata.annotations,
            finalizers: metadata.finalizers,
            controller: metadata.controller,
            nodeName: node.isEmpty ? nil : NodeName(node),
            phase: phase,
            isReady: json.condition("Ready")["status"].string == "True",
            deletionTime: metadata.deletionTime,
            createdAt: metadata.createdAt,
            gracePeriodSeconds: WireSeconds.ofPods(spec["terminationGracePeriodSeconds"]) ?? 30,
            requests: requests.effective,
            limits: requests.limits,
            constraints: SchedulingConstraints(spec: spec, labels: metadata.labels),
            volumes: PodVolume.volumes(of: spec, pod: metadata.name),
            priorityClassName: spec["priorityClassName"].string ?? "",
            priority: spec["priority"].int32 ?? 0,
            pendingReason: phase == .pending ? Self.reason(json) : "",
            isDisruptionTarget: json.condition("DisruptionTarget")["status"].string == "True",
            address: status["podIP"].string ?? ""
        )
    }

    private static func reason(_ json: JSONValue) -> String {
        let scheduled = json.condition("PodScheduled")
        if scheduled["status"].string == "False" {
            return scheduled["message"].string ?? scheduled["reason"].string ?? ""
        }
        let status = json["status"]
        let containers = status["initContainerStatuses"].elements + status["containerStatuses"].elements
        return containers.lazy.compactMap { $0["state"]["waiting"]["reason"].string }.first ?? ""
    }
}

extension PodVolume {
    /// The volumes of interest in a pod's `spec`; a template's generic ephemeral claims are named `-VOLUME`.
    static func volumes(of spec: JSONValue, pod: String) -> [PodVolume] {
        spec["volumes"].elements.compactMap { PodVolume($0, pod: pod) }
    }

    private init?(_ json: JSONValue, pod: String) {
        let name = json["name"].string ?? ""
        if json["emptyDir"].object != nil {
            self = .emptyDir(name: name)
        } else if json["hostPath"].object != nil {
            self = .hostPath(name: name, path: json["hostPath"]["path"].string ?? "")
        } else if json["persistentVolumeClaim"].object != nil {
            self = .claim(name: name, claim: json["persistentVolumeClaim"]["claimName"].string ?? "")
        } else if json["ephemeral"].object != nil {
            self = .claim(name: name, claim: "\(pod)-\(name)")
        } else {
            return nil
        }
    }
}
