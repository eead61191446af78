import FleetModel

/// Whether the pods that leave fit elsewhere, wave by wave (D2): kube-scheduler's filters on a copy of the cluster.
///
/// A wave's nodes are all cordoned at once, its pods placed one by one: first on nodes that no later wave takes, then,
/// where nothing else is left, on nodes of later waves, from which they move again.
struct CapacityFit {
    private struct Mover {
        let pod: Pod
        let demand: PlacementDemand
    }

    private let index: ClusterIndex
    private let waves: [PlannedWave]
    private let policy: EvictionPolicy
    private let removesNodes: Bool
    private let returnsNodes: Bool
    private var state: PlacementState
    private var staying: [Int]
    private var later: [Int]
    private var arrived: [Int: [Mover]] = [:]
    private var cursor = 0
    private var moved: Set<ObjectUID> = []
    private var exhausted: Set<PlacementDemand> = []
    private var failures: [PlacementDemand: String] = [:]

    init(_ request: PlanRequest, _ index: ClusterIndex, _ waves: [PlannedWave]) {
        self.index = index
        self.waves = waves
        policy = request.playbook.evictions
        removesNodes = request.steps.contains(where: \.deletesNode)
        returnsNodes = request.steps.contains(where: \.uncordons)
        let state = PlacementState(snapshot: index.snapshot)
        let targets = waves.flatMap(\.targets).compactMap { state.index(of: $0.node) }
        let own = Set(targets)
        staying = (0..<state.indexLimit).filter { state.node(at: $0) != nil && !own.contains($0) }
        later = targets
        self.state = state
    }

    mutating func place(_ moves: [PodMove], into groups: inout FindingGroups) {
        let byWave = Dictionary(grouping: moves.filter(Self.needsHome), by: \.wave)
        for wave in waves {
            let nodes = wave.targets.compactMap { state.index(of: $0.node) }
            later.removeAll(where: Set(nodes).contains)
            let movers = takeOut(byWave[wave.number] ?? [], from: nodes)
            for mover in settle(movers) { refuse(mover, wave.number, &groups) }
            retire(nodes)
        }
    }

    /// Something starts it again, somewhere.
    private static func needsHome(_ move: PodMove) -> Bool {
        move.pod.controller != nil && !move.pod.isFinished && !move.pod.isTerminating
    }

    // MARK: - Nodes

    /// Cordons a wave's nodes and takes away the pods that leave them.
    private mutating func takeOut(_ moves: [PodMove], from nodes: [Int]) -> [Mover] {
        var movers: [Mover] = []
        for move in moves {
            guard let name = move.pod.nodeName, let node = state.index(of: name) else { continue }
            let demand = state.demand(of: move.pod)
            state.forget(demand, on: node)
            moved.insert(move.pod.uid)
            movers.append(Mover(pod: move.pod, demand: demand))
        }
        for node in nodes {
            setCordon(node, true)
            let guests = arrived.removeValue(forKey: node) ?? []
            for guest in guests { state.forget(guest.demand, on: node) }
            movers += guests
        }
        return movers
    }

    private mutating func retire(_ nodes: [Int]) {
        for node in nodes {
            guard let name = state.node(at: node)?.name else { continue }
            if removesNodes {
                remove(name, at: node)
            } else if returnsNodes {
                setCordon(node, false)
                staying.append(node)
            }
        }
    }

    /// Removes a node with the pods that stayed on it.
    private mutating func remove(_ name: NodeName, at node: Int) {
        for pod in index.pods(on: name) where !pod.isFinished && !moved.contains(pod.uid) {
            state.forget(state.demand(of: pod), on: node, isTerminating: pod.isTerminating)
        }
        state.remove(name)
    }

    private mutating func setCordon(_ node: Int, _ isCordoned: Bool) {
        guard var object = state.node(at: node), object.isCordoned != isCordoned else { return }
        object.isCordoned = isCordoned
        state.add(object)
    }

    // MARK: - Pods

    /// Places pods, and returns those that fit nowhere. Each placement may make room for another pod's spread or
    /// affinity, so what did not fit is tried again as long as that helps.
    private mutating func settle(_ movers: [Mover]) -> [Mover] {
        var homeless = movers
        while true {
            (exhausted, failures) = ([], [:])
            let left = homeless.filter { !finds($0) }
            if left.isEmpty || left.count == homeless.count { return left }
            homeless = left
        }
    }

    private mutating func finds(_ mover: Mover) -> Bool {
        if failures[mover.demand] != nil { return false }
        let probe = state.probe(mover.demand)
        if let home = home(for: probe, mover.demand) {
            state.assume(mover.demand, on: home)
            return true
        }
        if let node = later.first(where: { state.accepts(probe, $0) }) {
            state.assume(mover.demand, on: node)
            arrived[node, default: []].append(mover)
            return true
        }
        failures[mover.demand] = words(for: probe)
        return false
    }

    /// The next node that stays and takes the pod.
    private mutating func home(for probe: PlacementProbe, _ demand: PlacementDemand) -> Int? {
        if exhausted.contains(demand) { return nil }
        for step in staying.indices {
            let position = (cursor + step) % staying.count
            guard state.accepts(probe, staying[position]) else { continue }
            cursor = position + 1
            return staying[position]
        }
        exhausted.insert(demand)
        return nil
    }

    private mutating func words(for probe: PlacementProbe) -> String {
        if probe.isGated { return PlacementRejection.gatedMessage }
        var counts: [PlacementRejection: Int] = [:]
        for node in 0..<state.indexLimit where state.node(at: node) != nil {
            for rejection in state.rejections(probe, node) { counts[rejection, default: 0] += 1 }
        }
        return PlacementRejection.message(counts, nodes: state.nodeCount)
    }

    private func refuse(_ mover: Mover, _ wave: Int, _ groups: inout FindingGroups) {
        let workload = index.workload(of: mover.pod)
        let isAgreed = workload.map { policy.downtime.contains($0.reference.key) } ?? false
        groups.add(
            isAgreed ? .warning : .blocker, .doesNotFit, on: index.subject(of: mover.pod),
            "wave \(wave): its pods would find no node: \(failures[mover.demand] ?? "")",
            remedy: isAgreed ? "a downtime is agreed for it" : "add nodes first, free what the filters name, or take fewer nodes",
            item: mover.pod.key.description
        )
    }
}
