import FleetModel

/// Hosts that two plans of different clusters have in common: the same machine must not be in two hands.
///
/// Leases guard one cluster each; what two clusters' runs do to one host only the state file that they share can tell.
public enum TargetOverlap {
    /// The hosts of a plan that another cluster's plan names too, in the plan's order.
    ///
    /// Machines are told apart by their machine-id; one that is not known yet, as of a host that has yet to join, by
    /// its name in the inventory.
    public static func hosts(of plan: Plan, in other: Plan) -> [String] {
        guard plan.cluster != other.cluster else { return [] }
        let others = other.targets
        let machines = Set(others.map(\.machineID)).subtracting([""])
        let names = Set(others.map(\.host))
        let unknown = Set(others.filter(\.machineID.isEmpty).map(\.host))
        return plan.targets.filter { target in
            target.machineID.isEmpty
                ? names.contains(target.host) : machines.contains(target.machineID) || unknown.contains(target.host)
        }.map(\.host)
    }
}
