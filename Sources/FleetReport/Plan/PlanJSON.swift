public import FleetPlanning

/// A plan as a JSON document: `fleet.plan/v1`, with everything the plan holds below `plan`.
public struct PlanJSON: Encodable, Sendable {
    private let schema = "fleet.plan/v1"
    private let isBlocked: Bool
    private let plan: Plan

    /// The document of a plan.
    public init(_ plan: Plan) {
        self.plan = plan
        isBlocked = !plan.blockers.isEmpty
    }
}
