public import FleetModel

/// Everything that a diagnosis of one node may look at; what was not asked for is nil.
public struct DiagnosisEvidence: Hashable, Sendable {
    /// The Node's name.
    public var name: NodeName
    /// The Node; nil where the cluster has none of the name.
    public var node: Node?
    /// Its conditions and events; nil where they were not read.
    public var health: NodeHealth?
    /// What pods on it request altogether.
    public var requested: Resources
    /// Pods that wait for a node, with the scheduler's words.
    public var pending: [String]
    /// What the host says; nil where it was not asked, or did not answer.
    public var host: HostFacts?
    /// Why the host did not answer; nil where it did, or was not asked.
    public var hostFailure: String?
    /// SHA-256 of the cluster's CA; nil when unknown.
    public var clusterAuthority: String?
    /// The time here.
    public var now: Instant

    /// Evidence; everything omitted was not asked for.
    public init(
        name: NodeName, node: Node? = nil, health: NodeHealth? = nil, requested: Resources = .zero,
        pending: [String] = [],
        host: HostFacts? = nil, hostFailure: String? = nil, clusterAuthority: String? = nil, now: Instant
    ) {
        self.name = name
        self.node = node
        self.health = health
        self.requested = requested
        self.pending = pending
        self.host = host
        self.hostFailure = hostFailure
        self.clusterAuthority = clusterAuthority
        self.now = now
    }

    /// Whether the Node is there and Ready.
    var isReady: Bool { node?.isReady ?? false }
}

extension DiagnosisEvidence {
    /// Evidence from a snapshot: the Node, what its pods request, and the pods that wait for a node.
    public init(of name: NodeName, in snapshot: ClusterSnapshot, now: Instant) {
        let pods = snapshot.pods.filter { !$0.isFinished }
        let waiting = pods.filter { $0.nodeName == nil && !$0.isTerminating }.map { pod in
            pod.pendingReason.isEmpty ? "\(pod.key)" : "\(pod.key): \(pod.pendingReason)"
        }
        self.init(
            name: name, node: snapshot.nodes.first { $0.name == name },
            requested: pods.filter { $0.nodeName == name }.reduce(Resources.zero) { $0 + $1.requests },
            pending: waiting.sorted(), now: now)
    }
}

extension DiagnosisEvidence {
    /// Takes in what became of ``NodeScript/diagnosis`` on the host.
    public mutating func take(_ report: HostReport) { take(OperationResult(report)) }

    mutating func take(_ result: OperationResult) {
        host = HostFacts(NodeAnswer(result.output))
        if host == nil { hostFailure = result.isSuccess ? "its answer broke off" : result.words }
    }
}
