public import FleetModel

/// What becomes of each pod of a node that is drained (kubectl's filters, semantics 3.2; safety rule 14; D6, D7).
///
/// One rule for planning and for the run. Budgets are not looked at: they decide when a pod goes, not whether.
public struct PodTriage: Hashable, Sendable {
    /// What the playbook permits.
    public struct Permissions: Hashable, Sendable {
        /// Pods with emptyDir volumes may go, with their data.
        public var losesEmptyDir: Bool
        /// Pods without a controller may go for ever.
        public var deletesBarePods: Bool

        /// Permissions; none unless said otherwise.
        public init(losesEmptyDir: Bool = false, deletesBarePods: Bool = false) {
            self.losesEmptyDir = losesEmptyDir
            self.deletesBarePods = deletesBarePods
        }
    }

    /// What becomes of a pod.
    public enum Verdict: Hashable, Sendable {
        /// It is evicted; lower orders first. The timeout is the rule's own; nil means the policy's.
        case evict(order: Int, timeout: Duration?)
        /// It is awaited until it ends by itself; the text says why.
        case wait(String, timeout: Duration?)
        /// It stays on the node and does not fail `verify_drained`.
        case leave(Leave)
        /// It forbids the drain.
        case refuse(Refusal)
    }

    /// Why a pod stays.
    public enum Leave: Hashable, Sendable {
        case daemonSet
        case mirror
        /// A rule or a label says so.
        case skipped
    }

    /// Why a pod forbids the drain, and the ways out.
    public struct Refusal: Hashable, Sendable {
        /// The rule that was met.
        public var code: Finding.Code
        /// Why.
        public var reason: String
        /// The ways out.
        public var remedy: String

        /// A refusal.
        public init(_ code: Finding.Code, _ reason: String, remedy: String) {
            self.code = code
            self.reason = reason
            self.remedy = remedy
        }
    }

    private let policy: EvictionPolicy
    private let permissions: Permissions

    /// Triage under a playbook's policy and permissions.
    public init(policy: EvictionPolicy, permissions: Permissions) {
        self.policy = policy
        self.permissions = permissions
    }

    /// Judges a pod.
    ///
    /// `workload` decides how many of it there are; `keepsDataOnNode` says that a hostPath or a local
    /// volume holds its data.
    public func verdict(on pod: Pod, workload: Workload?, keepsDataOnNode: Bool) -> Verdict {
        if pod.isMirror { return .leave(.mirror) }
        if pod.isFinished { return .evict(order: 0, timeout: nil) }
        if pod.isDaemon { return .leave(.daemonSet) }
        let rule = policy.rules.first { $0.selects(pod) }
        if let rule, rule.action == .skip { return .leave(.skipped) }
        if let rule, rule.action == .block { return .refuse(Self.blockedByRule) }
        if let rule, rule.action == .wait { return .wait("a rule waits for it", timeout: rule.timeout) }
        if pod.isTerminating { return .evict(order: 0, timeout: nil) }
        if rule == nil, let verdict = Self.verdict(byMarksOf: pod) { return verdict }
        if let refusal = refusal(of: pod, workload, keepsDataOnNode) { return .refuse(refusal) }
        return .evict(order: rule?.order ?? 0, timeout: rule?.timeout)
    }

    // MARK: - Marks on the pod

    private static func verdict(byMarksOf pod: Pod) -> Verdict? {
        switch pod.labels["cluster.x-k8s.io/drain"] {
        case "skip": return .leave(.skipped)
        case "wait-completed": return .wait("label cluster.x-k8s.io/drain=wait-completed", timeout: nil)
        default: break
        }
        if pod.controller?.kind == "Job" { return .wait("it belongs to a Job", timeout: nil) }
        if let mark = pod.annotations["karpenter.sh/do-not-disrupt"], mark == "true" || Duration(text: mark) != nil {
            return .refuse(doNotDisrupt("karpenter.sh/do-not-disrupt=\(mark)"))
        }
        if pod.annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "false" {
            return .refuse(doNotDisrupt("cluster-autoscaler.kubernetes.io/safe-to-evict=false"))
        }
        return nil
    }

    private static let blockedByRule = Refusal(
        .blockedByRule, "a rule of evictions.rules blocks the drain of a node that runs it",
        remedy: "move it by hand, or change the rule"
    )

    private static func doNotDisrupt(_ mark: String) -> Refusal {
        Refusal(
            .doNotDisrupt, "its owner forbids eviction: annotation \(mark)",
            remedy: "agree with the owner, then name it in evictions.rules with action evict, wait or skip"
        )
    }

    // MARK: - What would be lost

    private func refusal(of pod: Pod, _ workload: Workload?, _ keepsDataOnNode: Bool) -> Refusal? {
        if pod.controller == nil, !permissions.deletesBarePods {
            return Refusal(
                .barePod, "no controller would start it again",
                remedy: "delete it by hand, or set drain.delete_bare_pods: true"
            )
        }
        if !permissions.losesEmptyDir, pod.volumes.contains(where: { if case .emptyDir = $0 { true } else { false } }) {
            return Refusal(
                .localStorage, "it has emptyDir data, which is lost with the pod",
                remedy: "set drain.delete_emptydir_data: true if that is agreed"
            )
        }
        return localVolumeRefusal(of: workload, keepsDataOnNode)
    }

    private func localVolumeRefusal(of workload: Workload?, _ keepsDataOnNode: Bool) -> Refusal? {
        guard keepsDataOnNode, let workload, workload.reference.kind == .statefulSet, workload.replicas <= 1,
            !policy.downtime.contains(workload.reference.key)
        else { return nil }
        return Refusal(
            .singleReplicaOnLocalVolume, "its only replica keeps its data on this node (hostPath or local volume)",
            remedy: "one of three: more replicas; move the data to a PersistentVolumeClaim that can follow it; "
                + "or an agreed downtime: evictions.downtime: [\(workload.reference.key)]"
        )
    }
}

extension EvictionRule {
    /// Whether the rule is meant for the pod.
    public func selects(_ pod: Pod) -> Bool {
        (namespace == nil || namespace == pod.key.namespace) && selector.matches(pod.labels)
    }
}
