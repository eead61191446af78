/// A Kubernetes Node, as far as fleet looks at it.
public struct Node: SharedObject {
    /// The state of the Ready condition.
    public enum Readiness: String, Sendable, Codable {
        case ready = "True"
        case notReady = "False"
        case unknown = "Unknown"
    }

    /// What it says; its properties are the node's own.
    public struct Content: Hashable, Sendable, Codable {
        /// The object's name.
        public var name: NodeName
        /// The object's UID.
        public var uid: ObjectUID
        /// The version of the last change.
        public var resourceVersion: String
        /// Labels.
        public var labels: [String: String]
        /// Annotations.
        public var annotations: [String: String]
        /// Taints.
        public var taints: [Taint]
        /// `spec.unschedulable`: cordoned.
        public var isCordoned: Bool
        /// The Ready condition; `unknown` when absent.
        public var readiness: Readiness
        /// Whole capacity.
        public var capacity: Resources
        /// What pods may use.
        public var allocatable: Resources
        /// `status.addresses` of type InternalIP.
        public var internalAddresses: [String]
        /// `status.nodeInfo.machineID`; empty when unknown.
        public var machineID: String
        /// `status.nodeInfo.systemUUID`; empty when unknown.
        public var systemUUID: String
        /// `status.nodeInfo.kubeletVersion`; empty when unknown.
        public var kubeletVersion: String
        /// `status.volumesInUse`.
        public var volumesInUse: [String]
        /// `spec.providerID`; empty when absent.
        public var providerID: String
        /// When the object was created.
        public var createdAt: Instant
    }

    /// What this one says.
    public var content: Shared<Content>

    /// One that says this.
    @inlinable public init(content: Shared<Content>) { self.content = content }

    /// A node; everything omitted is empty, Ready and schedulable.
    public init(
        name: NodeName, uid: ObjectUID, resourceVersion: String = "", labels: [String: String] = [:],
        annotations: [String: String] = [:], taints: [Taint] = [], isCordoned: Bool = false,
        readiness: Readiness = .ready, capacity: Resources = .zero, allocatable: Resources = .zero,
        internalAddresses: [String] = [], machineID: String = "", systemUUID: String = "",
        kubeletVersion: String = "", volumesInUse: [String] = [], providerID: String = "", createdAt: Instant = .epoch
    ) {
        content = Shared(
            Content(
                name: name, uid: uid, resourceVersion: resourceVersion, labels: labels, annotations: annotations,
                taints: taints, isCordoned: isCordoned, readiness: readiness, capacity: capacity,
                allocatable: allocatable, internalAddresses: internalAddresses, machineID: machineID,
                systemUUID: systemUUID, kubeletVersion: kubeletVersion, volumesInUse: volumesInUse,
                providerID: providerID, createdAt: createdAt))
    }

    /// The zone by the well-known label `topology.kubernetes.io/zone`; nil when unlabelled.
    public var zone: Zone? { self.labels["topology.kubernetes.io/zone"].map(Zone.init(rawValue:)) }

    /// Whether the kubelet reports Ready.
    public var isReady: Bool { self.readiness == .ready }

    /// Whether a role label makes it a control-plane node.
    public var hasControlPlaneRole: Bool {
        self.labels["node-role.kubernetes.io/control-plane"] != nil
            || self.labels["node-role.kubernetes.io/master"] != nil
    }
}
