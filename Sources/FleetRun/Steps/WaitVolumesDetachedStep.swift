public import FleetExpressions
import FleetModel
import FleetPlanning

/// `wait_volumes_detached:` – no volume is attached to the node any more, so that no pod waits six minutes for one.
public struct WaitVolumesDetachedStep: Step {
    /// `wait_volumes_detached`.
    public static let kind = "wait_volumes_detached"
    /// What it does, for editors and lists.
    public static let purpose = "No volume is attached to the node any more, so that no pod waits six minutes for one."

    /// How long detaching may take.
    public var timeout: Duration

    /// Reads `timeout` (10m).
    public init?(_ arguments: inout LocatedDecoder) {
        timeout = arguments.optional("timeout", .duration) ?? .seconds(600)
    }

    /// `wait for volumes`.
    public var title: String { "wait for volumes to detach" }
    /// Repeatable.
    public var traits: StepTraits { [.repeatable, .onlyLooks] }

    /// Waits for the node's VolumeAttachments to go.
    public func advance(_ context: StepContext) -> StepProgress {
        let attached = context.world.attachments(on: context.target.node)
        guard !attached.isEmpty else { return .done(changed: false, "no volume attached") }
        let names = attached.map { $0.volumeName.isEmpty ? $0.name : $0.volumeName }.joined(separator: ", ")
        let deadline = context.memory.startedAt + timeout
        return context.now < deadline
            ? .wait("volumes to detach: \(names)", until: deadline)
            : .failed("still attached after \(timeout.text): \(names)")
    }

    /// Names the volumes.
    public func preview(_ context: StepContext) -> StepPreview {
        let count = context.world.attachments(on: context.target.node).count
        return StepPreview([
            count == 0
                ? "no volume attached" : "would wait for \(count == 1 ? "1 volume" : "\(count) volumes") to detach"
        ])
    }
}
