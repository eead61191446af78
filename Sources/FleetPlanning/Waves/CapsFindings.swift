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
        judgePools(&groups)
        if plan.policy.parallelism < 1 {
            groups.add(.blocker, .capsUnreachable, on: "parallelism", "0 hosts may be worked on at once")
        }
    }

    private func judgePools(_ groups: inout FindingGroups) {
        let known = Dictionary(plan.targets.map { ($0.node, $0.pool) }, uniquingKeysWith: { first, _ in first })
        let nodes = Dictionary(grouping: nodes) { known[$0.name] ?? $0.pool }
        let leaving = Dictionary(grouping: plan.leavers, by: \.pool)
        if let bound = plan.policy.maxUnavailablePerPool {
            for (pool, targets) in leaving.sorted(by: { $0.key?.rawValue ?? "" < $1.key?.rawValue ?? "" }) {
                guard let pool, let members = nodes[pool] else { continue }
                judge("max_unavailable_per_pool", bound, of: members, targets: targets, " in pool \(pool)", &groups)
            }
        }
        for (pool, least) in plan.policy.minAvailable.sorted(by: { $0.key < $1.key }) {
            guard let targets = leaving[pool] else { continue }
            keep(least, of: nodes[pool] ?? [], pool, targets, &groups)
        }
    }

    /// A replacement brings its own; whatever else takes nodes out must leave as many as were agreed (R2).
    private func keep(
        _ least: Int, of members: [Node], _ pool: Pool, _ targets: [PlanTarget], _ groups: inout FindingGroups
    ) {
        let own = Set(targets.map(\.node))
        let available = members.count { !$0.isCordoned && $0.isReady || own.contains($0.name) }
        let comesBack = request.steps.contains(where: \.uncordons)
        let spare = available - least + (request.playbook.spares == nil ? 0 : targets.count)
        guard spare < (comesBack ? 1 : targets.count) else { return }
        groups.add(
            .blocker, .capsUnreachable, on: "min_available",
            "pool \(pool) keeps \(least) nodes and has \(available) that are available: \(max(0, spare)) of its \(targets.count) targets may go",
            remedy: "bring nodes into the pool first, lower min_available, or narrow --limit")
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
