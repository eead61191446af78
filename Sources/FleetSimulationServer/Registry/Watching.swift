import FleetModel
import FleetWire

/// One watch: what it selects, and what it was told.
struct Watch: Sendable {
    let target: ResourceTarget
    let options: ListOptions

    /// The event that a change is to this watch; nil when it does not concern it.
    ///
    /// An object that comes into the selection is ADDED; one that leaves it is DELETED in its previous state under the
    /// new version (semantics 6.2).
    func event(_ change: StoredChange) -> (type: String, object: JSONValue)? {
        guard change.storage == target.resource.storage else { return nil }
        if let name = target.name, change.object.key.name != name { return nil }
        if !target.namespace.isEmpty, change.object.key.namespace != target.namespace { return nil }
        let isIn = change.kind != .deleted && options.selects(change.object.json)
        let wasIn = change.previous.map { options.selects($0.json) } ?? false
        switch (wasIn, isIn) {
        case (false, true): return ("ADDED", change.object.json)
        case (true, true): return ("MODIFIED", change.object.json)
        case (true, false):
            return ("DELETED", (change.previous ?? change.object).json.withResourceVersion(change.revision))
        case (false, false): return nil
        }
    }

    /// A bookmark of the kind (semantics 6.2).
    func bookmark(revision: Int64, endsInitialEvents: Bool = false) -> JSONValue {
        var metadata: JSONValue = ["resourceVersion": "\(revision)"]
        if endsInitialEvents { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
        var object: JSONValue = [
            "kind": .string(target.resource.kind), "apiVersion": .string(target.resource.groupVersion),
            "metadata": metadata,
        ]
        if target.resource.kind == "Pod" { object["spec"] = ["containers": .null] }
        if target.resource.kind == "Node" { object["spec"] = [:] }
        if ["Pod", "Node"].contains(target.resource.kind) { object["status"] = [:] }
        return object
    }
}

extension Watch {
    /// What an API server over etcd before 3.5.8 tells whoever asks for the state first.
    static let unsupported = APIFailure(
        500, "InternalError",
        "a watch stream was requested by the client but the required storage feature RequestWatchProgress is disabled")
}

extension Registry {
    /// What a watch is told at its start: the state, the changes since its version, or why it cannot start there.
    func beginning(_ watch: Watch) -> [(type: String, object: JSONValue)] {
        let options = watch.options
        let version = options.resourceVersion ?? 0
        if version > 0, options.sendInitialEvents != true {
            guard let changes = store.changes(watch.target.resource.storage, after: version) else {
                return [
                    (
                        "ERROR",
                        APIFailure.expired("too old resource version: \(version) (\(store.compactedRevision))").json
                    )
                ]
            }
            return changes.compactMap(watch.event)
        }
        if options.sendInitialEvents == false { return [] }
        let objects = store.list(watch.target.resource.storage, namespace: watch.target.namespace)
        let named = objects.filter { watch.target.name == nil || $0.key.name == watch.target.name }
        let events = named.filter { options.selects($0.json) }.map { (type: "ADDED", object: $0.json) }
        guard options.allowsBookmarks else { return events }
        return events + [("BOOKMARK", watch.bookmark(revision: store.revision, endsInitialEvents: true))]
    }
}
