import FleetModel

/// The cordoned Nodes that would take waiting pods, were they not cordoned.
struct CordonedHomes {
    private let world: World
    private let snapshot: ClusterSnapshot
    private let cordoned: [NodeName]

    /// - Parameter retiring: Nodes that will go: no homes either way.
    init(in world: World, besides retiring: Set<NodeName>) {
        self.world = world
        cordoned = world.nodes.values.filter { $0.isCordoned && $0.isReady && !retiring.contains($0.name) }
            .map(\.name).sorted()
        snapshot = cordoned.isEmpty ? ClusterSnapshot() : world.asSnapshot
    }

    private static let most = 3

    /// Those that take one of a workload's pods which wait for a node; at most three.
    func names(for workload: ObjectUID) -> [NodeName] {
        guard !cordoned.isEmpty,
            let pod = world.unreadyPods(of: workload).filter({ $0.nodeName == nil }).min(by: { $0.key < $1.key })
        else { return [] }
        var opened = snapshot
        opened.nodes = snapshot.nodes.map { $0.isCordoned ? $0.asSchedulable : $0 }
        var state = PlacementState(snapshot: opened)
        let demand = state.demand(of: pod)
        var homes: [NodeName] = []
        for name in cordoned where homes.count < Self.most {
            if let index = state.index(of: name), state.objections(to: demand, on: index).isEmpty { homes.append(name) }
        }
        return homes
    }
}
