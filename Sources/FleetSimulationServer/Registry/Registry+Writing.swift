import FleetModel
import FleetSimulation
import FleetWire

extension APIResource {
    /// The simulation's kind of the resource's objects; nil when only the server keeps them.
    var simulated: SimulationKind? {
        guard let kind = SimulationKind(rawValue: kind), kind.group == group else { return nil }
        return kind
    }

    /// Whether status is written at its own path only.
    var hasStatusSubresource: Bool { subresources.contains { $0.name == "status" } }

    /// An object in the form in which it is stored.
    func storedForm(_ json: JSONValue) -> JSONValue { group == "events.k8s.io" ? EventForms.core(json) : json }

    /// A stored object in the form of this resource's version.
    func shownForm(_ json: JSONValue) -> JSONValue { group == "events.k8s.io" ? EventForms.modern(json) : json }
}

extension Registry {
    /// The stored object of a target; 404 when there is none.
    func stored(_ target: ResourceTarget) throws(APIFailure) -> JSONValue {
        guard let object = store.object(target.resource.storage, target.key) else {
            throw .notFound(target.resource, target.name ?? "")
        }
        return shown(object, target.resource)
    }

    /// An object as readers see it.
    func shown(_ object: StoredDocument, _ resource: APIResource) -> JSONValue {
        guard resource.storage == NodeLease.storage, object.key.namespace == "kube-node-lease" else {
            return object.json
        }
        let node = store.object(StorageKind(.node), StorageKey(namespace: "", name: object.key.name))?.json
        return NodeLease.renewed(object.json, node: node, now: now)
    }

    // MARK: Create

    /// Creates an object; 409 `AlreadyExists` when the name is taken.
    mutating func create(_ target: ResourceTarget, _ sent: JSONValue, isDryRun: Bool) throws(APIFailure) -> JSONValue {
        let resource = target.resource
        var json = resource.storedForm(sent)
        let key = try claimName(target, &json)
        try requireOpenNamespace(target, name: key.name)
        guard store.object(resource.storage, key) == nil else { throw .alreadyExists(resource, key.name) }
        stamp(&json, resource)
        if resource.hasStatusSubresource, let status = ObjectRules.initialStatus(kind: resource.kind) {
            json.set(status.nonEmpty, at: "status")
        }
        ObjectRules.applyDefaults(&json, kind: resource.kind)
        normalise(&json)
        try validate(json, resource, old: nil)
        guard let kind = resource.simulated else {
            if !isDryRun { put(resource.storage, key, json) }
            return store.object(resource.storage, key)?.json ?? json
        }
        let object = try simulationObject(json, kind)
        let shown = try perform(
            .create(object, isDryRun: isDryRun), draft: json, for: ObjectIdentity(kind, key.objectKey),
            isDryRun: isDryRun)
        return shown ?? json
    }

    /// Settles namespace and name of a new object.
    private mutating func claimName(_ target: ResourceTarget, _ json: inout JSONValue) throws(APIFailure) -> StorageKey
    {
        let sent = json["metadata"]["namespace"].string ?? ""
        if !sent.isEmpty, sent != target.namespace {
            throw .badRequest("the namespace of the provided object does not match the namespace sent on the request")
        }
        if target.resource.isNamespaced { json["metadata"]["namespace"] = .string(target.namespace) }
        if let prefix = json["metadata"]["generateName"].string, (json["metadata"]["name"].string ?? "").isEmpty {
            json["metadata"]["name"] = .string(prefix + names.suffix())
        }
        guard let name = json["metadata"]["name"].string, !name.isEmpty else {
            throw .invalid(target.resource, "", [.required("metadata.name", "name or generateName is required")])
        }
        if let wanted = target.name, wanted != name {
            throw .badRequest("the name of the object (\(name)) does not match the name on the URL (\(wanted))")
        }
        return StorageKey(namespace: target.namespace, name: name)
    }

    /// Refuses what is created in a namespace that is missing or going away (semantics 1.2).
    func requireOpenNamespace(_ target: ResourceTarget, name: String) throws(APIFailure) {
        guard target.resource.isNamespaced else { return }
        let namespaces = StorageKind(.namespace)
        guard let namespace = store.object(namespaces, StorageKey(namespace: "", name: target.namespace)) else {
            throw .notFound(ResourceCatalog.namespaces, target.namespace)
        }
        if !namespace.json["metadata"]["deletionTimestamp"].isNull {
            throw .namespaceTerminating(target.resource, name, namespace: target.namespace)
        }
    }

    private mutating func stamp(_ json: inout JSONValue, _ resource: APIResource) {
        var metadata = json["metadata"]
        for key in ["resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "managedFields", "selfLink"] {
            metadata.removeMember(key)
        }
        metadata["uid"] = .string(names.uid().rawValue)
        if resource.hasGeneration { metadata["generation"] = 1 }
        metadata["creationTimestamp"] = .string(Timestamp.text(now))
        json["metadata"] = metadata
        json["kind"] = .string(resource.kind)
        if resource.kind != "Event" { json["apiVersion"] = .string(resource.groupVersion) }
    }

