import FleetModel

/// The API's refusals, word for word.
extension SimulationRefusal {
    static func notFound(_ identity: ObjectIdentity) -> SimulationRefusal {
        let details = Details(name: identity.key.name, group: identity.kind.group, kind: identity.kind.resource)
        return SimulationRefusal(
            status: 404, reason: "NotFound",
            message: "\(identity.kind.qualifiedResource) \"\(identity.key.name)\" not found", details: details,
            code: .notFound)
    }

    static func alreadyExists(_ identity: ObjectIdentity) -> SimulationRefusal {
        let details = Details(name: identity.key.name, group: identity.kind.group, kind: identity.kind.resource)
        return SimulationRefusal(
            status: 409, reason: "AlreadyExists",
            message: "\(identity.kind.qualifiedResource) \"\(identity.key.name)\" already exists", details: details,
            code: .alreadyExists)
    }

    /// The object has moved on.
    static func modified(_ identity: ObjectIdentity) -> SimulationRefusal {
        let details = Details(name: identity.key.name, group: identity.kind.group, kind: identity.kind.resource)
        return SimulationRefusal(
            status: 409, reason: "Conflict",
            message: "Operation cannot be fulfilled on \(identity.kind.qualifiedResource) \"\(identity.key.name)\": "
                + "the object has been modified; please apply your changes to the latest version and try again",
            details: details, code: .conflict)
    }

    /// A precondition on UID or version does not hold.
    static func precondition(
        _ identity: ObjectIdentity, _ what: String, wanted: String, found: String
    ) -> SimulationRefusal {
        let kind = identity.kind.rawValue
        let isUID = what == "UID"
        return SimulationRefusal(
            status: 409, reason: "Conflict",
            message: "Operation cannot be fulfilled on \(kind) \"\(identity.key.name)\": the \(what) in the "
                + "precondition (\(wanted)) does not match the \(what) in record (\(found)). The object might have "
                + "been \(isUID ? "deleted and then recreated" : "modified")",
            details: Details(name: identity.key.name, kind: kind), code: isUID ? .replaced : .conflict)
    }

    static func namespaceMissing(_ name: String) -> SimulationRefusal {
        notFound(ObjectIdentity(.namespace, ObjectKey("", name)))
    }

    static func namespaceTerminating(_ identity: ObjectIdentity) -> SimulationRefusal {
        let namespace = identity.key.namespace
        let cause = Cause(
            reason: "NamespaceTerminating", message: "namespace \(namespace) is being terminated",
            field: "metadata.namespace")
        return SimulationRefusal(
            status: 403, reason: "Forbidden",
            message: "\(identity.kind.qualifiedResource) \"\(identity.key.name)\" is forbidden: unable to create new "
                + "content in namespace \(namespace) because it is being terminated",
            details: Details(
                name: identity.key.name, group: identity.kind.group, kind: identity.kind.resource, causes: [cause]),
            code: .namespaceTerminating)
    }

    static func invalid(_ identity: ObjectIdentity, field: String, _ message: String) -> SimulationRefusal {
        let cause = Cause(reason: "FieldValueInvalid", message: message, field: field)
        return SimulationRefusal(
            status: 422, reason: "Invalid",
            message: "\(identity.kind.rawValue) \"\(identity.key.name)\" is invalid: \(field): \(message)",
            details: Details(
                name: identity.key.name, group: identity.kind.group, kind: identity.kind.rawValue, causes: [cause]),
            code: .invalid)
    }

    /// 429 of a budget.
    static func budget(_ cause: String, retryAfterSeconds: Int64? = nil) -> SimulationRefusal {
        SimulationRefusal(
            status: 429, reason: "TooManyRequests",
            message: "Cannot evict pod as it would violate the pod's disruption budget.",
            details: Details(causes: [Cause(reason: "DisruptionBudget", message: cause)]),
            retryAfterSeconds: retryAfterSeconds,
            code: retryAfterSeconds == nil ? .budgetExhausted : .budgetNotObserved)
    }

    static func budgetNotObserved(_ name: String) -> SimulationRefusal {
        budget("The disruption budget \(name) is still being processed by the server.", retryAfterSeconds: 10)
    }

    static let severalBudgets = SimulationRefusal(
        status: 500,
        message: "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
        code: .severalBudgets)

    static func budgetForbidden(_ name: String, _ why: String) -> SimulationRefusal {
        SimulationRefusal(
            status: 403, reason: "Forbidden",
            message: "poddisruptionbudgets.policy \"\(name)\" is forbidden: \(why)",
            details: Details(name: name, group: "policy", kind: "poddisruptionbudget"), code: .forbidden)
    }
}
