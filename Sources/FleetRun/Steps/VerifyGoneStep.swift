public import FleetExpressions
import FleetModel
import FleetPlanning

/// `verify_gone:` – the Node does not come back: a kubelet that restarts would register it again, uncordoned (rule 6).
public struct VerifyGoneStep: Step {
    /// `verify_gone`.
    public static let kind = "verify_gone"
    /// What it does, for editors and lists.
    public static let purpose =
        "The Node does not come back: a kubelet that restarts would register it again, uncordoned."

    /// How long it must stay away.
    public var duration: Duration

    /// Reads `for` (5s).
    public init?(_ arguments: inout LocatedDecoder) {
        duration = arguments.optional("for", .duration) ?? .seconds(5)
    }

    /// `verify gone`.
    public var title: String { "verify gone" }
    /// Repeatable.
    public var traits: StepTraits { [.repeatable, .onlyLooks] }

    /// Watches for the name to stay free.
    public func advance(_ context: StepContext) -> StepProgress {
        if let node = context.world.nodes[context.target.node] {
            return .failed(
                node.uid == context.target.nodeUID
                    ? "the Node is still there"
                    : "the Node registered again (UID \(node.uid)): its kubelet is running; stop and disable it, then delete the Node"
            )
        }
        let end = context.memory.startedAt + duration
        return context.now < end
            ? .wait("Node to stay gone for \(duration.text)", until: end)
            : .done(changed: false, "stayed gone for \(duration.text)")
    }

    /// Names what is checked.
    public func preview(_ context: StepContext) -> StepPreview {
        StepPreview(["would watch for \(duration.text) that the Node does not register again"])
    }
}
