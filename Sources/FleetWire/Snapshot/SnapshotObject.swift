import FleetModel

/// An object of a snapshot in the making: members that are empty are left out.
struct SnapshotObject {
    private(set) var json: JSONValue

    init(
        _ apiVersion: String, _ kind: String, _ key: ObjectKey, uid: ObjectUID? = nil, resourceVersion: String = "",
        labels: [String: String] = [:], annotations: [String: String] = [:], controller: ControllerReference? = nil,
        createdAt: Instant = .epoch, generation: Int64 = 0
    ) {
        json = ["apiVersion": .string(apiVersion), "kind": .string(kind)]
        set("metadata", "name", .string(key.name))
        set("metadata", "namespace", key.namespace.isEmpty ? nil : .string(key.namespace))
        set("metadata", "uid", .string((uid ?? ObjectUID(key.description)).rawValue))
        set("metadata", "resourceVersion", resourceVersion.isEmpty ? nil : .string(resourceVersion))
        set("metadata", "generation", generation == 0 ? nil : .int(generation))
        set("metadata", "creationTimestamp", createdAt == .epoch ? nil : .string(Timestamp.text(createdAt)))
        set("metadata", "labels", labels.isEmpty ? nil : JSONValue(labels))
        let known = SnapshotDocument.kept(of: annotations)
        set("metadata", "annotations", known.isEmpty ? nil : JSONValue(known))
        set("metadata", "ownerReferences", controller.map { [$0.snapshotJSON] })
    }

    /// Sets a member of a part such as `spec`; nil leaves it out.
    mutating func set(_ part: String, _ key: String, _ value: JSONValue?) {
        if let value { json[part][key] = value }
    }

    /// Adds a condition to the status.
    mutating func addCondition(_ type: String, _ status: String, reason: String = "", message: String = "") {
        var condition: JSONValue = ["type": .string(type), "status": .string(status)]
        if !reason.isEmpty { condition["reason"] = .string(reason) }
        if !message.isEmpty { condition["message"] = .string(message) }
        json["status"]["conditions"] = .array(json["status"]["conditions"].elements + [condition])
    }
}

extension ControllerReference {
    fileprivate var snapshotJSON: JSONValue {
        [
            "apiVersion": .string(apiVersion), "kind": .string(kind), "name": .string(name),
            "uid": .string(uid.rawValue),
            "controller": true,
        ]
    }
}

extension Resources {
    /// The wire form; nil when there is nothing.
    var snapshotJSON: JSONValue? {
        let json = json
        return json.object?.isEmpty == false ? json : nil
    }
}
