/// A PersistentVolumeClaim, as far as fleet looks at it.
public struct PersistentVolumeClaim: Hashable, Sendable, Codable {
    /// Namespace and name.
    public var key: ObjectKey
    /// The bound volume; empty while unbound.
    public var volumeName: String
    /// Such as `ReadWriteOnce`.
    public var accessModes: [String]
    /// `spec.storageClassName`.
    public var storageClassName: String

    /// A claim.
    public init(key: ObjectKey, volumeName: String = "", accessModes: [String] = [], storageClassName: String = "") {
        self.key = key
        self.volumeName = volumeName
        self.accessModes = accessModes
        self.storageClassName = storageClassName
    }
}

/// A PersistentVolume, as far as fleet looks at it.
public struct PersistentVolume: Hashable, Sendable, Codable {
    /// The object's name.
    public var name: String
    /// Required node affinity; terms are alternatives; nil means any node.
    public var nodeAffinity: [NodeSelectorTerm]?
    /// True for `local` and `hostPath` volumes: the data stays on one node.
    public var isLocal: Bool
    /// Labels; the deprecated zone labels are honoured by the scheduler.
    public var labels: [String: String]

    /// A volume.
    public init(
        name: String, nodeAffinity: [NodeSelectorTerm]? = nil, isLocal: Bool = false, labels: [String: String] = [:]
    ) {
        self.name = name
        self.nodeAffinity = nodeAffinity
        self.isLocal = isLocal
        self.labels = labels
    }
}

/// A VolumeAttachment.
public struct VolumeAttachment: Hashable, Sendable, Codable {
    /// The object's name.
    public var name: String
    /// The node it attaches to.
    public var nodeName: NodeName
    /// The PersistentVolume; empty for inline volumes.
    public var volumeName: String
    /// `status.attached`.
    public var isAttached: Bool

    /// An attachment.
    public init(name: String, nodeName: NodeName, volumeName: String = "", isAttached: Bool = true) {
        self.name = name
        self.nodeName = nodeName
        self.volumeName = volumeName
        self.isAttached = isAttached
    }
}
