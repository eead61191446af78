/// What keeps a pod from one node, in words that hold what the pod wants against what the node has.
extension PlacementState {
    /// What every filter has against the pod on the node: labels, taints, ports, resources, volumes, spread, affinity.
    ///
    /// kube-scheduler names the first filter only; whoever mends a node wants to know all. Empty where the pod would fit.
    public mutating func objections(to demand: PlacementDemand, on node: Int) -> [String] {
        let probe = probe(demand)
        guard !probe.isGated else { return ["its scheduling gates hold it back"] }
        let rejections = rejections(probe, node)
        guard let first = rejections.first else { return [] }
        let whole = requirements[probe.requirement].objections(to: entries[node].node)
        let short = shortages(probe.requests, node)
        var words = whole + short.map { self.words(for: $0, probe.requests, node) }
        // What looks beyond the node and its room is asked only where these have nothing against it.
        if words.isEmpty || first == .ports { words.append(self.words(for: first, probe.requests, node)) }
        return words
    }

    private func words(for rejection: PlacementRejection, _ requests: Resources, _ node: Int) -> String {
        switch rejection {
        case .insufficient(let name):
            let free = max(0, room(at: node).amount(of: name))
            let all = entries[node].node.allocatable.amount(of: name)
            return
                "lacks \(name): it requests \(Resources.text(requests.amount(of: name), of: name)), \(Resources.text(free, of: name)) of the Node's \(Resources.text(all, of: name)) are free"
        case .tooManyPods: return "the Node has its \(entries[node].node.allocatable.pods) pods"
        case .ports: return "a host port of its is taken on the Node"
        case .volumeAffinity, .volumeZone: return "a volume of its is tied to other nodes"
        case .topologySpread: return "its topology spread constraints would be broken"
        case .topologySpreadLabel: return "the Node lacks the label by which it spreads"
        case .podAffinity: return "no pod is there that it must be near to"
        case .podAntiAffinity: return "a pod is there from which it keeps away"
        case .existingPodAntiAffinity: return "a pod is there that keeps it away"
        case .unschedulable, .taint, .nodeAffinity: return rejection.description
        }
    }
}

extension NodeRequirement {
    /// The cordon, the taints that are not tolerated, and the labels that the node should have.
    fileprivate func objections(to node: Node) -> [String] {
        let cordon = rejection(by: node) == .unschedulable ? ["the Node is cordoned"] : []
        let taints = node.taints.filter { isUntolerated($0) && $0 != .cordon }.map { "does not tolerate \($0.words)" }
        let labels = nodeSelector.filter { node.labels[$0.key] != $0.value }.sorted { $0.key < $1.key }.map {
            SelectorRequirement($0.key, .isIn, [$0.value]).objection(to: node.labels)
        }
        return cordon + taints + labels + affinityObjections(to: node)
    }

    /// Terms are alternatives: what each lacks.
    private func affinityObjections(to node: Node) -> [String] {
        guard let nodeAffinity, !nodeAffinity.contains(where: { $0.matches(node) }) else { return [] }
        let terms = nodeAffinity.map { $0.objections(to: node).joined(separator: " and ") }.filter { !$0.isEmpty }
        return terms.isEmpty ? ["its node affinity matches no node"] : [terms.joined(separator: ", or ")]
    }
}

extension NodeSelectorTerm {
    fileprivate func objections(to node: Node) -> [String] {
        let fields = ["metadata.name": node.name.rawValue]
        return matchExpressions.filter { !$0.matches(node.labels) }.map { $0.objection(to: node.labels) }
            + matchFields.filter { !$0.matches(fields) }.map { $0.objection(to: fields) }
    }
}

extension SelectorRequirement {
    /// `wants zone=eu-1a, the Node has eu-1b`.
    fileprivate func objection(to labels: [String: String]) -> String {
        let has = labels[key].map { $0.isEmpty ? "has it" : "has \($0)" } ?? "has none"
        let list = values.joined(separator: ", ")
        return switch operation {
        case .isIn where values.count == 1: "wants \(key)=\(list), the Node \(has)"
        case .isIn: "wants \(key) in (\(list)), the Node \(has)"
        case .isNotIn: "wants \(key) not in (\(list)), the Node \(has)"
        case .exists: "wants the label \(key), the Node \(has)"
        case .doesNotExist: "wants no label \(key), the Node \(has)"
        case .greaterThan: "wants \(key) above \(list), the Node \(has)"
        case .lessThan: "wants \(key) below \(list), the Node \(has)"
        }
    }
}

extension Taint {
    /// As `kubectl taint` writes it: `dedicated=gpu:NoSchedule`.
    public var words: String { "\(key)\(value.isEmpty ? "" : "=\(value)"):\(effect.rawValue)" }
}

extension Resources {
    /// The amount of a resource by Kubernetes' name, in its base unit: thousandths of a core for `cpu`, else bytes or pieces.
    public func amount(of name: String) -> Int64 {
        switch name {
        case "cpu": milliCPU
        case "memory": memory
        case "ephemeral-storage": ephemeralStorage
        case "pods": pods
        default: extended[name] ?? 0
        }
    }

    /// An amount of a resource as an operator writes it, such as `1500m`, `4Gi` or `2`.
    public static func text(_ amount: Int64, of name: String) -> String {
        switch name {
        case "cpu": amount % 1000 == 0 ? String(amount / 1000) : "\(amount)m"
        case "memory", "ephemeral-storage": amount >= 1 << 30 ? "\(amount >> 30)Gi" : "\(amount >> 20)Mi"
        default: String(amount)
        }
    }
}
