import FleetModel

/// Controllers that a snapshot shows by their pods only: of kinds that fleet does not know, or left out of it. Each is
/// taken to keep as many pods as it had.
extension SimulatedCluster {
    /// Notes what such controllers have; those of DaemonSets and of nodes themselves make no pods elsewhere.
    mutating func settleStandIns() {
        for owner in owners.indices where owners[owner].workload < 0 {
            guard let first = owners[owner].pods.first,
                !["DaemonSet", "Node"].contains(owners[owner].reference.kind)
            else {
                continue
            }
            owners[owner].wanted = owners[owner].active
            owners[owner].template = PodTemplate(like: pods[Int(first)].pod)
        }
    }

    /// One of the owner's pods came, changed or went.
    mutating func enqueue(owner: Int) {
        let workload = owners[owner].workload
        guard workload < 0 else { return enqueue(workload: workload) }
        guard owners[owner].wanted > 0, !owners[owner].syncPending else { return }
        owners[owner].syncPending = true
        plan(.syncOwner(owner), after: settings.workloadController)
    }

    /// Makes pods anew.
    ///
    /// A ReplicaSet's are made while the old ones stop, others' once those are gone: under their names, with their labels
    /// and claims.
    mutating func sync(owner: Int) {
        owners[owner].syncPending = false
        guard owners[owner].workload < 0, let usual = owners[owner].template else { return }
        let isPrompt = isPrompt(owner)
        let there =
            isPrompt
            ? owners[owner].active
            : owners[owner].pods.count {
                !pods[Int($0)].pod.isFinished || pods[Int($0)].pod.isTerminating
            }
        let namespace = owners[owner].namespace
        for _ in 0..<max(0, owners[owner].wanted - there) {
            let lost = owners[owner].lost.popLast()
            let template = lost.map(PodTemplate.init(like:)) ?? usual
            var name = lost?.key.name ?? ""
            if name.isEmpty || podIndex[ObjectKey(namespace, name)] != nil {
                name = "\(owners[owner].reference.name)-\(random.suffix(5))"
            }
            create(
                Pod(
                    key: ObjectKey(namespace, name), uid: "", labels: template.labels,
                    annotations: template.annotations, controller: owners[owner].reference,
                    gracePeriodSeconds: template.gracePeriodSeconds, requests: template.requests,
                    limits: template.requests, constraints: template.constraints, volumes: template.volumes,
                    priorityClassName: template.priorityClassName))
        }
    }

    /// A pod of such a controller is gone; the next may bear its name.
    mutating func noteLoss(of pod: Pod, owner: Int) {
        guard owners[owner].workload < 0, owners[owner].wanted > 0 else { return }
        if !isPrompt(owner) { owners[owner].lost.append(pod) }
        enqueue(owner: owner)
    }

    /// Whether its next pod is made while the last one stops, and is like any other.
    private func isPrompt(_ owner: Int) -> Bool {
        ["ReplicaSet", "ReplicationController", "Job"].contains(owners[owner].reference.kind)
    }
}
