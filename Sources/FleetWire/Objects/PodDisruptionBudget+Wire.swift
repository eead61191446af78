public import FleetModel

extension PodDisruptionBudget {
    /// A decoded `policy/v1` PodDisruptionBudget.
    public init(_ json: JSONValue) throws(WireFormatError) {
        let metadata = try ObjectMetadata(json, kind: "PodDisruptionBudget")
        let spec = json["spec"]
        let status = json["status"]
        let condition = json.condition("DisruptionAllowed")
        let policy = spec["unhealthyPodEvictionPolicy"].string.flatMap(UnhealthyPodEvictionPolicy.init(rawValue:))
        self.init(
            key: metadata.key,
            uid: metadata.uid,
            resourceVersion: metadata.resourceVersion,
            labels: metadata.labels,
            annotations: metadata.annotations,
            selector: LabelSelector(spec["selector"]),
            minAvailable: CountOrPercent(spec["minAvailable"]),
            maxUnavailable: CountOrPercent(spec["maxUnavailable"]),
            unhealthyPodEvictionPolicy: policy ?? .ifHealthyBudget,
            generation: metadata.generation,
            observedGeneration: status["observedGeneration"].int64 ?? 0,
            disruptionsAllowed: status["disruptionsAllowed"].int32 ?? 0,
            currentHealthy: status["currentHealthy"].int32 ?? 0,
            desiredHealthy: status["desiredHealthy"].int32 ?? 0,
            expectedPods: status["expectedPods"].int32 ?? 0,
            disruptedPods: status["disruptedPods"].strings.compactMapValues(Timestamp.parse),
            syncFailure: condition["reason"].string == "SyncFailed" ? condition["message"].string ?? "" : nil
        )
    }
}

extension CountOrPercent {
    /// An `IntOrString`, within what the API allows (no more than 100 %); nil when it is absent or neither a number nor a percentage.
    public init?(_ json: JSONValue) {
        if let count = json.int32 {
            self = .count(max(0, count))
        } else if let text = json.string, text.hasSuffix("%"), let percent = Int(text.dropLast()) {
            self = .percent(min(100, max(0, percent)))
        } else {
            return nil
        }
    }

    /// The wire form: a number, or a string with a percent sign.
    public var json: JSONValue {
        switch self {
        case .count(let count): .int(count)
        case .percent(let percent): .string("\(percent)%")
        }
    }
}
