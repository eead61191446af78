public import FleetExpressions
import FleetModel
import FleetPlanning

/// `soak: 2m` – the Node must stay Ready for so long before the next step.
public struct SoakStep: Step {
    /// `soak`.
    public static let kind = "soak"
    /// What it does, for editors and lists.
    public static let purpose = "The Node must stay Ready for so long before the next step."
    /// `soak: 2m`.
    public static let shorthand: String? = "for"

    /// How long.
    public var duration: Duration

    /// Reads `for`.
    public init?(_ arguments: inout LocatedDecoder) {
        guard let duration = arguments.required("for", .duration) else { return nil }
        self.duration = duration
    }

    /// `watch the Node for 2m`.
    public var title: String { "watch the Node for \(duration.text)" }
    /// Repeatable.
    public var traits: StepTraits { [.repeatable, .onlyLooks] }

    /// Waits; a Node that ceases to be Ready meanwhile fails the step.
    public func advance(_ context: StepContext) -> StepProgress {
        guard let node = context.current else { return .failed("there is no Node \(context.target.node) to watch") }
        guard node.isReady else {
            return .failed("Node \(node.name) became \(node.readinessWords) while it was watched")
        }
        let end = context.memory.startedAt + duration
        return context.now < end
            ? .wait("Node \(node.name) to stay Ready for \(duration.text)", until: end)
            : .done(changed: false, "stayed Ready for \(duration.text)")
    }

    /// Says how long it would watch.
    public func preview(_ context: StepContext) -> StepPreview { StepPreview(["would \(title)"]) }
}
