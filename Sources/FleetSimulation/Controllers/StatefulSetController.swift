import FleetModel

/// StatefulSets with OrderedReady: one pod at a time, by ordinal; a name is reborn only after the old object is gone.
extension SimulatedCluster {
    mutating func syncStatefulSet(_ index: Int) {
        let wanted = workloads[index].workload.replicas
        let isSettled = fillOrdinals(index, wanted)
        if isSettled { giveUpOrdinals(index, above: wanted) }
        let owner = workloads[index].owner
        writeStatus(index, current: owners[owner].active, ready: owners[owner].ready)
    }

    /// Makes the first missing pod; false while one below the wanted number is not running and Ready.
    private mutating func fillOrdinals(_ index: Int, _ wanted: Int) -> Bool {
        let key = workloads[index].workload.reference.key
        for ordinal in 0..<max(0, wanted) {
            guard let pod = podIndex[ObjectKey(key.namespace, "\(key.name)-\(ordinal)")] else {
                makeMember(index, ordinal)
                return false
            }
            if pods[pod].pod.isFinished, !pods[pod].pod.isTerminating { deleteGracefully(pod, grace: nil) }
            guard pods[pod].isHealthy else { return false }
        }
        return true
    }

    private mutating func giveUpOrdinals(_ index: Int, above wanted: Int) {
        let owner = workloads[index].owner
        let key = workloads[index].workload.reference.key
        let members = owners[owner].pods.map(Int.init)
        guard members.count > wanted, !members.contains(where: { pods[$0].pod.isTerminating }) else { return }
        let highest = members.max { ordinal($0, key) < ordinal($1, key) }
        if let highest, ordinal(highest, key) >= wanted { deleteGracefully(highest, grace: nil) }
    }

    private func ordinal(_ pod: Int, _ key: ObjectKey) -> Int {
        Int(pods[pod].pod.key.name.dropFirst(key.name.count + 1)) ?? 0
    }

    private mutating func makeMember(_ index: Int, _ ordinal: Int) {
        let workload = workloads[index].workload
        let name = "\(workload.reference.key.name)-\(ordinal)"
        guard var pod = podFromTemplate(index, name: name) else { return }
        pod.labels["statefulset.kubernetes.io/pod-name"] = name
        pod.labels["apps.kubernetes.io/pod-index"] = "\(ordinal)"
        for template in workload.claimTemplates {
            let claim = "\(template)-\(name)"
            let key = ObjectKey(workload.reference.key.namespace, claim)
            pod.volumes.removeAll { $0.name == template }
            pod.volumes.append(.claim(name: template, claim: claim))
            if claims[key] == nil {
                put(
                    .claim(
                        PersistentVolumeClaim(key: key, accessModes: ["ReadWriteOnce"], storageClassName: "standard")))
            }
        }
        create(pod)
    }
}

extension PodVolume {
    /// The volume's name inside the pod.
    var name: String {
        switch self {
        case .emptyDir(let name), .hostPath(let name, _), .claim(let name, _): name
        }
    }
}
