public import FleetModel

/// Whether a workload of one replica can be moved without downtime by running a second pod first (safety rule 13).
///
/// A second pod of a Deployment is a copy; one of a StatefulSet is another member, of which its owner must say that it
/// may run for a while.
public enum SurgeRule {
    /// The annotation by which a workload's owner forbids it, with the value `false`, or permits it for a StatefulSet,
    /// with the value `true`.
    public static let annotation = "fleet.run/surge"

    /// Whether it is about a workload: a Deployment, or a StatefulSet whose owner says so.
    public static func concerns(_ workload: Workload) -> Bool {
        workload.reference.kind == .deployment
            || workload.reference.kind == .statefulSet && workload.annotations[annotation] == "true"
    }

    /// Why not; nil when it can be surged.
    ///
    /// `claims` are those that its pods' volumes name, `autoscaler` is the one that scales it.
    public static func refusal(
        of workload: Workload, claims: [PersistentVolumeClaim], autoscaler: PodAutoscaler? = nil
    ) -> String? {
        if let reason = refusal(ofKind: workload) { return reason }
        if workload.strategy != .rollingUpdate { return "its strategy is \(workload.strategy.rawValue)" }
        if workload.annotations[annotation] == "false" { return "annotation \(annotation)=false forbids it" }
        if let claim = claims.first(where: isExclusive) {
            return "claim \(claim.key.name) is \(claim.accessModes.joined(separator: ", ")): one node only"
        }
        if workload.template?.constraints.hostPorts.isEmpty == false { return "it takes a host port" }
        if let autoscaler, autoscaler.maxReplicas < 2 {
            return
                "HorizontalPodAutoscaler \(autoscaler.key) permits no second pod: its maxReplicas is \(autoscaler.maxReplicas)"
        }
        return nil
    }

    private static func refusal(ofKind workload: Workload) -> String? {
        switch workload.reference.kind {
        case .deployment: return nil
        case .statefulSet:
            guard concerns(workload) else {
                return
                    "a StatefulSet's second pod is another member, not a copy; annotation \(annotation)=true on it says that it may run one for a while"
            }
            if !workload.claimTemplates.isEmpty { return "each of its members has a volume of its own" }
            // One by one, the second member goes only once the first is Ready again; all at once, it would go before.
            return workload.isParallel ? "its podManagementPolicy is Parallel" : nil
        default: return "a \(workload.reference.kind.rawValue) cannot run a second pod beside its only one"
        }
    }

    private static func isExclusive(_ claim: PersistentVolumeClaim) -> Bool {
        let shared = ["ReadWriteMany", "ReadOnlyMany"]
        return !claim.accessModes.contains(where: shared.contains)
    }
}
