public import FleetModel

/// Options of a write.
public struct WriteOptions: Hashable, Sendable {
    /// Every check, no effect.
    public var isDryRun: Bool
    /// The version that the caller read; nil writes whatever the version.
    public var resourceVersion: String?
    /// The UID that the object must have; nil for any.
    public var uid: ObjectUID?

    /// Options; everything omitted asks nothing.
    public init(isDryRun: Bool = false, resourceVersion: String? = nil, uid: ObjectUID? = nil) {
        self.isDryRun = isDryRun
        self.resourceVersion = resourceVersion
        self.uid = uid
    }
}

/// Options of an eviction or a deletion (`DeleteOptions`).
public struct DeleteOptions: Hashable, Sendable {
    /// Every check, no effect.
    public var isDryRun: Bool
    /// `gracePeriodSeconds`; nil keeps the pod's own.
    public var gracePeriodSeconds: Int64?
    /// `preconditions.uid`.
    public var uid: ObjectUID?
    /// `preconditions.resourceVersion`.
    public var resourceVersion: String?
    /// `propagationPolicy: Orphan`: what the object controls stays.
    public var orphansDependents: Bool

    /// Options; everything omitted asks nothing.
    public init(
        isDryRun: Bool = false, gracePeriodSeconds: Int64? = nil, uid: ObjectUID? = nil,
        resourceVersion: String? = nil, orphansDependents: Bool = false
    ) {
        self.isDryRun = isDryRun
        self.gracePeriodSeconds = gracePeriodSeconds
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.orphansDependents = orphansDependents
    }
}

/// What somebody does to the simulated cluster or its hosts.
public enum SimulationCommand: Hashable, Sendable {
    /// One of fleet's own requests.
    case request(ClusterRequest, dryRun: Bool)
    /// Creates an object. Empty UIDs and times are filled in; status is reset as the API resets it.
    case create(SimulationObject, isDryRun: Bool)
    /// Writes metadata and specification of an existing object, or a whole patch's result; status is kept.
    case replace(SimulationObject, WriteOptions)
    /// Writes the status of an existing object (`…/status`); metadata and specification are kept.
    case replaceStatus(SimulationObject, WriteOptions)
    /// Sets `spec.replicas` of a workload (`…/scale`).
    case scale(ObjectIdentity, replicas: Int, WriteOptions)
    /// Deletes an object of any kind; pods gracefully.
    case delete(ObjectIdentity, DeleteOptions)
    /// Evicts a pod (`…/eviction`).
    case evict(ObjectKey, DeleteOptions)
    /// Binds a pod (`…/binding`), as a scheduler of one's own does.
    case bind(ObjectKey, NodeName, isDryRun: Bool)
    /// Does something to the host of a node.
    case host(NodeName, HostAction)
    /// Adds a host that is not, or not yet, a Node.
    case addHost(HostState)
    /// Injects a fault.
    case fault(SimulationFault)
}
