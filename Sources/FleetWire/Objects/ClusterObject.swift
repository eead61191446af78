public import FleetModel

/// An object of the API that fleet looks at.
public enum ClusterObject: Hashable, Sendable {
    case node(Node)
    case pod(Pod)
    case budget(PodDisruptionBudget)
    case workload(Workload)
    case autoscaler(PodAutoscaler)
    case claim(PersistentVolumeClaim)
    case volume(PersistentVolume)
    case attachment(VolumeAttachment)

    /// Decodes an object by its kind; nil for kinds that fleet does not look at.
    ///
    /// - Parameter kind: the kind of a list's items, which do not state their own; by default the object's `kind`.
    public init?(_ json: JSONValue, kind: String? = nil) throws(WireFormatError) {
        guard let kind = kind ?? json["kind"].string else { throw WireFormatError("an object without kind") }
        switch kind {
        case "Node": self = .node(try Node(json))
        case "Pod": self = .pod(try Pod(json))
        case "PodDisruptionBudget": self = .budget(try PodDisruptionBudget(json))
        case "HorizontalPodAutoscaler": self = .autoscaler(try PodAutoscaler(json))
        case "PersistentVolumeClaim": self = .claim(try PersistentVolumeClaim(json))
        case "PersistentVolume": self = .volume(try PersistentVolume(json))
        case "VolumeAttachment": self = .attachment(try VolumeAttachment(json))
        default:
            guard let kind = WorkloadKind(rawValue: kind) else { return nil }
            self = .workload(try Workload(json, kind: kind))
        }
    }

    /// What a watch reports when the object is new or changed; nil for kinds that are only listed.
    public var change: ClusterChange? {
        switch self {
        case .node(let node): .node(node)
        case .pod(let pod): .pod(pod)
        case .budget(let budget): .budget(budget)
        case .workload(let workload): .workload(workload)
        case .autoscaler(let autoscaler): .autoscaler(autoscaler)
        case .attachment(let attachment): .attachment(attachment)
        case .claim, .volume: nil
        }
    }

    /// What a watch reports when the object is gone; nil for kinds that are only listed.
    public var deletion: ClusterChange? {
        switch self {
        case .node(let node): .nodeDeleted(node.name, uid: node.uid)
        case .pod(let pod): .podDeleted(pod.reference)
        case .budget(let budget): .budgetDeleted(budget.key)
        case .workload(let workload): .workloadDeleted(workload.reference)
        case .autoscaler(let autoscaler): .autoscalerDeleted(autoscaler.key)
        case .attachment(let attachment): .attachmentDeleted(name: attachment.name)
        case .claim, .volume: nil
        }
    }

    /// Namespace and name.
    public var key: ObjectKey {
        switch self {
        case .node(let node): ObjectKey("", node.name.rawValue)
        case .pod(let pod): pod.key
        case .budget(let budget): budget.key
        case .workload(let workload): workload.reference.key
        case .autoscaler(let autoscaler): autoscaler.key
        case .claim(let claim): claim.key
        case .volume(let volume): ObjectKey("", volume.name)
        case .attachment(let attachment): ObjectKey("", attachment.name)
        }
    }

    /// The UID; nil for kinds whose next bearer of a name is the same to fleet.
    public var uid: ObjectUID? {
        switch self {
        case .node(let node): node.uid
        case .pod(let pod): pod.uid
        case .budget(let budget): budget.uid
        case .workload(let workload): workload.reference.uid
        case .autoscaler(let autoscaler): autoscaler.uid
        case .claim, .volume, .attachment: nil
        }
    }
}

extension ClusterSnapshot {
    /// Adds an object to the list of its kind.
    public mutating func add(_ object: ClusterObject) {
        switch object {
        case .node(let node): nodes.append(node)
        case .pod(let pod): pods.append(pod)
        case .budget(let budget): budgets.append(budget)
        case .workload(let workload): workloads.append(workload)
        case .autoscaler(let autoscaler): autoscalers.append(autoscaler)
        case .claim(let claim): claims.append(claim)
        case .volume(let volume): volumes.append(volume)
        case .attachment(let attachment): attachments.append(attachment)
        }
    }
}
