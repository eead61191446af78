import FleetModel
import FleetPlanning

/// Whether one more node may be taken in hand: the cluster's, the zone's and the run's own bounds (safety rule 18).
///
/// A node is unavailable while it is not Ready, cordoned, quarantined or in hand, whoever caused it. Deleted nodes do
/// not count.
struct AvailabilityCaps {
    private var unavailable: Set<NodeName>
    private var byZone: [Zone?: Int] = [:]
    private var byPool: [Pool: Int] = [:]
    private var pools: [Pool: Int] = [:]
    private var inHand: Int
    private let world: World
    private let policy: WavePolicy

    private var total: Int { world.nodes.count }

    init(world: World, state: RunState, policy: WavePolicy) {
        self.policy = policy
        self.world = world
        inHand = state.working.count
        unavailable = world.unavailableNodes
        unavailable.formUnion(state.working.union(state.setAside).filter { world.nodes[$0] != nil })
        for name in unavailable { byZone[world.nodes[name]?.zone, default: 0] += 1 }
        guard policy.maxUnavailablePerPool != nil || !policy.minAvailable.isEmpty else { return }
        for node in world.nodes.values {
            guard let pool = state.nodes[node.name]?.target.pool ?? node.pool else { continue }
            pools[pool, default: 0] += 1
            if unavailable.contains(node.name) { byPool[pool, default: 0] += 1 }
        }
    }

    /// Whether another node fits at all: where it does not, no single node needs to be looked at.
    var isFull: Bool { inHand >= policy.parallelism }

    /// Whether the node may be taken now.
    func permits(_ target: PlanTarget) -> Bool {
        if isFull { return false }
        guard let zone = world.nodes[target.node].map(\.zone), !unavailable.contains(target.node) else { return true }
        return unavailable.count < cap && byZone[zone] ?? 0 < cap(in: zone) && poolRefusal(of: target) == nil
    }

    /// Why the node may not be taken now; nil when it may.
    func refusal(of target: PlanTarget) -> String? {
        if isFull { return "parallelism \(policy.parallelism) is used up" }
        guard let node = world.nodes[target.node], !unavailable.contains(target.node) else { return nil }
        let zone = node.zone
        if unavailable.count >= cap {
            return
                "max_unavailable \(policy.maxUnavailable) of \(total) nodes permits \(cap), and \(unavailable.count) are unavailable (\(names(unavailable)))"
        }
        let zoneCap = cap(in: zone)
        let out = byZone[zone] ?? 0
        guard out >= zoneCap else { return poolRefusal(of: target) }
        let inZone = unavailable.filter { world.nodes[$0]?.zone == zone }
        return
            "max_unavailable_per_zone permits \(zoneCap) in zone \(zone?.rawValue ?? "(none)"), and \(out) are unavailable (\(names(inZone)))"
    }

    /// Counts the node as in hand.
    mutating func take(_ target: PlanTarget) {
        inHand += 1
        guard let node = world.nodes[target.node], unavailable.insert(target.node).inserted else { return }
        byZone[node.zone, default: 0] += 1
        if let pool = target.pool ?? node.pool { byPool[pool, default: 0] += 1 }
    }

    /// Why the node's pool cannot spare it now; nil when it can, or nothing was agreed (R2).
    private func poolRefusal(of target: PlanTarget) -> String? {
        guard let pool = target.pool ?? world.nodes[target.node]?.pool, let total = pools[pool] else { return nil }
        let out = byPool[pool] ?? 0
        if let bound = policy.maxUnavailablePerPool, out >= Self.bound(bound, of: total) {
            return
                "max_unavailable_per_pool permits \(Self.bound(bound, of: total)) in pool \(pool), and \(out) are unavailable"
        }
        guard let least = policy.minAvailable[pool], total - out <= least else { return nil }
        return "min_available keeps \(least) nodes in pool \(pool), and \(total - out) are available"
    }

    private var cap: Int { Self.bound(policy.maxUnavailable, of: total) }

    private func cap(in zone: Zone?) -> Int {
        Self.bound(policy.maxUnavailablePerZone, of: world.nodesByZone[zone] ?? 0)
    }

    /// The number a bound permits: percentages round down, at least 1.
    private static func bound(_ bound: CountOrPercent, of total: Int) -> Int {
        if case .count(let count) = bound { return count }
        return max(1, bound.roundedDown(of: total))
    }

    private func names(_ nodes: Set<NodeName>) -> String {
        let shown = nodes.sorted().prefix(5).map(\.rawValue).joined(separator: ", ")
        return nodes.count > 5 ? "\(shown) and \(nodes.count - 5) more" : shown
    }
}
