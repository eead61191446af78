import FleetModel

/// Turns a snapshot into a settled cluster: nothing is a change, and nothing is under way but what the snapshot shows.
extension SimulatedCluster {
    mutating func load(_ snapshot: ClusterSnapshot) {
        isRecording = false
        random.avoid(snapshot.pods.map(\.uid))
        random.avoid(snapshot.nodes.map(\.uid))
        random.avoid(snapshot.workloads.map(\.reference.uid))
        random.avoid(snapshot.budgets.map(\.uid))
        clusterUID = snapshot.clusterUID.rawValue.isEmpty ? random.uid() : snapshot.clusterUID
        serverVersion = snapshot.serverVersion
        resourceVersion = max(resourceVersion, highestVersion(snapshot))
        loadPlain(snapshot)
        for node in snapshot.nodes { load(node) }
        // Deployments first, so that ReplicaSets find their parents.
        for workload in snapshot.workloads where workload.reference.kind == .deployment {
            insert(workload, createdAt: now)
        }
        for workload in snapshot.workloads where workload.reference.kind != .deployment {
            insert(workload, createdAt: now)
        }
        for budget in snapshot.budgets { insert(budget, createdAt: now) }
        for pod in snapshot.pods { insert(pod) }
        settleTemplates()
        settleStandIns()
        settleBudgets()
        isRecording = true
        resume()
    }

    private func highestVersion(_ snapshot: ClusterSnapshot) -> Int64 {
        var highest: Int64 = 0
        for pod in snapshot.pods { highest = max(highest, Int64(pod.resourceVersion) ?? 0) }
        for node in snapshot.nodes { highest = max(highest, Int64(node.resourceVersion) ?? 0) }
        // Versions are counted on from there.
        return min(highest, 1 << 53)
    }

    private mutating func loadPlain(_ snapshot: ClusterSnapshot) {
        var names: Set<String> = ["default", "kube-system", "kube-public", "kube-node-lease"]
        names.formUnion(snapshot.pods.map(\.key.namespace))
        names.formUnion(snapshot.workloads.map(\.reference.key.namespace))
        names.formUnion(snapshot.budgets.map(\.key.namespace))
        names.formUnion(snapshot.claims.map(\.key.namespace))
        for name in names.sorted() {
            let uid = name == "kube-system" ? clusterUID : ""
            let labels = ["kubernetes.io/metadata.name": name]
            put(.namespace(SimulatedNamespace(name: name, uid: uid, labels: labels)))
        }
        for autoscaler in snapshot.autoscalers { put(.autoscaler(autoscaler)) }
        for claim in snapshot.claims { put(.claim(claim)) }
        for volume in snapshot.volumes { put(.volume(volume)) }
        for attachment in snapshot.attachments { put(.attachment(attachment)) }
    }

    private mutating func load(_ node: Node) {
        let own = node.taints.filter { !$0.key.hasPrefix("node.kubernetes.io/") }
        let isAlive = node.readiness != .unknown
        hosts[node.name] = HostRecord(
            host: HostState(
                node: node, registrationTaints: own, kubelet: isAlive ? .running : .stopped, hasRegistered: isAlive))
        insert(node)
    }

    /// A workload whose template was not decoded makes pods like those it has.
    private mutating func settleTemplates() {
        for index in workloads.indices {
            let owner = workloads[index].owner
            workloads[index].currentReplicas = owners[owner].active
            if workloads[index].workload.reference.kind == .job {
                owners[owner].wanted = owners[owner].active
            }
            guard workloads[index].workload.template == nil, let pod = owners[owner].pods.first else { continue }
            workloads[index].workload.template = PodTemplate(like: pods[Int(pod)].pod)
        }
        for index in workloads.indices where workloads[index].workload.reference.kind == .deployment {
            settleDeployment(index)
        }
        for daemonSet in daemonSets { settleDaemonSet(daemonSet) }
    }

    /// The largest ReplicaSet is the one that the Deployment's template stands for.
    private mutating func settleDeployment(_ index: Int) {
        let children = workloads[index].children
        workloads[index].revision = children.count + 1
        workloads[index].currentReplicas = children.reduce(0) { $0 + workloads[$1].currentReplicas }
        for child in children { workloads[child].rolledTemplate = nil }
        let largest = children.max { workloads[$0].workload.replicas < workloads[$1].workload.replicas }
        guard let largest else { return }
        if workloads[index].workload.template == nil {
            workloads[index].workload.template = workloads[largest].workload.template
        }
        workloads[largest].rolledTemplate = workloads[index].workload.template
    }

    private mutating func settleDaemonSet(_ index: Int) {
        let owner = workloads[index].owner
        workloads[index].sweptGeneration = workloads[index].workload.generation
        workloads[index].wantedNodes = 0
        for pod in owners[owner].pods.map(Int.init) where pods[pod].node >= 0 {
            nodes[pods[pod].node].daemonSets.append(index)
            workloads[index].wantedNodes += 1
            pods[pod].pinned = pods[pod].pod.nodeName
        }
    }

    /// The disruption controller looks at every budget when it starts.
    ///
    /// Where the snapshot shows one in sync, it found the scale of controllers that are known here by their pods only,
    /// and goes on finding it.
    private mutating func settleBudgets() {
        for index in budgets.indices {
            let budget = budgets[index].budget
            budgets[index].findsStandIns =
                budget.syncFailure == nil && budget.observedGeneration >= budget.generation
                && budget.expectedPods > 0
            enqueue(budget: index)
        }
    }

    /// Older pods that are not Ready do not become it by themselves.
    private static let longUnready = Duration.seconds(600)

    /// Pods on their way go on: kubelets start and stop them, the scheduler places them.
    ///
    /// Pods of a Node that is not Ready rest until it is: that they are not Ready is their Node's doing, not their own.
    private mutating func resume() {
        for index in pods.indices where pods[index].isLive {
            let pod = pods[index].pod
            let isRunning = pod.phase == .running && pods[index].node >= 0 && nodes[pods[index].node].node.isReady
            if isRunning, !pod.isReady, pod.createdAt + Self.longUnready < now { pods[index].probe = false }
            if pod.nodeName == nil {
                if !pod.isTerminating { enqueueScheduling(index, after: settings.scheduling) }
            } else if pod.isTerminating || pod.phase == .pending || isRunning && (!pod.isReady || pod.isOfJob) {
                startKubelet(index)
            }
        }
        releaseUnwantedVolumes()
        for name in orphans.keys.sorted() { planOrphanCollection(name) }
        for node in nodes.indices where nodes[node].node.isCordoned || !nodes[node].node.isReady {
            enqueueLifecycle(node)
        }
    }
}

extension PodTemplate {
    /// The template of a workload that was seen only through its pods.
    init(like pod: Pod) {
        var constraints = pod.constraints
        constraints.isGated = false
        constraints.nodeAffinity = pod.isDaemon ? nil : constraints.nodeAffinity
        self.init(
            labels: pod.labels, annotations: pod.annotations, requests: pod.requests, constraints: constraints,
            volumes: pod.volumes, gracePeriodSeconds: pod.gracePeriodSeconds,
            priorityClassName: pod.priorityClassName)
    }
}
