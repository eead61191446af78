public import FleetExpressions
public import FleetModel
import FleetPlanning

/// `uncordon:` – pods may be scheduled onto the node again.
///
/// Only a cordon of this run is lifted.
public struct UncordonStep: Step {
    /// `uncordon`.
    public static let kind = "uncordon"
    /// What it does, for editors and lists.
    public static let purpose = "Pods may be scheduled onto the node again. Only a cordon of this run is lifted."

    /// Takes no arguments.
    public init?(_ arguments: inout LocatedDecoder) {}

    /// `uncordon`.
    public var title: String { "uncordon" }
    /// What the API must permit.
    public var access: [AccessQuestion] { [AccessQuestion("patch", "nodes")] }
    /// Repeatable.
    public var traits: StepTraits { [.uncordons, .repeatable] }

    /// Patches the Node unless somebody else cordoned it, or it is schedulable; the plan's taint goes with the cordon.
    public func advance(_ context: StepContext) -> StepProgress {
        guard let node = context.current else { return .failed("the Node is gone") }
        let isMarked = node.isRetiring && node.isMarked(by: context.run.planDigest, of: context.run.id)
        let isOurs = node.isCordoned && !context.target.wasCordoned && node.annotations[CordonStep.annotation] != nil
        // An earlier run may have set it aside.
        let isLabelled = (isOurs || !node.isCordoned) && node.isMarkedQuarantined
        guard isMarked || isOurs || isLabelled else {
            if node.isCordoned { return .done(changed: false, "left cordoned: the cordon is not this plan's") }
            return .done(changed: context.memory.acts["uncordon"] != nil, "schedulable")
        }
        var patch = NodePatch(isCordoned: isOurs ? false : nil)
        if isOurs { patch.annotations[CordonStep.annotation] = .some(nil) }
        if isLabelled { patch.unmarkQuarantined(node) }
        if isMarked { patch.unmark() }
        return context.request(
            "uncordon", "uncordon \(node.name)", .patchNode(node.name, uid: node.uid, patch), waitingFor: "schedulable"
        )
    }

    /// Says whether it would be uncordoned.
    public func preview(_ context: StepContext) -> StepPreview {
        StepPreview([context.target.wasCordoned ? "would leave it cordoned, as it was" : "would uncordon"])
    }
}
