import FleetModel

extension Governor {
    /// A kubelet removes a pod within seconds of its grace period's end.
    private static let tolerance = Duration.seconds(10)

    /// The node's pods that wait, with the lanes that hold them.
    func blockedPods(of node: NodeName, in world: World) -> [(pod: PodReference, lane: EvictionLane)] {
        (byNode[node] ?? []).compactMap { entries[$0] }.filter { $0.standing == .waiting }
            .sorted { $0.number < $1.number }
            .compactMap { entry in
                if isBlocked(entry, world) { return (entry.candidate.pod, entry.lane) }
                return isHeldByZone(entry, world) ? entry.workload.map { (entry.candidate.pod, .implicit($0)) } : nil
            }
    }

    /// Where a node stands that nothing can be evicted from; nil where something may yet be.
    ///
    /// What leaves the node already counts for nothing: it may take its time, or never end. A pod that may go but for the
    /// order of its node's pods, or for the turn of a zone, waits like those that are waited for.
    func standstill(of node: NodeName, in world: World) -> Standstill? {
        guard let uids = byNode[node], hopeless[node] == nil else { return nil }
        var standstill = Standstill()
        var orders = (waiting: Int.max, leaving: Int.max)
        var held: [Entry] = []
        for uid in uids {
            guard let entry = entries[uid] else { continue }
            switch entry.standing {
            case .requested: return nil
            case .leaving: orders.leaving = min(orders.leaving, entry.candidate.order)
            case .waiting where isBlocked(entry, world) || isHeldByZone(entry, world):
                guard isIdle(entry) else { return nil }
                orders.waiting = min(orders.waiting, entry.candidate.order)
                standstill.waiting.insert(uid)
            case .waiting: held.append(entry)
            }
        }
        guard !standstill.waiting.isEmpty else { return nil }
        // Behind what is blocked and behind nothing that leaves: only the former's leaving would let it go.
        let isHeldByOrder = held.allSatisfy {
            orderHold(on: $0) != nil && orders.waiting < $0.candidate.order && orders.leaving >= $0.candidate.order
        }
        return isHeldByOrder ? standstill : nil
    }

    /// The pods that nothing lets go.
    struct Standstill: Equatable, Sendable { var waiting: Set<ObjectUID> = [] }

    /// How many of a workload's pods that came to a node late are still to be asked to go.
    func lateArrivals(of workload: ObjectUID, on node: NodeName) -> Int {
        (byNode[node] ?? []).count { uid in
            guard let entry = entries[uid], entry.standing == .waiting, entry.candidate.isLate else { return false }
            return entry.workload == workload && entry.candidate.awaitedFor == nil
        }
    }

    /// Whether none of the pods that share its allowance was asked to go and is not seen to.
    private func isIdle(_ entry: Entry) -> Bool { unreflected[entry.lane]?.isEmpty ?? true }

    private func isHeldByZone(_ entry: Entry, _ world: World) -> Bool {
        guard keepsZonesApart, let workload = entry.workload,
            let holder = turns.holder(of: workload, against: entry.candidate.zone, in: world)
        else { return false }
        return !holder.isLeaving
    }

    /// Whether nothing but more room in its lane lets it go.
    func isBlocked(_ entry: Entry, _ world: World) -> Bool {
        let inFlight = unreflected[entry.lane]?.count ?? 0
        guard world.room(in: entry.lane, unreflected: inFlight, policy: policy) == 0 else { return false }
        guard let pod = world.pods[entry.candidate.pod.uid] else { return true }
        return !world.evictsFreely(pod, in: entry.lane, unreflected: inFlight, policy: policy)
    }

    /// Where a node's pods stand.
    func status(of node: NodeName, in world: World, at now: Instant) -> DrainStatus {
        var status = DrainStatus()
        status.hopeless = hopeless[node]
        for uid in byNode[node] ?? [] {
            guard let entry = entries[uid] else { continue }
            status.remaining += 1
            status.note(entry.candidate.pod.key, timeout: timeout(of: entry, in: world))
            if entry.candidate.isPassed { status.deleted.append(entry.candidate.pod.key) }
            switch entry.standing {
            case .leaving: noteLeaving(entry, world, now, &status)
            case .requested: break
            case .waiting:
                let reason = reason(for: entry, world)
                if !reason.isEmpty { status.blocked[reason, default: []].append(entry.candidate.pod.key) }
            }
        }
        status.leaving.sort()
        return status
    }

    private func noteLeaving(_ entry: Entry, _ world: World, _ now: Instant, _ status: inout DrainStatus) {
        let key = entry.candidate.pod.key
        guard let late = entry.leavesAt.map({ $0 + Self.tolerance }) else {
            if entry.refusal.isEmpty { return status.leaving.append(key) }
            return status.overdue[Self.namespaceEnd(entry.refusal, key.namespace), default: []].append(key)
        }
        guard now >= late, let pod = world.pods[entry.candidate.pod.uid] else {
            status.wakeAt = min(late, status.wakeAt ?? late)
            return status.leaving.append(key)
        }
        status.overdue[Self.lateness(of: pod, world.nodes[entry.candidate.node]), default: []].append(key)
    }

    /// The API evicts nothing from a namespace that is terminating: its deletion ends the pods, or is stuck itself.
    private static func namespaceEnd(_ refusal: String, _ namespace: String) -> String {
        "awaited until its namespace's deletion ends it (\(refusal)): where that takes long, kubectl get namespace "
            + "\(namespace) -o yaml says what holds it"
    }

    /// Why a pod is still there although its grace period is over.
    private static func lateness(of pod: Pod, _ node: Node?) -> String {
        if let node, !node.isReady {
            return
                "past its grace period, and Node \(node.name) is not Ready, so no kubelet ends it: start the kubelet, "
                + "or prove the host off (host_off)"
        }
        if !pod.finalizers.isEmpty {
            return "past its grace period, and held by finalizers (\(pod.finalizers.joined(separator: ", "))): ask the "
                + "controller that set them"
        }
        return "past its grace period, and its kubelet has not ended it: look at the kubelet and the container runtime"
    }

    private func reason(for entry: Entry, _ world: World) -> String {
        if isBlocked(entry, world) {
            let shortage = world.shortage(in: entry.lane, policy: policy)
            return policy.stuck.deletesSomePods && !shortage.isEmpty
                ? shortage + whyNotDeleted(entry, in: world) : shortage
        }
        return entry.refusal.isEmpty ? hold(on: entry, in: world) ?? "" : entry.refusal
    }
}

extension DrainStatus {
    fileprivate mutating func note(_ pod: ObjectKey, timeout own: Duration) {
        if let timeout, own > timeout { return }
        if own != timeout { hurried = [] }
        timeout = own
        hurried.append(pod)
    }
}
