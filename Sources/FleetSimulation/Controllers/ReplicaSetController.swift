import FleetModel

/// ReplicaSets, ReplicationControllers and Jobs, which replace what was lost and nothing that succeeded.
extension SimulatedCluster {
    mutating func syncReplicaSet(_ index: Int) {
        let owner = workloads[index].owner
        guard owner >= 0 else { return }
        let isJob = workloads[index].workload.reference.kind == .job && owners[owner].wanted >= 0
        let wanted = isJob ? owners[owner].wanted : workloads[index].workload.replicas
        let missing = wanted - owners[owner].active
        if missing > 0 {
            for _ in 0..<missing { makeReplica(index) }
        } else if missing < 0 {
            for pod in surplus(owner, count: -missing) { deleteGracefully(pod, grace: nil) }
        }
        writeStatus(index, current: owners[owner].active, ready: owners[owner].ready)
    }

    private mutating func makeReplica(_ index: Int) {
        let base = workloads[index].workload.reference.key.name
        var name = "\(base)-\(random.suffix(5))"
        while podIndex[ObjectKey(workloads[index].workload.reference.key.namespace, name)] != nil {
            name = "\(base)-\(random.suffix(5))"
        }
        if let pod = podFromTemplate(index, name: name) { create(pod) }
    }

    /// Pods to give up first: without a node, not Ready, youngest (`pkg/controller/controller_utils.go`).
    private func surplus(_ owner: Int, count: Int) -> [Int] {
        let active = owners[owner].pods.map(Int.init).filter { pods[$0].isActive }
        return Array(active.sorted { isCheaper($0, $1) }.prefix(count))
    }

    private func isCheaper(_ left: Int, _ right: Int) -> Bool {
        let (a, b) = (pods[left].pod, pods[right].pod)
        if (a.nodeName == nil) != (b.nodeName == nil) { return a.nodeName == nil }
        if (a.phase == .pending) != (b.phase == .pending) { return a.phase == .pending }
        if a.isReady != b.isReady { return !a.isReady }
        if a.createdAt != b.createdAt { return a.createdAt > b.createdAt }
        return a.key < b.key
    }

    /// Writes a workload's status, if it is another.
    mutating func writeStatus(_ index: Int, current: Int, ready: Int) {
        guard
            workloads[index].currentReplicas != current || workloads[index].workload.readyReplicas != ready
                || workloads[index].workload.observedGeneration != workloads[index].workload.generation
        else { return }
        change(workload: index) {
            $0.currentReplicas = current
            $0.workload.readyReplicas = ready
            $0.workload.observedGeneration = $0.workload.generation
        }
    }
}
