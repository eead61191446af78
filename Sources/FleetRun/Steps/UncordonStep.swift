public import FleetExpressions
import FleetModel
import FleetPlanning

/// `uncordon:` – pods may be scheduled onto the node again. Only a cordon of this run is lifted.
public struct UncordonStep: Step {
    /// `uncordon`.
    public static let kind = "uncordon"

    /// Takes no arguments.
    public init?(_ arguments: inout LocatedDecoder) {}

    /// `uncordon`.
    public var title: String { "uncordon" }
    /// Repeatable.
    public var traits: StepTraits { [.uncordons, .repeatable] }

    /// Patches the Node unless somebody else cordoned it, or it is schedulable.
    public func advance(_ context: StepContext) -> StepProgress {
        guard let node = context.current else { return .failed("the Node is gone") }
        guard node.isCordoned else { return .done(changed: context.memory.acts["uncordon"] != nil, "schedulable") }
        guard !context.target.wasCordoned else {
            return .done(changed: false, "left cordoned: it was so before this plan")
        }
        let patch = NodePatch(isCordoned: false, annotations: [CordonStep.annotation: nil])
        return context.request(
            "uncordon", "uncordon \(node.name)", .patchNode(node.name, uid: node.uid, patch), waitingFor: "schedulable"
        )
    }

    /// Says whether it would be uncordoned.
    public func preview(_ context: StepContext) -> StepPreview {
        StepPreview([context.target.wasCordoned ? "would leave it cordoned, as it was" : "would uncordon"])
    }
}
