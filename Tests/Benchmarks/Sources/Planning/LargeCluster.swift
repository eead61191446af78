import FleetModel

/// A large settled cluster: Deployments of equal size, most of them under a budget of 10 %, their pods scattered.
struct LargeCluster {
    var nodes: Int
    var pods: Int
    var budgets: Int

    var snapshot: ClusterSnapshot {
        var snapshot = ClusterSnapshot(
            clusterUID: "large", serverVersion: "v1.36.1", takenAt: Instant(seconds: 1_767_225_600))
        for number in 0..<nodes { snapshot.nodes.append(node(number)) }
        let apps = budgets + budgets / 4
        let replicas = pods / apps
        var next = 0
        for app in 0..<apps {
            let key = ObjectKey("team\(app % 200)", "app\(app)")
            let deployment = workload(.deployment, key, uid: "d\(app)", replicas: replicas, owner: nil)
            let owner = ControllerReference(
                apiVersion: "apps/v1", kind: "Deployment", name: key.name, uid: deployment.reference.uid)
            let set = workload(
                .replicaSet, ObjectKey(key.namespace, key.name + "-7d9f"), uid: "rs\(app)", replicas: replicas,
                owner: owner)
            snapshot.workloads += [deployment, set]
            if app < budgets { snapshot.budgets.append(budget(key, replicas)) }
            let controller = ControllerReference(
                apiVersion: "apps/v1", kind: "ReplicaSet", name: set.reference.key.name, uid: set.reference.uid)
            for replica in 0..<replicas {
                snapshot.pods.append(pod(key, replica, controller, on: (next * 7919) % nodes))
                next += 1
            }
        }
        return snapshot
    }

    private func node(_ number: Int) -> Node {
        var node = Self.node(
            NodeName("node\(number)"), zone: Zone(["a", "b", "c"][number % 3]), machineID: "m\(number)")
        node.uid = ObjectUID("n\(number)")
        return node
    }

    /// A node of the cluster's only size; its UID is the API's to give.
    static func node(_ name: NodeName, zone: Zone?, machineID: String) -> Node {
        let size = Resources(milliCPU: 64_000, memory: 256 << 30, pods: 110)
        return Node(
            name: name, uid: "", labels: ["topology.kubernetes.io/zone": zone?.rawValue ?? "", "pool": "general"],
            capacity: size, allocatable: size, machineID: machineID)
    }

    private func workload(
        _ kind: WorkloadKind, _ key: ObjectKey, uid: String, replicas: Int, owner: ControllerReference?
    ) -> Workload {
        Workload(
            reference: WorkloadReference(kind: kind, key: key, uid: ObjectUID(uid)), controller: owner,
            replicas: replicas,
            readyReplicas: replicas)
    }

    private func budget(_ key: ObjectKey, _ replicas: Int) -> PodDisruptionBudget {
        let allowed = max(1, replicas / 10)
        return PodDisruptionBudget(
            key: key, uid: ObjectUID("b-\(key)"), selector: LabelSelector(matchLabels: ["app": key.name]),
            maxUnavailable: .percent(10), generation: 1, observedGeneration: 1, disruptionsAllowed: allowed,
            currentHealthy: replicas, desiredHealthy: replicas - allowed, expectedPods: replicas)
    }

    private func pod(_ key: ObjectKey, _ replica: Int, _ owner: ControllerReference, on node: Int) -> Pod {
        Pod(
            key: ObjectKey(key.namespace, "\(owner.name)-\(replica)"), uid: ObjectUID("\(owner.uid)-\(replica)"),
            labels: ["app": key.name, "pod-template-hash": "7d9f"], controller: owner,
            nodeName: NodeName("node\(node)"),
            phase: .running, isReady: true, requests: Resources(milliCPU: 500, memory: 1 << 30),
            constraints: SchedulingConstraints(
                tolerations: [
                    Toleration(key: "node.kubernetes.io/not-ready", exists: true, effect: .noExecute, seconds: 300)
                ]))
    }
}
