public import FleetModel

extension LabelSelector {
    /// The selector of a decoded object; nil when it is absent or `null`.
    public init?(_ json: JSONValue) {
        guard json.object != nil else { return nil }
        self.init(
            matchLabels: json["matchLabels"].strings,
            matchExpressions: json["matchExpressions"].elements.compactMap(SelectorRequirement.init(_:))
        )
    }

    /// The wire form; empty parts are omitted.
    public var json: JSONValue {
        var result = JSONValue.object(JSONObject())
        if !matchLabels.isEmpty { result["matchLabels"] = JSONValue(matchLabels) }
        if !matchExpressions.isEmpty { result["matchExpressions"] = .array(matchExpressions.map(\.json)) }
        return result
    }
}

extension SelectorRequirement {
    /// A requirement of a decoded selector; nil when its operator is unknown.
    public init?(_ json: JSONValue) {
        guard let key = json["key"].string, let operation = json["operator"].string.flatMap(Operation.init(rawValue:))
        else { return nil }
        self.init(key, operation, json["values"].elements.compactMap(\.string))
    }

    /// The wire form; absent values are omitted.
    public var json: JSONValue {
        var result: JSONValue = ["key": .string(key), "operator": .string(operation.rawValue)]
        if !values.isEmpty { result["values"] = .array(values.map(JSONValue.string)) }
        return result
    }
}
