public import FleetExpressions
public import FleetModel

/// `cordon:` – no new pods are scheduled onto the node (D5).
///
/// A node that was already cordoned, by no run of the plan, is left as it is, and rollback does not uncordon it.
public struct CordonStep: Step {
    /// `cordon`.
    public static let kind = "cordon"
    /// What it does, for editors and lists.
    public static let purpose = "No new pods are scheduled onto the node."
    /// Names the run on the Node, so that any machine can tell who cordoned it (safety rule 23).
    public static let annotation = "fleet.run/cordoned-by"

    /// Takes no arguments.
    public init?(_ arguments: inout LocatedDecoder) {}

    init() {}

    /// `cordon`.
    public var title: String { "cordon" }
    /// What the API must permit.
    public var access: [AccessQuestion] { [AccessQuestion("patch", "nodes")] }
    /// Repeatable.
    public var traits: StepTraits { [.cordons, .repeatable] }

    /// Patches the Node unless it is cordoned.
    public func advance(_ context: StepContext) -> StepProgress {
        guard let node = context.current else { return .done(changed: false, "the Node is gone") }
        if node.isCordoned {
            let own = context.run.isOwnCordon(of: node)
            return .done(changed: own, own ? "SchedulingDisabled" : "was already cordoned")
        }
        let patch = NodePatch(isCordoned: true, annotations: [Self.annotation: context.run.id.rawValue])
        return context.request(
            Self.kind, "cordon \(node.name)", .patchNode(node.name, uid: node.uid, patch),
            waitingFor: "SchedulingDisabled"
        )
    }

    /// Says whether it would be cordoned.
    public func preview(_ context: StepContext) -> StepPreview {
        guard let node = context.current else { return StepPreview(["the Node is gone: nothing to cordon"]) }
        return StepPreview([node.isCordoned ? "already cordoned" : "would cordon"])
    }
}

extension [PlannedStep] {
    /// The steps with a cordon before the first drain, where the playbook has none: kubectl drain cordons as well, and
    /// without it the scheduler would bring back what is moved.
    public var cordoningBeforeDrains: [PlannedStep] {
        guard let drain = firstIndex(where: { $0.step.traits.contains(.drains) }),
            !self[..<drain].contains(where: { $0.step.traits.contains(.cordons) })
        else { return self }
        var cordon = PlannedStep(step: CordonStep())
        cordon.isForNewcomers = self[drain].isForNewcomers
        cordon.condition = self[drain].condition
        var steps = self
        steps.insert(cordon, at: drain)
        return steps
    }
}
