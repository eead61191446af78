import FleetModel

/// Admits evictions for the whole run: whenever a budget has room, an eviction under it is in flight.
///
/// Allowance is arithmetic on watched status: what a budget permits, less the run's own evictions that its status does
/// not show yet. Nothing probes by 429, and nothing sleeps.
struct Governor: Sendable {
    /// A pod that must leave.
    struct Candidate: Sendable {
        var pod: PodReference
        var node: NodeName
        var gracePeriodSeconds: Int64?
        /// Why it is awaited instead of evicted; nil when it may be evicted.
        var awaitedFor: String?
    }

    /// An eviction that may be sent now.
    struct Admission: Sendable {
        var candidate: Candidate
        var lane: EvictionLane
    }

    private enum Standing { case waiting, requested, leaving }

    private struct Entry {
        var candidate: Candidate
        var lane: EvictionLane
        var standing = Standing.waiting
        var notBefore: Instant?
        var refusal = ""
        /// Its place in the order of arrival, so that equal runs go equally.
        let number: Int
    }

    private let policy: EvictionPolicy
    private var rate: EvictionRate
    private var entries: [ObjectUID: Entry] = [:]
    private var byNode: [NodeName: Set<ObjectUID>] = [:]
    private var waiting: [EvictionLane: [ObjectUID]] = [:]
    private var unreflected: [EvictionLane: Set<ObjectUID>] = [:]
    private var dirty: Set<EvictionLane> = []
    private var hopeless: [NodeName: String] = [:]
    private var arrivals = 0

    init(policy: EvictionPolicy) {
        self.policy = policy
        rate = EvictionRate(perSecond: policy.rate.perSecond)
    }

    // MARK: - Pods

    /// Takes a pod into its lane; one that is being deleted is only awaited.
    mutating func add(_ candidate: Candidate, in world: World) {
        guard entries[candidate.pod.uid] == nil, let pod = world.pods[candidate.pod.uid] else { return }
        arrivals += 1
        let lane = EvictionLane.of(pod, awaitedFor: candidate.awaitedFor, in: world)
        var entry = Entry(candidate: candidate, lane: lane, number: arrivals)
        if pod.isTerminating { entry.standing = .leaving } else { queue(candidate.pod.uid, in: entry.lane) }
        entries[candidate.pod.uid] = entry
        byNode[candidate.node, default: []].insert(candidate.pod.uid)
    }

    /// The node that a known pod leaves.
    func node(of uid: ObjectUID) -> NodeName? { entries[uid]?.candidate.node }

    /// Whether the pod is known.
    func knows(_ uid: ObjectUID) -> Bool { entries[uid] != nil }

    /// A pod forbids the drain of its node.
    mutating func refuse(_ node: NodeName, _ reason: String) { hopeless[node] = reason }

    /// Forgets a node's pods that were not evicted.
    mutating func drop(_ node: NodeName) {
        for uid in byNode[node] ?? [] { remove(uid) }
        byNode[node] = nil
        hopeless[node] = nil
    }

    /// The pod is gone; returns whether it was one of ours.
    @discardableResult
    mutating func remove(_ uid: ObjectUID) -> Candidate? {
        guard let entry = entries.removeValue(forKey: uid) else { return nil }
        byNode[entry.candidate.node]?.remove(uid)
        waiting[entry.lane]?.removeAll { $0 == uid }
        unreflected[entry.lane]?.remove(uid)
        dirty.insert(entry.lane)
        return entry.candidate
    }

    // MARK: - Observations

    /// A budget's status or specification moved.
    mutating func budgetChanged(_ budget: PodDisruptionBudget, from old: PodDisruptionBudget?, in world: World) {
        if old?.selector != budget.selector || old?.key == nil { assignLanes(in: budget.key.namespace, world) }
        reflect(budget, in: world)
    }

    /// Evictions that a budget's status shows are not held against it a second time.
    private mutating func reflect(_ budget: PodDisruptionBudget, in world: World) {
        let lane = EvictionLane.budget(budget.key)
        unreflected[lane] = unreflected[lane]?.filter { uid in
            guard let pod = world.pods[uid] else { return false }
            return !pod.isTerminating && budget.disruptedPods[pod.key.name] == nil
        }
        dirty.insert(lane)
    }

