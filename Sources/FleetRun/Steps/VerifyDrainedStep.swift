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
            let reasons = context.drain.blocked.keys.sorted().joined(separator: "; ")
            let names = left.map(\.key.description).joined(separator: ", ")
            return wait(context, "pods still on the node: \(names)\(reasons.isEmpty ? "" : " (\(reasons))")")
        }
        let isLate = context.now >= deadline(context)
        let short = short(context.node, in: context.world, isLate: isLate)
        guard !short.isEmpty else {
            return .done(changed: false, "empty; every replacement\(isLate ? " that was made" : "") is Ready")
        }
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
    ///
    /// A controller of an unknown kind is expected to have as many as before; once it is late, only to have Ready what it
    /// made: it may have been scaled in, or its work have ended.
    private func short(_ node: NodeProgress, in world: World, isLate: Bool) -> [Shortfall] {
        let short = node.losses.compactMap { uid, readyBefore -> Shortfall? in
            guard let replicas = world.awaitedPods(of: uid) else { return nil }
            let wanted = min(replicas, readyBefore)
            guard world.readyPods(of: uid) < wanted, world.workloads[uid]?.reference.kind != .job else { return nil }
            if isLate, world.isForeign(uid),
                world.unreadyPods(of: uid).allSatisfy({ $0.isFinished || $0.isTerminating })
            {
                return nil
            }
            return world.title(of: uid).map { Shortfall(workload: uid, title: $0, wanted: wanted) }
        }
        return short.isEmpty ? [] : short.sorted { $0.title < $1.title }
    }
}

/// A workload that has fewer Ready pods than before it lost some, or than it wants now (safety rule 15).
private struct Shortfall {
    let workload: ObjectUID
    let title: String
    let wanted: Int

    /// What it lacks, with the Pending reasons of its pods; once it is late also with where the others stand.
    func words(in world: World, isLate: Bool) -> String {
        let pods = world.unreadyPods(of: workload)
        let reasons = Set(pods.lazy.map { isLate ? Self.trouble(of: $0) : $0.pendingReason }.filter { !$0.isEmpty })
        let words = reasons.isEmpty ? "" : " (\(reasons.sorted().prefix(3).joined(separator: "; ")))"
        return "\(title) has \(world.readyPods(of: workload)) of \(wanted) Ready pods\(words)"
    }

    /// Why a pod is not Ready: the scheduler's own words, else where it stands.
    private static func trouble(of pod: Pod) -> String {
        if !pod.pendingReason.isEmpty { return pod.pendingReason }
        guard let node = pod.nodeName else { return "\(pod.key) has no node yet" }
        return "\(pod.key) on \(node) is \(pod.isTerminating ? "stopping" : "not Ready")"
    }
}
