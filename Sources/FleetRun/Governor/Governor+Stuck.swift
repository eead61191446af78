import FleetModel

/// Deleting past a budget what it holds back when its time is over: by the playbook's selectors only, where the run was
/// permitted to (safety rule 11).
extension Governor {
    /// What API and kubelet may take beyond a pod's grace period once its deletion was asked for.
    static let deletionPatience = Duration.seconds(120)

    /// A pod that is deleted past what holds it back.
    struct Override: Sendable {
        var candidate: Candidate
        var lane: EvictionLane
        /// Why it could not be evicted, in the cluster's own words.
        var reason: String
        /// How long it was held back.
        var waited: Duration
    }

    /// The node's pods to delete now, and when to ask again.
    ///
    /// Their time counts from the node's first eviction request, as that of all pods.
    mutating func overdue(
        on node: NodeName, since: Instant, in world: World, at now: Instant
    ) -> (overrides: [Override], deadline: Instant?) {
        var overrides: [Override] = []
        var deadline: Instant?
        let waiting = (byNode[node] ?? []).compactMap { entries[$0] }.filter { $0.standing == .waiting }
        for entry in waiting.sorted(by: { $0.number < $1.number }) {
            guard let pod = world.pods[entry.candidate.pod.uid], isPassable(entry, pod), isBlocked(entry, world) else {
                continue
            }
            let due = max(since + (entry.candidate.timeout ?? policy.timeout), entry.notBefore ?? since)
            guard now >= due else {
                deadline = min(due, deadline ?? due)
                continue
            }
            let reason = world.shortage(in: entry.lane, policy: policy)
            overrides.append(
                Override(candidate: entry.candidate, lane: entry.lane, reason: reason, waited: now - since))
            entries[pod.uid]?.candidate.isPassed = true
            unreflected[entry.lane, default: []].insert(pod.uid)
            depart(pod.uid, as: .requested, in: world)
        }
        return (overrides, deadline)
    }

    /// Whether the pod is deleted when its time is over.
    func isPassable(_ entry: Entry, _ pod: Pod) -> Bool {
        permitsOverride && isNamedForDeletion(entry, pod)
            && (pod.gracePeriodSeconds > 0 || entry.candidate.isHostOff)
    }

    /// Whether a selector of `evictions.stuck` names it; what is awaited is never deleted.
    private func isNamedForDeletion(_ entry: Entry, _ pod: Pod) -> Bool {
        entry.candidate.awaitedFor == nil && policy.stuck.deletesSomePods
            && policy.stuck.action(forLabels: pod.labels) == .delete
    }

    /// How long the pod may take, from its node's first eviction request: one that is deleted then has its grace beyond.
    func timeout(of entry: Entry, in world: World) -> Duration {
        let timeout = entry.candidate.timeout ?? policy.timeout
        guard policy.stuck.deletesSomePods, let pod = world.pods[entry.candidate.pod.uid] else { return timeout }
        let isDeleted = entry.candidate.isPassed || entry.standing == .waiting && isPassable(entry, pod)
        return isDeleted ? timeout + .seconds(pod.gracePeriodSeconds) + Self.deletionPatience : timeout
    }

    /// What keeps a pod that a selector names for deletion from being deleted; empty when nothing does.
    func whyNotDeleted(_ entry: Entry, in world: World) -> String {
        guard let pod = world.pods[entry.candidate.pod.uid], isNamedForDeletion(entry, pod) else { return "" }
        if !permitsOverride { return " (evictions.stuck would delete it at the timeout, with --allow budget-override)" }
        guard pod.gracePeriodSeconds == 0, !entry.candidate.isHostOff else { return "" }
        return
            " (evictions.stuck would delete it, but its grace period is 0, which takes proof that the host is off: host_off)"
    }
}
