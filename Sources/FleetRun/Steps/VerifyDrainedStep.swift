public import FleetExpressions
import FleetModel
import FleetPlanning

/// `verify_drained:` – nothing but DaemonSet and mirror pods is left, and what was evicted runs elsewhere (D9).
public struct VerifyDrainedStep: Step {
    /// `verify_drained`.
    public static let kind = "verify_drained"

    /// How long replacements may take to become Ready.
    public var timeout: Duration

    /// Reads `timeout` (10m).
    public init?(_ arguments: inout LocatedDecoder) {
        timeout = arguments.optional("timeout", .duration) ?? .seconds(600)
    }

    /// `verify drained`.
    public var title: String { "verify drained" }
    /// Repeatable; other nodes' pods decide.
    public var traits: StepTraits { [.repeatable, .watchesWorkloads] }

    /// Waits until every workload that lost a pod here has as many Ready pods as before, or as it wants now.
    public func advance(_ context: StepContext) -> StepProgress {
        let left = context.remaining
        if !left.isEmpty {
            return wait(context, "pods still on the node: \(left.map(\.key.description).joined(separator: ", "))")
        }
        let missing = readyBefore(context.node).compactMap { shortfall(of: $0, readyBefore: $1, in: context.world) }
            .sorted()
        if !missing.isEmpty { return wait(context, missing.joined(separator: "; ")) }
        return .done(changed: false, "empty; every replacement is Ready")
    }

    /// Names what is checked.
    public func preview(_ context: StepContext) -> StepPreview {
        StepPreview(["would wait for every evicted pod's replacement to be Ready, at most \(timeout.text)"])
    }

    private func wait(_ context: StepContext, _ reason: String) -> StepProgress {
        let deadline = context.memory.startedAt + timeout
        return context.now < deadline ? .wait(reason, until: deadline) : .failed("after \(timeout.text): \(reason)")
    }

    /// The workloads that lost pods here, with the Ready pods that each had before the first.
    private func readyBefore(_ node: NodeProgress) -> [ObjectUID: Int] {
        node.evicted.values.reduce(into: [:]) { known, eviction in
            guard let uid = eviction.workload else { return }
            known[uid] = max(known[uid] ?? 0, eviction.readyBefore)
        }
    }

    /// What a workload lacks, with the Pending reason of its pods; nil when it lacks nothing (safety rule 15).
    private func shortfall(of uid: ObjectUID, readyBefore: Int, in world: World) -> String? {
        guard let replicas = world.replicas(of: uid) else { return nil }
        let ready = world.readyPods(of: uid)
        let wanted = min(replicas, readyBefore)
        guard ready < wanted, let workload = world.workloads[uid], workload.reference.kind != .job else { return nil }
        let reasons = Set(world.unreadyPods(of: uid).map(Self.trouble)).sorted()
        let words = reasons.isEmpty ? "" : " (\(reasons.prefix(3).joined(separator: "; ")))"
        return "\(workload.reference) has \(ready) of \(wanted) Ready pods\(words)"
    }

    /// Why a pod is not Ready: the scheduler's own words, else where it stands.
    private static func trouble(of pod: Pod) -> String {
        if !pod.pendingReason.isEmpty { return pod.pendingReason }
        guard let node = pod.nodeName else { return "\(pod.key) has no node yet" }
        return "\(pod.key) on \(node) is \(pod.isTerminating ? "stopping" : "not Ready")"
    }
}
