import FleetModel

/// Cuts targets into numbered waves (safety rule 19).
///
/// A wave takes its zones' share in the inventory's order, except that a node that would wait for another of the wave
/// gives its place to the next of its zone that would not, so that a wave's forecast is short.
struct WaveCut {
    /// How far ahead in its zone a place is given away.
    private static let lookahead = 64

    let policy: WavePolicy
    private let isOneByOne: Bool
    private let budgets: SharedBudgets

    /// `oneByOne` is for control-plane hosts, whatever the policy says (safety rule 3).
    init(policy: WavePolicy, oneByOne: Bool, budgets: SharedBudgets = SharedBudgets()) {
        self.policy = policy
        isOneByOne = oneByOne
        self.budgets = budgets
    }

    func waves(of targets: [PlanTarget]) -> [PlannedWave] {
        let lanes = policy.order == .spread ? [Self.spread(targets)] : Self.zones(of: targets)
        var waves: [PlannedWave] = []
        var canary = canarySize(of: targets.count)
        for lane in lanes {
            var rest = Array(lane.indices)
            while !rest.isEmpty {
                let wave = take(canary > 0 ? canary : waveSize(of: targets.count), of: lane, from: &rest)
                waves.append(PlannedWave(number: waves.count + 1, targets: wave))
                canary = 0
            }
        }
        return waves
    }

    /// Takes a wave's targets: of each place's zone the first that waits least for those taken already.
    private func take(_ size: Int, of lane: [PlanTarget], from rest: inout [Int]) -> [PlanTarget] {
        let zones = rest.prefix(size).map { lane[$0].zone }
        var wave = SharedBudgets.Wave()
        return zones.compactMap { zone in
            guard let place = place(in: zone, of: lane, rest, beside: wave) else { return nil }
            let target = lane[rest.remove(at: place)]
            budgets.add(target.node, to: &wave)
            return target
        }
    }

    private func place(in zone: Zone?, of lane: [PlanTarget], _ rest: [Int], beside wave: SharedBudgets.Wave) -> Int? {
        var best: (place: Int, delay: Int)?
        var seen = 0
        for (place, index) in rest.enumerated() where lane[index].zone == zone {
            let delay = budgets.delay(of: lane[index].node, beside: wave)
            if delay < best?.delay ?? .max { best = (place, delay) }
            seen += 1
            if delay == 0 || seen == Self.lookahead { break }
        }
        return best?.place
    }

    private func canarySize(of total: Int) -> Int {
        if isOneByOne { return 1 }
        return policy.hasCanary ? max(1, policy.canary.roundedDown(of: total)) : 0
    }

    private func waveSize(of total: Int) -> Int {
        isOneByOne ? 1 : max(1, policy.size.roundedDown(of: total))
    }

    /// Zones by name, the unknown one last; in a zone the inventory's order.
    static func zones(of targets: [PlanTarget]) -> [[PlanTarget]] {
        let byZone = Dictionary(grouping: targets, by: \.zone)
        let known = byZone.keys.compactMap(\.self).sorted()
        return (known.map(Optional.some) + [nil]).compactMap { byZone[$0] }
    }

    /// All zones shuffled into each other in proportion to their sizes, so that every stretch takes from each evenly.
    static func spread(_ targets: [PlanTarget]) -> [PlanTarget] {
        let zones = zones(of: targets)
        let places = zones.enumerated().flatMap { zone, members in
            members.indices.map { (zone: zone, member: $0, share: 2 * $0 + 1, of: members.count) }
        }
        let sorted = places.sorted { left, right in
            let (a, b) = (left.share * right.of, right.share * left.of)
            return a == b ? (left.zone, left.member) < (right.zone, right.member) : a < b
        }
        return sorted.map { zones[$0.zone][$0.member] }
    }
}
