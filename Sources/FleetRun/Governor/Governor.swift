import FleetModel
import FleetPlanning

/// Admits evictions for the whole run: whenever a budget has room, an eviction under it is in flight.
///
/// Allowance is arithmetic on watched status: what a budget permits, less the run's own evictions that its status does
/// not show yet. Nothing probes by 429, and nothing sleeps. Beside budgets, what holds a pod back is the order of its
/// node's pods, the zone whose turn it is, and how many pods may be leaving at once; see `Governor+Admission.swift`.
struct Governor: Sendable {
    /// A pod that must leave.
    struct Candidate: Sendable {
        var pod: PodReference
        var node: NodeName
        /// The node's zone.
        var zone: Zone?
        var gracePeriodSeconds: Int64?
        /// Why it is awaited instead of evicted; nil when it may be evicted.
        var awaitedFor: String?
        /// A node's pods of lower orders are gone before it is evicted.
        var order = 0
        /// How long it may take; nil means the policy's timeout.
        var timeout: Duration?
        /// Whether its deletion past its budget was asked for.
        var isPassed = false
        /// Whether its host was proved off.
        var isHostOff = false
        /// Whether it came to the node after the drain began.
        var isLate = false
        /// What it was judged by; nil where nobody did.
        var verdict: PodTriage.Verdict?
    }

    enum Standing { case waiting, requested, leaving }

    struct Entry {
        var candidate: Candidate
        var lane: EvictionLane
        /// The workload whose zones take turns; nil for bare pods.
        var workload: ObjectUID?
        var priority: Int
        var standing = Standing.waiting
        /// Whether it counts among the evictions in flight.
        var isInFlight = false
        var notBefore: Instant?
        /// Until when an eviction that nobody answered for certain may land; nil where there is none.
        var landsBy: Instant?
        /// Whether its budget refused it, so that its next change decides.
        var isExhausted = false
        /// When its grace period ends; nil while it is not being deleted.
        var leavesAt: Instant?
        var refusal = ""
        /// Its place in the order of arrival, so that equal runs go equally.
        let number: Int
    }

    let policy: EvictionPolicy
    let keepsZonesApart: Bool
    /// Whether budgets may be passed where `evictions.stuck` says so (safety rule 11).
    let permitsOverride: Bool
    var rate: EvictionRate
    var flight: EvictionFlight
    var turns = ZoneTurns()
    var entries: [ObjectUID: Entry] = [:]
    var byNode: [NodeName: Set<ObjectUID>] = [:]
    var waiting: [EvictionLane: [ObjectUID]] = [:]
    var unreflected: [EvictionLane: Set<ObjectUID>] = [:]
    /// Pods of nodes that were given up meanwhile, whose evictions may still be under way: they are spent until they are
    /// seen to go, or refused.
    var owed: [ObjectUID: Entry] = [:]
    /// Lanes that something happened to since they were looked at.
    var dirty: Set<EvictionLane> = []
    /// Lanes with room whose pods wait for another's leaving: order, zone or number in flight.
    var held: Set<EvictionLane> = []
    var hopeless: [NodeName: String] = [:]
    private var arrivals = 0

    /// A governor that has seen nothing; with `keepsZonesApart` no workload loses pods in two zones at once.
    init(policy: EvictionPolicy, keepsZonesApart: Bool = false, permitsOverride: Bool = false) {
        self.policy = policy
        self.permitsOverride = permitsOverride
        self.keepsZonesApart = keepsZonesApart
        rate = EvictionRate(perSecond: policy.rate.perSecond)
        flight = EvictionFlight(policy: policy)
    }

    // MARK: - Pods

    /// Takes a pod into its lane; one that is being deleted is only awaited.
    mutating func add(_ candidate: Candidate, in world: World) {
        let uid = candidate.pod.uid
        guard entries[uid] == nil, let pod = world.pods[uid] else { return }
        if let known = owed.removeValue(forKey: uid) { return resume(known, candidate, pod, in: world) }
        arrivals += 1
        let lane = EvictionLane.of(pod, awaitedFor: candidate.awaitedFor, in: world)
        let workload = world.workloadUID(of: pod)
        entries[uid] = Entry(
            candidate: candidate, lane: lane, workload: workload, priority: pod.priority, leavesAt: pod.deletionTime,
            number: arrivals)
        byNode[candidate.node, default: []].insert(uid)
        if pod.isTerminating { depart(uid, as: .leaving, in: world) } else { queue(uid, in: lane) }
    }