    /// A budget is gone.
    mutating func budgetDeleted(_ key: ObjectKey, in world: World) { assignLanes(in: key.namespace, world) }

    /// A pod changed: it may have begun to leave, or have become Ready elsewhere.
    mutating func podChanged(_ pod: Pod, in world: World) {
        if let entry = entries[pod.uid] { own(pod, entry, world) }
        guard pod.controller != nil else { return }
        let uid = world.workload(of: pod)?.reference.uid ?? pod.controller?.uid
        guard let uid else { return }
        let lane = EvictionLane.implicit(uid)
        if pod.isTerminating { unreflected[lane]?.remove(pod.uid) }
        if waiting[lane] != nil { dirty.insert(lane) }
    }

    /// A workload's replicas changed.
    mutating func workloadChanged(_ uid: ObjectUID) { if waiting[.implicit(uid)] != nil { dirty.insert(.implicit(uid)) } }

    /// The whole cluster was seen anew: pods may be gone, and any budget may have moved.
    mutating func synchronized(with world: World) {
        for (uid, _) in entries.sorted(by: { $0.value.number < $1.value.number }) {
            if let pod = world.pods[uid] { podChanged(pod, in: world) } else { remove(uid) }
        }
        for budget in world.budgets.values { reflect(budget, in: world) }
        dirty.formUnion(waiting.keys)
    }

    private mutating func own(_ pod: Pod, _ entry: Entry, _ world: World) {
        if pod.isTerminating, entry.standing == .waiting { take(pod.uid, as: .leaving) }
        let lane = EvictionLane.of(pod, awaitedFor: entry.candidate.awaitedFor, in: world)
        if entry.standing == .waiting, lane != entry.lane { move(pod.uid, to: lane) }
        dirty.insert(lane)
    }

    // MARK: - Admission

    /// The evictions that may be sent now, longest lane first, and when to ask again at the latest.
    mutating func admit(in world: World, at now: Instant) -> (admissions: [Admission], deadline: Instant?) {
        var admissions: [Admission] = []
        var deadline: Instant?
        for (lane, queue) in dirtyQueues() {
            deadline = admit(queue, lane, world, now, into: &admissions).map { min($0, deadline ?? $0) } ?? deadline
        }
        return (admissions, deadline)
    }

    /// The lanes that something happened to, longest first; of equal ones that whose first pod came first.
    private mutating func dirtyQueues() -> [(lane: EvictionLane, queue: [ObjectUID])] {
        let queues = dirty.compactMap { lane in
            waiting[lane].flatMap { queue in
                queue.first.flatMap { entries[$0] }.map { (lane: lane, queue: queue, first: $0.number) }
            }
        }
        dirty = []
        return queues.sorted { ($1.queue.count, $0.first) < ($0.queue.count, $1.first) }.map { ($0.lane, $0.queue) }
    }

    private mutating func admit(
        _ queue: [ObjectUID], _ lane: EvictionLane, _ world: World, _ now: Instant, into admissions: inout [Admission]
    ) -> Instant? {
        var later: Instant?
        var room = world.allowance(of: lane, unreflected: unreflected[lane]?.count ?? 0, policy: policy).count
        for uid in queue {
            guard let entry = entries[uid], let pod = world.pods[uid] else { continue }
            if let notBefore = entry.notBefore, now < notBefore {
                dirty.insert(lane)
                later = min(notBefore, later ?? notBefore)
                continue
            }
            let isFree = if case .budget(let key) = lane { world.evictsUnready(pod, under: key) } else { lane == .free }
            guard isFree || room > 0 else { continue }
            if let wait = rate.wait(at: now) {
                dirty.insert(lane)
                return wait
            }
            rate.spend()
            if !isFree {
                room -= 1
                unreflected[lane, default: []].insert(uid)
            }
            take(uid, as: .requested)
            admissions.append(Admission(candidate: entry.candidate, lane: lane))
        }
        return later
    }

