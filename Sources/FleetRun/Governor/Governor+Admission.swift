import FleetModel

extension Governor {
    /// An eviction that may be sent now.
    struct Admission: Sendable {
        var candidate: Candidate
        var lane: EvictionLane
    }

    /// The evictions that may be sent now, longest lane first, and when to ask again at the latest.
    mutating func admit(in world: World, at now: Instant) -> (admissions: [Admission], deadline: Instant?) {
        var admissions: [Admission] = []
        if !owed.isEmpty { settleOverdue(at: now) }
        var deadline = owed.isEmpty ? nil : nextSettlement
        guard !dirty.isEmpty else { return (admissions, deadline) }
        if let wait = rate.wait(at: now) { return (admissions, min(wait, deadline ?? wait)) }
        for (lane, queue) in dirtyQueues() {
            deadline = admit(queue, lane, world, now, into: &admissions).map { min($0, deadline ?? $0) } ?? deadline
        }
        return (admissions, deadline)
    }

    /// The lanes that something happened to, longest first; of equal ones that whose first pod came first.
    ///
    /// With `order: priority` the lane whose first pod has the lowest priority comes before all that. What nothing limits
    /// comes last, however much it is: it goes whenever the rate has room, and nobody waits for its replacements.
    private mutating func dirtyQueues() -> [(lane: EvictionLane, queue: [ObjectUID])] {
        let byPriority = policy.order == .priority
        let queues = dirty.compactMap { lane in
            waiting[lane].flatMap { queue in
                queue.first.flatMap { entries[$0] }.map {
                    (lane: lane, queue: queue, priority: byPriority ? $0.priority : 0, first: $0.number)
                }
            }
        }
        dirty = []
        return queues.sorted {
            ($0.priority, $0.lane.freedom, $1.queue.count, $0.first) < (
                $1.priority, $1.lane.freedom, $0.queue.count, $1.first
            )
        }
        .map { ($0.lane, $0.queue) }
    }

    private mutating func admit(
        _ queue: [ObjectUID], _ lane: EvictionLane, _ world: World, _ now: Instant, into admissions: inout [Admission]
    ) -> Instant? {
        var later: Instant?
        let inFlight = unreflected[lane]?.count ?? 0
        var room = world.room(in: lane, unreflected: inFlight, policy: policy)
        for uid in queue {
            guard let entry = entries[uid], let pod = world.pods[uid] else { continue }
            if let notBefore = entry.notBefore, now < notBefore {
                dirty.insert(lane)
                later = min(notBefore, later ?? notBefore)
                continue
            }
            // A request whose answer was lost may land yet: it holds its place, and needs no second one.
            let isHeld = unreflected[lane]?.contains(uid) ?? false
            let isFree = isHeld || world.evictsFreely(pod, in: lane, unreflected: inFlight, policy: policy)
            guard isFree || room > 0 else { continue }
            if hold(on: entry, in: world) != nil {
                held.insert(lane)
                continue
            }
            if let wait = rate.wait(at: now) {
                dirty.insert(lane)
                return wait
            }
            rate.spend()
            if !isFree {
                room -= 1
                unreflected[lane, default: []].insert(uid)
            }
            depart(uid, as: .requested, in: world)
            admissions.append(Admission(candidate: entry.candidate, lane: lane))
        }
        return later
    }

    // MARK: - What holds a pod back beside its budget

    /// Why a pod may not be asked to go although its budget permits it; nil when it may.
    func hold(on entry: Entry, in world: World) -> String? {
        if let reason = flight.refusal(in: entry.candidate.zone) { return reason }
        return orderHold(on: entry) ?? zoneHold(on: entry, in: world)
    }

    func orderHold(on entry: Entry) -> String? {
        guard policy.rules.contains(where: { $0.order != 0 }) else { return nil }
        let before = (byNode[entry.candidate.node] ?? []).compactMap { entries[$0]?.candidate }
            .filter { $0.awaitedFor == nil && $0.order < entry.candidate.order }
        guard let lowest = before.map(\.order).min() else { return nil }
        return
            "its node's \(before.count) pods of lower order go first (evictions.rules, order \(lowest) before \(entry.candidate.order))"
    }

    private func zoneHold(on entry: Entry, in world: World) -> String? {
        guard keepsZonesApart, let workload = entry.workload,
            let holder = turns.holder(of: workload, against: entry.candidate.zone, in: world)
        else { return nil }
        let name = world.title(of: workload) ?? "its workload"
        let zone = holder.zone.map { "zone \($0)" } ?? "nodes without a zone"
        return holder.isLeaving
            ? "order: zone-by-zone: pods of \(name) are still leaving \(zone)"
            : "order: zone-by-zone: \(name) is not whole again after leaving \(zone)"
    }
}
