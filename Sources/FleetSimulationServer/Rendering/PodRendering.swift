import FleetModel
import FleetSimulation
import FleetWire

/// Modelled Pods over the JSON that is kept beside them.
enum PodRendering {
    /// The object with the modelled fields laid over it.
    ///
    /// - Parameters:
    ///   - base: what is stored for the pod's UID, or null.
    ///   - template: `spec.template` of its controller, or null; it makes the specification of a new pod.
    ///   - node: the Node it is bound to, or null.
    static func json(
        _ pod: Pod, _ detail: ObjectDetail, over base: JSONValue, template: JSONValue, node: JSONValue, now: Instant
    ) -> JSONValue {
        var json = base
        if base.isNull, let prefix = generatedPrefix(pod) { json["metadata"]["generateName"] = .string(prefix) }
        MetadataRendering.overlay(
            &json, apiVersion: "v1", kind: "Pod", key: pod.key, uid: pod.uid, labels: pod.labels,
            annotations: pod.annotations)
        MetadataRendering.overlay(createdAt: pod.createdAt, &json)
        MetadataRendering.overlay(controller: pod.controller, &json)
        overlayDeletion(pod, detail, &json)
        overlaySpec(pod, template, &json)
        overlayStatus(pod, detail, node, &json, now)
        return json
    }

    /// Controllers but the StatefulSet's let the server complete the names of their pods.
    private static func generatedPrefix(_ pod: Pod) -> String? {
        guard let controller = pod.controller, !["StatefulSet", "Node"].contains(controller.kind) else { return nil }
        return pod.key.name.hasPrefix(controller.name + "-") ? controller.name + "-" : nil
    }

    private static func overlayDeletion(_ pod: Pod, _ detail: ObjectDetail, _ json: inout JSONValue) {
        var metadata = json["metadata"]
        metadata.set(pod.finalizers.isEmpty ? nil : .strings(pod.finalizers), at: "finalizers")
        metadata["generation"] = .int(max(1, detail.generation))
        if let deletion = pod.deletionTime {
            metadata["deletionTimestamp"] = .string(Timestamp.text(deletion))
            metadata["deletionGracePeriodSeconds"] = .int(detail.deletionGracePeriodSeconds ?? 0)
        }
        json["metadata"] = metadata
    }

    private static func overlaySpec(_ pod: Pod, _ template: JSONValue, _ json: inout JSONValue) {
        if json["spec"]["containers"].elements.isEmpty {
            json["spec"] = template["spec"].object == nil ? modelled(pod) : template["spec"]
            addVolumes(of: pod, to: &json["spec"])
            PodDefaults.apply(to: &json["spec"])
        }
        json.set(pod.nodeName.map { .string($0.rawValue) }, at: "spec", "nodeName")
    }

    /// What a controller adds to its template: the claims of a StatefulSet's member.
    private static func addVolumes(of pod: Pod, to spec: inout JSONValue) {
        let there = Set(spec["volumes"].elements.compactMap { $0["name"].string })
        let added = pod.volumes.filter { !there.contains(PodSpecRendering.name($0)) }.map(PodSpecRendering.json)
        if !added.isEmpty { spec["volumes"] = .array(added + spec["volumes"].elements) }
    }

    private static func modelled(_ pod: Pod) -> JSONValue {
        PodSpecRendering.spec(
            requests: pod.requests, limits: pod.limits, constraints: pod.constraints, volumes: pod.volumes,
            gracePeriodSeconds: pod.gracePeriodSeconds, priorityClassName: pod.priorityClassName)
    }

    // MARK: Status

    private static func overlayStatus(
        _ pod: Pod, _ detail: ObjectDetail, _ node: JSONValue, _ json: inout JSONValue, _ now: Instant
    ) {
        let started = json["status"]["phase"].string == "Running"
        json["status"]["phase"] = .string(pod.phase.rawValue)
        overlayConditions(pod, detail, &json, now)
        if pod.nodeName != nil, pod.phase == .running, !started { overlayAddresses(pod, node, &json, now) }
        if pod.phase != .pending || !json["status"]["containerStatuses"].elements.isEmpty {
            json["status"]["containerStatuses"] = .array(containers(pod, json, now))
        }
        if json["status"]["qosClass"].isNull { json["status"]["qosClass"] = .string(qualityOfService(json["spec"])) }
    }

