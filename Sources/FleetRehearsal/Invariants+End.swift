import FleetModel
public import FleetRun
public import FleetSimulation

extension Invariants {
    /// What fleet must leave behind once a run is over: nothing temporary, and everybody served (safety rule 21).
    ///
    /// - Parameters:
    ///   - result: How the run ended; after `interrupted` and `paused` temporary changes stay for the run that goes on.
    ///   - simulation: The cluster once it has settled.
    ///   - deletesNodes: Whether the playbook removes the Nodes that it finishes.
    ///   - uncordons: Whether it gives them back.
    public mutating func checkEnd(
        _ result: RunResult, in simulation: ClusterSimulation, deletesNodes: Bool, uncordons: Bool = false
    ) {
        if deletesNodes { checkGone(in: simulation) }
        if uncordons { checkReturned(result, in: simulation) }
        guard result != .interrupted, result != .paused else { return }
        isRolledBack = result == .rolledBack
        checkReplicas(in: simulation)
        checkNodes(in: simulation)
        if result == .done { checkReady(in: simulation) }
        if result == .aborted || result == .rolledBack { checkPutBack(result, in: simulation) }
    }

    private mutating func checkGone(in simulation: ClusterSimulation) {
        for name in finished.sorted() {
            if simulation.node(name) != nil { violate("\(name) is finished and still a Node") }
            let pods = simulation.pods(on: name)
            if !pods.isEmpty { violate("\(name) is finished and \(pods.count) pods are bound to it") }
        }
    }

    /// A node that is finished is schedulable as before, and with the plan's last node its taint is gone everywhere.
    private mutating func checkReturned(_ result: RunResult, in simulation: ClusterSimulation) {
        let cordoned = Set(before.nodes.filter(\.isCordoned).map(\.name))
        for name in finished.sorted() where !cordoned.contains(name) {
            guard let node = simulation.node(name) else {
                violate("\(name) was to come back and is no Node any more")
                continue
            }
            if node.isCordoned { violate("\(name) is finished and still cordoned") }
            if result == .done, !node.taints.isEmpty { violate("\(name) is finished and keeps taints \(node.taints)") }
        }
    }

    private mutating func checkReplicas(in simulation: ClusterSimulation) {
        let wanted = Dictionary(
            before.workloads.map { ($0.reference.uid, $0) }, uniquingKeysWith: { first, _ in first })
        for workload in simulation.workloads where workload.reference.kind != .daemonSet {
            if let old = wanted[workload.reference.uid], old.replicas != workload.replicas {
                violate(
                    "\(workload.reference) has \(workload.replicas) replicas; before the run it had \(old.replicas)")
            }
            if workload.annotations[Compensation.annotation] != nil {
                violate("\(workload.reference) keeps fleet's annotation")
            }
        }
    }

    private mutating func checkNodes(in simulation: ClusterSimulation) {
        let labelled = Set(before.nodes.filter { $0.labels[ExcludeFromLoadBalancersStep.label] != nil }.map(\.name))
        for node in simulation.nodes {
            if node.labels[ExcludeFromLoadBalancersStep.label] != nil, !labelled.contains(node.name) {
                violate("\(node.name) is still excluded from load balancers")
            }
            let isNoted = node.annotations.keys.contains { $0.hasPrefix(Compensation.labelAnnotationPrefix) }
            if isNoted { violate("\(node.name) keeps fleet's annotation") }
            checkQuarantine(of: node)
        }
    }

    /// A run that was ended leaves no taint of its plan; a rollback leaves no cordon where nothing was drained.
    private mutating func checkPutBack(_ result: RunResult, in simulation: ClusterSimulation) {
        for node in simulation.nodes {
            if node.taints.contains(where: { $0.key == "fleet.run/retiring" }) {
                violate("\(node.name) keeps the plan's taint")
            }
            guard result == .rolledBack, node.isCordoned, !drained.contains(node.name) else { continue }
            if before.nodes.contains(where: { $0.name == node.name && !$0.isCordoned }) {
                violate("\(node.name) was cordoned and not drained, and is still cordoned after the rollback")
            }
        }
    }

    private mutating func checkQuarantine(of node: Node) {
        let (step, reason) = (node.labels["fleet.run/quarantined"], node.annotations["fleet.run/quarantine-reason"])
        if (step == nil) != (reason == nil) { violate("\(node.name) says only a part of why it was set aside") }
        guard setAside.contains(node.name), !isRolledBack else { return }
        if step == nil { violate("\(node.name) was set aside without its label") }
    }

    /// As many pods are Ready as before, or as the workload wants by now (safety rule 15).
    private mutating func checkReady(in simulation: ClusterSimulation) {
        let (then, now) = (Census(before), Census(simulation))
        for workload in simulation.workloads where workload.controller == nil && workload.reference.kind != .job {
            guard workload.reference.kind != .daemonSet else { continue }
            let ready = now.pods(of: workload).count { $0.isReady && !$0.isTerminating }
            let wanted = min(workload.replicas, then.pods(of: workload).count { $0.isReady && !$0.isTerminating })
            if ready < wanted {
                violate("\(workload.reference) has \(ready) of \(wanted) Ready after the run")
            }
        }
    }
}
