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
    /// Pods that wait for a node, held against this one.
    public var waiting: [WaitingPods]
    /// DaemonSets' pods on it that are not Ready, with why where that is known.
    public var unreadyDaemons: [String]
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
        waiting: [WaitingPods] = [], unreadyDaemons: [String] = [],
        host: HostFacts? = nil, hostFailure: String? = nil, clusterAuthority: String? = nil, now: Instant
    ) {
        self.name = name
        self.node = node
        self.health = health
        self.requested = requested
        self.waiting = waiting
        self.unreadyDaemons = unreadyDaemons
        self.host = host
        self.hostFailure = hostFailure
        self.clusterAuthority = clusterAuthority
        self.now = now
    }

    /// Whether the Node is there and Ready.
    var isReady: Bool { node?.isReady ?? false }
}

extension DiagnosisEvidence {
    /// Evidence from a snapshot: the Node, what its pods request and which of its DaemonSets' are not Ready, and the pods
    /// that wait for a node.
    public init(of name: NodeName, in snapshot: ClusterSnapshot, now: Instant) {
        let here = snapshot.pods.filter { $0.nodeName == name && !$0.isFinished }
        let daemons = here.filter { $0.isDaemon && !$0.isReady && !$0.isTerminating }.sorted { $0.key < $1.key }
        self.init(
            name: name, node: snapshot.nodes.first { $0.name == name },
            requested: here.reduce(Resources.zero) { $0 + $1.requests },
            waiting: WaitingPods.all(in: snapshot, against: name),
            unreadyDaemons: daemons.map { $0.pendingReason.isEmpty ? "\($0.key)" : "\($0.key): \($0.pendingReason)" },
            now: now)
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
