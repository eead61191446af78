import FleetModel
import FleetSimulation
import FleetWire

extension Registry {
    // MARK: Eviction

    /// Evicts a pod under its budgets (semantics 1).
    mutating func evict(_ target: ResourceTarget, _ request: APIRequest) throws(APIFailure) {
        let eviction = try RequestBody.object(
            request.body, kind: "Eviction", groupVersions: ["policy/v1", "policy/v1beta1"], defaulted: true)
        let name = target.name ?? ""
        let namespace = eviction["metadata"]["namespace"].string ?? ""
        if !namespace.isEmpty, namespace != target.namespace {
            throw .badRequest("the namespace of the provided object does not match the namespace sent on the request")
        }
        try requireOpenNamespace(target, name: name)
        guard eviction["metadata"]["name"].string == name else {
            throw .badRequest("name in URL does not match name in Eviction object")
        }
        let options = try evictionOptions(target, eviction["deleteOptions"], request.query)
        try perform(.evict(target.key.objectKey, options), isDryRun: options.isDryRun)
    }

    private func evictionOptions(
        _ target: ResourceTarget, _ options: JSONValue, _ query: [String: String]
    ) throws(APIFailure) -> DeleteOptions {
        let inBody = try DryRun.isSet(options["dryRun"].elements.compactMap(\.string))
        let inQuery = try DryRun.isSet(query["dryRun"].map { [$0] } ?? [])
        if inQuery, !options["dryRun"].elements.isEmpty, !inBody {
            throw .untyped("Non-matching dry-run options in request and content: [All] and []")
        }
        let request = try DeletionRequest(options, query: query)
        return DeleteOptions(
            isDryRun: request.isDryRun, gracePeriodSeconds: request.gracePeriodSeconds,
            uid: request.uid.map { ObjectUID($0) },
            resourceVersion: request.resourceVersion.map { simulatedVersion(of: target, $0) })
    }

    /// The simulation counts versions of its own: a version that is current here is current there.
    private func simulatedVersion(of target: ResourceTarget, _ version: String) -> String {
        let current = store.object(target.resource.storage, target.key)?.revision
        let identity = ObjectIdentity(.pod, target.key.objectKey)
        guard let current, "\(current)" == version, let stored = simulation.stored(identity) else { return "0" }
        return "\(stored.resourceVersion)"
    }

    // MARK: Binding

    /// Binds a pod to a node.
    mutating func bind(_ target: ResourceTarget, _ request: APIRequest, isDryRun: Bool) throws(APIFailure) {
        let binding = try RequestBody.object(request.body, kind: "Binding", groupVersions: ["v1"], defaulted: true)
        guard let node = binding["target"]["name"].string, !node.isEmpty else {
            throw .invalid(target.resource, target.name ?? "", [.required("target.name")])
        }
        try perform(.bind(target.key.objectKey, NodeName(node), isDryRun: isDryRun), isDryRun: isDryRun)
    }

    // MARK: Scale

    /// The Scale of a workload; 404 names the subresource.
    func scale(_ target: ResourceTarget) throws(APIFailure) -> JSONValue {
        guard let object = store.object(target.resource.storage, target.key) else {
            var failure = APIFailure.notFound(target.resource, target.name ?? "")
            failure.status.details?.kind = "\(target.resource.name)/scale"
            throw failure
        }
        return Self.scale(of: object.json)
    }

    private static func scale(of json: JSONValue) -> JSONValue {
        let kept = ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"]
        let metadata = kept.compactMap { key in json["metadata"].object?[key].map { (key, $0) } }
        let selector = json["spec"]["selector"]
        let isBare = selector["matchLabels"].isNull && selector["matchExpressions"].isNull
        let text = isBare ? LabelSelector(matchLabels: selector.strings).text : LabelSelector(selector)?.text ?? ""
        let replicas = json["spec"]["replicas"].int64 ?? 0
        return [
            "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": .object(JSONObject(metadata)),
            "spec": replicas == 0 ? [:] : ["replicas": .int(replicas)],
            "status": ["replicas": .int(json["status"]["replicas"].int64 ?? 0), "selector": .string(text)],
        ]
    }

    /// Writes a Scale; absent replicas mean 0 (semantics 8).
    mutating func updateScale(_ target: ResourceTarget, _ sent: JSONValue, isDryRun: Bool) throws(APIFailure)
        -> JSONValue
    {
        let current = try scale(target)
        let version = sent["metadata"]["resourceVersion"].string ?? ""
        if !version.isEmpty, version != current["metadata"]["resourceVersion"].string {
            throw .conflict(target.resource, target.name ?? "")
        }
        let replicas = sent["spec"]["replicas"].int64 ?? 0
        if replicas < 0 {
            throw .invalid(
                target.resource, target.name ?? "",
                [.invalid("spec.replicas", "\(replicas)", "must be greater than or equal to 0")])
        }
        guard let kind = target.resource.simulated else { throw .methodNotAllowed }
        let command = SimulationCommand.scale(
            ObjectIdentity(kind, target.key.objectKey), replicas: Int(clamping: replicas),
            WriteOptions(isDryRun: isDryRun))
        let shown = try perform(command, isDryRun: isDryRun)
        if let shown { return Self.scale(of: shown) }
        return Self.scale(of: try stored(target))
    }
}
