import FleetModel

/// Whether the caps can ever let a wave start (safety rule 18).
struct CapsFindings {
    private let request: PlanRequest
    private let plan: Plan
    private let nodes: [Node]

    init(_ request: PlanRequest, _ index: ClusterIndex, _ plan: Plan) {
        self.request = request
        self.plan = plan
        nodes = index.snapshot.nodes
    }

    func collect(into groups: inout FindingGroups) {
        guard request.retires, !plan.waves.isEmpty else { return }
        judge("max_unavailable", plan.policy.maxUnavailable, of: nodes, targets: plan.targets, "", &groups)
        let byZone = Dictionary(grouping: nodes, by: \.zone)
        for targets in WaveCut.zones(of: plan.targets) {
            guard let zone = targets.first?.zone, let nodes = byZone[zone] else { continue }
            let bound = plan.policy.maxUnavailablePerZone
            judge("max_unavailable_per_zone", bound, of: nodes, targets: targets, " in zone \(zone)", &groups)
        }
        if plan.policy.parallelism < 1 {
            groups.add(.blocker, .capsUnreachable, on: "parallelism", "0 hosts may be worked on at once")
        }
    }

    private func judge(
        _ key: String, _ bound: CountOrPercent, of nodes: [Node], targets: [PlanTarget], _ place: String,
        _ groups: inout FindingGroups
    ) {
        let cap = Self.cap(bound, of: nodes.count)
        let own = Set(targets.map(\.node))
        let others = nodes.filter { ($0.isCordoned || !$0.isReady) && !own.contains($0.name) }.map(\.name.rawValue)
        let permits = "\(key) \(bound) of \(nodes.count) nodes\(place) permits \(cap)"
        if cap == 0 {
            groups.add(.blocker, .capsUnreachable, on: key, "\(permits): no wave can start", remedy: "raise \(key)")
        } else if others.count >= cap {
            groups.add(
                .warning, .capsUnreachable, on: key,
                "\(permits), and \(others.count) others are not Ready or cordoned (\(ShortList.text(others.sorted()))): "
                    + "no wave can start until they are back",
                remedy: "bring them back, or raise \(key)"
            )
        } else if request.leavesNodesCordoned, targets.count > cap - others.count {
            groups.add(
                .blocker, .capsUnreachable, on: key,
                "\(permits), and the playbook leaves its \(targets.count) nodes cordoned: it stops after \(cap - others.count)",
                remedy: "add uncordon or delete_node to the steps, raise \(key), or narrow --limit"
            )
        }
    }

    /// The number a bound permits: percentages round down, at least 1.
    static func cap(_ bound: CountOrPercent, of total: Int) -> Int {
        if case .count(let count) = bound { return count }
        return max(1, bound.roundedDown(of: total))
    }
}
