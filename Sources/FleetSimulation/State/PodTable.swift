import FleetModel

/// Pods come, change and go here only, so that every counter follows.
extension SimulatedCluster {
    /// Adds a pod; a bound one is linked to its node at once.
    @discardableResult
    mutating func insert(_ pod: Pod) -> Int {
        var pod = pod
        if pod.uid.rawValue.isEmpty { pod.uid = random.uid() }
        if pod.createdAt == .epoch { pod.createdAt = now }
        let record = PodRecord(pod: pod, demand: placement.demand(of: pod))
        let index = store(record)
        podIndex[pod.key] = index
        if let controller = pod.controller { link(index, owner: owner(controller, namespace: pod.key.namespace)) }
        pods[index].budgets = budgetLookup.candidates(pod).filter { budgets[Int($0)].budget.selects(pod) }
        if let name = pod.nodeName { attach(index, to: name) }
        count(index, sign: 1)
        finishWrite(index, event: .added)
        return index
    }

    private mutating func store(_ record: PodRecord) -> Int {
        guard let reused = freePods.popLast() else {
            pods.append(record)
            return pods.count - 1
        }
        var record = record
        record.kubeletToken = pods[reused].kubeletToken &+ 1
        record.schedulerToken = pods[reused].schedulerToken &+ 1
        record.taintToken = pods[reused].taintToken &+ 1
        pods[reused] = record
        return reused
    }

    private mutating func attach(_ index: Int, to name: NodeName) {
        guard let node = placement.index(of: name) else {
            orphans[name, default: []].append(index)
            return
        }
        link(index, node: node)
        guard pods[index].isPlaced else { return }
        placement.assume(pods[index].demand, on: node, isTerminating: pods[index].pod.isTerminating)
    }

    /// Changes a pod, keeps all counters right, and records the change.
    mutating func change(_ index: Int, _ body: (inout PodRecord) -> Void) {
        let old = Standing(pods[index])
        let wasPlaced = pods[index].isPlaced
        let wasTerminating = pods[index].pod.isTerminating
        let oldLabels = pods[index].pod.labels
        let oldDemand = pods[index].demand
        body(&pods[index])
        if pods[index].pod.labels != oldLabels {
            count(index, sign: -1, as: old)
            relabel(index)
            replace(index, oldDemand, wasPlaced: wasPlaced, wasTerminating: wasTerminating)
            count(index, sign: 1, as: Standing(pods[index]))
        } else {
            replace(index, oldDemand, wasPlaced: wasPlaced, wasTerminating: wasTerminating)
            recount(index, since: old)
        }
        finishWrite(index, event: .modified)
    }

    private mutating func relabel(_ index: Int) {
        pods[index].demand = placement.demand(of: pods[index].pod)
        let pod = pods[index].pod
        pods[index].budgets = budgetLookup.candidates(pod).filter { budgets[Int($0)].budget.selects(pod) }
    }

    private mutating func replace(
        _ index: Int, _ oldDemand: PlacementDemand, wasPlaced: Bool, wasTerminating: Bool
    ) {
        let isPlaced = pods[index].isPlaced
        let isTerminating = pods[index].pod.isTerminating
        let node = pods[index].node
        guard node >= 0 else { return }
        let demand = pods[index].demand
        if wasPlaced, isPlaced, oldDemand == demand {
            if isTerminating, !wasTerminating { placement.beginTermination(demand, on: node) }
            return
        }
        if wasPlaced { placement.forget(oldDemand, on: node, isTerminating: wasTerminating) }
        if isPlaced { placement.assume(demand, on: node, isTerminating: isTerminating) }
        if wasPlaced, !isPlaced { wakeUnschedulable() }
    }

    /// Binds a pod: the scheduler's decision.
    mutating func bind(_ index: Int, to node: Int) {
        let old = Standing(pods[index])
        pods[index].pod.nodeName = nodes[node].node.name
        pods[index].pod.pendingReason = ""
        link(index, node: node)
        placement.assume(pods[index].demand, on: node, isTerminating: pods[index].pod.isTerminating)
        recount(index, since: old)
        finishWrite(index, event: .modified)
    }

