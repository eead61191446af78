import FleetModel

/// Writes settled clusters: pods run, are Ready and lie where the scheduler would have put them.
struct ClusterBuilder {
    private var result: ClusterSnapshot
    private var random: RandomSource
    private var placement = PlacementState()
    private var next = 0
    /// Pods by namespace and label `app`.
    private var sizes: [ObjectKey: Int] = [:]

    init(seed: UInt64, at instant: Instant) {
        random = RandomSource(seed: seed)
        result = ClusterSnapshot(serverVersion: "v1.36.1", takenAt: instant)
        result.clusterUID = random.uid()
    }

    /// `07` in a row of twelve.
    static func padded(_ number: Int, like count: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(2, String(count).count) - digits.count) + digits
    }

    private var born: Instant { result.takenAt - .seconds(86_400) }

    mutating func addNode(
        _ name: String, zone: Zone, number: Int, pool: String = "general", milliCPU: Int64 = 4000, taints: [Taint] = []
    ) {
        let size = Resources(
            milliCPU: milliCPU, memory: milliCPU << 22, ephemeralStorage: 100 << 30, pods: 110)
        let labels = [
            "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
            "topology.kubernetes.io/zone": zone.rawValue, "pool": pool, "node-role.kubernetes.io/worker": "",
        ]
        let machine = random.uid().rawValue.filter { $0 != "-" }
        let node = Node(
            name: NodeName(name), uid: random.uid(), resourceVersion: "1", labels: labels, taints: taints,
            capacity: size, allocatable: size, internalAddresses: ["10.0.\(number / 250).\(number % 250 + 1)"],
            machineID: machine, systemUUID: random.uid().rawValue, kubeletVersion: "v1.36.1",
            providerID: "", createdAt: born)
        result.nodes.append(node)
        placement.add(node)
    }

    mutating func addDeployment(
        _ namespace: String, _ name: String, replicas: Int, milliCPU: Int64, memory: Int64 = 128 << 20,
        grace: Int64 = 30, constraints: SchedulingConstraints = SchedulingConstraints()
    ) {
        let hash = random.suffix(9)
        var template = self.template(name, milliCPU: milliCPU, memory: memory, grace: grace)
        template.constraints = constraints
        let deployment = workload(.deployment, namespace, name, replicas, template, controller: nil)
        template.labels["pod-template-hash"] = hash
        let owner = ControllerReference(
            apiVersion: "apps/v1", kind: "Deployment", name: name, uid: deployment.reference.uid)
        let set = workload(.replicaSet, namespace, "\(name)-\(hash)", replicas, template, controller: owner)
        let controller = ControllerReference(
            apiVersion: "apps/v1", kind: "ReplicaSet", name: "\(name)-\(hash)", uid: set.reference.uid)
        for _ in 0..<replicas {
            addPod(namespace, "\(name)-\(hash)-\(random.suffix(5))", template, controller)
        }
    }

    mutating func addStatefulSet(
        _ namespace: String, _ name: String, replicas: Int, milliCPU: Int64, claim: String?
    ) {
        let template = self.template(name, milliCPU: milliCPU, memory: 512 << 20, grace: 30)
        var set = workload(.statefulSet, namespace, name, replicas, template, controller: nil)
        set.claimTemplates = claim.map { [$0] } ?? []
        result.workloads[result.workloads.count - 1] = set
        let controller = ControllerReference(
            apiVersion: "apps/v1", kind: "StatefulSet", name: name, uid: set.reference.uid)
        for ordinal in 0..<replicas {
            var own = template
            own.labels["statefulset.kubernetes.io/pod-name"] = "\(name)-\(ordinal)"
            own.labels["apps.kubernetes.io/pod-index"] = "\(ordinal)"
            if let claim { own.volumes = [.claim(name: claim, claim: "\(claim)-\(name)-\(ordinal)")] }
            let node = addPod(namespace, "\(name)-\(ordinal)", own, controller)
            if let claim, let node { addVolume(ObjectKey(namespace, "\(claim)-\(name)-\(ordinal)"), on: node) }
        }
    }

    mutating func addDaemonSet(_ namespace: String, _ name: String, milliCPU: Int64) {
        var template = self.template(name, milliCPU: milliCPU, memory: 64 << 20, grace: 10)
        template.constraints.tolerations = [Toleration(exists: true)]
        let count = result.nodes.count
        let set = workload(.daemonSet, namespace, name, count, template, controller: nil)
        let controller = ControllerReference(
            apiVersion: "apps/v1", kind: "DaemonSet", name: name, uid: set.reference.uid)
        for node in result.nodes {
            var own = template
            own.constraints.nodeAffinity = [
                NodeSelectorTerm(matchFields: [SelectorRequirement("metadata.name", .isIn, [node.name.rawValue])])
            ]
            own.constraints.tolerations += SimulatedCluster.daemonTolerations
            addPod(namespace, "\(name)-\(random.suffix(5))", own, controller, on: placement.index(of: node.name))
        }
    }

    mutating func addBudget(
        _ namespace: String, _ name: String, minAvailable: CountOrPercent? = nil,
        maxUnavailable: CountOrPercent? = nil,
        policy: PodDisruptionBudget.UnhealthyPodEvictionPolicy = .ifHealthyBudget
    ) {
        var budget = PodDisruptionBudget(
            key: ObjectKey(namespace, name), uid: random.uid(), resourceVersion: "1",
            selector: LabelSelector(matchLabels: ["app": name]), minAvailable: minAvailable,
            maxUnavailable: maxUnavailable, unhealthyPodEvictionPolicy: policy)
        let healthy = sizes[ObjectKey(namespace, name)] ?? 0
        let expectation = BudgetExpectation(budget, total: healthy, scale: healthy)
        budget.currentHealthy = healthy
        budget.desiredHealthy = expectation.desiredHealthy
        budget.expectedPods = expectation.expectedPods
        budget.disruptionsAllowed = expectation.allowed(healthy: healthy)
        budget.observedGeneration = 1
        result.budgets.append(budget)
    }

    mutating func add(_ autoscaler: PodAutoscaler) { result.autoscalers.append(autoscaler) }

    func snapshot() -> ClusterSnapshot { result }

    // MARK: Parts

    private func template(_ name: String, milliCPU: Int64, memory: Int64, grace: Int64) -> PodTemplate {
        PodTemplate(
            labels: ["app": name], requests: Resources(milliCPU: milliCPU, memory: memory), gracePeriodSeconds: grace)
    }

    private mutating func workload(
        _ kind: WorkloadKind, _ namespace: String, _ name: String, _ replicas: Int, _ template: PodTemplate,
        controller: ControllerReference?
    ) -> Workload {
        let reference = WorkloadReference(kind: kind, key: ObjectKey(namespace, name), uid: random.uid())
        let workload = Workload(
            reference: reference, resourceVersion: "1", labels: template.labels, controller: controller,
            replicas: replicas, readyReplicas: replicas, selector: LabelSelector(matchLabels: template.labels),
            template: template)
        result.workloads.append(workload)
        return workload
    }

    @discardableResult
    private mutating func addPod(
        _ namespace: String, _ name: String, _ template: PodTemplate, _ controller: ControllerReference,
        on pinned: Int? = nil
    ) -> Int? {
        var pod = Pod(
            key: ObjectKey(namespace, name), uid: random.uid(), resourceVersion: "1", labels: template.labels,
            annotations: template.annotations, controller: controller, phase: .running, isReady: true,
            createdAt: born, gracePeriodSeconds: template.gracePeriodSeconds, requests: template.requests,
            limits: template.requests, constraints: template.constraints, volumes: template.volumes)
        let demand = placement.demand(of: pod)
        guard let node = pinned ?? nextNode(demand) else { return nil }
        placement.assume(demand, on: node)
        pod.nodeName = placement.node(at: node)?.name
        result.pods.append(pod)
        sizes[ObjectKey(namespace, template.labels["app"] ?? ""), default: 0] += 1
        return node
    }

    /// The next node, in turn, that takes the pod: neighbours of one workload lie in different zones.
    private mutating func nextNode(_ demand: PlacementDemand) -> Int? {
        let probe = placement.probe(demand)
        for step in 0..<placement.indexLimit {
            let node = (next + step) % placement.indexLimit
            guard placement.accepts(probe, node) else { continue }
            next = (node + 1) % placement.indexLimit
            return node
        }
        return nil
    }

    private mutating func addVolume(_ key: ObjectKey, on node: Int) {
        guard let name = placement.node(at: node)?.name, let zone = placement.node(at: node)?.zone else { return }
        let affinity = NodeSelectorTerm(
            matchExpressions: [SelectorRequirement("topology.kubernetes.io/zone", .isIn, [zone.rawValue])])
        let volume = "pvc-\(random.uid())"
        result.volumes.append(PersistentVolume(name: volume, nodeAffinity: [affinity]))
        result.claims.append(
            PersistentVolumeClaim(
                key: key, volumeName: volume, accessModes: ["ReadWriteOnce"], storageClassName: "standard"))
        result.attachments.append(VolumeAttachment(name: "csi-\(volume)-\(name)", nodeName: name, volumeName: volume))
        result.nodes[node].volumesInUse.append(volume)
    }
}
