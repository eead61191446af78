public import FleetModel

/// Finds what runs left on a cluster, from the cluster alone: any machine can do it, without a journal (safety rule 23).
public struct LeftoverSearch: Sendable {
    /// Whether cordons of fleet's are to be lifted as well.
    ///
    /// They are no temporary change: after an abort they stay (rule 21), and whether a host was cleaned already is
    /// known to the run's journal only.
    public var liftsCordons: Bool
    /// Nodes that somebody says are well again: only there fleet's out-of-service taint is taken off.
    ///
    /// A kubelet may annotate its own Node, so the note alone proves nothing.
    public var nodesInService: Set<NodeName>

    /// A search.
    public init(liftsCordons: Bool = false, nodesInService: Set<NodeName> = []) {
        self.liftsCordons = liftsCordons
        self.nodesInService = nodesInService
    }

    /// Everything of fleet's in a snapshot, by object, and among the cluster's bootstrap tokens.
    public func leftovers(in snapshot: ClusterSnapshot, tokens: [StandingToken] = []) -> [Leftover] {
        let workloads = snapshot.workloads.sorted { $0.reference.key < $1.reference.key }.compactMap(leftover)
        let autoscalers = snapshot.autoscalers.sorted { $0.key < $1.key }.compactMap(leftover)
        let budgets = snapshot.budgets.sorted { $0.key < $1.key }.compactMap(leftover)
        let nodes = snapshot.nodes.sorted { $0.name < $1.name }.flatMap(leftovers)
        return workloads + autoscalers + budgets + nodes + tokens.sorted { $0.id < $1.id }.compactMap(leftover)
    }

    /// A token that a run made: in the API with a note, on a control-plane host with a description.
    private func leftover(_ token: StandingToken) -> Leftover? {
        let described = token.description.wholeMatch(of: /fleet run ([^ ]+)/).map { RunID(String($0.1)) }
        guard let run = token.note.flatMap(TemporaryNote.init(text:))?.run ?? described else { return nil }
        return Leftover(
            kind: .token, object: "Secret kube-system/bootstrap-token-\(token.id)", run: run, previous: nil,
            found: token.expiresAt == nil ? "never expires" : "expires by itself", isChangedSince: false,
            fate: .restore(.deleteBootstrapToken(id: token.id), resourceVersion: nil))
    }

    // MARK: - Replicas

    private func leftover(_ workload: Workload) -> Leftover? {
        guard let text = workload.annotations[Compensation.annotation] else { return nil }
        let numbers = Numbers(text, found: workload.replicas)
        let request = ClusterRequest.scale(
            workload.reference, replicas: numbers.restored, annotations: [Compensation.annotation: nil])
        return numbers.leftover(
            .replicas, workload.reference.description, .restore(request, resourceVersion: workload.resourceVersion))
    }

    private func leftover(_ autoscaler: PodAutoscaler) -> Leftover? {
        guard let text = autoscaler.annotations[Compensation.annotation] else { return nil }
        let numbers = Numbers(text, found: autoscaler.minReplicas)
        let request = ClusterRequest.setMinimumReplicas(
            autoscaler.key, minReplicas: numbers.restored, annotations: [Compensation.annotation: nil])
        return numbers.leftover(
            .minimumReplicas, "HorizontalPodAutoscaler \(autoscaler.key)",
            .restore(request, resourceVersion: autoscaler.resourceVersion))
    }

    private func leftover(_ budget: PodDisruptionBudget) -> Leftover? {
        guard let text = budget.annotations[Compensation.annotation] else { return nil }
        let note = TemporaryNote(text: text)
        let found = BudgetBound(of: budget)
        let isChangedSince = note?.set == nil || found?.description != note?.set
        let bound = isChangedSince ? found : note?.previous.flatMap(BudgetBound.init(text:))
        let request = ClusterRequest.setBudget(
            budget.key, uid: budget.uid, bound, annotations: [Compensation.annotation: nil])
        return Leftover(
            kind: .budget, object: "PodDisruptionBudget \(budget.key)", run: note?.run, previous: note?.previous,
            found: found?.description ?? "no bound", isChangedSince: isChangedSince,
            fate: .restore(request, resourceVersion: budget.resourceVersion))
    }

    /// What a note says about a number, and what the number is.
    private struct Numbers {
        let note: TemporaryNote?
        let found: Int
        let isChangedSince: Bool

        init(_ text: String, found: Int) {
            note = TemporaryNote(text: text)
            self.found = found
            let set = note?.set.flatMap { Int($0) }
            isChangedSince = note?.previous == nil || set.map { $0 != found } ?? false
        }

        /// Somebody else's value stays as it is.
        var restored: Int { isChangedSince ? found : note?.previous.flatMap { Int($0) } ?? found }

        func leftover(_ kind: Leftover.Kind, _ object: String, _ fate: Leftover.Fate) -> Leftover {
            Leftover(
                kind: kind, object: object, run: note?.run, previous: note?.previous, found: "\(found)",
                isChangedSince: isChangedSince, fate: fate)
        }
    }

    // MARK: - Nodes

    private func leftovers(_ node: Node) -> [Leftover] {
        let notes = node.annotations.filter { $0.key.hasPrefix(Compensation.labelAnnotationPrefix) }
        let labels = notes.sorted { $0.key < $1.key }.map { label($0.key, $0.value, of: node) }
        return labels
            + [taint(of: node), emptying(of: node), outOfService(of: node), cordon(of: node), quarantine(of: node)]
            .compactMap(\.self)
    }

