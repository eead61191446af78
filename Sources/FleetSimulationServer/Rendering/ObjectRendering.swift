import FleetModel
import FleetSimulation
import FleetWire

/// Simulated objects in wire form, over the JSON that is kept beside them.
struct ObjectRendering {
    /// The virtual time.
    let now: Instant
    /// Other objects, as far as a rendering looks at them.
    let document: (StorageKind, StorageKey) -> JSONValue

    /// The object with the simulated fields laid over the JSON kept beside it.
    func json(_ stored: StoredObject, over base: JSONValue) -> JSONValue {
        let detail = stored.detail
        switch stored.object {
        case .namespace(let namespace): return NamespaceRendering.json(namespace, detail, over: base, now: now)
        case .node(let node): return NodeRendering.json(node, over: base, now: now)
        case .pod(let pod):
            return PodRendering.json(
                pod, detail, over: base, template: base.isNull ? template(pod.controller, pod.key.namespace) : .null,
                node: node(pod.nodeName), now: now)
        case .budget(let budget): return BudgetRendering.json(budget, detail, over: base, now: now)
        case .workload(let workload):
            return WorkloadRendering.json(workload, detail, over: withTemplate(base, of: workload), now: now)
        case .autoscaler(let autoscaler): return AutoscalerRendering.json(autoscaler, detail, over: base)
        case .claim(let claim): return VolumeRendering.json(claim, detail, over: base)
        case .volume(let volume): return VolumeRendering.json(volume, detail, over: base)
        case .attachment(let attachment): return AttachmentRendering.json(attachment, detail, over: base)
        }
    }

    private func node(_ name: NodeName?) -> JSONValue {
        name.map { document(StorageKind(group: "", name: "nodes"), StorageKey(namespace: "", name: $0.rawValue)) }
            ?? .null
    }

    /// The template of a controller that the simulation knows.
    private func template(_ controller: ControllerReference?, _ namespace: String) -> JSONValue {
        guard let controller, let kind = SimulationKind(rawValue: controller.kind) else { return .null }
        let storage = StorageKind(group: kind.group, name: kind.resource)
        return document(storage, StorageKey(namespace: namespace, name: controller.name))["spec"]["template"]
    }

    /// A new ReplicaSet gets the specification's template of its Deployment, with the labels of its own pods.
    private func withTemplate(_ base: JSONValue, of workload: Workload) -> JSONValue {
        guard base.isNull, workload.controller != nil else { return base }
        var template = template(workload.controller, workload.reference.key.namespace)
        guard !template.isNull else { return base }
        if let labels = workload.template?.labels { template["metadata"]["labels"] = JSONValue(labels) }
        return ["spec": ["template": template]]
    }
}

extension StorageKind {
    /// Where objects of a simulated kind are stored.
    init(_ kind: SimulationKind) { self.init(group: kind.group, name: kind.resource) }
}

extension SimulationObject {
    /// The object that a document of a simulated kind describes.
    init(_ json: JSONValue, kind: SimulationKind) throws(WireFormatError) {
        if let workload = kind.workloadKind {
            self = .workload(try Workload(json, kind: workload))
            return
        }
        switch kind {
        case .node: self = .node(try Node(json))
        case .pod: self = .pod(try Pod(json))
        case .budget: self = .budget(try PodDisruptionBudget(json))
        case .autoscaler: self = .autoscaler(try PodAutoscaler(json))
        case .claim: self = .claim(try PersistentVolumeClaim(json))
        case .volume: self = .volume(try PersistentVolume(json))
        case .attachment: self = .attachment(try VolumeAttachment(json))
        default:
            let metadata = try ObjectMetadata(json, kind: "Namespace")
            self = .namespace(SimulatedNamespace(name: metadata.name, uid: metadata.uid, labels: metadata.labels))
        }
    }
}
