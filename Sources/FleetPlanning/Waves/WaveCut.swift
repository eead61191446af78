import FleetModel

/// Cuts targets into numbered waves (safety rule 19).
struct WaveCut {
    private let policy: WavePolicy
    private let isOneByOne: Bool

    /// `oneByOne` is for control-plane hosts, whatever the policy says (safety rule 3).
    init(policy: WavePolicy, oneByOne: Bool) {
        self.policy = policy
        isOneByOne = oneByOne
    }

    func waves(of targets: [PlanTarget]) -> [PlannedWave] {
        let lanes = policy.order == .spread ? [Self.spread(targets)] : Self.zones(of: targets)
        var waves: [PlannedWave] = []
        var canary = canarySize(of: targets.count)
        for lane in lanes {
            var rest = lane[...]
            while !rest.isEmpty {
                let wave = rest.prefix(canary > 0 ? canary : waveSize(of: targets.count))
                waves.append(PlannedWave(number: waves.count + 1, targets: Array(wave)))
                rest = rest.dropFirst(wave.count)
                canary = 0
            }
        }
        return waves
    }

    private func canarySize(of total: Int) -> Int {
        if isOneByOne { return 1 }
        switch policy.canary {
        case .count(0), .percent(0): return 0
        default: return max(1, policy.canary.roundedDown(of: total))
        }
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
