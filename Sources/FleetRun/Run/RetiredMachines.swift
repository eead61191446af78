public import FleetModel
public import FleetPlanning

/// Which old machines a provider is asked to delete once a run has ended (R3).
///
/// Only those of nodes that left the cluster: whose every step is done, the deletion of the Node among them. What was set
/// aside, given back or only drained keeps its machine.
public struct RetiredMachines: Sendable {
    private let deletesOld: Bool
    private let deletesNodes: Bool

    /// The machines of a playbook's provider; none where there is no provider, or it keeps the old ones.
    public init(provider: HostProvider?, steps: [PlannedStep]) {
        deletesOld = provider?.deletesOld ?? false
        deletesNodes = steps.contains { $0.step.traits.contains(.deletesNode) && $0.isForNewcomers != true }
    }

    /// The targets whose machines go, in the plan's order; `finished` are the nodes that this plan's runs have finished.
    public func targets(of plan: Plan, finished: Set<NodeName>) -> [PlanTarget] {
        guard deletesOld, deletesNodes else { return [] }
        return plan.leavers.filter { finished.contains($0.node) }
    }
}
