import FleetModel
import FleetRun
import FleetSimulation

extension Invariants {
    /// No more pods of nodes in hand leave at once than the policy permits, and with `order: zone-by-zone` no workload's
    /// pods leave two zones at once.
    mutating func checkFlight(_ pod: Pod, in simulation: ClusterSimulation) {
        let keepsZonesApart = policy.order == .zoneByZone
        guard evictions.maxInFlight != nil || evictions.maxInFlightPerZone != nil || keepsZonesApart else { return }
        let leaving = simulation.pods.filter { pod in
            accepted.contains(pod.uid) && pod.nodeName.map { inHand.contains($0) } ?? false
        }
        if let most = evictions.maxInFlight, leaving.count > most {
            violate("\(pod.key) was evicted as number \(leaving.count) that is leaving; max_in_flight is \(most)")
        }
        let zone = zone(of: pod, in: simulation)
        if let most = evictions.maxInFlightPerZone {
            let inZone = leaving.count { self.zone(of: $0, in: simulation) == zone }
            if inZone > most {
                violate("\(pod.key) was evicted as number \(inZone) that is leaving its zone; it permits \(most)")
            }
        }
        guard keepsZonesApart else { return }
        let census = Census(simulation)
        guard let workload = census.top(of: pod)?.reference.uid else { return }
        for other in leaving where census.top(of: other)?.reference.uid == workload {
            guard self.zone(of: other, in: simulation) != zone else { continue }
            violate("\(pod.key) was evicted while \(other.key) of another zone was still leaving")
        }
    }

    private func zone(of pod: Pod, in simulation: ClusterSimulation) -> Zone? {
        pod.nodeName.flatMap { simulation.node($0)?.zone }
    }
}
