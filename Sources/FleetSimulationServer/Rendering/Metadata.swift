import FleetModel
import FleetWire

/// Metadata that every modelled kind shares.
enum MetadataRendering {
    /// Overlays a modelled object's metadata.
    static func overlay(
        _ json: inout JSONValue, apiVersion: String, kind: String, key: ObjectKey, uid: ObjectUID,
        labels: [String: String], annotations: [String: String]
    ) {
        json["kind"] = .string(kind)
        json["apiVersion"] = .string(apiVersion)
        var metadata = json["metadata"]
        metadata["name"] = .string(key.name)
        if !key.namespace.isEmpty { metadata["namespace"] = .string(key.namespace) }
        metadata["uid"] = .string(uid.rawValue)
        if metadata["labels"].strings != labels { metadata.set(JSONValue(labels).nonEmpty, at: "labels") }
        if metadata["annotations"].strings != annotations {
            metadata.set(JSONValue(annotations).nonEmpty, at: "annotations")
        }
        json["metadata"] = metadata
    }

    /// Overlays the owner with `controller: true`, where none is written yet.
    static func overlay(controller: ControllerReference?, _ json: inout JSONValue) {
        guard let controller, json["metadata"]["ownerReferences"].elements.isEmpty else { return }
        json["metadata"]["ownerReferences"] = [
            [
                "apiVersion": .string(controller.apiVersion), "kind": .string(controller.kind),
                "name": .string(controller.name), "uid": .string(controller.uid.rawValue), "controller": true,
                "blockOwnerDeletion": true,
            ]
        ]
    }

    /// Writes `creationTimestamp` where it is missing.
    static func overlay(createdAt: Instant, _ json: inout JSONValue) {
        if json["metadata"]["creationTimestamp"].isNull {
            json["metadata"]["creationTimestamp"] = .string(Timestamp.text(createdAt))
        }
    }
}

/// `status.conditions`.
enum ConditionRendering {
    /// Writes a condition; `lastTransitionTime` moves only when the status flips.
    static func set(
        _ json: inout JSONValue, _ type: String, _ status: String, reason: String? = nil, message: String? = nil,
        more: [(String, JSONValue)] = [], now: Instant
    ) {
        var conditions = json["status"]["conditions"].elements
        let position = conditions.firstIndex { $0["type"].string == type }
        var condition: JSONValue = position.map { conditions[$0] } ?? ["type": .string(type)]
        if condition["status"].string != status {
            condition["status"] = .string(status)
            for (key, value) in more where condition[key].isNull { condition[key] = value }
            condition["lastTransitionTime"] = .string(Timestamp.text(now))
        }
        for (key, value) in more where key == "observedGeneration" { condition[key] = value }
        condition.set(reason.map { .string($0) }, at: "reason")
        condition.set(message.map { .string($0) }, at: "message")
        if let position { conditions[position] = condition } else { conditions.append(condition) }
        json["status"]["conditions"] = .array(conditions)
    }

    /// Removes a condition.
    static func remove(_ json: inout JSONValue, _ type: String) {
        let conditions = json["status"]["conditions"].elements
        guard conditions.contains(where: { $0["type"].string == type }) else { return }
        json["status"]["conditions"] = .array(conditions.filter { $0["type"].string != type })
    }
}
