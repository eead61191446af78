public import FleetModel

extension Node {
    /// A decoded `v1` Node.
    public init(_ json: JSONValue) throws(WireFormatError) {
        let metadata = try ObjectMetadata(json, kind: "Node")
        let spec = json["spec"]
        let status = json["status"]
        let info = status["nodeInfo"]
        self.init(
            name: NodeName(metadata.name),
            uid: metadata.uid,
            resourceVersion: metadata.resourceVersion,
            labels: metadata.labels,
            annotations: metadata.annotations,
            taints: spec["taints"].elements.compactMap(Taint.init(_:)),
            isCordoned: spec["unschedulable"].bool ?? false,
            readiness: json.condition("Ready")["status"].string.flatMap(Readiness.init(rawValue:)) ?? .unknown,
            capacity: Resources(status["capacity"]),
            allocatable: Resources(status["allocatable"]),
            internalAddresses: status["addresses"].elements.filter { $0["type"].string == "InternalIP" }
                .compactMap { $0["address"].string },
            machineID: info["machineID"].string ?? "",
            systemUUID: info["systemUUID"].string ?? "",
            kubeletVersion: info["kubeletVersion"].string ?? "",
            volumesInUse: status["volumesInUse"].elements.compactMap(\.string),
            providerID: spec["providerID"].string ?? "",
            createdAt: metadata.createdAt
        )
    }
}

extension Taint {
    /// A decoded taint; nil when its effect is unknown.
    public init?(_ json: JSONValue) {
        guard let key = json["key"].string, let effect = json["effect"].string.flatMap(TaintEffect.init(rawValue:))
        else { return nil }
        self.init(key: key, value: json["value"].string ?? "", effect: effect)
    }

    /// The wire form; an empty value is omitted.
    public var json: JSONValue {
        var result: JSONValue = ["key": .string(key)]
        if !value.isEmpty { result["value"] = .string(value) }
        result["effect"] = .string(effect.rawValue)
        return result
    }
}
