import FleetModel

/// Nodes come, change and go here only.
extension SimulatedCluster {
    /// Adds a Node; pods of an earlier bearer of the name are its own again.
    @discardableResult
    mutating func insert(_ node: Node) -> Int {
        var node = node
        if node.uid.rawValue.isEmpty { node.uid = random.uid() }
        if node.createdAt == .epoch { node.createdAt = now }
        let index = placement.add(node)
        scheduler.note(node.taints, of: index)
        scheduler.order.put(index, in: node.zone)
        var record = NodeRecord(node: node)
        if index == nodes.count {
            nodes.append(record)
        } else {
            record.token = nodes[index].token &+ 1
            nodes[index] = record
        }
        finishWrite(node: index, event: .added)
        adoptOrphans(index)
        if isRecording { nodeAppeared(index) }
        return index
    }

    private mutating func adoptOrphans(_ node: Int) {
        for pod in orphans.removeValue(forKey: nodes[node].node.name) ?? [] {
            link(pod, node: node)
            guard pods[pod].isPlaced else { continue }
            placement.assume(pods[pod].demand, on: node, isTerminating: pods[pod].pod.isTerminating)
        }
    }

    private mutating func nodeAppeared(_ index: Int) {
        enqueueLifecycle(index)
        plan(.syncDaemons(node: index, token: nodes[index].token), after: settings.workloadController)
        wakeUnschedulable()
    }

    /// Changes a Node; nothing happens when the body changes nothing.
    mutating func change(node index: Int, _ body: (inout Node) -> Void) {
        let old = nodes[index].node
        body(&nodes[index].node)
        guard nodes[index].node != old else { return }
        if nodes[index].node.readiness != old.readiness { nodes[index].readinessChangedAt = now }
        placement.add(nodes[index].node)
        if nodes[index].node.taints != old.taints { scheduler.note(nodes[index].node.taints, of: index) }
        finishWrite(node: index, event: .modified)
        placementChanged(index, since: old)
    }

    /// Wakes those who look at labels, taints, cordon, readiness and capacity.
    private mutating func placementChanged(_ index: Int, since old: Node) {
        let new = nodes[index].node
        let moved = new.labels != old.labels
        guard
            moved || new.taints != old.taints || new.isCordoned != old.isCordoned || new.readiness != old.readiness
                || new.allocatable != old.allocatable
        else { return }
        enqueueLifecycle(index)
        plan(.syncDaemons(node: index, token: nodes[index].token), after: settings.workloadController)
        if !new.isCordoned { wakeUnschedulable() }
        if moved { scheduler.order.put(index, in: new.zone) }
    }

    /// Removes a Node; its pods stay until pod garbage collection finds them.
    mutating func remove(node index: Int) {
        let name = nodes[index].node.name
        var left: [Int] = []
        for pod in nodes[index].pods.map(Int.init) {
            if pods[pod].isPlaced {
                placement.forget(pods[pod].demand, on: index, isTerminating: pods[pod].pod.isTerminating)
            }
            pods[pod].node = -1
            left.append(pod)
        }
        nodes[index].pods = []
        orphans[name] = left.isEmpty ? nil : left
        placement.remove(name)
        nodes[index].isLive = false
        nodes[index].lifecyclePending = false
        nodes[index].token &+= 1
        finishWrite(node: index, event: .deleted)
        scheduler.order.remove(index)
        if !left.isEmpty { planOrphanCollection(name) }
        forgetDaemons(ofNode: index)
    }

    private mutating func finishWrite(node index: Int, event: SimulationChange.Event) {
        nodes[index].version = nextVersion()
        nodes[index].node.resourceVersion = String(nodes[index].version)
        if isRecording { record(event, storedNode(index)) }
    }

    func storedNode(_ index: Int) -> StoredObject {
        let record = nodes[index]
        let detail = ObjectDetail(
            uid: record.node.uid, createdAt: record.node.createdAt, readinessChangedAt: record.readinessChangedAt)
        return StoredObject(object: .node(record.node), detail: detail, resourceVersion: record.version)
    }

    /// The live Node's index.
    func nodeIndex(_ name: NodeName) -> Int? { placement.index(of: name) }
}
