import FleetModel

/// Which controller looks after which workload, and the pods that they make.
extension SimulatedCluster {
    mutating func sync(workload index: Int) {
        workloads[index].syncPending = false
        guard workloads[index].isLive else { return }
        guard namespaces[workloads[index].workload.reference.key.namespace]?.value.isTerminating != true else { return }
        switch workloads[index].workload.reference.kind {
        case .deployment: syncDeployment(index)
        case .replicaSet, .replicationController, .job: syncReplicaSet(index)
        case .statefulSet: syncStatefulSet(index)
        case .daemonSet: syncDaemonSet(index)
        }
    }

    /// A pod of a workload's template; nil while the template is unknown.
    func podFromTemplate(_ index: Int, name: String) -> Pod? {
        let record = workloads[index]
        guard let template = record.workload.template, record.owner >= 0 else { return nil }
        return Pod(
            key: ObjectKey(record.workload.reference.key.namespace, name), uid: "", labels: template.labels,
            annotations: template.annotations, controller: owners[record.owner].reference,
            gracePeriodSeconds: template.gracePeriodSeconds, requests: template.requests, limits: template.requests,
            constraints: template.constraints, volumes: template.volumes,
            priorityClassName: template.priorityClassName)
    }

    /// Adds a pod that a controller (or somebody) made, and lets the scheduler or the kubelet go on with it.
    @discardableResult
    mutating func create(_ pod: Pod) -> Int {
        let index = insert(pod)
        if pod.nodeName == nil {
            enqueueScheduling(index, after: settings.scheduling)
        } else {
            takeVolumes(of: index)
            startKubelet(index)
        }
        return index
    }

    /// A controller's own delete of a pod: graceful, past budgets.
    mutating func deleteGracefully(_ index: Int, grace: Int64?) {
        guard pods[index].isLive, !pods[index].pod.isTerminating else { return }
        beginDeletion(index, grace: grace)
    }
}