    /// Drops what the server's encoder omits.
    private func normalise(_ json: inout JSONValue) {
        for key in ["labels", "annotations", "finalizers", "ownerReferences", "managedFields"]
        where !json["metadata"][key].isNull && json["metadata"][key].nonEmpty == nil {
            json["metadata"].removeMember(key)
        }
        json["metadata"].removeMember("managedFields")
        if json["kind"] == "Node" {
            if json["spec"]["taints"].nonEmpty == nil { json.set(nil, at: "spec", "taints") }
            if json["spec"]["unschedulable"] != true { json.set(nil, at: "spec", "unschedulable") }
        }
    }

    private func validate(_ json: JSONValue, _ resource: APIResource, old: JSONValue?) throws(APIFailure) {
        let errors = try ObjectRules.validate(json, kind: resource.kind, old: old)
        if !errors.isEmpty { throw .invalid(resource, json["metadata"]["name"].string ?? "", errors) }
    }

    private func simulationObject(_ json: JSONValue, _ kind: SimulationKind) throws(APIFailure) -> SimulationObject {
        do { return try SimulationObject(json, kind: kind) } catch { throw .badRequest(error.message) }
    }

    // MARK: Update

    /// Writes an object whole; a subresource writes only its part.
    mutating func update(_ target: ResourceTarget, _ sent: JSONValue, isDryRun: Bool) throws(APIFailure) -> JSONValue {
        let resource = target.resource
        let old = try stored(target)
        var json = resource.storedForm(sent)
        try checkIdentity(target, json, old)
        json = merged(target, json, old)
        ObjectRules.applyDefaults(&json, kind: resource.kind)
        normalise(&json)
        try validate(json, resource, old: old)
        if let kind = resource.simulated { return try updateSimulated(target, kind, json, isDryRun: isDryRun) }
        if resource.hasGeneration, json["spec"] != old["spec"] {
            json["metadata"]["generation"] = .int((old["metadata"]["generation"].int64 ?? 0) + 1)
        }
        if isDryRun { return json }
        if isReleased(json) {
            remove(resource.storage, target.key)
            return json
        }
        put(resource.storage, target.key, json)
        return try stored(target)
    }

    private mutating func updateSimulated(
        _ target: ResourceTarget, _ kind: SimulationKind, _ json: JSONValue, isDryRun: Bool
    ) throws(APIFailure) -> JSONValue {
        let object = try simulationObject(json, kind)
        let options = WriteOptions(isDryRun: isDryRun)
        let command: SimulationCommand =
            target.subresource == "status" ? .replaceStatus(object, options) : .replace(object, options)
        let shown = try perform(
            command, draft: json, for: ObjectIdentity(kind, target.key.objectKey), isDryRun: isDryRun)
        return shown ?? json
    }

    private func checkIdentity(_ target: ResourceTarget, _ json: JSONValue, _ old: JSONValue) throws(APIFailure) {
        let resource = target.resource
        let name = json["metadata"]["name"].string ?? ""
        guard name == target.name else {
            throw .badRequest(
                "the name of the object (\(name)) does not match the name on the URL (\(target.name ?? ""))")
        }
        let version = json["metadata"]["resourceVersion"].string ?? ""
        if version.isEmpty, !resource.allowsUnconditionalUpdate {
            throw .invalid(
                resource, name, [.invalid("metadata.resourceVersion", "0x0", "must be specified for an update")])
        }
        if !version.isEmpty, version != old["metadata"]["resourceVersion"].string { throw .conflict(resource, name) }
        let uid = json["metadata"]["uid"].string ?? ""
        if !uid.isEmpty, let stored = old["metadata"]["uid"].string, uid != stored {
            var failure = APIFailure.conflict(resource, name)
            failure.status.message =
                "Operation cannot be fulfilled on \(resource.qualifiedName) \"\(name)\": Precondition failed: UID in "
                + "precondition: \(uid), UID in object meta: \(stored)"
            throw failure
        }
    }

    /// The object to store: what the path may write from the one, the rest from the other.
    private func merged(_ target: ResourceTarget, _ sent: JSONValue, _ old: JSONValue) -> JSONValue {
        var json = sent
        if target.subresource == "status" || target.subresource == "approval" {
            json = old
            json.set(sent["status"].nonEmpty, at: "status")
        } else if target.resource.hasStatusSubresource {
            json.set(old.object?["status"], at: "status")
        }
        for key in [
            "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "namespace",
            "generateName",
        ] {
            json.set(old["metadata"].object?[key], at: "metadata", key)
        }
        json["kind"] = old["kind"]
        json["apiVersion"] = old["apiVersion"]
        return json
    }

    /// Whether an object that is being deleted has lost its last finalizer.
    private func isReleased(_ json: JSONValue) -> Bool {
        !json["metadata"]["deletionTimestamp"].isNull && json["metadata"]["finalizers"].elements.isEmpty
    }

    // MARK: Patch

    /// Applies a patch of one of the four types; apply-patch creates what is absent.
    ///
    /// - Returns: the object, and whether it was created.
    mutating func patch(
        _ target: ResourceTarget, _ request: PatchRequest, isDryRun: Bool
    ) throws(APIFailure) -> (JSONValue, isNew: Bool) {
        if request.kind == .apply, store.object(target.resource.storage, target.key) == nil {
            var json = request.patch
            json["metadata"]["name"] = .string(target.name ?? "")
            return (try create(target, json, isDryRun: isDryRun), true)
        }
        let old = target.resource.shownForm(try stored(target))
        let patched = try request.apply(to: old)
        return (try update(target, patched, isDryRun: isDryRun), false)
    }
}
