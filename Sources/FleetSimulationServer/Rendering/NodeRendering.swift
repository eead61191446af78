import FleetModel
import FleetWire

/// Modelled Nodes over the JSON that is kept beside them.
enum NodeRendering {
    /// The object with the modelled fields laid over it.
    static func json(_ node: Node, over base: JSONValue, now: Instant) -> JSONValue {
        var json = base
        MetadataRendering.overlay(
            &json, apiVersion: "v1", kind: "Node", key: ObjectKey("", node.name.rawValue), uid: node.uid,
            labels: node.labels, annotations: node.annotations)
        MetadataRendering.overlay(createdAt: node.createdAt, &json)
        overlaySpec(node, &json, now)
        overlayStatus(node, &json, now)
        return json
    }

    private static func overlaySpec(_ node: Node, _ json: inout JSONValue, _ now: Instant) {
        if json["spec"].isNull { json["spec"] = .emptyObject }
        json.set(node.isCordoned ? true : nil, at: "spec", "unschedulable")
        if !node.providerID.isEmpty { json["spec"]["providerID"] = .string(node.providerID) }
        let written = json["spec"]["taints"].elements
        if written.compactMap(Taint.init) != node.taints {
            let taints = node.taints.map { taint($0, written: written, now: now) }
            json.set(taints.isEmpty ? nil : .array(taints), at: "spec", "taints")
        }
    }

    /// A taint keeps its `timeAdded`; those of the node controllers get one.
    private static func taint(_ taint: Taint, written: [JSONValue], now: Instant) -> JSONValue {
        if let known = written.first(where: { Taint($0) == taint }) { return known }
        var json = taint.json
        if taint.key.hasPrefix("node.kubernetes.io/") { json["timeAdded"] = .string(Timestamp.text(now)) }
        return json
    }

    private static func overlayStatus(_ node: Node, _ json: inout JSONValue, _ now: Instant) {
        var status = json["status"]
        if status.isNull { status = .emptyObject }
        if Resources(status["capacity"]) != node.capacity || status["capacity"].isNull {
            status["capacity"] = node.capacity.json
        }
        if Resources(status["allocatable"]) != node.allocatable || status["allocatable"].isNull {
            status["allocatable"] = node.allocatable.json
        }
        json["status"] = status
        overlayConditions(node, &json, now)
        overlayAddresses(node, &json)
        overlayInfo(node, &json)
        json.set(node.volumesInUse.isEmpty ? nil : .strings(node.volumesInUse), at: "status", "volumesInUse")
    }

    private static func overlayConditions(_ node: Node, _ json: inout JSONValue, _ now: Instant) {
        let isUnknown = node.readiness == .unknown
        for pressure in ["MemoryPressure", "DiskPressure", "PIDPressure"] {
            let healthy =
                "KubeletHas" + (pressure == "DiskPressure" ? "NoDiskPressure" : "Sufficient" + pressure.dropLast(8))
            setCondition(&json, pressure, isUnknown ? "Unknown" : "False", isUnknown ? unknown : (healthy, ""), now)
        }
        let reason =
            switch node.readiness {
            case .ready: ("KubeletReady", "kubelet is posting ready status")
            case .notReady: ("KubeletNotReady", "container runtime is down")
            case .unknown: unknown
            }
        setCondition(&json, "Ready", node.readiness.rawValue, reason, now)
    }

    private static let unknown = ("NodeStatusUnknown", "Kubelet stopped posting node status.")

    private static func setCondition(
        _ json: inout JSONValue, _ type: String, _ status: String, _ why: (reason: String, message: String),
        _ now: Instant
    ) {
        let current = json["status"]["conditions"].elements.first { $0["type"].string == type }
        guard current?["status"].string != status else { return }
        ConditionRendering.set(
            &json, type, status, reason: why.reason, message: why.message,
            more: [("lastHeartbeatTime", .string(Timestamp.text(now)))], now: now)
    }

    private static func overlayAddresses(_ node: Node, _ json: inout JSONValue) {
        let written = json["status"]["addresses"].elements
        let internals = written.filter { $0["type"].string == "InternalIP" }.compactMap { $0["address"].string }
        guard internals != node.internalAddresses || written.isEmpty else { return }
        let others = written.filter { $0["type"].string != "InternalIP" }
        let hostname: [JSONValue] = [["type": "Hostname", "address": .string(node.name.rawValue)]]
        let addresses = node.internalAddresses.map { address -> JSONValue in
            ["type": "InternalIP", "address": .string(address)]
        }
        json["status"]["addresses"] = .array(addresses + (others.isEmpty ? hostname : others))
    }

    private static func overlayInfo(_ node: Node, _ json: inout JSONValue) {
        var info: JSONValue = json["status"]["nodeInfo"].isNull ? defaultInfo : json["status"]["nodeInfo"]
        let modelled = [
            ("machineID", node.machineID), ("systemUUID", node.systemUUID), ("kubeletVersion", node.kubeletVersion),
        ]
        for (key, value) in modelled where !value.isEmpty || info[key].isNull { info[key] = .string(value) }
        json["status"]["nodeInfo"] = info
        if json["status"]["daemonEndpoints"].isNull {
            json["status"]["daemonEndpoints"] = ["kubeletEndpoint": ["Port": 10250]]
        }
    }

    private static let defaultInfo: JSONValue = [
        "bootID": "", "kernelVersion": "6.1.0-sim", "osImage": "Simulated Linux",
        "containerRuntimeVersion": "simulated://1.0", "kubeProxyVersion": "", "operatingSystem": "linux",
        "architecture": "amd64",
    ]
}