    private static func overlayConditions(
        _ pod: Pod, _ detail: ObjectDetail, _ json: inout JSONValue, _ now: Instant
    ) {
        let probe: [(String, JSONValue)] = [("lastProbeTime", .null)]
        func set(_ type: String, _ value: Bool, reason: String? = nil, message: String? = nil) {
            let current = json["status"]["conditions"].elements.first { $0["type"].string == type }
            let status = value ? "True" : "False"
            guard current?["status"].string != status || current?["message"].string != message else { return }
            ConditionRendering.set(&json, type, status, reason: reason, message: message, more: probe, now: now)
        }
        if pod.nodeName == nil {
            if !pod.pendingReason.isEmpty {
                set("PodScheduled", false, reason: "Unschedulable", message: pod.pendingReason)
            }
        } else {
            if pod.phase != .pending { set("Initialized", true) }
            if pod.phase != .pending || pod.isReady {
                let why = pod.isReady ? nil : "containers with unready status: [main]"
                set("Ready", pod.isReady, reason: why.map { _ in "ContainersNotReady" }, message: why)
                set("ContainersReady", pod.isReady, reason: why.map { _ in "ContainersNotReady" }, message: why)
            }
            set("PodScheduled", true)
        }
        if pod.isDisruptionTarget, !isDisruptionTarget(json) {
            let reason = detail.disruptionReason ?? "EvictionByEvictionAPI"
            let isEviction = reason == "EvictionByEvictionAPI"
            set(
                "DisruptionTarget", true, reason: reason,
                message: isEviction ? "Eviction API: evicting" : "Simulated cluster: \(reason)")
        }
        if !pod.isDisruptionTarget, isDisruptionTarget(json) { set("DisruptionTarget", false) }
    }

    private static func isDisruptionTarget(_ json: JSONValue) -> Bool {
        json["status"]["conditions"].elements.contains { $0["type"] == "DisruptionTarget" && $0["status"] == "True" }
    }

    private static func overlayAddresses(_ pod: Pod, _ node: JSONValue, _ json: inout JSONValue, _ now: Instant) {
        let address = podAddress(pod.uid)
        let host = node["status"]["addresses"].elements.first { $0["type"] == "InternalIP" }?["address"].string
        json["status"]["hostIP"] = .string(host ?? "127.0.0.1")
        json["status"]["podIP"] = .string(address)
        json["status"]["podIPs"] = [["ip": .string(address)]]
        json["status"]["startTime"] = .string(Timestamp.text(now))
    }

    /// An address of 10.128.0.0/9 that follows from the UID.
    private static func podAddress(_ uid: ObjectUID) -> String {
        var state: UInt32 = 2_166_136_261
        for byte in uid.rawValue.utf8 { state = (state ^ UInt32(byte)) &* 16_777_619 }
        return "10.\(128 + state >> 16 & 127).\(state >> 8 & 255).\(1 + state % 254)"
    }

    private static func containers(_ pod: Pod, _ json: JSONValue, _ now: Instant) -> [JSONValue] {
        let written = json["status"]["containerStatuses"].elements
        return json["spec"]["containers"].elements.map { container in
            let name = container["name"]
            var status =
                written.first { $0["name"] == name }
                ?? [
                    "name": name, "lastState": [:], "restartCount": 0, "image": container["image"],
                    "imageID": container["image"],
                ]
            status["ready"] = .bool(pod.isReady)
            status["started"] = .bool(pod.phase == .running)
            let state = pod.isFinished ? "terminated" : pod.phase == .running ? "running" : "waiting"
            if status["state"][state].isNull {
                status["state"] = [:]; status["state"][state] = details(pod, state, now)
            }
            return status
        }
    }

    private static func details(_ pod: Pod, _ state: String, _ now: Instant) -> JSONValue {
        switch state {
        case "running": ["startedAt": .string(Timestamp.text(now))]
        case "terminated":
            [
                "exitCode": pod.phase == .failed ? 1 : 0, "reason": pod.phase == .failed ? "Error" : "Completed",
                "finishedAt": .string(Timestamp.text(now)),
            ]
        default: ["reason": .string(pod.pendingReason.isEmpty ? "ContainerCreating" : pod.pendingReason)]
        }
    }

    private static func qualityOfService(_ spec: JSONValue) -> String {
        let containers = spec["containers"].elements
        if containers.allSatisfy({
            $0["resources"]["requests"].nonEmpty == nil && $0["resources"]["limits"].nonEmpty == nil
        }) {
            return "BestEffort"
        }
        let isGuaranteed = containers.allSatisfy { container in
            let limits = Resources(container["resources"]["limits"])
            return limits.milliCPU > 0 && limits.memory > 0 && Resources(container["resources"]["requests"]) == limits
        }
        return isGuaranteed ? "Guaranteed" : "Burstable"
    }
}
