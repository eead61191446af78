public import FleetModel

/// The budget of a workload that nobody gave one (safety rule 12).
public enum ImplicitBudget {
    /// How many of a workload's pods may be out at once: the policy's share rounded down, at least one; none of a
    /// single replica.
    public static func maxUnavailable(replicas: Int, policy: CountOrPercent) -> Int {
        replicas <= 1 ? 0 : max(1, min(policy.roundedDown(of: replicas), replicas - 1))
    }

    /// How many more pods may go now: `unready` (not terminating) and `terminating` pods are spent already.
    public static func allowance(replicas: Int, unready: Int, terminating: Int, policy: CountOrPercent) -> Int {
        max(0, maxUnavailable(replicas: replicas, policy: policy) - unready - terminating)
    }
}
