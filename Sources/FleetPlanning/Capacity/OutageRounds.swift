import FleetModel

/// Which targets of a wave are out together where nodes come back: as many as the caps, the pools' and `parallelism`
/// permit beside nodes that are out already (safety rule 18).
struct OutageRounds {
    private let caps: WavePolicy
    private let total: Int
    private let zoneSizes: [Zone?: Int]
    private let poolSizes: [Pool: Int]
    /// Nodes that are out already and not the plan's.
    private let others: Int
    private let othersByZone: [Zone?: Int]
    private let othersByPool: [Pool: Int]

    init(_ caps: WavePolicy, _ index: ClusterIndex, _ targets: [PlanTarget]) {
        self.caps = caps
        let nodes = index.snapshot.nodes
        total = nodes.count
        let known = Dictionary(targets.map { ($0.node, $0.pool) }, uniquingKeysWith: { first, _ in first })
        let others = nodes.filter { ($0.isCordoned || !$0.isReady) && known[$0.name] == nil }
        self.others = others.count
        zoneSizes = Dictionary(nodes.map { ($0.zone, 1) }, uniquingKeysWith: +)
        othersByZone = Dictionary(others.map { ($0.zone, 1) }, uniquingKeysWith: +)
        func byPool(_ nodes: [Node]) -> [Pool: Int] {
            Dictionary(nodes.compactMap { known[$0.name] ?? $0.pool }.map { ($0, 1) }, uniquingKeysWith: +)
        }
        poolSizes = byPool(nodes)
        othersByPool = byPool(others)
    }

    /// A wave's targets in rounds of at least one, each target in the first that has room for it, in order.
    func rounds(of targets: [PlanTarget]) -> [[PlanTarget]] {
        let inAll = min(caps.parallelism, CapsFindings.cap(caps.maxUnavailable, of: total) - others)
        guard inAll > 1 else { return targets.map { [$0] } }
        var left = Array(targets.indices)
        var rounds: [[PlanTarget]] = []
        while !left.isEmpty {
            var round: [Int] = []
            var kept: [Int] = []
            var (byZone, byPool) = (othersByZone, othersByPool)
            for (place, position) in left.enumerated() {
                if round.count == inAll {
                    kept += left[place...]
                    break
                }
                let target = targets[position]
                guard round.isEmpty || hasRoom(for: target, byZone, byPool) else {
                    kept.append(position)
                    continue
                }
                byZone[target.zone, default: 0] += 1
                if let pool = target.pool { byPool[pool, default: 0] += 1 }
                round.append(position)
            }
            rounds.append(round.map { targets[$0] })
            left = kept
        }
        return rounds
    }

    private func hasRoom(for target: PlanTarget, _ byZone: [Zone?: Int], _ byPool: [Pool: Int]) -> Bool {
        let inZone = CapsFindings.cap(caps.maxUnavailablePerZone, of: zoneSizes[target.zone] ?? 0)
        guard byZone[target.zone, default: 0] < inZone else { return false }
        guard let pool = target.pool, let size = poolSizes[pool] else { return true }
        let out = byPool[pool, default: 0]
        if let bound = caps.maxUnavailablePerPool, out >= CapsFindings.cap(bound, of: size) { return false }
        return caps.minAvailable[pool].map { size - out > $0 } ?? true
    }
}