    /// Removes a pod from the API.
    mutating func remove(_ index: Int) {
        count(index, sign: -1)
        let node = pods[index].node
        if pods[index].isPlaced {
            placement.forget(pods[index].demand, on: node, isTerminating: pods[index].pod.isTerminating)
            wakeUnschedulable()
        }
        let budgetsToSync = pods[index].budgets
        let owner = pods[index].owner
        if node < 0, let name = pods[index].pod.nodeName { orphans[name]?.removeAll { $0 == index } }
        unlinkNode(index)
        unlinkOwner(index)
        podIndex[pods[index].pod.key] = nil
        pods[index].isLive = false
        pods[index].version = nextVersion()
        pods[index].pod.resourceVersion = String(pods[index].version)
        record(.deleted, storedPod(index))
        afterRemoval(index, node: node, owner: owner)
        pods[index].kubeletToken &+= 1
        pods[index].schedulerToken &+= 1
        pods[index].taintToken &+= 1
        pods[index].budgets = []
        scheduler.unschedulable.remove(index)
        freePods.append(index)
        for budget in budgetsToSync { enqueue(budget: Int(budget)) }
    }

    private mutating func afterRemoval(_ index: Int, node: Int, owner: Int) {
        let pod = pods[index].pod
        if owner >= 0 {
            noteLoss(of: pod, owner: owner)
            enqueue(owner: owner)
        }
        if pod.isDaemon, let home = node >= 0 ? node : pods[index].pinned.flatMap({ nodeIndex($0) }) {
            plan(.syncDaemons(node: home, token: nodes[home].token), after: settings.workloadController)
        }
        guard node >= 0 else { return }
        releaseVolumes(of: pod, node: node)
        if pod.isMirror, isHostAlive(nodes[node].node.name) { plan(.recreateMirror(pod), after: .seconds(1)) }
    }

    /// Gives the change its version, records it and tells the controllers.
    private mutating func finishWrite(_ index: Int, event: SimulationChange.Event) {
        pods[index].version = nextVersion()
        pods[index].pod.resourceVersion = String(pods[index].version)
        if isRecording { record(event, storedPod(index)) }
    }

    /// Adds or takes the pod's part in its owner's and its budgets' counters, and wakes them.
    private mutating func count(_ index: Int, sign: Int) { count(index, sign: sign, as: Standing(pods[index])) }

    private mutating func count(_ index: Int, sign: Int, as standing: Standing) {
        let key = pods[index].pod.controller == nil ? -1 : pods[index].owner
        for budget in pods[index].budgets {
            let budget = Int(budget)
            budgets[budget].total += sign
            let left = (budgets[budget].owners[key] ?? 0) + sign
            budgets[budget].owners[key] = left == 0 ? nil : left
        }
        shift(index, active: sign * standing.active, ready: sign * standing.ready, healthy: sign * standing.healthy)
    }

    /// The same pod counts otherwise than before.
    private mutating func recount(_ index: Int, since old: Standing) {
        let new = Standing(pods[index])
        shift(
            index, active: new.active - old.active, ready: new.ready - old.ready, healthy: new.healthy - old.healthy)
    }

    private mutating func shift(_ index: Int, active: Int, ready: Int, healthy: Int) {
        let owner = pods[index].owner
        if owner >= 0 {
            owners[owner].active += active
            owners[owner].ready += ready
            if isRecording { enqueue(owner: owner) }
        }
        for budget in pods[index].budgets {
            budgets[Int(budget)].healthy += healthy
            if isRecording { enqueue(budget: Int(budget)) }
        }
    }

    /// What a pod counts for.
    private struct Standing {
        let active: Int
        let ready: Int
        let healthy: Int

        init(_ record: PodRecord) {
            active = record.isActive ? 1 : 0
            ready = record.isActive && record.pod.isReady ? 1 : 0
            healthy = record.isHealthy ? 1 : 0
        }
    }

    func storedPod(_ index: Int) -> StoredObject {
        let pod = pods[index].pod
        let detail = ObjectDetail(
            uid: pod.uid, createdAt: pod.createdAt, generation: pods[index].generation,
            deletionGracePeriodSeconds: pods[index].deletionGrace, disruptionReason: pods[index].disruptionReason,
            startedAt: pods[index].startedAt, readinessChangedAt: pods[index].readinessChangedAt)
        return StoredObject(object: .pod(pod), detail: detail, resourceVersion: pods[index].version)
    }
}
