import FleetModel

/// A controller of a kind that fleet does not know, such as an operator's own, as far as its pods tell of it.
///
/// Nothing says how many pods it should have, so the most that it had at once since the run began stands for that: a
/// count of those that are left would shrink with each eviction, and permit the next.
struct Stranger: Hashable, Sendable {
    /// Its kind and name, such as `StrimziPodSet shop/kafka`.
    var title: String
    /// Namespace and name; nil where only an earlier process saw it.
    var key: ObjectKey?
    /// Whether it is of a kind that fleet does not follow.
    let isForeign: Bool
    /// The most pods that it had at once, less those that succeeded since: work that is done is not done again.
    var wanted = 0
    /// How many it has: neither finished nor on their way out.
    private(set) var pods = 0
    /// Since when it has fewer than it is taken to want, without more coming; nil while it has them.
    private var shortSince: Instant?
    private var shortPods = 0

    /// One that an earlier process saw.
    init(title: String) {
        self.title = title
        isForeign = true
    }

    init(_ controller: ControllerReference, in namespace: String) {
        key = ObjectKey(namespace, controller.name)
        title = "\(controller.kind) \(namespace)/\(controller.name)"
        isForeign = !WorkloadKind.knows(controller)
    }

    /// One of its pods came or changed.
    mutating func note(_ pod: Pod, from old: Pod?) {
        let (was, counts) = (old.map(Self.counts) ?? false, Self.counts(pod))
        if counts == was { return }
        pods += counts ? 1 : -1
        wanted = max(wanted, pods)
        if pods >= wanted { shortSince = nil }
        if was, pod.phase == .succeeded, !pod.isTerminating { wanted = max(0, wanted - 1) }
    }

    /// How long a controller may have fewer pods before that is what it wants: as long as a replacement may take (safety
    /// rule 15).
    private static let patience = Duration.seconds(600)

    /// Takes what is left for what is wanted once nothing was made anew for long: it was scaled in, or its work ended;
    /// true when that changed.
    ///
    /// - Parameter lost: How many of its pods the run took, in place of which none came: these it still wants.
    mutating func age(at now: Instant, lost: Int) -> Bool {
        guard pods < wanted else {
            shortSince = nil
            return false
        }
        guard let since = shortSince, pods == shortPods else {
            (shortSince, shortPods) = (now, pods)
            return false
        }
        guard now >= since + Self.patience else { return false }
        let settled = min(wanted, pods + lost)
        guard settled < wanted else { return false }
        wanted = settled
        return true
    }

    /// Whether nothing was made anew for as long as a replacement may take.
    func isLongShort(at now: Instant) -> Bool {
        guard pods < wanted, pods == shortPods else { return false }
        return shortSince.map { now >= $0 + Self.patience } ?? false
    }

    /// One of its pods is gone.
    mutating func forget(_ pod: Pod) { if Self.counts(pod) { pods -= 1 } }

    /// All its pods are counted anew.
    mutating func recount() { pods = 0 }

    private static func counts(_ pod: Pod) -> Bool { !pod.isFinished && !pod.isTerminating }
}

extension WorkloadKind {
    /// Whether a controller is a workload of a kind that fleet follows.
    static func knows(_ controller: ControllerReference) -> Bool {
        guard WorkloadKind(rawValue: controller.kind) != nil else { return false }
        return ["apps/v1", "batch/v1", "v1"].contains(controller.apiVersion)
    }
}