    /// A pod whose node was given up while it was asked to go, and is in hand again.
    private mutating func resume(_ known: Entry, _ candidate: Candidate, _ pod: Pod, in world: World) {
        var entry = known
        entry.candidate = candidate
        entry.notBefore = nil
        entry.leavesAt = pod.deletionTime
        entries[pod.uid] = entry
        byNode[candidate.node, default: []].insert(pod.uid)
        if entry.standing == .waiting { queue(pod.uid, in: entry.lane) }
        own(pod, entry, world)
    }

    /// After a crash: pods of the workload left the zone when it had so many Ready ones.
    mutating func remember(_ workload: ObjectUID, leaving zone: Zone?, readyBefore: Int, in world: World) {
        if keepsZonesApart { turns.remember(workload, zone, readyBefore: readyBefore, in: world) }
    }

    /// The node that a known pod leaves.
    func node(of uid: ObjectUID) -> NodeName? { entries[uid]?.candidate.node }

    /// Whether the pod is known.
    func knows(_ uid: ObjectUID) -> Bool { entries[uid] != nil }

    /// Whether the pod is known, and neither asked to go nor on its way.
    func isWaiting(_ uid: ObjectUID) -> Bool { entries[uid]?.standing == .waiting }

    /// Gives up a pod that waits and was judged otherwise before; whether it did.
    ///
    /// One whose eviction is under way, or may land yet, stays as it is.
    mutating func withdraw(_ uid: ObjectUID, unless verdict: PodTriage.Verdict) -> Bool {
        guard let entry = entries[uid], entry.standing == .waiting, let known = entry.candidate.verdict,
            known != verdict, !(unreflected[entry.lane]?.contains(uid) ?? false)
        else { return false }
        remove(uid)
        return true
    }

    /// A pod forbids the drain of its node.
    mutating func refuse(_ node: NodeName, _ reason: String) { hopeless[node] = reason }

    /// Forgets a node's pods; what was asked for stays spent until it is seen.
    mutating func drop(_ node: NodeName) {
        for uid in byNode[node] ?? [] {
            guard let entry = entries[uid] else { continue }
            // One that is seen to leave counts by itself, however long that takes.
            let isUnseen = unreflected[entry.lane]?.contains(uid) ?? false
            guard isUnseen || entry.isInFlight && entry.standing != .leaving else {
                remove(uid)
                continue
            }
            if entry.standing == .waiting { dequeue(uid, from: entry.lane) }
            entries[uid] = nil
            owed[uid] = entry
        }
        byNode[node] = nil
        hopeless[node] = nil
    }

    /// A pod that was asked to go, whose node was given up since, is gone, stays, or will not be heard of any more.
    mutating func settle(_ uid: ObjectUID) {
        guard let entry = owed.removeValue(forKey: uid) else { return }
        release(uid, entry)
    }

    /// When what nobody answered for certain is forgotten; nil without any.
    var nextSettlement: Instant? { owed.values.lazy.compactMap(\.landsBy).min() }

    /// Forgets what nobody answered for certain and that did not land.
    mutating func settleOverdue(at now: Instant) {
        for (uid, entry) in owed { if let end = entry.landsBy, now >= end { settle(uid) } }
    }

    /// The pod is gone; returns whether it was one of ours.
    @discardableResult
    mutating func remove(_ uid: ObjectUID) -> Candidate? {
        guard let entry = entries.removeValue(forKey: uid) else {
            settle(uid)
            return nil
        }
        byNode[entry.candidate.node]?.remove(uid)
        if entry.standing == .waiting { dequeue(uid, from: entry.lane) }
        release(uid, entry)
        return entry.candidate
    }

    /// What a pod had spent is free again.
    private mutating func release(_ uid: ObjectUID, _ entry: Entry) {
        if entry.isInFlight {
            flight.end(in: entry.candidate.zone)
            if let workload = entry.workload { turns.release(uid, of: workload) }
        }
        unreflected[entry.lane]?.remove(uid)
        dirty.insert(entry.lane)
        releaseHeld()
    }

    // MARK: - Observations

    /// A budget's status or specification moved.
    mutating func budgetChanged(_ budget: PodDisruptionBudget, from old: PodDisruptionBudget?, in world: World) {
        if old?.selector != budget.selector || old?.key == nil { assignLanes(in: budget.key.namespace, world) }
        if budget.disruptionsAllowed > old?.disruptionsAllowed ?? 0 { forgiveRefusals(under: budget.key) }
        reflect(budget, in: world)
    }

    /// A budget that refused has room again: nothing is to be waited for any more.
    private mutating func forgiveRefusals(under key: ObjectKey) {
        for uid in waiting[.budget(key)] ?? [] where entries[uid]?.isExhausted == true {
            entries[uid]?.notBefore = nil
            entries[uid]?.isExhausted = false
        }
    }

