import FleetWire
import Foundation

/// What the API server does to objects of a kind before it stores them: defaults and validation.
enum ObjectRules {
    /// Fills in what the API defaults when an object is written.
    static func applyDefaults(_ json: inout JSONValue, kind: String) {
        switch kind {
        case "Pod": PodDefaults.apply(to: &json["spec"])
        case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController":
            WorkloadDefaults.apply(to: &json, kind: kind)
        case "HorizontalPodAutoscaler":
            if json["spec"]["minReplicas"].isNull { json["spec"]["minReplicas"] = 1 }
        case "Secret": moveStringData(&json)
        case "Service":
            if json["spec"]["type"].isNull { json["spec"]["type"] = "ClusterIP" }
        default: break
        }
    }

    /// The status that a new object starts with; nil keeps what was sent.
    static func initialStatus(kind: String) -> JSONValue? {
        switch kind {
        case "Pod": ["phase": "Pending", "qosClass": "BestEffort"]
        case "Node", "VolumeAttachment", "Event", "CSINode", "PriorityClass": nil
        case "PodDisruptionBudget":
            ["disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0]
        case "HorizontalPodAutoscaler": ["desiredReplicas": 0, "currentMetrics": .null]
        case "Namespace": ["phase": "Active"]
        default: .emptyObject
        }
    }

    /// What is wrong with an object; a body that cannot be decoded into the kind is thrown as a 400.
    static func validate(_ json: JSONValue, kind: String, old: JSONValue?) throws(APIFailure) -> [FieldError] {
        switch kind {
        case "Node": return NodeRules.validate(json)
        case "Pod": return PodRules.validate(json, old: old)
        case "Lease": return try LeaseRules.validate(json)
        case "Event": return try EventRules.validate(json)
        case "PodDisruptionBudget": return BudgetRules.validate(json)
        case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet": return WorkloadRules.validate(json)
        case "HorizontalPodAutoscaler": return AutoscalerRules.validate(json)
        default: return []
        }
    }

    private static func moveStringData(_ json: inout JSONValue) {
        for (key, text) in json["stringData"].strings.sorted(by: { $0.key < $1.key }) {
            json["data"][key] = .string(Data(text.utf8).base64EncodedString())
        }
        json.removeMember("stringData")
        if json["type"].isNull { json["type"] = "Opaque" }
    }
}
