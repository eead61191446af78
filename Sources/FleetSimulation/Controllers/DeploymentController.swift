import FleetModel

/// Deployments: one ReplicaSet for each template, and the way from the old one to the new (25 % / 25 %).
extension SimulatedCluster {
    mutating func syncDeployment(_ index: Int) {
        guard let template = workloads[index].workload.template else { return writeDeploymentStatus(index) }
        let current = currentReplicaSet(index, template) ?? makeReplicaSet(index, template)
        roll(index, to: current)
        writeDeploymentStatus(index)
    }

    private func currentReplicaSet(_ index: Int, _ template: PodTemplate) -> Int? {
        workloads[index].children.last { workloads[$0].rolledTemplate == template }
    }

    private mutating func makeReplicaSet(_ index: Int, _ template: PodTemplate) -> Int {
        let deployment = workloads[index].workload
        let hash = random.suffix(9)
        var own = template
        own.labels["pod-template-hash"] = hash
        var selector = deployment.selector ?? LabelSelector(matchLabels: template.labels)
        selector.matchLabels["pod-template-hash"] = hash
        let reference = WorkloadReference(
            kind: .replicaSet,
            key: ObjectKey(deployment.reference.key.namespace, "\(deployment.reference.key.name)-\(hash)"), uid: "")
        let child = insert(
            Workload(
                reference: reference, labels: own.labels,
                annotations: ["deployment.kubernetes.io/revision": "\(workloads[index].revision)"],
                controller: owners[workloads[index].owner].reference, replicas: 0, selector: selector, template: own))
        workloads[index].revision += 1
        workloads[child].rolledTemplate = template
        return child
    }

    private mutating func roll(_ index: Int, to current: Int) {
        let wanted = workloads[index].workload.replicas
        let old = workloads[index].children.filter { $0 != current && workloads[$0].workload.replicas > 0 }
        guard !old.isEmpty else { return setReplicas(current, wanted) }
        if workloads[index].workload.strategy == .recreate { return recreate(index, current, old, wanted) }
        let oldReplicas = old.reduce(0) { $0 + workloads[$1].workload.replicas }
        let surge = max(1, (wanted + 3) / 4)
        let room = wanted + surge - oldReplicas - workloads[current].workload.replicas
        let grown = min(wanted, workloads[current].workload.replicas + max(0, room))
        setReplicas(current, grown)
        let floor = wanted - wanted / 4
        let all = oldReplicas + workloads[current].workload.replicas
        let unavailable = workloads[current].workload.replicas - readyPods([current])
        var spare = all - floor - max(0, unavailable)
        for child in old where spare > 0 {
            let less = min(spare, workloads[child].workload.replicas)
            setReplicas(child, workloads[child].workload.replicas - less)
            spare -= less
        }
    }

    private mutating func recreate(_ index: Int, _ current: Int, _ old: [Int], _ wanted: Int) {
        for child in old { setReplicas(child, 0) }
        guard old.allSatisfy({ owners[workloads[$0].owner].pods.isEmpty }) else { return }
        setReplicas(current, wanted)
    }

    private func readyPods(_ children: [Int]) -> Int {
        children.reduce(0) { $0 + owners[workloads[$1].owner].ready }
    }

    private mutating func setReplicas(_ child: Int, _ replicas: Int) {
        guard workloads[child].workload.replicas != replicas else { return }
        change(workload: child) { $0.workload.replicas = replicas }
    }

    private mutating func writeDeploymentStatus(_ index: Int) {
        let children = workloads[index].children
        let active = children.reduce(0) { $0 + owners[workloads[$1].owner].active }
        writeStatus(index, current: active, ready: readyPods(children))
    }
}
