/// The part of a pod's constraints that looks at one node alone: cordon, taints, selector and node affinity.
struct NodeRequirement: Hashable, Sendable {
    /// `spec.nodeSelector`.
    var nodeSelector: [String: String]
    /// Required node affinity.
    var nodeAffinity: [NodeSelectorTerm]?
    /// Tolerations.
    var tolerations: [Toleration]

    init(_ constraints: SchedulingConstraints) {
        nodeSelector = constraints.nodeSelector
        nodeAffinity = constraints.nodeAffinity
        tolerations = constraints.tolerations
    }

    /// Whether it names single nodes, as DaemonSet pods do: not worth remembering for every node.
    var namesNodes: Bool { nodeAffinity?.contains { !$0.matchFields.isEmpty } ?? false }

    /// The first of NodeUnschedulable, TaintToleration and NodeAffinity that rejects the node.
    func rejection(by node: Node) -> PlacementRejection? {
        if node.isCordoned, !toleratesCordon { return .unschedulable }
        if let taint = node.taints.first(where: isUntolerated) { return .taint(taint) }
        return selects(node) ? nil : .nodeAffinity
    }

    /// Whether selector and affinity accept the node.
    func selects(_ node: Node) -> Bool {
        guard nodeSelector.allSatisfy({ node.labels[$0.key] == $0.value }) else { return false }
        return nodeAffinity?.contains { $0.matches(node) } ?? true
    }

    /// Whether a taint that keeps pods away is not tolerated.
    func isUntolerated(_ taint: Taint) -> Bool {
        taint.effect != .preferNoSchedule && !tolerations.contains { $0.tolerates(taint) }
    }

    private var toleratesCordon: Bool {
        tolerations.contains { $0.tolerates(.cordon) }
    }
}

extension NodeSelectorTerm {
    /// Whether all requirements hold for the node; an empty term matches nothing.
    public func matches(_ node: Node) -> Bool {
        guard !matchExpressions.isEmpty || !matchFields.isEmpty else { return false }
        guard matchExpressions.allSatisfy({ $0.matches(node.labels) }) else { return false }
        return matchFields.isEmpty || matchFields.allSatisfy { $0.matches(["metadata.name": node.name.rawValue]) }
    }
}

/// A requirement's answer for each node, remembered until the node changes.
struct NodeVerdicts: Sendable {
    /// 0 unknown, 1 accepted, 2 rejected; by node index.
    private var codes: [UInt8] = []

    func code(_ node: Int) -> UInt8 { node < codes.count ? codes[node] : 0 }

    mutating func remember(_ node: Int, accepted: Bool, capacity: Int) {
        if codes.count < capacity { codes.append(contentsOf: repeatElement(0, count: capacity - codes.count)) }
        codes[node] = accepted ? 1 : 2
    }

    mutating func forget(_ node: Int) {
        if node < codes.count { codes[node] = 0 }
    }
}

extension SchedulingConstraints {
    /// The first of NodeUnschedulable, TaintToleration and NodeAffinity that rejects the node; nil when none does.
    public func nodeRejection(by node: Node) -> PlacementRejection? { NodeRequirement(self).rejection(by: node) }
}
