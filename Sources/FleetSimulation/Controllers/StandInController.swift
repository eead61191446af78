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
    /// A ReplicaSet's are made while the old ones stop, others' once those are gone, under their names.
    mutating func sync(owner: Int) {
        owners[owner].syncPending = false
        guard owners[owner].workload < 0, let template = owners[owner].template else { return }
        let isPrompt = ["ReplicaSet", "ReplicationController", "Job"].contains(
            owners[owner].reference.kind)
        let there =
            isPrompt
            ? owners[owner].active
            : owners[owner].pods.count {
                !pods[Int($0)].pod.isFinished || pods[Int($0)].pod.isTerminating
            }
        let namespace = owners[owner].namespace
        for _ in 0..<max(0, owners[owner].wanted - there) {
            let name =
                owners[owner].lostNames.popLast() ?? "\(owners[owner].reference.name)-\(random.suffix(5))"
            guard podIndex[ObjectKey(namespace, name)] == nil else { continue }
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
        if !["ReplicaSet", "ReplicationController", "Job"].contains(owners[owner].reference.kind) {
            owners[owner].lostNames.append(pod.key.name)
        }
        enqueue(owner: owner)
    }
}
