/// A group of hosts and of other groups.
public struct InventoryGroup: Hashable, Sendable {
    /// The name.
    public var name: String
    /// Groups directly below, in the order in which they were added.
    public var children: [String]
    /// Groups directly above.
    public var parents: [String]
    /// Hosts directly in the group, in the order in which they were added.
    public var hosts: [HostName]
    /// Edges from `all` on the longest way; deeper groups' variables win.
    public var depth: Int
    /// `ansible_group_priority`: among groups of one depth the higher wins; 1 unless said otherwise.
    public var priority: Int
    /// The group's own variables, of the inventory and of `group_vars`.
    public var variables: VariableMapping

    /// A group; everything omitted is empty.
    public init(
        name: String, children: [String] = [], parents: [String] = [], hosts: [HostName] = [], depth: Int = 0,
        priority: Int = 1, variables: VariableMapping = [:]
    ) {
        self.name = name
        self.children = children
        self.parents = parents
        self.hosts = hosts
        self.depth = depth
        self.priority = priority
        self.variables = variables
    }
}
