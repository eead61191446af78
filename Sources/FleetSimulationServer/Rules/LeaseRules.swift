import FleetWire

/// Rules of Leases.
enum LeaseRules {
    /// What is wrong with a Lease; times that are no MicroTime do not decode (semantics 0).
    static func validate(_ json: JSONValue) throws(APIFailure) -> [FieldError] {
        for field in ["acquireTime", "renewTime"] {
            try MicroTime.check(json["spec"][field], kind: "Lease", version: "coordination.k8s.io/v1")
        }
        var errors: [FieldError] = []
        if let duration = json["spec"]["leaseDurationSeconds"].int64, duration <= 0 {
            errors.append(.invalid("spec.leaseDurationSeconds", "\(duration)", "must be greater than 0"))
        }
        if let transitions = json["spec"]["leaseTransitions"].int64, transitions < 0 {
            errors.append(
                .invalid("spec.leaseTransitions", "\(transitions)", "must be greater than or equal to 0"))
        }
        return errors
    }
}
