import FleetModel

/// Every pod on some targets judged once: what to say of them, and which of them move.
struct PodJudgement {
    /// What is to be said of the pods, in the order of the targets.
    let findings: FindingGroups
    private let moves: [NodeName: [PodMove]]

    init(of targets: [PlanTarget], _ request: PlanRequest, _ index: ClusterIndex) {
        var pods = PodFindings(request, index)
        var findings = FindingGroups()
        moves = pods.moves(of: targets, into: &findings)
        self.findings = findings
    }

    /// The pods that leave some targets, all as if they went in one wave.
    func moves(of targets: [PlanTarget]) -> [PodMove] {
        moves(in: [PlannedWave(number: 1, targets: targets)])
    }

    /// The pods that leave, wave by wave.
    func moves(in waves: [PlannedWave]) -> [PodMove] {
        waves.flatMap { wave in
            wave.targets.flatMap { target in
                (moves[target.node] ?? []).map { move in
                    var move = move
                    move.wave = wave.number
                    return move
                }
            }
        }
    }
}
