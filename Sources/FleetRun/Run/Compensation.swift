public import FleetModel

/// A temporary change of fleet's, with what it must be set back to (safety rules 21 and 23).
public struct Compensation: Hashable, Sendable, Codable, Identifiable {
    /// What was changed.
    public enum Kind: String, Hashable, Sendable, Codable {
        /// A workload's replicas.
        case replicas
        /// An autoscaler's minimum.
        case minimumReplicas
        /// A label of a Node.
        case nodeLabel
        /// Taints of one key on a Node.
        case nodeTaint
        /// A budget's bound.
        case budget
        /// A token with which a host joins.
        case bootstrapToken
        /// The same, made by kubeadm on a control-plane host, and revoked there.
        case hostToken
    }

    /// Unique in the run, such as `replicas Deployment shop/cart`.
    public var id: String
    /// What was changed.
    public var kind: Kind
    /// The node for whose sake it was changed.
    public var node: NodeName
    /// The workload or autoscaler.
    public var key: ObjectKey
    /// The workload's kind.
    public var workloadKind: WorkloadKind?
    /// The object's UID.
    public var uid: ObjectUID
    /// The value that fleet set; where another stands now, somebody else changed it and it is left alone.
    public var temporary: Int
    /// The value to set back.
    public var previous: Int
    /// The label's key, for `nodeLabel`; the token's public half, for `bootstrapToken`.
    public var label: String?
    /// The label's previous value; nil when it was absent.
    public var previousLabel: String?
    /// The label's value that fleet set; nil in journals that lack it, which means the empty one.
    public var temporaryLabel: String?

    /// The annotation under which fleet notes a change on the object itself.
    public static let annotation = "fleet.run/temporary"

    /// A change of a workload's replicas.
    public static func replicas(of workload: Workload, to temporary: Int, for node: NodeName) -> Compensation {
        Compensation(
            id: "replicas \(workload.reference)", kind: .replicas, node: node, key: workload.reference.key,
            workloadKind: workload.reference.kind, uid: workload.reference.uid, temporary: temporary,
            previous: workload.replicas
        )
    }

    /// A change of an autoscaler's minimum.
    public static func minimum(of autoscaler: PodAutoscaler, to temporary: Int, for node: NodeName) -> Compensation {
        Compensation(
            id: "minReplicas HorizontalPodAutoscaler \(autoscaler.key)", kind: .minimumReplicas, node: node,
            key: autoscaler.key, uid: autoscaler.uid, temporary: temporary, previous: autoscaler.minReplicas
        )
    }

    /// A label set on a Node.
    public static func label(_ label: String, of node: Node, to value: String = "") -> Compensation {
        Compensation(
            id: "label \(label) of \(node.name)", kind: .nodeLabel, node: node.name,
            key: ObjectKey("", node.name.rawValue),
            uid: node.uid, temporary: 0, previous: 0, label: label, previousLabel: node.labels[label],
            temporaryLabel: value
        )
    }

    /// Taints of a key set on a Node, whatever their effects; they go together.
    public static func taint(_ key: String, of node: Node) -> Compensation {
        Compensation(
            id: "taint \(key) of \(node.name)", kind: .nodeTaint, node: node.name,
            key: ObjectKey("", node.name.rawValue),
            uid: node.uid, temporary: 0, previous: 0, label: key)
    }

    /// A token made for a host to join with; its deletion is the undoing.
    public static func bootstrapToken(_ id: String, for node: NodeName) -> Compensation {
        Compensation(
            id: "bootstrap token \(id)", kind: .bootstrapToken, node: node,
            key: ObjectKey("kube-system", "bootstrap-token-\(id)"), uid: "", temporary: 0, previous: 0, label: id)
    }

    /// The same, made on a control-plane host.
    public static func hostToken(_ id: String, for node: NodeName) -> Compensation {
        Compensation(
            id: "bootstrap token \(id)", kind: .hostToken, node: node,
            key: ObjectKey("kube-system", "bootstrap-token-\(id)"), uid: "", temporary: 0, previous: 0, label: id)
    }

    /// A budget's bound; one that is changed already on this run's behalf keeps what its note calls the previous one.
    static func budget(
        _ budget: PodDisruptionBudget, to maxUnavailable: CountOrPercent, for node: NodeName
    ) -> Compensation {
        let noted = budget.annotations[annotation].flatMap(TemporaryNote.init(text:))?.previous
        return Compensation(
            id: "PodDisruptionBudget \(budget.key) for \(node)", kind: .budget, node: node, key: budget.key,
            uid: budget.uid, temporary: 0, previous: 0,
            previousLabel: noted ?? BudgetBound(of: budget)?.description,
            temporaryLabel: BudgetBound(.maxUnavailable, maxUnavailable).description)
    }

    /// Whether another node needs the same change: the last one sets it back.
    func shares(with other: Compensation) -> Bool {
        kind == .budget && other.kind == .budget && key == other.key && id != other.id
    }

    /// Whether the API's answer alone says that it is undone: fleet does not follow the object.
    func isUndone(by result: OperationResult) -> Bool {
        (kind == .bootstrapToken || kind == .hostToken) && result.isSuccess
    }

