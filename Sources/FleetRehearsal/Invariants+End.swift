import FleetModel
public import FleetRun
public import FleetSimulation

extension Invariants {
    /// What fleet must leave behind once a run is over: nothing temporary, and everybody served (safety rule 21).
    ///
    /// - Parameters:
    ///   - result: How the run ended; after `interrupted` temporary changes stay for the run that goes on.
    ///   - simulation: The cluster once it has settled.
    ///   - deletesNodes: Whether the playbook removes the Nodes that it finishes.
    public mutating func checkEnd(_ result: RunResult, in simulation: ClusterSimulation, deletesNodes: Bool) {
        if deletesNodes { checkGone(in: simulation) }
        guard result != .interrupted else { return }
        checkReplicas(in: simulation)
        checkNodes(in: simulation)
        if result == .done { checkReady(in: simulation) }
    }

    private mutating func checkGone(in simulation: ClusterSimulation) {
        for name in finished.sorted() {
            if simulation.node(name) != nil { violate("\(name) is finished and still a Node") }
            let pods = simulation.pods(on: name)
            if !pods.isEmpty { violate("\(name) is finished and \(pods.count) pods are bound to it") }
        }
    }

    private mutating func checkReplicas(in simulation: ClusterSimulation) {
        let wanted = Dictionary(before.workloads.map { ($0.reference.uid, $0) }, uniquingKeysWith: { first, _ in first })
        for workload in simulation.workloads where workload.reference.kind != .daemonSet {
            if let old = wanted[workload.reference.uid], old.replicas != workload.replicas {
                violate("\(workload.reference) has \(workload.replicas) replicas; before the run it had \(old.replicas)")
            }
            if workload.annotations[Compensation.annotation] != nil { violate("\(workload.reference) keeps fleet's annotation") }
        }
    }

    private mutating func checkNodes(in simulation: ClusterSimulation) {
        let labelled = Set(before.nodes.filter { $0.labels[ExcludeFromLoadBalancersStep.label] != nil }.map(\.name))
        for node in simulation.nodes {
            if node.labels[ExcludeFromLoadBalancersStep.label] != nil, !labelled.contains(node.name) {
                violate("\(node.name) is still excluded from load balancers")
            }
            if node.annotations[Compensation.annotation] != nil { violate("\(node.name) keeps fleet's annotation") }
            checkQuarantine(of: node)
        }
    }

    private mutating func checkQuarantine(of node: Node) {
        guard setAside.contains(node.name), !toleratesStaleHealth else { return }
        if node.labels["fleet.run/quarantined"] == nil { violate("\(node.name) was set aside without its label") }
    }

    private mutating func checkReady(in simulation: ClusterSimulation) {
        let census = Census(simulation)
        for workload in simulation.workloads where workload.controller == nil && workload.reference.kind != .job {
            guard workload.reference.kind != .daemonSet else { continue }
            let ready = census.pods(of: workload).count { $0.isReady && !$0.isTerminating }
            if ready < workload.replicas { violate("\(workload.reference) has \(ready) of \(workload.replicas) Ready after the run") }
        }
    }
}