    /// The labels that fleet sets for a while; a note about any other one is not fleet's.
    private static let temporaryLabels: Set = [ExcludeFromLoadBalancersStep.label]

    /// A kubelet may annotate its own Node, but not set every label: only what fleet itself sets is set back, so that
    /// nobody's annotation becomes a change with the operator's rights.
    private func label(_ key: String, _ text: String, of node: Node) -> Leftover {
        let note = TemporaryNote(text: text)
        guard let name = note?.label, Self.temporaryLabels.contains(name), key == Compensation.annotation(ofLabel: name)
        else {
            return leftover(
                .label, node, note?.run, previous: nil, found: "the annotation \(key)", NodePatch(),
                keeping:
                    "fleet changes no such label for a while: the annotation is somebody else's, take it off by hand")
        }
        let found = note?.label.flatMap { node.labels[$0] }
        let isChangedSince = note?.label == nil || found != (note?.set ?? "")
        var patch = NodePatch(annotations: [key: nil])
        if let label = note?.label, !isChangedSince { patch.labels[label] = .some(note?.previous) }
        return leftover(
            .label, node, note?.run, previous: note?.previous, found: "\(note?.label ?? key)=\(found ?? "(none)")",
            patch, isChangedSince: isChangedSince)
    }

    private func taint(of node: Node) -> Leftover? {
        let text = node.annotations[RunMachine.retiringAnnotation]
        guard node.isRetiring || text != nil else { return nil }
        let note = text.flatMap { TemporaryNote(text: $0) }
        var patch = NodePatch()
        if node.isRetiring { patch.removeTaints = [RunMachine.retiringTaint] }
        if text != nil { patch.annotations[RunMachine.retiringAnnotation] = .some(nil) }
        let found = node.isRetiring ? "\(RunMachine.retiringTaint.key):PreferNoSchedule" : "(none)"
        return leftover(.taint, node, note?.run, previous: nil, found: found, patch, isChangedSince: !node.isRetiring)
    }

    /// The taint that keeps daemons from coming back while a node is emptied.
    private func emptying(of node: Node) -> Leftover? { temporaryTaint(RemoveDaemonPodsStep.taint, of: node) }

    /// The taint of a host that was proved off; without fleet's note it is somebody else's.
    private func outOfService(of node: Node) -> Leftover? {
        let key = HostOffStep.taint.key
        guard let text = node.annotations[Compensation.annotation(ofTaint: key)], TemporaryNote(text: text) != nil
        else {
            return nil
        }
        let kept = "it stays unless --in-service \(node.name) is said: that the host is well again, only you can know"
        return temporaryTaint(key, of: node, keeping: nodesInService.contains(node.name) ? nil : kept)
    }

    private func temporaryTaint(_ key: String, of node: Node, keeping reason: String? = nil) -> Leftover? {
        guard case .patchNode(_, _, let patch)? = Compensation.untaint(key, of: node) else { return nil }
        let note = node.annotations[Compensation.annotation(ofTaint: key)].flatMap { TemporaryNote(text: $0) }
        let effects = patch.removeTaints.map(\.effect.rawValue).joined(separator: ", ")
        return leftover(
            .taint, node, note?.run, previous: nil, found: effects.isEmpty ? "(none)" : "\(key):\(effects)", patch,
            isChangedSince: effects.isEmpty, keeping: reason)
    }

    /// A cordon of fleet's; one that somebody lifted meanwhile leaves only the note.
    private func cordon(of node: Node) -> Leftover? {
        guard let run = node.annotations[CordonStep.annotation].map({ RunID($0) }) else { return nil }
        guard node.isCordoned else {
            let patch = NodePatch(annotations: [CordonStep.annotation: nil])
            return leftover(
                .cordon, node, run, previous: "schedulable", found: "schedulable", patch, isChangedSince: true)
        }
        let patch = NodePatch(isCordoned: false, annotations: [CordonStep.annotation: nil])
        let kept =
            "a cordon stays unless --uncordon is said: whether the host was cleaned already, only the run's journal knows"
        return leftover(
            .cordon, node, run, previous: "schedulable", found: "cordoned", patch, keeping: liftsCordons ? nil : kept)
    }

    private func quarantine(of node: Node) -> Leftover? {
        guard node.isMarkedQuarantined else { return nil }
        let run = node.annotations[CordonStep.annotation].map { RunID($0) }
        var patch = NodePatch()
        patch.unmarkQuarantined(node)
        let step = node.labels[QuarantineMark.label].map { "\(QuarantineMark.label)=\($0)" }
        let reason = node.annotations[QuarantineMark.annotation].map(QuarantineMark.words)
        let kept = "it says in which step the node was set aside, and why; it goes with the cordon (--uncordon)"
        return leftover(
            .quarantine, node, run, previous: nil,
            found: [step, reason].compactMap(\.self).joined(separator: ": "), patch,
            keeping: liftsCordons ? nil : kept)
    }

    private func leftover(
        _ kind: Leftover.Kind, _ node: Node, _ run: RunID?, previous: String?, found: String, _ patch: NodePatch,
        isChangedSince: Bool = false, keeping reason: String? = nil
    ) -> Leftover {
        let request = ClusterRequest.patchNode(node.name, uid: node.uid, patch)
        return Leftover(
            kind: kind, object: "Node \(node.name)", run: run, previous: previous, found: found,
            isChangedSince: isChangedSince,
            fate: reason.map { .keep(why: $0) } ?? .restore(request, resourceVersion: node.resourceVersion))
    }
}
