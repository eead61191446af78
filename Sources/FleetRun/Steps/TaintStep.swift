public import FleetExpressions
public import FleetModel
import FleetPlanning

/// `taint: {taints, remove}` – the Node carries the inventory's taints and what is listed (E11).
///
/// Taints are written `key=value:Effect` or `key:Effect`, as kubectl has them.
public struct TaintStep: Step {
    /// `taint`.
    public static let kind = "taint"
    /// What it does, for editors and lists.
    public static let purpose = "The Node carries the inventory's taints and what is listed."

    /// Taints beyond the inventory's.
    public var taints: [Taint]
    /// Taints to be taken off, by key and effect.
    public var removed: [Taint]

    /// Reads `taints` and `remove`.
    public init?(_ arguments: inout LocatedDecoder) {
        taints = arguments.optional("taints", .list(of: .taint)) ?? []
        removed = arguments.optional("remove", .list(of: .taint)) ?? []
    }

    /// `taint the Node`.
    public var title: String { "taint the Node" }
    /// What the API must permit.
    public var access: [AccessQuestion] { [AccessQuestion("get", "nodes"), AccessQuestion("patch", "nodes")] }
    /// Repeatable.
    public var traits: StepTraits { .repeatable }

    /// Patches what differs, and waits until it shows.
    public func advance(_ context: StepContext) -> StepProgress {
        guard let node = context.current else { return .failed("there is no Node \(context.target.node) to taint") }
        let patch = patch(of: node, in: context)
        guard patch.addTaints.isEmpty, patch.removeTaints.isEmpty else {
            return context.request(
                "taint", "taint \(node.name) \(Self.text(patch))", .patchNode(node.name, uid: node.uid, patch),
                waitingFor: "the taints")
        }
        let own = context.memory.acts["taint"] != nil
        return .done(changed: own, own ? "tainted" : "its taints are as wanted")
    }

    /// Says which taints would change.
    public func preview(_ context: StepContext) -> StepPreview {
        guard let node = context.current else { return StepPreview(["would taint the Node once it is there"]) }
        let patch = patch(of: node, in: context)
        let isDone = patch.addTaints.isEmpty && patch.removeTaints.isEmpty
        return StepPreview([isDone ? "nothing to do: its taints are as wanted" : "would taint it \(Self.text(patch))"])
    }

    private func patch(of node: Node, in context: StepContext) -> NodePatch {
        let wanted = (context.run.inventory.first { $0.node == node.name }?.taints ?? []) + taints
        return NodePatch(
            addTaints: wanted.filter { !node.taints.contains($0) },
            removeTaints: removed.filter { taint in
                node.taints.contains { $0.key == taint.key && $0.effect == taint.effect }
            })
    }

    private static func text(_ patch: NodePatch) -> String {
        let added = patch.addTaints.map(\.words)
        return (added + patch.removeTaints.map { "\($0.key):\($0.effect.rawValue)-" }).joined(separator: " ")
    }
}

extension ValueForm<Taint> {
    /// `key=value:NoSchedule` or `key:NoSchedule`.
    static var taint: ValueForm {
        .scalar("a taint such as dedicated=gpu:NoSchedule") { scalar in
            guard let colon = scalar.text.lastIndex(of: ":"),
                let effect = TaintEffect(rawValue: String(scalar.text[scalar.text.index(after: colon)...]))
            else { return nil }
            let parts = scalar.text[..<colon].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? String(parts[1]) : ""
            guard let key = parts.first.map(String.init), LabelText.isKey(key), LabelText.isValue(value) else {
                return nil
            }
            return Taint(key: key, value: value, effect: effect)
        }
    }
}
