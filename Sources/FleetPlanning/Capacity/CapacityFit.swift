import FleetModel

/// Whether the pods that leave fit elsewhere, wave by wave (D2): kube-scheduler's filters on a copy of the cluster.
///
/// A wave's nodes are all cordoned at once, its pods placed one by one, large ones first: on nodes that no later wave
/// takes, then, where nothing else is left, on nodes of later waves, from which they move again. Where nodes come back,
/// only as many as the caps permit are out at once, and those before them take pods again. In a replacement the nodes
/// that come in take pods as soon as their wave is done: as they are, or as the inventory says that they will be.
struct CapacityFit {
    /// Nodes that are tried one after the other, so that pods spread over them.
    private struct Ring {
        private(set) var nodes: [Int]
        private var gone: Set<Int> = []
        var cursor = 0
        /// Pods that none of the nodes takes as things stand.
        var exhausted: Set<PlacementDemand> = []

        init(_ nodes: [Int]) { self.nodes = nodes }

        mutating func add(_ node: Int) {
            if gone.remove(node) == nil { nodes.append(node) }
        }

        /// Takes nodes out; they are passed over until half of the ring is gone.
        mutating func remove(_ nodes: [Int]) {
            gone.formUnion(nodes)
            guard gone.count * 2 > self.nodes.count else { return }
            self.nodes.removeAll(where: gone.contains)
            (gone, cursor) = ([], 0)
        }

        func holds(_ node: Int) -> Bool { gone.isEmpty || !gone.contains(node) }
    }

    private let index: ClusterIndex
    private let waves: [PlannedWave]
    private let policy: EvictionPolicy
    private let outages: OutageRounds
    private let request: PlanRequest
    private let spares: [String: Host]
    /// The most that any node has.
    private let most: Resources
    private let removesNodes: Bool
    private let returnsNodes: Bool
    private var state = PlacementState()
    /// What each pod of the snapshot demands; nil for pods that take no room.
    private var demands: [PlacementDemand?] = []
    private var staying = Ring([])
    private var later = Ring([])
    /// Nodes that come in, of which nothing is known but what the inventory says: each as it would be at best.
    private var expected: [Int: Node] = [:]
    /// Pods of earlier waves, by the node of a later wave that took them.
    private var guests: [Int: [Int]] = [:]
    /// The pods that were taken from the node that they are on, by position.
    private var moved: [Bool] = []

    init(_ request: PlanRequest, _ index: ClusterIndex, _ waves: [PlannedWave]) {
        self.index = index
        self.waves = waves
        policy = request.playbook.evictions
        self.request = request
        spares = Dictionary(request.spares.map { ($0.name.rawValue, $0) }, uniquingKeysWith: { first, _ in first })
        outages = OutageRounds(request.playbook.waves, index, waves.leaving.flatMap(\.targets))
        most = index.snapshot.nodes.reduce(.zero) { $0.maximum($1.allocatable) }
        removesNodes = request.steps.contains(where: \.deletesNode)
        returnsNodes = request.steps.contains(where: \.uncordons)
        fill()
        later = Ring(waves.leaving.flatMap(\.targets).compactMap { state.index(of: $0.node) })
        let own = Set(later.nodes)
        staying = Ring((0..<state.indexLimit).filter { !own.contains($0) })
    }

    mutating func place(_ judgement: PodJudgement, into groups: inout FindingGroups) {
        for (place, wave) in waves.enumerated() {
            if wave.targets.first?.isNewcomer == true {
                bringIn(wave.targets, for: place + 1 < waves.count ? waves[place + 1].targets : [])
                continue
            }
            for round in returnsNodes && !removesNodes ? outages.rounds(of: wave.targets) : [wave.targets] {
                let nodes = round.compactMap { state.index(of: $0.node) }
                later.remove(nodes)
                let leaving = takeOut(round, judgement)
                report(settle(leaving), wave.number, &groups)
                for node in nodes { retire(node) }
            }
        }
    }