    /// What is written on the object in the same request (safety rule 23): the annotation's key and value.
    public func note(by run: RunID) -> (key: String, value: String) {
        if kind == .nodeTaint, let label { return (Self.annotation(ofTaint: label), TemporaryNote(run: run).text) }
        if kind == .budget {
            return (Self.annotation, TemporaryNote(run: run, previous: previousLabel, set: temporaryLabel).text)
        }
        guard kind == .nodeLabel, let label else {
            let note = TemporaryNote(run: run, previous: "\(previous)", set: "\(temporary)")
            return (Self.annotation, note.text)
        }
        let note = TemporaryNote(run: run, label: label, previous: previousLabel, set: temporaryLabel ?? "")
        return (Self.annotation(ofLabel: label), note.text)
    }

    /// The annotation under which a label's change is noted: a Node may have several.
    public static func annotation(ofLabel label: String) -> String {
        labelAnnotationPrefix + String((label.split(separator: "/").last ?? "").prefix(63 - "label.".count))
    }

    /// The annotation under which a taint is noted: its key where that is fleet's own.
    public static func annotation(ofTaint key: String) -> String {
        key.hasPrefix("fleet.run/") ? key : "fleet.run/taint." + (key.split(separator: "/").last ?? "")
    }

    /// What such annotations begin with.
    public static let labelAnnotationPrefix = "fleet.run/label."

    /// Whether the changed object is gone, and with it the change.
    func isMoot(in world: World) -> Bool {
        switch kind {
        case .replicas: world.workloads[uid] == nil
        case .minimumReplicas: world.autoscalers[key]?.uid != uid
        case .nodeLabel, .nodeTaint: world.nodes[node]?.uid != uid
        case .budget: world.budgets[key]?.uid != uid
        case .bootstrapToken, .hostToken: false
        }
    }

    /// What undoes it for the run that made it, or nil when the world shows nothing left to undo.
    ///
    /// A value is set back only in the version of the object that was looked at: a change that comes in between stays.
    func request(in world: World, of run: RunID) -> ClusterRequest? {
        switch kind {
        case .replicas:
            guard let workload = world.workloads[uid], let workloadKind,
                let replicas = restored(workload.replicas, workload.annotations, run)
            else { return nil }
            let reference = WorkloadReference(kind: workloadKind, key: key, uid: uid)
            return .ifUnchanged(
                since: workload.resourceVersion,
                .scale(reference, replicas: replicas, annotations: [Self.annotation: nil]))
        case .minimumReplicas:
            guard let autoscaler = world.autoscalers[key], autoscaler.uid == uid,
                let minimum = restored(autoscaler.minReplicas, autoscaler.annotations, run)
            else { return nil }
            return .ifUnchanged(
                since: autoscaler.resourceVersion,
                .setMinimumReplicas(key, minReplicas: minimum, annotations: [Self.annotation: nil]))
        case .nodeLabel:
            return labelRequest(in: world)
        case .nodeTaint:
            return world.nodes[node].flatMap { $0.uid == uid ? Self.untaint(label ?? "", of: $0) : nil }
        case .budget: return budgetRequest(in: world)
        case .bootstrapToken, .hostToken: return label.map { .deleteBootstrapToken(id: $0) }
        }
    }

    /// Takes the taints of a key off a Node, with the note about them; nil where neither is there.
    static func untaint(_ key: String, of node: Node) -> ClusterRequest? {
        let taints = node.taints.filter { $0.key == key }
        let note = annotation(ofTaint: key)
        guard !taints.isEmpty || node.annotations[note] != nil else { return nil }
        return .patchNode(node.name, uid: node.uid, NodePatch(annotations: [note: nil], removeTaints: taints))
    }

    /// Sets the bound back where fleet's own stands; else only the note goes, if there is one.
    private func budgetRequest(in world: World) -> ClusterRequest? {
        guard let budget = world.budgets[key], budget.uid == uid else { return nil }
        let found = BudgetBound(of: budget)
        let isFleets = found?.description == temporaryLabel && previousLabel != temporaryLabel
        guard isFleets || budget.annotations[Self.annotation] != nil else { return nil }
        let bound = isFleets ? previousLabel.flatMap(BudgetBound.init(text:)) : found
        return .ifUnchanged(
            since: budget.resourceVersion, .setBudget(key, uid: uid, bound, annotations: [Self.annotation: nil]))
    }

    /// Sets the label back where fleet's own value stands; else only the note goes, if there is one.
    private func labelRequest(in world: World) -> ClusterRequest? {
        guard let label, let current = world.nodes[node], current.uid == uid else { return nil }
        var patch = NodePatch()
        let found = current.labels[label]
        if found != previousLabel, found == temporaryLabel ?? "" { patch.labels[label] = .some(previousLabel) }
        let note = Self.annotation(ofLabel: label)
        if current.annotations[note] != nil { patch.annotations[note] = .some(nil) }
        guard patch != NodePatch() else { return nil }
        return .ifUnchanged(since: current.resourceVersion, .patchNode(node, uid: uid, patch))
    }

    /// The number to set back: the previous one where fleet's own stands, the present one where somebody else changed
    /// it and only fleet's annotation is left; nil when that is gone, or another run's.
    ///
    /// The annotation came in the same request as the number: without it even the same number is somebody else's.
    private func restored(_ current: Int, _ annotations: [String: String], _ run: RunID) -> Int? {
        guard annotations[Self.annotation].flatMap(TemporaryNote.init(text:))?.run == run else { return nil }
        return current == temporary ? previous : current
    }
}