    // MARK: - Answers

    /// The API answered an eviction; returns whether the pod goes.
    mutating func answered(_ uid: ObjectUID, _ outcome: ClusterOutcome, in world: World, at now: Instant) -> Bool {
        guard let entry = entries[uid] else { return true }
        guard case .failed(let failure) = outcome else {
            rate.accepted()
            entries[uid]?.standing = .leaving
            return true
        }
        if world.pods[uid]?.isTerminating ?? true {
            // The answer was lost, the eviction was not.
            entries[uid]?.standing = .leaving
            return true
        }
        switch failure.code {
        case .notFound, .replaced, .namespaceTerminating:
            unreflected[entry.lane]?.remove(uid)
            entries[uid]?.standing = .leaving
            return true
        case .forbidden, .unauthorized, .invalid, .credentials:
            hopeless[entry.candidate.node] = "evict \(entry.candidate.pod): \(failure.message)"
        case .throttled:
            rate.pushedBack(retryAfter: .seconds(max(1, failure.retryAfterSeconds ?? 1)), at: now)
            putBack(uid, entry, failure, notBefore: nil)
        case .budgetExhausted: putBack(uid, entry, failure, notBefore: now + .seconds(5))
        default: putBack(uid, entry, failure, notBefore: now + .seconds(max(2, failure.retryAfterSeconds ?? 2)))
        }
        return false
    }

    /// A refused pod waits again.
    private mutating func putBack(_ uid: ObjectUID, _ entry: Entry, _ failure: ClusterFailure, notBefore: Instant?) {
        unreflected[entry.lane]?.remove(uid)
        entries[uid]?.refusal = failure.message
        entries[uid]?.notBefore = notBefore
        entries[uid]?.standing = .waiting
        waiting[entry.lane, default: []].append(uid)
        dirty.insert(entry.lane)
    }

    // MARK: - Questions

    /// Where a node's pods stand.
    func status(of node: NodeName, in world: World) -> DrainStatus {
        var status = DrainStatus()
        status.hopeless = hopeless[node]
        for uid in byNode[node] ?? [] {
            guard let entry = entries[uid] else { continue }
            status.remaining += 1
            switch entry.standing {
            case .leaving: status.leaving.append(entry.candidate.pod.key)
            case .requested: break
            case .waiting:
                let reason = reason(for: entry, world)
                if !reason.isEmpty { status.blocked[reason, default: []].append(entry.candidate.pod.key) }
            }
        }
        status.leaving.sort()
        return status
    }

    private func reason(for entry: Entry, _ world: World) -> String {
        let count = unreflected[entry.lane]?.count ?? 0
        let allowance = world.allowance(of: entry.lane, unreflected: count, policy: policy)
        return allowance.count == 0 ? allowance.reason : entry.refusal
    }

    // MARK: - Queues

    private mutating func queue(_ uid: ObjectUID, in lane: EvictionLane) {
        waiting[lane, default: []].append(uid)
        dirty.insert(lane)
    }

    private mutating func take(_ uid: ObjectUID, as standing: Standing) {
        guard let lane = entries[uid]?.lane else { return }
        entries[uid]?.standing = standing
        waiting[lane]?.removeAll { $0 == uid }
    }

    private mutating func move(_ uid: ObjectUID, to lane: EvictionLane) {
        guard let old = entries[uid]?.lane else { return }
        waiting[old]?.removeAll { $0 == uid }
        entries[uid]?.lane = lane
        queue(uid, in: lane)
    }

    private mutating func assignLanes(in namespace: String, _ world: World) {
        let concerned = entries.filter { $1.candidate.pod.key.namespace == namespace && $1.standing == .waiting }
        for (uid, entry) in concerned.sorted(by: { $0.value.number < $1.value.number }) {
            guard let pod = world.pods[uid] else { continue }
            let lane = EvictionLane.of(pod, awaitedFor: entry.candidate.awaitedFor, in: world)
            if lane != entry.lane { move(uid, to: lane) } else { dirty.insert(lane) }
        }
    }
}
