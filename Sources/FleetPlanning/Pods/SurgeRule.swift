public import FleetModel

/// Whether a workload of one replica can be moved without downtime by running a second pod first (safety rule 13).
public enum SurgeRule {
    /// The annotation by which a workload's owner forbids it, with the value `false`.
    public static let annotation = "fleet.run/surge"

    /// Why not; nil when it can be surged.
    ///
    /// `claims` are those that its pods' volumes name.
    public static func refusal(of workload: Workload, claims: [PersistentVolumeClaim]) -> String? {
        guard workload.reference.kind == .deployment else {
            return "a \(workload.reference.kind.rawValue) cannot run a second pod beside its only one"
        }
        if workload.strategy != .rollingUpdate { return "its strategy is \(workload.strategy.rawValue)" }
        if workload.annotations[annotation] == "false" { return "annotation \(annotation)=false forbids it" }
        if let claim = claims.first(where: isExclusive) {
            return "claim \(claim.key.name) is \(claim.accessModes.joined(separator: ", ")): one node only"
        }
        if workload.template?.constraints.hostPorts.isEmpty == false { return "it takes a host port" }
        return nil
    }

    private static func isExclusive(_ claim: PersistentVolumeClaim) -> Bool {
        let shared = ["ReadWriteMany", "ReadOnlyMany"]
        return !claim.accessModes.contains(where: shared.contains)
    }
}