    /// Nodes come in before those that they replace leave, each with the DaemonSet pods that its kind has.
    private mutating func bringIn(_ newcomers: [PlanTarget], for leavers: [PlanTarget]) {
        var unpaired = leavers
        for newcomer in newcomers where state.index(of: newcomer.node) == nil {
            let pair = unpaired.firstIndex(where: newcomer.isInterchangeable) ?? unpaired.startIndex
            guard pair < unpaired.endIndex, let old = index.nodes[unpaired.remove(at: pair).node] else { continue }
            let newNode = ExpectedNode(newcomer, spares[newcomer.host], like: old, request.steps)
            let position = state.add(newNode.node)
            for daemon in index.positions(on: old.name) where index.snapshot.pods[daemon].isDaemon {
                if let demand = demands[daemon] { state.assume(demand, on: position) }
            }
            staying.add(position)
            expected[position] = newNode.atBest
        }
    }

    private mutating func fill() {
        let snapshot = index.snapshot
        for node in snapshot.nodes { state.add(node) }
        for volume in snapshot.volumes { state.set(volume) }
        for claim in snapshot.claims { state.set(claim) }
        demands = Array(repeating: nil, count: snapshot.pods.count)
        moved = Array(repeating: false, count: snapshot.pods.count)
        // Pods of one controller look alike: comparing them costs less than finding each one's class.
        var siblings: [ObjectUID: (pod: Pod, demand: PlacementDemand)] = [:]
        for name in snapshot.nodes.map({ $0.name }) {
            guard let node = state.index(of: name) else { continue }
            for position in index.positions(on: name) where demands[position] == nil {
                let pod = snapshot.pods[position]
                if pod.isFinished { continue }
                let sibling = pod.controller.flatMap { siblings[$0.uid] }
                let isAlike = sibling.map { $0.pod.demandsTheSame(as: pod) } ?? false
                let demand = isAlike ? sibling?.demand ?? state.demand(of: pod) : state.demand(of: pod)
                if !isAlike, let owner = pod.controller { siblings[owner.uid] = (pod, demand) }
                state.assume(demand, on: node, isTerminating: pod.isTerminating)
                demands[position] = demand
            }
        }
    }

    // MARK: - Nodes

    /// Cordons targets' nodes, takes away the pods that leave them, and returns those.
    private mutating func takeOut(_ targets: [PlanTarget], _ judgement: PodJudgement) -> [Int] {
        var leaving: [Int] = []
        for target in targets {
            let node = state.index(of: target.node)
            for move in judgement.moves(from: target.node) where move.needsHome {
                if let node { forget(move.position, on: node) }
                moved[move.position] = true
                leaving.append(move.position)
            }
        }
        for node in targets.compactMap({ state.index(of: $0.node) }) {
            setCordon(node, true)
            for guest in guests.removeValue(forKey: node) ?? [] {
                forget(guest, on: node)
                leaving.append(guest)
            }
        }
        return leaving
    }

    private mutating func retire(_ node: Int) {
        guard let name = state.node(at: node)?.name else { return }
        if removesNodes {
            for position in index.positions(on: name) where !moved[position] { forget(position, on: node) }
            state.remove(name)
        } else if returnsNodes, index.nodes[name]?.isCordoned != true {
            setCordon(node, false)
            staying.add(node)
        }
    }

    private mutating func forget(_ position: Int, on node: Int) {
        guard let demand = demands[position] else { return }
        state.forget(demand, on: node, isTerminating: index.snapshot.pods[position].isTerminating)
    }

    private mutating func setCordon(_ node: Int, _ isCordoned: Bool) {
        guard var object = state.node(at: node), object.isCordoned != isCordoned else { return }
        object.isCordoned = isCordoned
        state.add(object)
    }

    // MARK: - Pods

    /// Places pods, and returns those that fit nowhere.
    ///
    /// Each placement may make room for another pod's spread or affinity, so what did not fit is tried again as long
    /// as that helps.
    private mutating func settle(_ positions: [Int]) -> [Int] {
        var homeless = largestFirst(positions)
        while true {
            (staying.exhausted, later.exhausted) = ([], [])
            let left = homeless.filter { !findsHome($0) }
            if left.isEmpty || left.count == homeless.count { return left }
            homeless = left
        }
    }

    /// Small pods find the gaps that large ones leave, and not the other way round.
    private func largestFirst(_ positions: [Int]) -> [Int] {
        let sizes = positions.map { position in
            let requests = index.snapshot.pods[position].requests
            return max(
                Double(requests.milliCPU) / Double(max(1, most.milliCPU)),
                Double(requests.memory) / Double(max(1, most.memory)))
        }
        return positions.indices.sorted { (-sizes[$0], $0) < (-sizes[$1], $1) }.map { positions[$0] }
    }

