import FleetModel

/// What the scheduler remembers between pods.
struct SchedulerMemory: Sendable {
    /// Nodes in the order in which they are tried, zones in turn.
    var order: [Int] = []
    var position = 0
    /// Nodes came, went or moved: the order is built anew.
    var nodesChanged = true
    /// Pods that no node fits, until something makes room.
    var unschedulable: Set<Int> = []
    /// Counts up when room may have appeared; the same pod class fails once for each.
    var roomVersion = 0
    var failures: [PlacementDemand: (version: Int, message: String)] = [:]
    /// DaemonSet pods on their way to a node.
    var pendingDaemons: [NodeName: [Int]] = [:]
    /// Scratch space of the spread score: pods of the owner by node.
    var siblings: [Int32] = []
    /// The PreferNoSchedule taints of each node.
    var avoided: [[Taint]] = []

    /// Notes the taints of a node that has come or changed.
    mutating func note(_ taints: [Taint], of node: Int) {
        while avoided.count <= node { avoided.append([]) }
        avoided[node] = taints.filter { $0.effect == .preferNoSchedule }
    }
}

/// kube-scheduler: filters a sample of nodes, scores those that fit, binds.
extension SimulatedCluster {
    /// Puts a pod into the scheduler's queue.
    mutating func enqueueScheduling(_ index: Int, after delay: Duration) {
        pods[index].schedulerToken &+= 1
        plan(.schedulePod(index, token: pods[index].schedulerToken), after: delay)
    }

    /// Room may have appeared: pods that found none try again after their backoff.
    mutating func wakeUnschedulable() {
        scheduler.roomVersion += 1
        guard !scheduler.unschedulable.isEmpty else { return }
        for index in scheduler.unschedulable.sorted() {
            enqueueScheduling(index, after: pods[index].backoff)
        }
        scheduler.unschedulable.removeAll()
    }

    mutating func schedule(_ index: Int, token: UInt32) {
        guard pods[index].isLive, pods[index].schedulerToken == token else { return }
        let pod = pods[index].pod
        guard pod.nodeName == nil, !pod.isTerminating, !pod.isFinished else { return }
        if pod.constraints.isGated { return markUnschedulable(index, PlacementRejection.gatedMessage) }
        if let failure = scheduler.failures[pods[index].demand], failure.version == scheduler.roomVersion {
            return markUnschedulable(index, failure.message)
        }
        let probe = placement.probe(pods[index].demand)
        guard let node = choose(index, probe) else { return fail(index, probe) }
        bind(index, to: node)
        nodeGotPod(index)
    }

    private mutating func nodeGotPod(_ index: Int) {
        takeVolumes(of: index)
        startKubelet(index)
    }

    private mutating func fail(_ index: Int, _ probe: PlacementProbe) {
        var counts: [PlacementRejection: Int] = [:]
        for node in nodes.indices where nodes[node].isLive {
            for reason in placement.rejections(probe, node) { counts[reason, default: 0] += 1 }
        }
        let message = PlacementRejection.message(counts, nodes: placement.nodeCount)
        if pods[index].pinned == nil {
            scheduler.failures[pods[index].demand] = (scheduler.roomVersion, message)
        }
        markUnschedulable(index, message)
    }

    private mutating func markUnschedulable(_ index: Int, _ message: String) {
        let first = settings.schedulingBackoff.lowerBound
        let next =
            pods[index].backoff == .zero ? first : min(pods[index].backoff * 2, settings.schedulingBackoff.upperBound)
        pods[index].backoff = next
        scheduler.unschedulable.insert(index)
        guard pods[index].pod.pendingReason != message else { return }
        change(index) { $0.pod.pendingReason = message }
    }

    private mutating func choose(_ index: Int, _ probe: PlacementProbe) -> Int? {
        if let pinned = pods[index].pinned {
            guard let node = nodeIndex(pinned), placement.accepts(probe, node) else { return nil }
            return node
        }
        if scheduler.nodesChanged { rebuildOrder() }
        guard !scheduler.order.isEmpty else { return nil }
        countSiblings(index, sign: 1)
        defer { countSiblings(index, sign: -1) }
        return bestNode(index, probe)
    }

    private mutating func bestNode(_ index: Int, _ probe: PlacementProbe) -> Int? {
        let limit = feasibleLimit(scheduler.order.count)
        var best: (node: Int, score: Int64)?
        var found = 0
        var tried = 0
        while tried < scheduler.order.count, found < limit {
            let node = scheduler.order[(scheduler.position + tried) % scheduler.order.count]
            tried += 1
            guard placement.accepts(probe, node) else { continue }
            found += 1
            let score = score(index, node)
            if score > best?.score ?? .min { best = (node, score) }
        }
        scheduler.position = (scheduler.position + tried) % scheduler.order.count
        return best?.node
    }

    /// `pkg/scheduler/schedule_one.go:numFeasibleNodesToFind`.
    private func feasibleLimit(_ count: Int) -> Int {
        if let limit = settings.nodesScored { return limit }
        guard count >= 100 else { return count }
        return max(100, count * max(5, 50 - count / 125) / 100)
    }

    /// Fewer PreferNoSchedule taints weigh 3, spread 2, free resources 1, as in kube-scheduler's defaults.
    private func score(_ index: Int, _ node: Int) -> Int64 {
        var avoided: Int64 = 0
        for taint in scheduler.avoided[node] {
            if !pods[index].pod.constraints.tolerations.contains(where: { $0.tolerates(taint) }) { avoided = 1 }
        }
        let siblings = node < scheduler.siblings.count ? Int64(scheduler.siblings[node]) : 0
        let free = placement.freeShare(node)
        return free - 300 * avoided - 100 * siblings
    }

    private mutating func countSiblings(_ index: Int, sign: Int32) {
        let owner = pods[index].owner
        guard owner >= 0, owners[owner].pods.count <= 2000 else { return }
        if scheduler.siblings.count < nodes.count {
            scheduler.siblings.append(contentsOf: repeatElement(0, count: nodes.count - scheduler.siblings.count))
        }
        for pod in owners[owner].pods {
            let (node, phase) = (pods[Int(pod)].node, pods[Int(pod)].pod.phase)
            guard node >= 0, pods[Int(pod)].pod.deletionTime == nil, phase != .succeeded, phase != .failed else {
                continue
            }
            scheduler.siblings[node] += sign
        }
    }

    /// Zones in turn, names in order, as the scheduler's node tree has it.
    private mutating func rebuildOrder() {
        scheduler.nodesChanged = false
        var zones: [String: [Int]] = [:]
        for index in nodes.indices where nodes[index].isLive {
            zones[nodes[index].node.zone?.rawValue ?? "", default: []].append(index)
        }
        let lists = zones.sorted { $0.key < $1.key }.map(\.value)
        scheduler.order = []
        for row in 0..<(lists.map(\.count).max() ?? 0) {
            for list in lists where row < list.count { scheduler.order.append(list[row]) }
        }
        if scheduler.position >= scheduler.order.count { scheduler.position = 0 }
    }
}
