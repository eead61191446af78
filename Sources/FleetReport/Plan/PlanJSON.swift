public import FleetPlanning

/// A plan as a JSON document: `fleet.plan/v1`, with everything the plan holds below `plan`.
public struct PlanJSON: Encodable, Sendable {
    private let schema = "fleet.plan/v1"
    private let isBlocked: Bool
    private let plan: Plan
    private let load: TargetLoad?

    /// The document of a plan; `load` is what its targets carry, below `load`, where that was asked for.
    public init(_ plan: Plan, load: TargetLoad? = nil) {
        self.plan = plan
        self.load = load
        isBlocked = !plan.blockers.isEmpty
    }
}
