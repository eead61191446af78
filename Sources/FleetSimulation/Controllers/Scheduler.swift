import FleetModel

/// What the scheduler remembers between pods.
struct SchedulerMemory: Sendable {
    /// The nodes that are tried.
    var order = ZoneTurnOrder()
    /// Pods that no node fits, until something makes room.
    var unschedulable: Set<Int> = []
    /// Counts up when room may have appeared; the same pod class fails once for each.
    var roomVersion = 0
    var failures: [PlacementDemand: (version: Int, message: String)] = [:]
    /// DaemonSet pods on their way to a node.
    var pendingDaemons: [NodeName: [Int]] = [:]
    /// Scratch space of the spread score: pods of the owner by node.
    var siblings: [Int32] = []
    /// Which set of PreferNoSchedule taints each node has; 0 is the empty one.
    private var avoided: [Int] = []
    /// The sets: nodes share few of them.
    private var taintSets: [[Taint]] = [[]]

    /// Notes the taints of a node that has come or changed.
    mutating func note(_ taints: [Taint], of node: Int) {
        while avoided.count <= node { avoided.append(0) }
        let set = taints.filter { $0.effect == .preferNoSchedule }
        avoided[node] = taintSets.firstIndex(of: set) ?? taintSets.count
        if avoided[node] == taintSets.count { taintSets.append(set) }
    }

    /// How many taints of each set a pod does not tolerate.
    func aversions(_ tolerations: [Toleration]) -> [Int64] {
        taintSets.map { set in
            Int64(set.count { taint in !tolerations.contains { $0.tolerates(taint) } })
        }
    }

    /// The nodes that fit, with what their scores are made of; kept to spare allocations.
    private var fitting: [Fit] = []
    private var most = (siblings: Int64(0), aversion: Int64(0))
    private var fewestSiblings = Int64.max

    private struct Fit {
        let node: Int
        let freeShare: Int64
        let siblings: Int64
        let aversion: Int64
    }

    /// Begins to choose for another pod.
    mutating func forgetFitting() {
        fitting.removeAll(keepingCapacity: true)
        most = (0, 0)
        fewestSiblings = .max
    }

    /// A node fits.
    mutating func note(fitting node: Int, freeShare: Int64, _ aversions: [Int64]) {
        let siblings = node < self.siblings.count ? Int64(self.siblings[node]) : 0
        let aversion = aversions[avoided[node]]
        most = (max(most.siblings, siblings), max(most.aversion, aversion))
        fewestSiblings = min(fewestSiblings, siblings)
        fitting.append(Fit(node: node, freeShare: freeShare, siblings: siblings, aversion: aversion))
    }

    /// The best of the nodes that fit, of equal ones the first.
    ///
    /// As in kube-scheduler each score is brought to 0–100 over the nodes that fit, and weighs as by default: taints 3
    /// (`TaintToleration`), spread 2 (`PodTopologySpread`), free resources 1 (`NodeResourcesFit`). So a taint always
    /// outweighs the spread.
    func best() -> Int? {
        var best: (node: Int, score: Int64)?
        for fit in fitting {
            let spread =
                most.siblings == 0
                ? 100 : 100 * (most.siblings + fewestSiblings - fit.siblings) / most.siblings
            let taints = most.aversion == 0 ? 100 : 100 - 100 * fit.aversion / most.aversion
            let score = fit.freeShare + 2 * spread + 3 * taints
            if score > best?.score ?? .min { best = (fit.node, score) }
        }
        return best?.node
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
        guard pods[index].pod.nodeName == nil, pods[index].isActive else { return }
        if pods[index].pod.constraints.isGated { return markUnschedulable(index, PlacementRejection.gatedMessage) }
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
        guard !scheduler.order.isEmpty else { return nil }
        countSiblings(index, sign: 1)
        defer { countSiblings(index, sign: -1) }
        return bestNode(index, probe)
    }

    private mutating func bestNode(_ index: Int, _ probe: PlacementProbe) -> Int? {
        let limit = feasibleLimit(scheduler.order.count)
        let aversions = scheduler.aversions(pods[index].pod.constraints.tolerations)
        scheduler.forgetFitting()
        var found = 0
        var tried = 0
        while tried < scheduler.order.count, found < limit {
            let node = scheduler.order.next()
            tried += 1
            guard placement.accepts(probe, node) else { continue }
            found += 1
            scheduler.note(fitting: node, freeShare: placement.freeShare(node), aversions)
        }
        return scheduler.best()
    }

    /// `pkg/scheduler/schedule_one.go:numFeasibleNodesToFind`.
    private func feasibleLimit(_ count: Int) -> Int {
        if let limit = settings.nodesScored { return limit }
        guard count >= 100 else { return count }
        return max(100, count * max(5, 50 - count / 125) / 100)
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
}
