public import FleetModel

/// One host of a plan, joined to its Node; what it pins is proved before the first host step (safety rule 2).
public struct PlanTarget: Hashable, Sendable, Codable {
    /// The inventory name.
    public var host: String
    /// The Node's name.
    public var node: NodeName
    /// The Node's UID; nil when the cluster has no such Node.
    public var nodeUID: ObjectUID?
    /// `status.nodeInfo.machineID`; empty when unknown.
    public var machineID: String
    /// `status.nodeInfo.systemUUID`; empty when unknown.
    public var systemUUID: String
    /// The Node's InternalIPs.
    public var internalAddresses: [String]
    /// The zone by the Node's labels, else by the inventory.
    public var zone: Zone?
    /// The pool by the inventory, else by the Node's labels.
    public var pool: Pool?
    /// Whether the Node was cordoned before fleet came.
    public var wasCordoned: Bool
    /// Whether labels, mirror pods or inventory groups make it a control-plane host (safety rule 3).
    public var isControlPlane: Bool
    /// Whether it comes in for another node; nil in plans of other playbooks.
    public var isNewcomer: Bool?

    /// A target; everything omitted is empty or unknown.
    public init(
        host: String, node: NodeName, nodeUID: ObjectUID? = nil, machineID: String = "", systemUUID: String = "",
        internalAddresses: [String] = [], zone: Zone? = nil, pool: Pool? = nil, wasCordoned: Bool = false,
        isControlPlane: Bool = false, isNewcomer: Bool? = nil
    ) {
        self.host = host
        self.node = node
        self.nodeUID = nodeUID
        self.machineID = machineID
        self.systemUUID = systemUUID
        self.internalAddresses = internalAddresses
        self.zone = zone
        self.pool = pool
        self.wasCordoned = wasCordoned
        self.isControlPlane = isControlPlane
        self.isNewcomer = isNewcomer
    }
}
