import FleetModel

/// DaemonSets: one pod on every node that selector and tolerations accept, cordoned or not.
extension SimulatedCluster {
    /// Looks at every node once for each specification; afterwards each node's own changes do.
    mutating func syncDaemonSet(_ index: Int) {
        if workloads[index].sweptGeneration != workloads[index].workload.generation {
            workloads[index].sweptGeneration = workloads[index].workload.generation
            for node in nodes.indices where nodes[node].isLive { reconcileDaemon(index, node) }
        }
        let owner = workloads[index].owner
        let (ready, active, wanted) = (owners[owner].ready, owners[owner].active, workloads[index].wantedNodes)
        change(workload: index) {
            $0.workload.replicas = wanted
            $0.workload.readyReplicas = ready
            $0.currentReplicas = active
            $0.workload.observedGeneration = $0.workload.generation
        }
    }

    /// A Node has gone: nobody wants a daemon there.
    mutating func forgetDaemons(ofNode node: Int) {
        for daemonSet in nodes[node].daemonSets {
            workloads[daemonSet].wantedNodes -= 1
            enqueue(workload: daemonSet)
        }
        nodes[node].daemonSets = []
        for pod in scheduler.pendingDaemons.removeValue(forKey: nodes[node].node.name) ?? []
        where isOnItsWay(pod, to: nodes[node].node.name) { deleteGracefully(pod, grace: nil) }
    }

    /// Looks at one node for all DaemonSets.
    mutating func syncDaemons(onNode node: Int, token: UInt32) {
        guard nodes[node].isLive, nodes[node].token == token else { return }
        for daemonSet in daemonSets { reconcileDaemon(daemonSet, node) }
    }

    private mutating func reconcileDaemon(_ index: Int, _ node: Int) {
        let owner = workloads[index].owner
        let existing = nodes[node].pods.map(Int.init).filter { pods[$0].owner == owner }
        let wanted = isWanted(index, node)
        noteWish(index, node, wanted)
        guard wanted else {
            for pod in existing where !shouldKeep(index, node) { deleteGracefully(pod, grace: nil) }
            return
        }
        guard existing.isEmpty, !isDaemonPending(owner, nodes[node].node.name) else { return }
        makeDaemon(index, node)
    }

    private mutating func noteWish(_ index: Int, _ node: Int, _ wanted: Bool) {
        let position = nodes[node].daemonSets.firstIndex(of: index)
        if wanted, position == nil {
            nodes[node].daemonSets.append(index)
            workloads[index].wantedNodes += 1
            enqueue(workload: index)
        } else if !wanted, let position {
            nodes[node].daemonSets.remove(at: position)
            workloads[index].wantedNodes -= 1
            enqueue(workload: index)
        }
    }

    /// Indices are reused: only a pod that is still on its way to this very node counts.
    private func isDaemonPending(_ owner: Int, _ name: NodeName) -> Bool {
        scheduler.pendingDaemons[name]?.contains { index in
            isOnItsWay(index, to: name) && pods[index].owner == owner
        } ?? false
    }

    private func isOnItsWay(_ index: Int, to name: NodeName) -> Bool {
        pods[index].isLive && pods[index].pinned == name && pods[index].node < 0
    }

    private mutating func makeDaemon(_ index: Int, _ node: Int) {
        let base = workloads[index].workload.reference.key.name
        guard var pod = podFromTemplate(index, name: "\(base)-\(random.suffix(5))") else { return }
        guard podIndex[pod.key] == nil else { return makeDaemon(index, node) }
        let name = nodes[node].node.name
        let requirement = SelectorRequirement("metadata.name", .isIn, [name.rawValue])
        let terms = pod.constraints.nodeAffinity ?? [NodeSelectorTerm()]
        pod.constraints.nodeAffinity = terms.map {
            NodeSelectorTerm(matchExpressions: $0.matchExpressions, matchFields: [requirement])
        }
        pod.constraints.tolerations += Self.daemonTolerations
        let new = create(pod)
        pods[new].pinned = name
        let waiting = (scheduler.pendingDaemons[name] ?? []).filter { isOnItsWay($0, to: name) }
        scheduler.pendingDaemons[name] = waiting + [new]
    }

    private func isWanted(_ index: Int, _ node: Int) -> Bool {
        rejection(index, node) == nil
    }

    /// A NoSchedule taint keeps new daemons away, but leaves those that run.
    private func shouldKeep(_ index: Int, _ node: Int) -> Bool {
        if case .taint(let taint) = rejection(index, node) { return taint.effect == .noSchedule }
        return false
    }

    private func rejection(_ index: Int, _ node: Int) -> PlacementRejection? {
        guard var constraints = workloads[index].workload.template?.constraints else { return .nodeAffinity }
        constraints.tolerations += Self.daemonTolerations
        return constraints.nodeRejection(by: nodes[node].node)
    }

    /// What the DaemonSet controller adds to every pod.
    static let daemonTolerations: [Toleration] = [
        Toleration(key: "node.kubernetes.io/not-ready", exists: true, effect: .noExecute),
        Toleration(key: "node.kubernetes.io/unreachable", exists: true, effect: .noExecute),
        Toleration(key: "node.kubernetes.io/disk-pressure", exists: true, effect: .noSchedule),
        Toleration(key: "node.kubernetes.io/memory-pressure", exists: true, effect: .noSchedule),
        Toleration(key: "node.kubernetes.io/pid-pressure", exists: true, effect: .noSchedule),
        Toleration(key: Taint.cordon.key, exists: true, effect: .noSchedule),
    ]
}
