import FleetModel

/// Namespaces: what a terminating one holds is deleted, then the namespace itself.
extension SimulatedCluster {
    mutating func emptyNamespace(_ name: String) {
        guard namespaces[name] != nil else { return }
        for index in workloads.indices where workloads[index].isLive {
            guard workloads[index].workload.reference.key.namespace == name else { continue }
            remove(workload: index, orphansDependents: true)
        }
        let left = podIndex.filter { $0.key.namespace == name }.values.sorted()
        for pod in left { deleteGracefully(pod, grace: nil) }
        for budget in budgetIndex.filter({ $0.key.namespace == name }).values.sorted() { remove(budget: budget) }
        for key in autoscalers.keys.filter({ $0.namespace == name }).sorted() {
            removePlain(ObjectIdentity(.autoscaler, key))
        }
        guard left.isEmpty else { return plan(.emptyNamespace(name), after: .seconds(1)) }
        for key in claims.keys.filter({ $0.namespace == name }).sorted() { removePlain(ObjectIdentity(.claim, key)) }
        removePlain(ObjectIdentity(.namespace, ObjectKey("", name)))
    }
}
