import FleetModel

/// Nodes in the order in which they are tried: zones in turn by name, as kube-scheduler's node tree has it
/// (`pkg/scheduler/backend/cache/node_tree.go`).
///
/// Nodes come and go without the order's being built anew.
struct ZoneTurnOrder: Sendable {
    private struct ZoneNodes: Sendable {
        let name: String
        /// In ascending order.
        var nodes: [Int] = []
    }

    /// How many nodes there are.
    private(set) var count = 0
    private var zones: [ZoneNodes] = []
    private var zoneOfNode: [String?] = []
    /// The node that is tried next: so many nodes of each zone are before it, and so many zones of its row.
    private var row = 0
    private var column = 0
    /// How many nodes the largest zone has.
    private var rows = 0

    var isEmpty: Bool { count == 0 }

    /// A node has come, or moved to another zone.
    mutating func put(_ node: Int, in zone: Zone?) {
        let name = zone?.rawValue ?? ""
        while zoneOfNode.count <= node { zoneOfNode.append(nil) }
        if zoneOfNode[node] == name { return }
        remove(node)
        zoneOfNode[node] = name
        let position = zones.firstIndex { $0.name >= name } ?? zones.endIndex
        if position == zones.endIndex || zones[position].name != name {
            zones.insert(ZoneNodes(name: name), at: position)
        }
        zones[position].nodes.insert(node, at: Self.place(of: node, in: zones[position].nodes))
        count += 1
        rows = max(rows, zones[position].nodes.count)
    }

    /// A node is gone.
    mutating func remove(_ node: Int) {
        guard node < zoneOfNode.count, let name = zoneOfNode[node],
            let position = zones.firstIndex(where: { $0.name == name })
        else { return }
        zoneOfNode[node] = nil
        zones[position].nodes.remove(at: Self.place(of: node, in: zones[position].nodes))
        count -= 1
        rows = zones.reduce(0) { max($0, $1.nodes.count) }
    }

    /// The node whose turn it is; there must be one.
    mutating func next() -> Int {
        while true {
            if column >= zones.count { (row, column) = (row + 1, 0) }
            if row >= rows { (row, column) = (0, 0) }
            let zone = column
            column += 1
            if row < zones[zone].nodes.count { return zones[zone].nodes[row] }
        }
    }

    /// The first place whose node is not less.
    private static func place(of node: Int, in nodes: [Int]) -> Int {
        var (low, high) = (0, nodes.count)
        while low < high {
            let middle = (low + high) / 2
            if nodes[middle] < node { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
