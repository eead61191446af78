/// A machine of the inventory: how it is reached, and where it belongs.
public struct Host: Hashable, Sendable {
    /// The inventory name.
    public var name: HostName
    /// Every group that holds it, directly or through children, sorted, without `all`.
    public var groups: [String]
    /// What the inventory says of it, templates unresolved.
    public var variables: HostVariables
    /// How it is reached.
    public var connection: ConnectionSettings
    /// The inventory's `zone`; nil falls back to the Node's label.
    public var zone: Zone?
    /// The inventory's `pool`; nil falls back to the Node's label.
    public var pool: Pool?
    /// The Node's name: `kubernetes_node`, else the inventory name (safety rule 4).
    public var node: NodeName
    /// Labels that its Node should carry: `labels`, else Kubespray's `node_labels`.
    public var labels: [String: String]
    /// Taints that its Node should carry: `taints`, else Kubespray's `node_taints`.
    public var taints: [Taint]
    /// Why its settings cannot be used, each with file and line; a run that needs the host must refuse it.
    public var problems: [String]

    /// A host; everything omitted is empty, and its Node has its name.
    public init(
        name: HostName, groups: [String] = [], variables: HostVariables = HostVariables(),
        connection: ConnectionSettings? = nil, zone: Zone? = nil, pool: Pool? = nil, node: NodeName? = nil,
        labels: [String: String] = [:], taints: [Taint] = [], problems: [String] = []
    ) {
        self.name = name
        self.groups = groups
        self.variables = variables
        self.connection = connection ?? ConnectionSettings(address: name.rawValue)
        self.zone = zone
        self.pool = pool
        self.node = node ?? NodeName(name.rawValue)
        self.labels = labels
        self.taints = taints
        self.problems = problems
    }
}
