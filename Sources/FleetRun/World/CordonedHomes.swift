import FleetModel

/// The cordoned Nodes that would take waiting pods, were they not cordoned.
struct CordonedHomes {
    private let world: World
    private let cordoned: [NodeName]
    /// The cluster with every cordon lifted, built once somebody's pod waits: that looks at every pod of the cluster.
    private var state: PlacementState?
    /// For how many workloads it was asked so far.
    private var looks = 0

    /// - Parameter retiring: Nodes that will go: no homes either way.
    init(in world: World, besides retiring: Set<NodeName>) {
        self.world = world
        cordoned = world.nodes.values.filter { $0.isCordoned && $0.isReady && !retiring.contains($0.name) }
            .map(\.name).sorted()
    }

    private static let most = 3

    /// How many workloads are looked at: whoever mends the first ones mends the others with them, and a run that has
    /// hundreds of them must not stand still meanwhile.
    static let mostWorkloads = 5

    /// Those that take one of a workload's pods which wait for a node; at most three, and none beyond the fifth workload.
    mutating func names(for workload: ObjectUID) -> [NodeName] {
        guard !cordoned.isEmpty, looks < Self.mostWorkloads,
            let pod = world.unreadyPods(of: workload).filter({ $0.nodeName == nil }).min(by: { $0.key < $1.key })
        else { return [] }
        looks += 1
        if state == nil { state = PlacementState(snapshot: opened) }
        guard let demand = state?.demand(of: pod) else { return [] }
        var homes: [NodeName] = []
        for name in cordoned where homes.count < Self.most {
            guard let index = state?.index(of: name) else { continue }
            if state?.objections(to: demand, on: index).isEmpty == true { homes.append(name) }
        }
        return homes
    }

    private var opened: ClusterSnapshot {
        var snapshot = world.asSnapshot
        snapshot.nodes = snapshot.nodes.map { $0.isCordoned ? $0.asSchedulable : $0 }
        return snapshot
    }
}
