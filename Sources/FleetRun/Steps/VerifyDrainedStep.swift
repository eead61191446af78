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
    public var traits: StepTraits { [.repeatable, .watchesWorkloads, .onlyLooks, .diagnoses] }

    /// Waits until every workload that lost a pod here has as many Ready pods as before, or as it wants now.
    public func advance(_ context: StepContext) -> StepProgress {
        let left = context.remaining
        let isLate = context.now >= deadline(context)
        if !left.isEmpty {
            let reasons = context.drain.blocked.keys.sorted().joined(separator: "; ")
            let names = left.map(\.key.description).joined(separator: ", ")
            let words = "pods still on the node: \(names)\(reasons.isEmpty ? "" : " (\(reasons))")"
            guard isLate else { return .wait(words, until: deadline(context)) }
            // A run without steps on hosts has none to ask.
            return context.failedWait("after \(timeout.text): \(words)", askingHost: context.node.identity != nil)
        }
        let short = short(context.node, in: context.world, isLate: isLate)
        guard !short.isEmpty else {
            return .done(changed: false, "empty; every replacement\(isLate ? " that was made" : "") is Ready")
        }
        let named = short.prefix(isLate ? short.count : Self.named).map { $0.words(in: context.world, isLate: isLate) }
        let more = short.count > named.count ? ["\(short.count - named.count) more workloads"] : []
        let words = (named + more).joined(separator: "; ")
        guard isLate else { return .wait(words, until: deadline(context)) }
        return .failed("after \(timeout.text): \(words)", findings(short, in: context))
    }

    /// How many workloads are named while it waits; at the timeout all are.
    private static let named = 3

    /// Names what is checked.
    public func preview(_ context: StepContext) -> StepPreview {
        StepPreview(["would wait for every evicted pod's replacement to be Ready, at most \(timeout.text)"])
    }

    private func deadline(_ context: StepContext) -> Instant { context.memory.startedAt + timeout }

    /// What each workload lacks, and which cordoned Nodes would take its waiting pods.
    private func findings(_ short: [Shortfall], in context: StepContext) -> [Diagnosis.Finding] {
        var cordoned = CordonedHomes(in: context.world, besides: context.run.retiring)
        return short.map { shortfall in
            let homes = cordoned.names(for: shortfall.workload)
            let mend =
                homes.isEmpty
                ? "kubectl describe its pods that are not Ready; make room for those that wait for a node"
                : "would fit on \(homes.map(\.rawValue).joined(separator: ", ")), cordoned now: uncordon one that stays, or make room"
            return Diagnosis.Finding(
                "replacement-not-ready", .certain, shortfall.words, evidence: shortfall.troubles(in: context.world),
                mend: mend)
        }
    }

    /// The workloads that lost pods here and have fewer Ready ones now, by name; Jobs end, and are exempt.
    ///
    /// A controller of an unknown kind is expected to have as many as before; once it is late, only to have Ready what it
    /// made: it may have been scaled in, or its work have ended.
    private func short(_ node: NodeProgress, in world: World, isLate: Bool) -> [Shortfall] {
        let short = node.losses.compactMap { uid, readyBefore -> Shortfall? in
            let ready = world.readyPods(of: uid)
            guard ready < readyBefore, let replicas = world.awaitedPods(of: uid) else { return nil }
            let wanted = min(replicas, readyBefore)
            guard ready < wanted, world.workloads[uid]?.reference.kind != .job else { return nil }
            if isLate, world.isForeign(uid),
                world.unreadyPods(of: uid).allSatisfy({ $0.isFinished || $0.isTerminating })
            {
                return nil
            }
            return world.title(of: uid).map {
                Shortfall(workload: uid, title: $0, wanted: wanted, ready: ready)
            }
        }
        return short.isEmpty ? [] : short.sorted { $0.title < $1.title }
    }
}

/// A workload that has fewer Ready pods than before it lost some, or than it wants now (safety rule 15).
private struct Shortfall {
    let workload: ObjectUID
    let title: String
    let wanted: Int
    let ready: Int

    /// `Deployment shop/cart has 2 of 3 Ready pods`.
    var words: String { "\(title) has \(ready) of \(wanted) Ready pods" }

    /// What it lacks, with the Pending reasons of its pods; once it is late also with where the others stand.
    func words(in world: World, isLate: Bool) -> String {
        let reasons = isLate ? troubles(in: world) : world.pendingReasons(of: workload)
        return reasons.isEmpty ? words : "\(words) (\(reasons.prefix(3).joined(separator: "; ")))"
    }

    /// Why its pods are not Ready, each reason once.
    func troubles(in world: World) -> [String] { Set(world.unreadyPods(of: workload).map(Self.trouble)).sorted() }

    /// Why a pod is not Ready: the scheduler's own words, else where it stands.
    private static func trouble(of pod: Pod) -> String {
        if !pod.pendingReason.isEmpty { return pod.pendingReason }
        guard let node = pod.nodeName else { return "\(pod.key) has no node yet" }
        return "\(pod.key) on \(node) is \(pod.isTerminating ? "stopping" : "not Ready")"
    }
}
