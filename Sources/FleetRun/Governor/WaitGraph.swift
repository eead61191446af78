import FleetModel

/// Who waits for whom when nothing can be evicted and nothing is leaving: nodes → budgets → pods that no node takes →
/// cordoned nodes that would take them.
///
/// Two nodes that are drained at once may each hold the last healthy pod of a budget whose other pod cannot be
/// scheduled, because both are cordoned. Neither budget recovers by itself; the retreat of one node lets the other go
/// on. The graph is built once such a standstill lasts, never before: it looks at the whole cluster.
struct WaitGraph {
    /// A node's pods that one budget (or workload) holds back, or replacements that its verification misses.
    struct Need {
        var node: NodeName
        /// The budget or workload, in the cluster's words.
        var title: String
        /// How many of the node's pods wait for it.
        var pods: Int
        /// Whether a pod's coming to run is what it waits for.
        var isMet: (Pod) -> Bool
    }

    /// A node whose retreat lets others go on.
    struct Retreat: Equatable {
        var node: NodeName
        /// The nodes that it frees, by name.
        var frees: [NodeName]
        /// How many of their pods.
        var pods: Int
        /// Why, naming budgets and pods.
        var reason: String
    }

    private let needs: [Need]
    /// Pods without a node, with the cordoned nodes that would take each of them.
    private let homeless: [(pod: Pod, homes: Set<NodeName>)]

    /// Builds the graph of a standstill.
    ///
    /// `candidates` are the nodes that may retreat.
    init(_ needs: [Need], candidates: [NodeName], in world: World) {
        self.needs = needs
        let pods = world.pods.values.filter { $0.nodeName == nil && $0.phase == .pending && !$0.isTerminating }
            .filter { pod in needs.contains { $0.isMet(pod) } }.sorted { $0.key < $1.key }
        homeless = pods.isEmpty ? [] : Self.homes(of: pods, among: candidates, in: world)
    }

    /// The nodes that would take each pod if they were not cordoned; a pod that some other node takes is no matter.
    private static func homes(of pods: [Pod], among candidates: [NodeName], in world: World) -> [(Pod, Set<NodeName>)] {
        var state = PlacementState()
        for node in world.nodes.values.sorted(by: { $0.name < $1.name }) {
            var node = node
            if candidates.contains(node.name) {
                node.isCordoned = false
                node.taints.removeAll { $0.key == Taint.cordon.key }
            }
            state.add(node)
        }
        for volume in world.volumes.values.sorted(by: { $0.name < $1.name }) { state.set(volume) }
        for claim in world.claims.values.sorted(by: { $0.key < $1.key }) { state.set(claim) }
        for pod in world.pods.values where !pod.isFinished {
            guard let index = pod.nodeName.flatMap({ state.index(of: $0) }) else { continue }
            state.assume(state.demand(of: pod), on: index, isTerminating: pod.isTerminating)
        }
        return pods.compactMap { pod in
            let probe = state.probe(state.demand(of: pod))
            let homes = (0..<state.indexLimit).filter { state.accepts(probe, $0) }.compactMap {
                state.node(at: $0)?.name
            }
            let hasAnother = homes.contains { !candidates.contains($0) }
            return homes.isEmpty || hasAnother ? nil : (pod, Set(homes))
        }
    }

    /// The retreat that frees most pods of other nodes; of equal ones the last in the order of `candidates`.
    ///
    /// Nil when none frees any.
    func best(of candidates: [NodeName]) -> Retreat? {
        var best: Retreat?
        for node in candidates {
            guard let retreat = retreat(of: node), retreat.pods >= best?.pods ?? 1 else { continue }
            best = retreat
        }
        return best
    }

    private func retreat(of node: NodeName) -> Retreat? {
        let comers = homeless.filter { $0.homes.contains(node) }.map(\.pod)
        let freed = needs.filter { need in need.node != node && comers.contains(where: need.isMet) }
        guard !freed.isEmpty else { return nil }
        let pods = freed.reduce(0) { sum, need in sum + min(need.pods, comers.count(where: need.isMet)) }
        let titles = Set(freed.map(\.title)).sorted().joined(separator: ", ")
        let names = comers.filter { pod in freed.contains { $0.isMet(pod) } }.map(\.key.description)
        let nodes = Set(freed.map(\.node)).sorted()
        return Retreat(
            node: node, frees: nodes, pods: pods,
            reason:
                "\(nodes.map(\.rawValue).joined(separator: ", ")) wait for \(titles), whose \(names.joined(separator: ", ")) "
                + "no schedulable node takes and \(node) would"
        )
    }
}
