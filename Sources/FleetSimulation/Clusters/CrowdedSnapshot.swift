public import FleetModel

extension ClusterSimulation {
    /// The most pods that a simulated cluster is meant to hold; its controllers make what workloads want without asking.
    public static let mostPods = 1_000_000

    /// The workload that wants the most replicas of a snapshot whose workloads together want more than ``mostPods``; nil
    /// of any other snapshot.
    public static func crowd(in snapshot: ClusterSnapshot) -> Workload? {
        let known = Set(snapshot.workloads.map(\.reference.uid))
        // A Deployment's ReplicaSets want what it wants, and a DaemonSet no more than there are nodes.
        let wanting = snapshot.workloads.filter { workload in
            workload.reference.kind != .daemonSet && !(workload.controller.map { known.contains($0.uid) } ?? false)
        }
        guard wanting.reduce(0, { $0 + max(0, $1.replicas) }) > mostPods else { return nil }
        return wanting.max { $0.replicas < $1.replicas }
    }
}
