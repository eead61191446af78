import FleetModel
import FleetWire

/// Rules of workloads.
enum WorkloadRules {
    /// What is wrong with a workload.
    static func validate(_ json: JSONValue) -> [FieldError] {
        var errors: [FieldError] = []
        if let replicas = json["spec"]["replicas"].int64, replicas < 0 {
            errors.append(.invalid("spec.replicas", "\(replicas)", "must be greater than or equal to 0"))
        }
        let labels = json["spec"]["template"]["metadata"]["labels"].strings
        guard let selector = LabelSelector(json["spec"]["selector"]) else {
            return errors + [.required("spec.selector")]
        }
        if !selector.matches(labels) {
            errors.append(
                .invalid(
                    "spec.template.metadata.labels", JSONValue(labels).description,
                    "`selector` does not match template `labels`"))
        }
        return errors
    }
}
