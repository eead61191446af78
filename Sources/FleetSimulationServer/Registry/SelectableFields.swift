import FleetWire

/// The fields that a field selector may name, by kind (semantics 4).
enum SelectableFields {
    /// Parses a field selector; a field that the resource does not support is a 400.
    static func selector(_ text: String, for resource: APIResource) throws(APIFailure) -> FieldSelector {
        let selector: FieldSelector
        do { selector = try FieldSelector(parsing: text) } catch { throw .badRequest(error.reason) }
        let supported = supported(resource)
        for term in selector.terms where !supported.contains(term.field) {
            throw .badRequest("field label not supported: \(term.field)")
        }
        return selector
    }

    /// The value of a field in an object.
    static func value(_ field: String, in json: JSONValue) -> String {
        switch field {
        case "spec.unschedulable", "spec.hostNetwork": return path(field, json).bool == true ? "true" : "false"
        case "source": return json["source"]["component"].string ?? json["reportingComponent"].string ?? ""
        case "reportingController": return json["reportingComponent"].string ?? ""
        case "status.podIPs": return json["status"]["podIPs"][0]["ip"].string ?? ""
        default: return text(path(stored(field), json))
        }
    }

    private static func supported(_ resource: APIResource) -> Set<String> {
        let general: Set = resource.isNamespaced ? ["metadata.name", "metadata.namespace"] : ["metadata.name"]
        return general.union(more[resource.kind] ?? [])
    }

    private static let more: [String: Set<String>] = [
        "Node": ["spec.unschedulable"],
        "Pod": [
            "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
            "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName",
        ],
        "Event": [
            "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
            "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
            "reportingComponent", "source", "type", "regarding.kind", "regarding.namespace", "regarding.name",
            "regarding.uid", "reportingController",
        ],
        "Namespace": ["status.phase"], "Secret": ["type"], "Job": ["status.successful"],
        "CertificateSigningRequest": ["spec.signerName"], "ReplicaSet": ["status.replicas"],
        "ReplicationController": ["status.replicas"],
    ]

    /// Events are stored in their core form.
    private static func stored(_ field: String) -> String {
        field.hasPrefix("regarding.") ? "involvedObject." + field.dropFirst("regarding.".count) : field
    }

    private static func path(_ field: String, _ json: JSONValue) -> JSONValue {
        field.split(separator: ".").reduce(json) { $0[String($1)] }
    }

    private static func text(_ value: JSONValue) -> String { value.string ?? value.int64.map { "\($0)" } ?? "" }
}
