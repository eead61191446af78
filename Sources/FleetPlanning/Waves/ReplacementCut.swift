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
        var unused = UnusedSpares(spares)
        let surge = SurgeBounds(cut.policy, leaving: leaving)
        for leavers in cut.waves(of: leaving).flatMap({ surge.portions(of: $0.targets) }) {
            var newcomers: [PlanTarget] = []
            // Those of a pool first, so that one of none takes nobody's.
            for leaver in leavers.filter({ $0.pool != nil }) + leavers.filter({ $0.pool == nil }) {
                if let spare = unused.take(for: leaver) {
                    newcomers.append(spare)
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

/// Spare hosts that came in for nobody yet, by where they are interchangeable, in the inventory's order.
private struct UnusedSpares {
    private let spares: [PlanTarget]
    /// Positions by place, the first last.
    private var places: [ReplacementCut.Place: [Int]]

    init(_ spares: [PlanTarget]) {
        self.spares = spares
        places = Dictionary(grouping: spares.indices.reversed()) {
            ReplacementCut.Place(zone: spares[$0].zone, pool: spares[$0].pool)
        }
    }

    /// The first of the node's zone and pool, else the first that is interchangeable with it; nil where none is left.
    mutating func take(for leaver: PlanTarget) -> PlanTarget? {
        let exact = ReplacementCut.Place(zone: leaver.zone, pool: leaver.pool)
        if let position = places[exact]?.popLast() { return spares[position] }
        let others = places.filter { place, left in
            guard place.zone == leaver.zone, let first = left.last else { return false }
            return leaver.isInterchangeable(with: spares[first])
        }
        guard let place = others.min(by: { $0.value.last ?? .max < $1.value.last ?? .max })?.key else { return nil }
        return places[place]?.popLast().map { spares[$0] }
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
