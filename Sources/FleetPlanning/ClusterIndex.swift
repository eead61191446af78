public import FleetModel

/// A snapshot with the indexes that planning asks for; built once per plan.
public struct ClusterIndex: Sendable {
    /// The snapshot.
    public let snapshot: ClusterSnapshot
    /// The Nodes by name.
    public let nodes: [NodeName: Node]
    private let podsByNode: [NodeName: [Int]]
    private let podsByController: [ObjectUID: [Int]]
    private let workloads: [ObjectUID: Workload]
    private let budgets: BudgetIndex
    private let claims: [ObjectKey: PersistentVolumeClaim]
    private let volumes: [String: PersistentVolume]
    private let autoscalers: [ObjectKey: [PodAutoscaler]]

    /// Indexes a snapshot.
    public init(_ snapshot: ClusterSnapshot) {
        self.snapshot = snapshot
        nodes = Dictionary(snapshot.nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var byNode: [NodeName: [Int]] = [:]
        var byController: [ObjectUID: [Int]] = [:]
        for (position, pod) in snapshot.pods.enumerated() {
            if let node = pod.nodeName { byNode[node, default: []].append(position) }
            if let owner = pod.controller { byController[owner.uid, default: []].append(position) }
        }
        podsByNode = byNode
        podsByController = byController
        workloads = Dictionary(snapshot.workloads.map { ($0.reference.uid, $0) }) { first, _ in first }
        budgets = BudgetIndex(snapshot.budgets)
        claims = Dictionary(snapshot.claims.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        volumes = Dictionary(snapshot.volumes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        autoscalers = Dictionary(grouping: snapshot.autoscalers) { ObjectKey($0.key.namespace, $0.targetName) }
    }

    /// The pods bound to a node, in the snapshot's order.
    public func pods(on node: NodeName) -> [Pod] { positions(on: node).map { snapshot.pods[$0] } }

    /// The same as positions in the snapshot, so that large clusters are planned without copying pods.
    func positions(on node: NodeName) -> [Int] { podsByNode[node] ?? [] }

    /// How many unfinished pods a controller owns directly.
    func podCount(ofController uid: ObjectUID) -> Int {
        (podsByController[uid] ?? []).count { !snapshot.pods[$0].isFinished }
    }

    /// The workload that decides how many of these pods there are: the Deployment above a ReplicaSet, else the
    /// controller itself; nil for bare pods and kinds that the snapshot does not hold.
    public func workload(of pod: Pod) -> Workload? {
        guard let owner = pod.controller, let workload = workloads[owner.uid] else { return nil }
        if let above = workload.controller, let deployment = workloads[above.uid] { return deployment }
        return workload
    }

    /// What the pod belongs to, in the cluster's words.
    func subject(of pod: Pod) -> String {
        if let workload = workload(of: pod) { return workload.reference.description }
        return pod.controller.map { "\($0.kind) \(pod.key.namespace)/\($0.name)" } ?? "Pod \(pod.key)"
    }

    /// The budgets that select a pod, by name.
    public func budgets(selecting pod: Pod) -> [PodDisruptionBudget] { budgets.selecting(pod) }

    /// The autoscaler that scales a workload.
    func autoscaler(of workload: Workload) -> PodAutoscaler? {
        autoscalers[workload.reference.key]?.first { $0.targetKind == workload.reference.kind.rawValue }
    }

    /// The claims that volumes of a pod, or of a template in a namespace, name.
    func claims(of volumes: [PodVolume], in namespace: String) -> [PersistentVolumeClaim] {
        volumes.compactMap { volume in
            guard case .claim(_, let name) = volume else { return nil }
            return claims[ObjectKey(namespace, name)]
        }
    }

    /// Whether the pod's data stays on its node: a hostPath volume, or a claim bound to a local volume.
    func keepsDataOnNode(_ pod: Pod) -> Bool {
        let hasHostPath = pod.volumes.contains { if case .hostPath = $0 { true } else { false } }
        return hasHostPath || claims(of: pod.volumes, in: pod.key.namespace).contains { isLocal($0) }
    }

    private func isLocal(_ claim: PersistentVolumeClaim) -> Bool { volumes[claim.volumeName]?.isLocal ?? false }
}
