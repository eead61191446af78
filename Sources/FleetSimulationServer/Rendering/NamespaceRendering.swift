import FleetModel
import FleetSimulation
import FleetWire

/// Simulated namespaces over the JSON that is kept beside them.
enum NamespaceRendering {
    /// The object with the modelled fields laid over it.
    static func json(
        _ namespace: SimulatedNamespace, _ detail: ObjectDetail, over base: JSONValue, now: Instant
    ) -> JSONValue {
        var json = base
        let labels = namespace.labels.merging(["kubernetes.io/metadata.name": namespace.name]) { first, _ in first }
        MetadataRendering.overlay(
            &json, apiVersion: "v1", kind: "Namespace", key: ObjectKey("", namespace.name), uid: namespace.uid,
            labels: labels, annotations: json["metadata"]["annotations"].strings)
        MetadataRendering.overlay(createdAt: detail.createdAt, &json)
        if json["spec"].isNull { json["spec"] = ["finalizers": ["kubernetes"]] }
        json["status"]["phase"] = namespace.isTerminating ? "Terminating" : "Active"
        if namespace.isTerminating, json["metadata"]["deletionTimestamp"].isNull {
            json["metadata"]["deletionTimestamp"] = .string(Timestamp.text(now))
        }
        return json
    }
}
