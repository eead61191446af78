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

    /// Those of them whose deletion is to be asked for: no machine that a run of the plan saw deleted, since whoever has
    /// its name later is another.
    ///
    /// - Parameters:
    ///   - told: what came of earlier deletions, by the host's name.
    ///   - isAgain: only those whose deletion was asked for before, in vain.
    public func due(
        of plan: Plan, finished: Set<NodeName>, told: [String: Set<OperatorAct.Outcome>] = [:], isAgain: Bool = false
    ) -> [PlanTarget] {
        targets(of: plan, finished: finished).filter { target in
            let outcomes = told[target.host] ?? []
            return !outcomes.contains(.done) && (!isAgain || outcomes.contains(.asked))
        }
    }

    /// Whether a deletion was asked for of which nobody knows that it was done.
    public static func areOwed(_ told: [String: Set<OperatorAct.Outcome>]) -> Bool {
        told.values.contains { $0.contains(.asked) && !$0.contains(.done) }
    }

    /// What becomes of machines that are due, by what cluster and provider show.
    public struct Division: Hashable, Sendable {
        /// The provider deletes them.
        public var deleted: [PlanTarget]
        /// Their Nodes are in the cluster again: they stay for good.
        public var kept: [PlanTarget]
        /// The provider knows them no more.
        public var unlisted: [PlanTarget]

        /// Divides machines.
        ///
        /// - Parameters:
        ///   - nodes: the Nodes that are in the cluster.
        ///   - listed: the hosts that the provider lists.
        public init(_ machines: [PlanTarget], nodes: Set<NodeName>, listed: Set<String>) {
            kept = machines.filter { nodes.contains($0.node) }
            let gone = machines.filter { !nodes.contains($0.node) }
            deleted = gone.filter { listed.contains($0.host) }
            unlisted = gone.filter { !listed.contains($0.host) }
        }
    }
}