    private mutating func findsHome(_ position: Int) -> Bool {
        guard let demand = demands[position] else { return true }
        if staying.exhausted.contains(demand), later.exhausted.contains(demand) { return false }
        let probe = state.probe(demand)
        if let node = Self.next(&staying, &state, probe, demand) {
            state.assume(demand, on: node)
            return true
        }
        guard let node = Self.next(&later, &state, probe, demand) else { return false }
        state.assume(demand, on: node)
        guests[node, default: []].append(position)
        return true
    }

    /// The ring's next node that takes the pod.
    private static func next(
        _ ring: inout Ring, _ state: inout PlacementState, _ probe: PlacementProbe, _ demand: PlacementDemand
    ) -> Int? {
        if ring.exhausted.contains(demand) { return nil }
        for step in ring.nodes.indices {
            let position = (ring.cursor + step) % ring.nodes.count
            let node = ring.nodes[position]
            guard ring.holds(node), state.accepts(probe, node) else { continue }
            ring.cursor = position + 1
            return node
        }
        ring.exhausted.insert(demand)
        return nil
    }

    // MARK: - Findings

    private mutating func report(_ homeless: [Int], _ wave: Int, _ groups: inout FindingGroups) {
        if homeless.isEmpty { return }
        let nodes = (0..<state.indexLimit).filter { state.node(at: $0) != nil }
        var reasons: [PlacementDemand: String] = [:]
        let guessed = guesses(Set(homeless.compactMap { demands[$0] }))
        for position in homeless {
            guard let demand = demands[position] else { continue }
            let reason = reasons[demand] ?? words(for: demand, nodes)
            reasons[demand] = reason
            refuse(index.snapshot.pods[position], reason, wave, isGuess: guessed.contains(demand), &groups)
        }
    }

    /// The demands that a node which comes in might meet after all: size, labels and taints are the inventory's word.
    ///
    /// What none of them would take at its best is sure: pods of another zone, of the old host's name or disk.
    private mutating func guesses(_ homeless: Set<PlacementDemand>) -> Set<PlacementDemand> {
        var asTold: [Node] = []
        for (position, best) in expected {
            guard let node = state.node(at: position) else { continue }
            asTold.append(node)
            state.add(best)
        }
        if asTold.isEmpty { return [] }
        let positions = Array(expected.keys)
        var met: Set<PlacementDemand> = []
        for demand in homeless {
            let probe = state.probe(demand)
            if positions.contains(where: { state.accepts(probe, $0) }) { met.insert(demand) }
        }
        for node in asTold { state.add(node) }
        return met
    }

    /// The scheduler's own sentence about the nodes that are left.
    private mutating func words(for demand: PlacementDemand, _ nodes: [Int]) -> String {
        let probe = state.probe(demand)
        if probe.isGated { return PlacementRejection.gatedMessage }
        var counts: [PlacementRejection: Int] = [:]
        for node in nodes {
            for rejection in state.rejections(probe, node) { counts[rejection, default: 0] += 1 }
        }
        // Pods that tolerate the cordon: no filter speaks against the nodes that they are to leave.
        if counts.isEmpty {
            return "only nodes of the same wave would take them: they tolerate the cordon"
        }
        return PlacementRejection.message(counts, nodes: nodes.count)
    }

    private func refuse(
        _ pod: Pod, _ reason: String, _ wave: Int, isGuess: Bool, _ groups: inout FindingGroups
    ) {
        let workload = index.workload(of: pod)
        let isAgreed = workload.map { policy.downtime.contains($0.reference.key) } ?? false
        let remedy =
            isAgreed
            ? "a downtime is agreed for it"
            : isGuess
                ? "as far as the inventory tells of the new nodes: give them room and the labels that the filters name; a run that begins with wave \(wave), once they are in, judges them as they are, and is refused where this holds"
                : "add nodes first, free what the filters name, or take fewer nodes"
        groups.add(
            isAgreed || isGuess ? .warning : .blocker, .doesNotFit, on: index.subject(of: pod),
            "wave \(wave): its pods would find no node: \(reason)",
            remedy: remedy, item: pod.key.description)
    }
}

extension Pod {
    /// Whether filters cannot tell the pods apart.
    fileprivate func demandsTheSame(as other: Pod) -> Bool {
        self.key.namespace == other.key.namespace && self.volumes.isEmpty && other.volumes.isEmpty
            && self.requests == other.requests && self.labels == other.labels
            && self.constraints == other.constraints
    }
}
