import FleetModel

extension Governor {
    /// A kubelet removes a pod within seconds of its grace period's end.
    private static let tolerance = Duration.seconds(10)

    /// Whether some pod was asked to go, or goes, and is not gone.
    var hasPodsInFlight: Bool { flight.count > 0 }

    /// Whether the node's pods are all held back by budgets, and none of them is leaving.
    func isStuck(_ node: NodeName, in world: World) -> Bool {
        guard let uids = byNode[node], !uids.isEmpty, hopeless[node] == nil else { return false }
        return uids.allSatisfy { uid in
            guard let entry = entries[uid], entry.standing == .waiting else { return false }
            return isBlocked(entry, world)
        }
    }

    /// The node's pods that wait, with the lanes that hold them.
    func blockedPods(of node: NodeName, in world: World) -> [(pod: PodReference, lane: EvictionLane)] {
        (byNode[node] ?? []).compactMap { entries[$0] }.filter { $0.standing == .waiting && isBlocked($0, world) }
            .sorted { $0.number < $1.number }.map { ($0.candidate.pod, $0.lane) }
    }

    func isBlocked(_ entry: Entry, _ world: World) -> Bool {
        world.room(in: entry.lane, unreflected: unreflected[entry.lane]?.count ?? 0, policy: policy) == 0
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
        guard let late = entry.leavesAt.map({ $0 + Self.tolerance }) else { return status.leaving.append(key) }
        guard now >= late, let pod = world.pods[entry.candidate.pod.uid] else {
            status.wakeAt = min(late, status.wakeAt ?? late)
            return status.leaving.append(key)
        }
        status.overdue[Self.lateness(of: pod, world.nodes[entry.candidate.node]), default: []].append(key)
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
