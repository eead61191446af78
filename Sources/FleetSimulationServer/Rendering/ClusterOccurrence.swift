import FleetModel
import FleetSimulation
import FleetWire

/// Something that a control-plane component or a kubelet would report as an Event.
struct ClusterOccurrence: Sendable {
    let reason: String
    let message: String
    let component: String
    var isWarning = false

    /// Where Events are stored.
    static let storage = StorageKind(group: "", name: "events")

    /// What a change of a Node or Pod brings.
    static func all(_ json: JSONValue, before: JSONValue, kind: SimulationKind) -> [ClusterOccurrence] {
        switch kind {
        case .pod: pod(json, before)
        case .node: node(json, before)
        default: []
        }
    }

    private static func pod(_ json: JSONValue, _ before: JSONValue) -> [ClusterOccurrence] {
        var found: [ClusterOccurrence] = []
        let name = "\(json["metadata"]["namespace"].string ?? "")/\(json["metadata"]["name"].string ?? "")"
        if let node = json["spec"]["nodeName"].string, before["spec"]["nodeName"].isNull {
            found.append(
                ClusterOccurrence(
                    reason: "Scheduled", message: "Successfully assigned \(name) to \(node)",
                    component: "default-scheduler"))
        }
        if let message = unschedulable(json), message != unschedulable(before) {
            found.append(
                ClusterOccurrence(
                    reason: "FailedScheduling", message: message, component: "default-scheduler", isWarning: true))
        }
        if json["status"]["phase"] == "Running", before["status"]["phase"] != "Running" {
            found.append(ClusterOccurrence(reason: "Started", message: "Started container main", component: "kubelet"))
        }
        if !json["metadata"]["deletionTimestamp"].isNull, before["metadata"]["deletionTimestamp"].isNull {
            found.append(ClusterOccurrence(reason: "Killing", message: "Stopping container main", component: "kubelet"))
        }
        return found
    }

    private static func unschedulable(_ json: JSONValue) -> String? {
        let condition = json["status"]["conditions"].elements.first { $0["type"] == "PodScheduled" }
        return condition?["status"] == "False" ? condition?["message"].string : nil
    }

    private static func node(_ json: JSONValue, _ before: JSONValue) -> [ClusterOccurrence] {
        let name = json["metadata"]["name"].string ?? ""
        func status(_ reason: String, _ component: String = "kubelet") -> ClusterOccurrence {
            ClusterOccurrence(reason: reason, message: "Node \(name) status is now: \(reason)", component: component)
        }
        var found: [ClusterOccurrence] = []
        if before.isNull {
            found.append(
                ClusterOccurrence(
                    reason: "RegisteredNode", message: "Node \(name) event: Registered Node \(name) in Controller",
                    component: "node-controller"))
        }
        let (isCordoned, wasCordoned) = (json["spec"]["unschedulable"] == true, before["spec"]["unschedulable"] == true)
        if isCordoned != wasCordoned { found.append(status(isCordoned ? "NodeNotSchedulable" : "NodeSchedulable")) }
        let (isReady, wasReady) = (readiness(json), readiness(before))
        if let isReady, isReady != wasReady {
            found.append(
                isReady == "True" ? status("NodeReady") : status("NodeNotReady", "node-controller"))
        }
        return found
    }

    private static func readiness(_ json: JSONValue) -> String? {
        json["status"]["conditions"].elements.first { $0["type"] == "Ready" }?["status"].string
    }

    /// The Event in its core form.
    func event(about json: JSONValue, name: String, now: Instant) -> JSONValue {
        let metadata = json["metadata"]
        let namespace = metadata["namespace"].isNull ? "default" : metadata["namespace"]
        let time = JSONValue.string(Timestamp.text(now))
        var object: JSONValue = [
            "kind": json["kind"], "name": metadata["name"], "uid": metadata["uid"], "apiVersion": json["apiVersion"],
            "resourceVersion": metadata["resourceVersion"],
        ]
        if !metadata["namespace"].isNull { object["namespace"] = namespace }
        if json["kind"] == "Node" { object["uid"] = metadata["name"] }
        return [
            "kind": "Event", "apiVersion": "v1",
            "metadata": ["name": .string(name), "namespace": namespace, "creationTimestamp": time],
            "involvedObject": object, "reason": .string(reason), "message": .string(message),
            "source": ["component": .string(component)], "firstTimestamp": time, "lastTimestamp": time, "count": 1,
            "type": isWarning ? "Warning" : "Normal", "eventTime": .null, "reportingComponent": .string(component),
            "reportingInstance": "",
        ]
    }
}
