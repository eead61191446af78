/// Hosts and groups, in the order in which the sources named them.
public struct Inventory: Hashable, Sendable {
    /// Every host, in the order of its first mention.
    public let hosts: [Host]
    /// Every group; `all` and `ungrouped` come first and always exist.
    public let groups: [InventoryGroup]
    private let hostIndices: [HostName: Int]
    private let groupIndices: [String: Int]

    /// Indexes hosts and groups; of two with one name the first counts.
    public init(hosts: [Host] = [], groups: [InventoryGroup] = []) {
        self.hosts = hosts
        self.groups = groups
        hostIndices = Dictionary(hosts.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        groupIndices = Dictionary(groups.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The host of a name.
    public subscript(host name: HostName) -> Host? { hostIndices[name].map { hosts[$0] } }
    /// The group of a name.
    public subscript(group name: String) -> InventoryGroup? { groupIndices[name].map { groups[$0] } }

    /// The hosts of a group and of all groups below it, each once: the group's own first, then its children's, level by
    /// level, as Ansible orders them.
    ///
    /// Empty for an unknown group.
    public func hosts(inGroup name: String) -> [Host] {
        var found: [Host] = []
        var seenHosts: Set<HostName> = []
        for group in descendants(of: name) {
            for host in group.hosts where seenHosts.insert(host).inserted {
                if let host = self[host: host] { found.append(host) }
            }
        }
        return found
    }

    /// The group and all groups below it, level by level, each once.
    public func descendants(of name: String) -> [InventoryGroup] {
        var found: [InventoryGroup] = []
        var seen: Set<String> = [name]
        var level = [name]
        while !level.isEmpty {
            let groups = level.compactMap { self[group: $0] }
            found += groups
            level = groups.flatMap(\.children).filter { seen.insert($0).inserted }
        }
        return found
    }
}
