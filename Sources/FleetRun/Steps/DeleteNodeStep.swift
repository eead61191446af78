public import FleetExpressions
public import FleetModel
import FleetPlanning

/// `delete_node:` – the Node object is removed, with a UID precondition (D10).
///
/// Refused while the Node is not Ready and was not drained by this run, and while other than DaemonSet and mirror pods
/// are bound to it: pod GC would start a StatefulSet's member twice (safety rule 5). Neither holds once `host_off` proved
/// the host to be powered off. Volumes that are still attached are awaited for ten minutes: a Node that is deleted under
/// them keeps them from their pods' new homes for six more.
public struct DeleteNodeStep: Step {
    /// `delete_node`.
    public static let kind = "delete_node"
    /// What it does, for editors and lists.
    public static let purpose = "The Node object is removed, with a UID precondition."

    /// Takes no arguments.
    public init?(_ arguments: inout LocatedDecoder) {}

    /// `delete Node`.
    public var title: String { "delete Node" }
    /// What the API must permit.
    public var access: [AccessQuestion] { [AccessQuestion("delete", "nodes")] }
    /// Repeatable; deletes the Node.
    public var traits: StepTraits { [.deletesNode, .repeatable] }

    /// Deletes the Node and waits until the watch shows it gone.
    public func advance(_ context: StepContext) -> StepProgress {
        let requested = context.memory.acts["delete"] != nil
        guard let node = context.current else {
            return .done(changed: requested, requested ? "Node deleted" : "the Node was gone already")
        }
        let isOff = context.node.isProvedOff && !node.isReady
        if !node.isReady, !context.node.isDrained, !isOff {
            return .failed(
                "the Node is not Ready and was not drained: its containers may still run, and pod GC would start StatefulSet members twice; prove that the host is off (host_off), or bring it back"
            )
        }
        let bound = isOff ? [] : context.remaining
        if !bound.isEmpty {
            return .failed("pods are still bound to it: \(bound.map(\.key.description).joined(separator: ", "))")
        }
        let attached = isOff || requested ? [] : context.world.attachments(on: node.name)
        if !attached.isEmpty {
            let names = attached.map { $0.volumeName.isEmpty ? $0.name : $0.volumeName }.joined(separator: ", ")
            let deadline = context.memory.startedAt + .seconds(600)
            return context.now < deadline
                ? .wait("volumes to detach: \(names)", until: deadline)
                : .failed("volumes are still attached after 10m: \(names)")
        }
        return context.request(
            "delete", "delete Node \(node.name)", .deleteNode(node.name, uid: node.uid),
            waitingFor: "the Node to be gone"
        )
    }

    /// Says whether it would be deleted.
    public func preview(_ context: StepContext) -> StepPreview {
        StepPreview([context.current == nil ? "the Node is gone already" : "would delete Node \(context.target.node)"])
    }
}
