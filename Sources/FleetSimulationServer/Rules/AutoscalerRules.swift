import FleetWire

/// Rules of HorizontalPodAutoscalers.
enum AutoscalerRules {
    /// What is wrong with an autoscaler.
    static func validate(_ json: JSONValue) -> [FieldError] {
        let (low, high) = (json["spec"]["minReplicas"].int64 ?? 1, json["spec"]["maxReplicas"].int64 ?? 0)
        if high < 1 { return [.invalid("spec.maxReplicas", "\(high)", "must be greater than 0")] }
        if high < low {
            return [.invalid("spec.maxReplicas", "\(high)", "must be greater than or equal to `minReplicas`")]
        }
        return []
    }
}
