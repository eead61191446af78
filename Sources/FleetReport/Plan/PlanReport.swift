public import FleetPlanning

/// A plan as a command shows it.
public struct PlanReport: Report {
    private let plan: Plan

    /// The report of a plan.
    public init(_ plan: Plan) { self.plan = plan }

    /// `fleet.plan/v1`.
    public var document: PlanJSON { PlanJSON(plan) }
    /// Blockers, waves by zones, warnings, forecast.
    public func text(_ style: TextStyle) -> String { PlanText(plan, style: style).text }
}
