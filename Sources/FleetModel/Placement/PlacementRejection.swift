/// Why a pod may not run on a node: kube-scheduler's placement filters, in the order in which it asks them.
///
/// The descriptions are kube-scheduler's own words (`pkg/scheduler/framework/plugins`), as they stand in a Pending
/// pod's message after the number of nodes.
public enum PlacementRejection: Hashable, Sendable, CustomStringConvertible {
    /// NodeUnschedulable: the node is cordoned.
    case unschedulable
    /// TaintToleration: the first NoSchedule or NoExecute taint that is not tolerated.
    case taint(Taint)
    /// NodeAffinity: nodeSelector or required node affinity.
    case nodeAffinity
    /// NodePorts: another pod has the port.
    case ports
    /// NodeResourcesFit: `cpu`, `memory`, `ephemeral-storage` or an extended resource.
    case insufficient(String)
    /// NodeResourcesFit: the node has its number of pods.
    case tooManyPods
    /// VolumeBinding: a bound volume's node affinity.
    case volumeAffinity
    /// VolumeZone: a bound volume's zone label.
    case volumeZone
    /// PodTopologySpread: a hard constraint would be broken.
    case topologySpread
    /// PodTopologySpread: the node lacks the constraint's label.
    case topologySpreadLabel
    /// InterPodAffinity: no pod to be near to.
    case podAffinity
    /// InterPodAffinity: a pod to keep away from.
    case podAntiAffinity
    /// InterPodAffinity: a pod that keeps away from this one.
    case existingPodAntiAffinity

    /// kube-scheduler's words.
    public var description: String {
        switch self {
        case .unschedulable: "node(s) were unschedulable"
        case .taint(let taint): "node(s) had untolerated taint {\(taint.key): \(taint.value)}"
        case .nodeAffinity: "node(s) didn't match Pod's node affinity/selector"
        case .ports: "node(s) didn't have free ports for the requested pod ports"
        case .insufficient(let resource): "Insufficient \(resource)"
        case .tooManyPods: "Too many pods"
        case .volumeAffinity: "node(s) had volume node affinity conflict"
        case .volumeZone: "node(s) had no available volume zone"
        case .topologySpread: "node(s) didn't match pod topology spread constraints"
        case .topologySpreadLabel:
            "node(s) didn't match pod topology spread constraints (missing required label)"
        case .podAffinity: "node(s) didn't match pod affinity rules"
        case .podAntiAffinity: "node(s) didn't match pod anti-affinity rules"
        case .existingPodAntiAffinity: "node(s) didn't satisfy existing pods anti-affinity rules"
        }
    }

    /// What the scheduler writes on a gated pod.
    public static let gatedMessage = "Scheduling is blocked due to non-empty scheduling gates"

    /// The message of condition PodScheduled: `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) …`.
    public static func message(_ counts: [PlacementRejection: Int], nodes: Int) -> String {
        guard nodes > 0 else { return "no nodes available to schedule pods" }
        var byText: [String: Int] = [:]
        for (rejection, count) in counts { byText[rejection.description, default: 0] += count }
        let reasons = byText.map { "\($0.value) \($0.key)" }.sorted()
        return "0/\(nodes) nodes are available: \(reasons.joined(separator: ", "))."
    }
}