    /// Evictions that a budget's status shows are not held against it a second time.
    private mutating func reflect(_ budget: PodDisruptionBudget, in world: World) {
        let lane = EvictionLane.budget(budget.key)
        unreflected[lane] = unreflected[lane]?.filter { uid in
            guard let pod = world.pods[uid] else { return false }
            return !pod.isTerminating && budget.disruptedPods[pod.key.name] == nil
        }
        if waiting[lane] != nil { dirty.insert(lane) }
    }

    /// A budget is gone.
    mutating func budgetDeleted(_ key: ObjectKey, in world: World) { assignLanes(in: key.namespace, world) }

    /// A pod changed: it may have begun to leave, or have become Ready elsewhere.
    mutating func podChanged(_ pod: Pod, in world: World) {
        if let entry = entries[pod.uid] {
            if entry.leavesAt != pod.deletionTime { entries[pod.uid]?.leavesAt = pod.deletionTime }
            own(pod, entry, world)
        }
        guard let uid = world.workloadUID(of: pod) else { return }
        let lane = EvictionLane.implicit(uid)
        if pod.isTerminating { unreflected[lane]?.remove(pod.uid) }
        if waiting[lane] != nil { dirty.insert(lane) }
        if keepsZonesApart { releaseHeld() }
    }

    /// A workload changed, or is gone.
    mutating func workloadChanged(_ uid: ObjectUID) {
        if waiting[.implicit(uid)] != nil { dirty.insert(.implicit(uid)) }
        if keepsZonesApart { releaseHeld() }
    }

    /// The whole cluster was seen anew: pods may be gone, and any budget may have moved.
    mutating func synchronized(with world: World) {
        for (uid, _) in entries.sorted(by: { $0.value.number < $1.value.number }) {
            if let pod = world.pods[uid] { podChanged(pod, in: world) } else { remove(uid) }
        }
        for uid in owed.keys.sorted() {
            if let pod = world.pods[uid] { podChanged(pod, in: world) } else { settle(uid) }
        }
        for budget in world.budgets.values { reflect(budget, in: world) }
        dirty.formUnion(waiting.keys)
    }

    private mutating func own(_ pod: Pod, _ entry: Entry, _ world: World) {
        guard entry.standing == .waiting else { return }
        if pod.isTerminating { return depart(pod.uid, as: .leaving, in: world) }
        let lane = EvictionLane.of(pod, awaitedFor: entry.candidate.awaitedFor, in: world)
        if lane != entry.lane { move(pod.uid, to: lane) }
        dirty.insert(lane)
    }

    // MARK: - Queues

    mutating func queue(_ uid: ObjectUID, in lane: EvictionLane) {
        guard policy.order == .priority, let priority = entries[uid]?.priority else {
            waiting[lane, default: []].append(uid)
            dirty.insert(lane)
            return
        }
        let queue = waiting[lane] ?? []
        let place = queue.firstIndex { (entries[$0]?.priority ?? 0) > priority } ?? queue.endIndex
        waiting[lane, default: []].insert(uid, at: place)
        dirty.insert(lane)
    }

    private mutating func dequeue(_ uid: ObjectUID, from lane: EvictionLane) {
        guard let place = waiting[lane]?.firstIndex(of: uid) else { return }
        waiting[lane]?.remove(at: place)
        if waiting[lane]?.isEmpty == true { waiting[lane] = nil }
    }

    /// A pod leaves its queue, because it was asked to go or goes by itself.
    mutating func depart(_ uid: ObjectUID, as standing: Standing, in world: World) {
        guard let entry = entries[uid] else { return }
        entries[uid]?.standing = standing
        entries[uid]?.landsBy = nil
        dequeue(uid, from: entry.lane)
        guard !entry.isInFlight else { return }
        entries[uid]?.isInFlight = true
        flight.begin(in: entry.candidate.zone)
        if keepsZonesApart, let workload = entry.workload {
            turns.take(uid, of: workload, entry.candidate.zone, in: world)
        }
    }

    /// A pod is no longer in flight.
    mutating func land(_ uid: ObjectUID) {
        guard let entry = entries[uid], entry.isInFlight else { return }
        entries[uid]?.isInFlight = false
        flight.end(in: entry.candidate.zone)
        if let workload = entry.workload { turns.release(uid, of: workload) }
    }

    mutating func releaseHeld() {
        if held.isEmpty { return }
        dirty.formUnion(held)
        held = []
    }

    private mutating func move(_ uid: ObjectUID, to lane: EvictionLane) {
        guard let old = entries[uid]?.lane else { return }
        dequeue(uid, from: old)
        entries[uid]?.lane = lane
        if unreflected[old]?.remove(uid) != nil { unreflected[lane, default: []].insert(uid) }
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
