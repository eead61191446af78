import FleetModel
import FleetPlanning

/// What a run that did not do everything says at its end: what stays as it is, and what cannot be undone (safety
/// rule 21).
struct Afterword {
    private let state: RunState
    private let world: World
    private let order: RunOrder

    init(_ state: RunState, _ world: World, _ order: RunOrder) {
        self.state = state
        self.world = world
        self.order = order
    }

    /// Why the run failed, and what it leaves.
    func text(after failure: String) -> String {
        [failure, cordoned, tainted].filter { !$0.isEmpty }.joined(separator: "; ")
    }

    /// Who ended the run, what was put back, what it leaves, and what cannot be undone.
    func text(after ending: RunEvent.StopRequested) -> String {
        let parts = ["by \(ending.by)", ending.kind == .rollback ? uncordoned : "", cordoned, tainted, midway, done]
        return parts.filter { !$0.isEmpty }.joined(separator: "; ")
    }

    private var uncordoned: String {
        sentence(
            "schedulable again",
            state.order.filter { name in
                guard let node = world.nodes[name], !node.isCordoned, state.nodes[name]?.startedAt != nil else {
                    return false
                }
                return state.act(RunMachine.putBackKey, of: name) != nil
            })
    }

    private var cordoned: String {
        sentence(
            "still cordoned by this run",
            state.order.filter { name in
                guard let node = world.nodes[name], node.isCordoned else { return false }
                return node.annotations[CordonStep.annotation] == order.settings.id.rawValue
            })
    }

    private var tainted: String {
        let names = Set(state.order + order.soon.map(\.node))
        return sentence(
            "still tainted \(RunMachine.retiringTaint.key)",
            names.filter { world.nodes[$0]?.isRetiring == true }.sorted())
    }

    /// Nodes whose step had begun to act and did not come to its end: a script may still run, a host be half cleaned.
    private var midway: String {
        let nodes = state.order.compactMap { name -> String? in
            guard let node = state.nodes[name], node.isWorking else { return nil }
            let begun = node.steps.keys.sorted().filter {
                node.steps[$0]?.acts.isEmpty == false && node.results[$0] == nil
            }
            let kinds = begun.map { $0 < order.steps.count ? order.steps[$0].kind : node.stepKind }
                .filter { !Self.reversible.contains($0) }
            return kinds.isEmpty ? nil : "\(name) (\(kinds.joined(separator: ", ")))"
        }
        return nodes.isEmpty ? "" : "left in the middle of a step, look there: \(nodes.joined(separator: ", "))"
    }

    private static let reversible: Set<String> = [
        CordonStep.kind, UncordonStep.kind, SurgeStep.kind, ExcludeFromLoadBalancersStep.kind,
    ]

    /// Pods that moved, Nodes that were deleted, hosts that were changed: node by node.
    private var done: String {
        let nodes = state.order.compactMap { name -> String? in
            var acts = (state.nodes[name]?.changes ?? []).filter { !Self.reversible.contains($0) }
            let moved = state.nodes[name]?.evicted.values.count { $0.isAccepted } ?? 0
            if moved > 0, !acts.contains(DrainStep.kind) { acts.insert("\(moved) pods moved", at: 0) }
            return acts.isEmpty ? nil : "\(name) (\(acts.joined(separator: ", ")))"
        }
        return nodes.isEmpty ? "" : "cannot be undone: \(nodes.joined(separator: ", "))"
    }

    private func sentence(_ words: String, _ nodes: [NodeName]) -> String {
        guard !nodes.isEmpty else { return "" }
        let shown = nodes.prefix(8).map(\.rawValue).joined(separator: ", ")
        return "\(words): \(shown)\(nodes.count > 8 ? " and \(nodes.count - 8) more" : "")"
    }
}
