import FleetModel

/// Every pod on some targets judged once: what to say of them, and which of them move.
struct PodJudgement {
    /// What is to be said of the pods, in the order of the targets.
    let findings: FindingGroups
    /// What limits how many pods may be out at once.
    let lanes: [PodMove.Lane]
    private let moves: [NodeName: [PodMove]]

    init(of targets: [PlanTarget], _ request: PlanRequest, _ index: ClusterIndex) {
        var pods = PodFindings(request, index)
        var findings = FindingGroups()
        moves = pods.moves(of: targets, into: &findings)
        lanes = pods.lanes
        self.findings = findings
    }

    /// The pods that leave a node.
    func moves(from node: NodeName) -> [PodMove] { moves[node] ?? [] }

    /// The pods that leave some targets, in their order.
    func moves(from targets: [PlanTarget]) -> [PodMove] { targets.flatMap { moves(from: $0.node) } }
}
