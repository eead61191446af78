/// What other hosts and the cluster must know of one host of the inventory.
public struct InventoryMember: Hashable, Sendable {
    /// The inventory name.
    public var host: String
    /// The Node's name.
    public var node: NodeName
    /// The groups that hold it.
    public var groups: [String]
    /// Its IP address; nil where the inventory has none.
    public var address: String?
    /// The zone by the inventory.
    public var zone: Zone?
    /// Labels that its Node should carry.
    public var labels: [String: String]
    /// Taints that its Node should carry.
    public var taints: [Taint]

    /// A member; everything omitted is empty.
    public init(
        host: String, node: NodeName, groups: [String] = [], address: String? = nil, zone: Zone? = nil,
        labels: [String: String] = [:], taints: [Taint] = []
    ) {
        self.host = host
        self.node = node
        self.groups = groups
        self.address = address
        self.zone = zone
        self.labels = labels
        self.taints = taints
    }
}

extension InventoryMember {
    /// What a host's settings and variables say; its address is `ip`, `access_ip` or the address dialled, as Kubespray
    /// has it, when that is an IP address.
    public init(_ host: Host) {
        let candidates = ["ip", "access_ip"].map { host.variables[$0]?.stringValue } + [host.connection.address]
        self.init(
            host: host.name.rawValue, node: host.node, groups: host.groups,
            address: candidates.lazy.compactMap(\.self).first(where: Self.isAddress), zone: host.zone,
            labels: host.labels, taints: host.taints)
    }

    /// Four numbers with dots, or hexadecimal groups with colons.
    private static func isAddress(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count == 4, parts.allSatisfy({ UInt8($0) != nil }) { return true }
        return text.filter { $0 == ":" }.count >= 2 && text.allSatisfy { $0.isHexDigit || $0 == ":" }
    }
}
