public import FleetModel

/// What a PodDisruptionBudget can ever permit (semantics 2; D14).
public enum BudgetRule {
    /// How many pods may be out while all others are healthy.
    ///
    /// `expected` is how many pods its workloads should have.
    public static func ceiling(of budget: PodDisruptionBudget, expected: Int) -> Int {
        if let most = budget.maxUnavailable { return min(expected, most.roundedUp(of: expected)) }
        if let least = budget.minAvailable { return max(0, expected - least.roundedUp(of: expected)) }
        return 0
    }

    /// How many pods the budget counts on: its status where the controller has filled it, else the workload's replicas.
    static func expected(_ budget: PodDisruptionBudget, replicas: Int) -> Int {
        budget.observedGeneration >= budget.generation && budget.expectedPods > 0 ? budget.expectedPods : replicas
    }

    /// The specification in words.
    static func words(_ budget: PodDisruptionBudget) -> String {
        if let most = budget.maxUnavailable { return "maxUnavailable \(most)" }
        return budget.minAvailable.map { "minAvailable \($0)" } ?? "neither minAvailable nor maxUnavailable"
    }
}
