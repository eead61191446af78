public import FleetExpressions
import FleetModel
import FleetPlanning

/// `verify_drained:` – nothing but DaemonSet and mirror pods is left, and what was evicted runs elsewhere (D9).
public struct VerifyDrainedStep: Step {
    /// `verify_drained`.
    public static let kind = "verify_drained"
    /// What it does, for editors and lists.
    public static let purpose = "Nothing but DaemonSet and mirror pods is left, and what was evicted runs elsewhere."

    /// How long replacements may take to become Ready.
    public var timeout: Duration

    /// Reads `timeout` (10m).
    public init?(_ arguments: inout LocatedDecoder) {
        timeout = arguments.optional("timeout", .duration) ?? .seconds(600)
    }

    /// `verify drained`.
    public var title: String { "verify drained" }
    /// Repeatable; other nodes' pods decide.
    public var traits: StepTraits { [.repeatable, .watchesWorkloads, .onlyLooks] }

    /// Waits until every workload that lost a pod here has as many Ready pods as before, or as it wants now.
    public func advance(_ context: StepContext) -> StepProgress {
        let left = context.remaining
        if !left.isEmpty {
            return wait(context, "pods still on the node: \(left.map(\.key.description).joined(separator: ", "))")
        }
        let short = short(context.node, in: context.world)
        guard !short.isEmpty else { return .done(changed: false, "empty; every replacement is Ready") }
        let isLate = context.now >= deadline(context)
        let named = short.prefix(isLate ? short.count : Self.named).map { $0.words(in: context.world, isLate: isLate) }
        let more = short.count > named.count ? ["\(short.count - named.count) more workloads"] : []
        return wait(context, (named + more).joined(separator: "; "))
    }

    /// How many workloads are named while it waits; at the timeout all are.
    private static let named = 3

    /// Names what is checked.
    public func preview(_ context: StepContext) -> StepPreview {
        StepPreview(["would wait for every evicted pod's replacement to be Ready, at most \(timeout.text)"])
    }

    private func deadline(_ context: StepContext) -> Instant { context.memory.startedAt + timeout }

    private func wait(_ context: StepContext, _ reason: String) -> StepProgress {
        let deadline = deadline(context)
        return context.now < deadline ? .wait(reason, until: deadline) : .failed("after \(timeout.text): \(reason)")
    }

    /// The workloads that lost pods here and have fewer Ready ones now, by name; Jobs end, and are exempt.
    private func short(_ node: NodeProgress, in world: World) -> [Shortfall] {
        let short = node.losses.compactMap { uid, readyBefore -> Shortfall? in
            guard let replicas = world.replicas(of: uid) else { return nil }
            let wanted = min(replicas, readyBefore)
            guard world.readyPods(of: uid) < wanted else { return nil }
            return world.workloads[uid].map { Shortfall(workload: $0.reference, wanted: wanted) }
        }
        if short.isEmpty { return [] }
        return short.filter { $0.workload.kind != .job }
            .sorted { ($0.workload.kind.rawValue, $0.workload.key) < ($1.workload.kind.rawValue, $1.workload.key) }
    }
}

/// A workload that has fewer Ready pods than before it lost some, or than it wants now (safety rule 15).
private struct Shortfall {
    let workload: WorkloadReference
    let wanted: Int

    /// What it lacks, with the Pending reasons of its pods; once it is late also with where the others stand.
    func words(in world: World, isLate: Bool) -> String {
        let pods = world.unreadyPods(of: workload.uid)
        let reasons = Set(pods.lazy.map { isLate ? Self.trouble(of: $0) : $0.pendingReason }.filter { !$0.isEmpty })
        let words = reasons.isEmpty ? "" : " (\(reasons.sorted().prefix(3).joined(separator: "; ")))"
        return "\(workload) has \(world.readyPods(of: workload.uid)) of \(wanted) Ready pods\(words)"
    }

    /// Why a pod is not Ready: the scheduler's own words, else where it stands.
    private static func trouble(of pod: Pod) -> String {
        if !pod.pendingReason.isEmpty { return pod.pendingReason }
        guard let node = pod.nodeName else { return "\(pod.key) has no node yet" }
        return "\(pod.key) on \(node) is \(pod.isTerminating ? "stopping" : "not Ready")"
    }
}
