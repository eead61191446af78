public import FleetPlanning

/// A plan as a command shows it.
public struct PlanReport: Report {
    private let plan: Plan
    private let load: TargetLoad?
    private let namesPods: Bool

    /// The report of a plan; with `load` also what its targets carry (D1, D2), with `namesPods` pod by pod, also behind findings.
    public init(_ plan: Plan, load: TargetLoad? = nil, namesPods: Bool = false) {
        self.plan = plan
        self.namesPods = namesPods
        self.load = load
    }

    /// `fleet.plan/v1`.
    public var document: PlanJSON { PlanJSON(plan, load: load) }
    /// The verdict, blockers, waves by zones, warnings, forecast; then what the targets carry.
    public func text(_ style: TextStyle) -> String {
        let load = load.map { "\n\n" + LoadText($0, namesPods: namesPods, style: style).text } ?? ""
        return PlanText(plan, namesItems: namesPods, style: style).text + load
    }
}
