public import FleetModel

/// Everything that a plan is made of.
public struct PlanRequest: Sendable {
    /// The cluster.
    public var snapshot: ClusterSnapshot
    /// What the playbook says above its steps.
    public var playbook: PlaybookHeader
    /// SHA-256 of the playbook's content; part of the plan's digest.
    public var playbookDigest: String
    /// Its steps.
    public var steps: [StepSummary]
    /// The hosts that the playbook's pattern and `--limit` leave, in the inventory's order.
    public var hosts: [Host]
    /// The hosts that may come in for them, in the inventory's order.
    public var spares: [Host] = []
    /// `--plan NAME`; nil means the playbook's name.
    public var name: String?
    /// Pods that are critical whatever their priority class (the playbook's `critical_pods`).
    public var criticalPods: [LabelSelector]
    /// Whether a pod that would fit nowhere is a blocker; false for playbooks that bring new nodes in first.
    public var checksCapacity: Bool
    /// kube-controller-manager's arguments, where nodes join and the cluster shows them.
    public var controllerManager: [String: String]?
    /// What kubelets that join are given, where the cluster says it.
    public var kubelets: KubeletSettings?
    /// The Kubernetes version that each host is to have, by its name, where steps install or join one.
    public var versions: [String: String] = [:]
    /// The plan pinned under the same key; it remembers the identity of Nodes that are gone since.
    public var pinned: Plan?

    /// A request.
    public init(
        snapshot: ClusterSnapshot, playbook: PlaybookHeader, playbookDigest: String, steps: [StepSummary],
        hosts: [Host], name: String? = nil, criticalPods: [LabelSelector] = [],
        checksCapacity: Bool = true, pinned: Plan? = nil
    ) {
        self.snapshot = snapshot
        self.playbook = playbook
        self.playbookDigest = playbookDigest
        self.steps = steps
        self.hosts = hosts
        self.name = name
        self.criticalPods = criticalPods
        self.checksCapacity = checksCapacity
        self.pinned = pinned
    }

    /// Whether the API server's version may decide something: where kubelets come in or are installed, or those that are
    /// there differ.
    ///
    /// Where all are alike it only warns of a skew that the run does not change.
    public var dependsOnServerVersion: Bool {
        !versions.isEmpty || Set(snapshot.nodes.map(\.kubeletVersion)).count > 1
    }
    /// Whether some step empties nodes.
    var drains: Bool { steps.contains(where: \.drains) }
    /// Whether some step makes nodes unavailable, or removes them.
    var retires: Bool { steps.contains { $0.cordons || $0.drains || $0.deletesNode } }
    /// Whether some step brings Nodes into the cluster.
    var joins: Bool { steps.contains(where: \.joins) }
    /// Whether nodes stay unavailable when their steps are done.
    var leavesNodesCordoned: Bool {
        steps.contains { $0.cordons || $0.drains } && !steps.contains { $0.uncordons || $0.deletesNode }
    }
}
