import FleetModel

/// The Node that a host will be which comes in for another: of the size and with the labels that the inventory and the
/// playbook give it, and for the rest like the Node that it replaces.
struct ExpectedNode {
    /// What a kubelet or a cloud provider sets by itself, so that likes have it alike.
    private static let inherited = [
        "kubernetes.io/os", "kubernetes.io/arch", "beta.kubernetes.io/os", "beta.kubernetes.io/arch",
        "node.kubernetes.io/instance-type", "topology.kubernetes.io/region",
    ]
    private static let zoneKey = "topology.kubernetes.io/zone"

    /// The Node.
    let node: Node
    /// The same at best, were the inventory wrong of it: of any size, with the labels of the Node that it replaces and
    /// without taints; name and zone are what they are.
    let atBest: Node

    /// - Parameters:
    ///   - host: What the inventory says of it; nil where it is not there any more.
    ///   - old: The Node that it comes in for.
    ///   - steps: What is done to it.
    init(_ target: PlanTarget, _ host: Host?, like old: Node, _ steps: [StepSummary]) {
        var labels = old.labels.filter { Self.inherited.contains($0.key) }
        labels["kubernetes.io/hostname"] = target.node.rawValue
        // A label's value may be a template, which nobody fills in here.
        for key in steps.flatMap(\.setsLabels) { labels[key] = old.labels[key] ?? "" }
        for (key, value) in host?.labels ?? [:] { labels[key] = value.contains("{{") ? old.labels[key] ?? "" : value }
        if let zone = target.zone { labels[Self.zoneKey] = zone.rawValue }
        node = Node(
            name: target.node, uid: "", labels: labels, taints: host?.taints ?? [], readiness: .ready,
            allocatable: Self.size(of: host, like: old))
        var best = node
        for (key, value) in old.labels where key != "kubernetes.io/hostname" && key != Self.zoneKey {
            best.labels[key] = value
        }
        best.taints = []
        let most = Resources.mostOfOne
        best.allocatable = Resources(
            milliCPU: most, memory: most, ephemeralStorage: most, pods: most,
            extended: old.allocatable.extended.mapValues { _ in most })
        atBest = best
    }

    /// What pods may use of it: `allocatable`, else `capacity` less what the old one keeps back, else as much as that.
    private static func size(of host: Host?, like old: Node) -> Resources {
        var size = old.allocatable
        for amount in amounts("capacity", of: host) {
            let kept = amount.found(in: old.capacity).subtractingSaturated(amount.found(in: old.allocatable))
            amount.set(max(0, amount.least - max(0, kept)), in: &size)
        }
        for amount in amounts("allocatable", of: host) { amount.set(in: &size) }
        return size
    }

    private static func amounts(_ variable: String, of host: Host?) -> [CapacityAmount] {
        (host?.variables[variable]?.mappingValue?.entries ?? []).compactMap { name, value in
            value.scalarText.flatMap { CapacityAmount(name: name, text: $0) }
        }
    }
}
