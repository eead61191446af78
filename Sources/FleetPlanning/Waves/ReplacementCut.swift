import FleetModel

/// Cuts a replacement into pairs of waves: new nodes come in, then as many old ones of the same zones and pools go (R1,
/// R2, R4).
///
/// A wave begins only after the one before it is finished and has soaked, so that no zone and no pool ever has fewer
/// nodes than before the replacement.
struct ReplacementCut {
    /// Where nodes are interchangeable.
    struct Place: Hashable {
        var zone: Zone?
        var pool: Pool?
    }

    /// The waves, numbered from 1.
    private(set) var waves: [PlannedWave] = []
    /// How many spare hosts each zone and pool lacks.
    private(set) var shortage: [Place: Int] = [:]

    /// Pairs each leaving node with the first unused spare host of its zone and pool; one whose pool nobody knows stands
    /// in where none of the pool is left.
    init(_ cut: WaveCut, leaving: [PlanTarget], spares: [PlanTarget]) {
        var unused = spares
        let surge = SurgeBounds(cut.policy, leaving: leaving)
        for leavers in cut.waves(of: leaving).flatMap({ surge.portions(of: $0.targets) }) {
            var newcomers: [PlanTarget] = []
            // Those of a pool first, so that one of none takes nobody's.
            for leaver in leavers.filter({ $0.pool != nil }) + leavers.filter({ $0.pool == nil }) {
                let exact = unused.firstIndex { $0.zone == leaver.zone && $0.pool == leaver.pool }
                if let place = exact ?? unused.firstIndex(where: leaver.isInterchangeable) {
                    newcomers.append(unused.remove(at: place))
                } else {
                    shortage[Place(zone: leaver.zone, pool: leaver.pool), default: 0] += 1
                }
            }
            for targets in [newcomers, leavers] where !targets.isEmpty {
                waves.append(PlannedWave(number: waves.count + 1, targets: targets))
            }
        }
    }
}

/// How many new nodes may be in beyond the agreed number: all in all, in a zone, in a pool (R2).
private struct SurgeBounds {
    private let policy: WavePolicy
    private let total: Int
    private let byZone: [Zone?: Int]
    private let byPool: [Pool?: Int]

    init(_ policy: WavePolicy, leaving: [PlanTarget]) {
        self.policy = policy
        total = leaving.count
        byZone = Dictionary(grouping: leaving, by: \.zone).mapValues(\.count)
        byPool = Dictionary(grouping: leaving, by: \.pool).mapValues(\.count)
    }

    /// A wave in portions that keep to the bounds, in order.
    func portions(of targets: [PlanTarget]) -> [[PlanTarget]] {
        var portions: [[PlanTarget]] = []
        for target in targets {
            if let last = portions.last, fits(target, beside: last) {
                portions[portions.count - 1].append(target)
            } else {
                portions.append([target])
            }
        }
        return portions
    }

    private func fits(_ target: PlanTarget, beside others: [PlanTarget]) -> Bool {
        func isWithin(_ bound: CountOrPercent?, of total: Int, _ count: Int) -> Bool {
            bound.map { count < CapsFindings.cap($0, of: total) } ?? true
        }
        return isWithin(policy.maxSurge, of: total, others.count)
            && isWithin(
                policy.maxSurgePerZone, of: byZone[target.zone] ?? 0, others.count { $0.zone == target.zone })
            && isWithin(
                policy.maxSurgePerPool, of: byPool[target.pool] ?? 0, others.count { $0.pool == target.pool })
    }
}

extension [PlannedWave] {
    /// The waves of nodes that leave; numbers stay.
    var leaving: [PlannedWave] { filter { !($0.targets.first?.isNewcomer ?? false) } }
}
