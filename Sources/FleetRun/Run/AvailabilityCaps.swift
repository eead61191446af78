import FleetModel
import FleetPlanning

/// Whether one more node may be taken in hand: the cluster's, the zone's and the run's own bounds (safety rule 18).
///
/// A node is unavailable while it is not Ready, cordoned, quarantined or in hand, whoever caused it. Deleted nodes do
/// not count.
struct AvailabilityCaps {
    private var unavailable: Set<NodeName>
    private var byZone: [Zone?: Int] = [:]
    private var total: Int
    private var nodesInZone: [Zone?: Int] = [:]
    private var inHand: Int
    private let zoneOf: [NodeName: Zone?]
    private let policy: WavePolicy

    init(world: World, state: RunState, policy: WavePolicy) {
        self.policy = policy
        inHand = state.working.count
        total = world.nodes.count
        zoneOf = world.nodes.mapValues(\.zone)
        unavailable = Set(world.nodes.values.filter { $0.isCordoned || !$0.isReady }.map(\.name))
        unavailable.formUnion(state.working.union(state.setAside).filter { world.nodes[$0] != nil })
        for zone in zoneOf.values { nodesInZone[zone, default: 0] += 1 }
        for name in unavailable { byZone[zoneOf[name] ?? nil, default: 0] += 1 }
    }

    /// Why the node may not be taken now; nil when it may.
    func refusal(of target: PlanTarget) -> String? {
        if inHand >= policy.parallelism { return "parallelism \(policy.parallelism) is used up" }
        guard let zone = zoneOf[target.node], !unavailable.contains(target.node) else { return nil }
        let cap = Self.bound(policy.maxUnavailable, of: total)
        if unavailable.count >= cap {
            return "max_unavailable \(policy.maxUnavailable) of \(total) nodes permits \(cap), and \(unavailable.count) are unavailable (\(names(unavailable)))"
        }
        let zoneCap = Self.bound(policy.maxUnavailablePerZone, of: nodesInZone[zone] ?? 0)
        let out = byZone[zone] ?? 0
        guard out >= zoneCap else { return nil }
        let inZone = unavailable.filter { zoneOf[$0] == .some(zone) }
        return "max_unavailable_per_zone permits \(zoneCap) in zone \(zone?.rawValue ?? "(none)"), and \(out) are unavailable (\(names(inZone)))"
    }

    /// Counts the node as in hand.
    mutating func take(_ target: PlanTarget) {
        inHand += 1
        guard let zone = zoneOf[target.node], unavailable.insert(target.node).inserted else { return }
        byZone[zone, default: 0] += 1
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
