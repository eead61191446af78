public import FleetExpressions
public import FleetModel

/// `exclude_from_load_balancers:` – cloud load balancers stop sending to the node; a cordon alone does not do that.
public struct ExcludeFromLoadBalancersStep: Step {
    /// `exclude_from_load_balancers`.
    public static let kind = "exclude_from_load_balancers"
    /// What it does, for editors and lists.
    public static let purpose = "Cloud load balancers stop sending to the node; a cordon alone does not do that."
    /// The well-known label (`~/cloud-provider/controllers/service/controller.go`).
    public static let label = "node.kubernetes.io/exclude-from-external-load-balancers"

    /// Takes no arguments.
    public init?(_ arguments: inout LocatedDecoder) {}

    /// `exclude from load balancers`.
    public var title: String { "exclude from load balancers" }
    /// What the API must permit.
    public var access: [AccessQuestion] { [AccessQuestion("patch", "nodes")] }
    /// Repeatable.
    public var traits: StepTraits { .repeatable }
    /// The label.
    public var temporary: Set<Compensation.Kind> { [.nodeLabel] }

    /// Labels the Node; the label is taken off again unless the Node is deleted.
    public func advance(_ context: StepContext) -> StepProgress {
        guard let node = context.current else { return .done(changed: false, "the Node is gone") }
        if node.labels[Self.label] != nil {
            let own = context.memory.acts["label"] != nil
            return .done(changed: own, own ? "excluded" : "was already excluded")
        }
        let change = Compensation.label(Self.label, of: node)
        let note = change.note(by: context.run.id)
        let patch = NodePatch(labels: [Self.label: ""], annotations: [note.key: note.value])
        return context.request(
            "label", "label \(node.name) \(Self.label)", .patchNode(node.name, uid: node.uid, patch),
            compensation: change, waitingFor: "the label"
        )
    }

    /// Says whether it would be labelled.
    public func preview(_ context: StepContext) -> StepPreview {
        let present = context.current?.labels[Self.label] != nil
        return StepPreview([present ? "already excluded" : "would label it \(Self.label)"])
    }
}
