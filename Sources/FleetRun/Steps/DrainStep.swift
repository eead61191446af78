public import FleetExpressions
public import FleetModel
import FleetPlanning

/// `drain:` – every pod but those of DaemonSets and the kubelet's own leaves the node under its budgets (D6).
///
/// The evictions themselves are the governor's: one for the whole run.
public struct DrainStep: Step {
    /// `drain`.
    public static let kind = "drain"
    /// What it does, for editors and lists.
    public static let purpose =
        "Every pod but those of DaemonSets and the kubelet's own leaves the node under its budgets."

    /// How long a pod may take to stop.
    public enum GracePeriod: Hashable, Sendable {
        /// The pod's own.
        case pod
        /// The pod's own, but at most this.
        case ceiling(Duration)
    }

    /// How long a pod may take to stop.
    public var gracePeriod: GracePeriod
    /// Whether pods with emptyDir volumes may go, with their data.
    public var deletesEmptyDirData: Bool
    /// Whether pods without a controller may go for ever.
    public var deletesBarePods: Bool

    /// Reads `grace_period`, `delete_emptydir_data` and `delete_bare_pods`.
    public init?(_ arguments: inout LocatedDecoder) {
        gracePeriod = arguments.optional("grace_period", .gracePeriod) ?? .pod
        deletesEmptyDirData = arguments.optional("delete_emptydir_data", .bool) ?? false
        deletesBarePods = arguments.optional("delete_bare_pods", .bool) ?? false
    }

    /// `drain`.
    public var title: String { "drain" }
    /// What the API must permit.
    public var access: [AccessQuestion] { [AccessQuestion("create", "pods", subresource: "eviction")] }
    /// Repeatable; loses emptyDir data where allowed.
    public var traits: StepTraits {
        [
            .drains, .repeatable, deletesEmptyDirData ? .losesEmptyDir : [], deletesBarePods ? .deletesBarePods : [],
        ]
    }

    /// Waits for the governor to empty the node; each pod may take its rule's timeout, else the policy's, counted from
    /// the node's first eviction request.
    public func advance(_ context: StepContext) -> StepProgress {
        guard context.current != nil else { return .done(changed: false, "the Node is gone") }
        if endsAtOnce, !context.node.isProvedOff {
            return .failed(
                "grace_period: 0s ends Pod objects, not their containers, and host_off did not prove the host off")
        }
        let status = context.drain
        if let hopeless = status.hopeless { return .failed(hopeless) }
        if status.remaining == 0 {
            let count = context.node.evicted.count
            return .done(changed: count > 0, count == 1 ? "1 pod evicted" : "\(count) pods evicted")
        }
        let timeout = status.timeout ?? context.run.evictions.timeout
        let deadline = (status.firstRequest ?? context.memory.startedAt) + timeout
        guard context.now >= deadline else {
            return .wait(status.sentence, until: min(deadline, status.wakeAt ?? deadline))
        }
        let late = timeout == context.run.evictions.timeout ? "" : " (\(late(status)))"
        return .failed("not drained within \(timeout.text)\(late): \(status.sentence)")
    }

    /// Whose time is over, where it is not the policy's for all pods.
    private func late(_ status: DrainStatus) -> String {
        let pods = status.hurried
        let areDeleted = !status.deleted.isEmpty && pods.allSatisfy(status.deleted.contains)
        return DrainStatus.names(pods) + (areDeleted ? ", deleted past their budgets" : ", a rule's timeout")
    }

    /// Names the pods that would be evicted.
    public func preview(_ context: StepContext) -> StepPreview {
        let pods = context.world.pods(on: context.target.node).filter { context.leaves($0) }
        let names = pods.map(\.key.description).joined(separator: ", ")
        return StepPreview([pods.isEmpty ? "nothing to evict" : "would evict \(pods.count) pods: \(names)"])
    }

    /// Whether Pod objects end without their kubelet's word.
    var endsAtOnce: Bool { gracePeriod == .ceiling(.zero) }

    /// The grace period sent with a pod's eviction; nil keeps the pod's own.
    ///
    /// Nothing ends at once on a host that may run.
    func gracePeriodSeconds(for pod: Pod, isHostOff: Bool = false) -> Int64? {
        guard case .ceiling(let ceiling) = gracePeriod, !endsAtOnce || isHostOff else { return nil }
        let seconds = ceiling.components.seconds
        return pod.gracePeriodSeconds > seconds ? seconds : nil
    }
}

extension ValueForm<DrainStep.GracePeriod> {
    /// `pod`, or a duration.
    static var gracePeriod: ValueForm {
        .scalar("pod, a duration of at least 1s such as 5m, or 0s behind host_off") { scalar in
            if scalar.text == "pod" { return .pod }
            return Duration(text: scalar.text).flatMap { $0 >= .seconds(1) || $0 == .zero ? .ceiling($0) : nil }
        }
    }
}

extension DrainStatus {
    /// What the node waits for: pods that should be gone, then blocked ones by reason, then those that are leaving.
    var sentence: String {
        let late = overdue.sorted { $0.key < $1.key }.map { "\(Self.names($1)): \($0)" }
        let held = blocked.sorted { $0.key < $1.key }.map { "\(Self.names($1)): \($0)" }
        if !late.isEmpty || !held.isEmpty { return "blocked: " + (late + held).prefix(5).joined(separator: "; ") }
        if !leaving.isEmpty { return "\(leaving.count) pods to stop: \(Self.names(leaving))" }
        return "\(remaining) pods to evict"
    }

    static func names(_ pods: [ObjectKey]) -> String {
        let shown = pods.sorted().prefix(3).map(\.description).joined(separator: ", ")
        return pods.count > 3 ? "\(shown) and \(pods.count - 3) more" : shown
    }
}
