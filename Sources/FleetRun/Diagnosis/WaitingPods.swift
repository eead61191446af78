public import FleetModel

/// Pods of one owner that wait for a node, and what the diagnosed Node has against them (X2).
public struct WaitingPods: Hashable, Sendable {
    /// Whose they are: `Deployment shop/cart`, or `pod shop/cart-1` where nothing made it.
    public var owner: String
    /// How many wait with the same objections.
    public var count: Int
    /// Why they cannot run on the Node, by kube-scheduler's filters; empty where they could.
    public var objections: [String]
    /// kube-scheduler's own words about one of them; empty where it said nothing yet.
    public var words: String

    /// Waiting pods.
    public init(owner: String, count: Int = 1, objections: [String] = [], words: String = "") {
        self.owner = owner
        self.count = count
        self.objections = objections
        self.words = words
    }

    /// The pods of a snapshot that wait for a node, by owner, held against one Node.
    ///
    /// The Node is taken as it will be once it is Ready and not cordoned: what keeps it from that is told otherwise. Pods
    /// that may run on another Node only, as a DaemonSet's, are left out.
    public static func all(in snapshot: ClusterSnapshot, against name: NodeName) -> [WaitingPods] {
        let waiting = snapshot.pods.filter { $0.nodeName == nil && !$0.isTerminating && !$0.isFinished }
        guard !waiting.isEmpty else { return [] }
        var snapshot = snapshot
        snapshot.nodes = snapshot.nodes.map { $0.name == name ? $0.asSchedulable : $0 }
        let owners = PodOwners(snapshot.workloads)
        var state = PlacementState(snapshot: snapshot)
        let node = state.index(of: name)
        var known: [PlacementDemand: [String]] = [:]
        var groups: [WaitingPods] = []
        for pod in waiting.sorted(by: { $0.key < $1.key }) where !pod.isPinned(besides: name) {
            let demand = state.demand(of: pod)
            let objections = known[demand] ?? node.map { state.objections(to: demand, on: $0) } ?? []
            known[demand] = objections
            let owner = owners.title(of: pod)
            if let index = groups.firstIndex(where: { $0.owner == owner && $0.objections == objections }) {
                groups[index].count += 1
                if groups[index].words.isEmpty { groups[index].words = pod.pendingReason }
            } else {
                groups.append(WaitingPods(owner: owner, objections: objections, words: pod.pendingReason))
            }
        }
        return groups.sorted { ($0.owner, $0.objections.joined()) < ($1.owner, $1.objections.joined()) }
    }

    /// `Deployment shop/cart (3 pods)`.
    var title: String { count == 1 ? owner : "\(owner) (\(count) pods)" }
}

/// Whose pods are, by the workloads that are known.
struct PodOwners {
    private let workloads: [ObjectUID: Workload]

    init(_ workloads: [Workload]) {
        self.workloads = Dictionary(workloads.map { ($0.reference.uid, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The Deployment above a ReplicaSet, else the controller itself, else the pod.
    func title(of pod: Pod) -> String {
        guard let controller = pod.controller else { return "pod \(pod.key)" }
        guard let workload = workloads[controller.uid] else {
            return "\(controller.kind) \(pod.key.namespace)/\(controller.name)"
        }
        let above = workload.controller.flatMap { workloads[$0.uid] }
        return (above ?? workload).reference.description
    }
}

extension Node {
    /// The Node once its kubelet is Ready and nobody keeps it cordoned.
    var asSchedulable: Node {
        var node = self
        node.isCordoned = false
        node.taints.removeAll { $0.key.hasPrefix("node.kubernetes.io/") }
        return node
    }
}

extension Pod {
    /// Whether its affinity names other Nodes only, as a DaemonSet's pods name theirs.
    fileprivate func isPinned(besides name: NodeName) -> Bool {
        guard let terms = self.constraints.nodeAffinity, !terms.isEmpty else { return false }
        return terms.allSatisfy { term in
            term.matchFields.contains { !$0.matches(["metadata.name": name.rawValue]) }
        }
    }
}
