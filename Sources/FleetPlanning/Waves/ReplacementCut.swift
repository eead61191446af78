import FleetModel

/// Cuts a replacement into pairs of waves: new nodes come in, then as many old ones in the same zones go (R1, R4).
///
/// A wave begins only after the one before it is finished and has soaked, so that no zone ever has fewer nodes than
/// before the replacement.
struct ReplacementCut {
    /// The waves, numbered from 1.
    private(set) var waves: [PlannedWave] = []
    /// How many spare hosts each zone lacks.
    private(set) var shortage: [Zone?: Int] = [:]

    /// Pairs each leaving node with the first unused spare host of its zone.
    init(_ cut: WaveCut, leaving: [PlanTarget], spares: [PlanTarget]) {
        var unused = Dictionary(grouping: spares, by: \.zone).mapValues { $0[...] }
        for leavers in cut.waves(of: leaving) {
            var newcomers: [PlanTarget] = []
            for leaver in leavers.targets {
                if let spare = unused[leaver.zone]?.popFirst() {
                    newcomers.append(spare)
                } else {
                    shortage[leaver.zone, default: 0] += 1
                }
            }
            for targets in [newcomers, leavers.targets] where !targets.isEmpty {
                waves.append(PlannedWave(number: waves.count + 1, targets: targets))
            }
        }
    }
}

extension [PlannedWave] {
    /// The waves of nodes that leave; numbers stay.
    var leaving: [PlannedWave] { filter { !($0.targets.first?.isNewcomer ?? false) } }
}
