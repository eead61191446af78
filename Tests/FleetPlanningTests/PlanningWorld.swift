import FleetModel

@testable import FleetPlanning

/// A small cluster in the making: nodes, workloads with their pods, budgets; and a request to plan with it.
struct PlanningWorld {
    var snapshot = ClusterSnapshot(clusterUID: "cluster-1", serverVersion: "v1.36.0")
    var hosts: [Host] = []
    var playbook = PlaybookHeader(
        name: "decommission", hosts: "kube_node",
        waves: WavePolicy(maxUnavailable: .percent(100), maxUnavailablePerZone: .percent(100), soak: .zero)
    )
    var steps = [
        StepSummary(kind: "cordon", cordons: true), StepSummary(kind: "drain", drains: true),
        StepSummary(kind: "delete_node", deletesNode: true),
    ]

    /// Adds Nodes `PREFIX1` … with 4 cores and 8 GiB, and hosts of the same names when they are targets.
    mutating func addNodes(_ prefix: String, _ count: Int, zone: Zone? = "a", areTargets: Bool = false) {
        for number in 1...count {
            let name = NodeName("\(prefix)\(number)")
            var node = Node(name: name, uid: ObjectUID("uid-\(name)"), machineID: "machine-\(name)")
            node.allocatable = Resources(milliCPU: 4000, memory: 8 << 30, pods: 110)
            if let zone { node.labels["topology.kubernetes.io/zone"] = zone.rawValue }
            snapshot.nodes.append(node)
            if areTargets { hosts.append(Host(name: HostName(name.rawValue))) }
        }
    }

    /// Adds a workload with one Ready pod on each of the nodes.
    @discardableResult
    mutating func addWorkload(
        _ kind: WorkloadKind = .deployment, _ name: String, on nodes: [NodeName], replicas: Int? = nil,
        milliCPU: Int64 = 100, configure: (inout Workload, inout Pod) -> Void = { _, _ in }
    ) -> Workload {
        let key = ObjectKey("shop", name)
        var workload = Workload(
            reference: WorkloadReference(kind: kind, key: key, uid: ObjectUID("uid-\(name)")),
            replicas: replicas ?? nodes.count, readyReplicas: nodes.count
        )
        for (number, node) in nodes.enumerated() {
            var pod = Pod(key: ObjectKey("shop", "\(name)-\(number)"), uid: ObjectUID("uid-\(name)-\(number)"))
            pod.labels = ["app": name]
            pod.controller = ControllerReference(
                apiVersion: kind == .job ? "batch/v1" : "apps/v1", kind: kind.rawValue, name: name,
                uid: workload.reference.uid
            )
            (pod.nodeName, pod.phase, pod.isReady) = (node, .running, true)
            pod.requests = Resources(milliCPU: milliCPU, memory: 64 << 20)
            configure(&workload, &pod)
            snapshot.pods.append(pod)
        }
        snapshot.workloads.append(workload)
        return workload
    }

    /// Adds a bare pod.
    mutating func addPod(_ name: String, on node: NodeName, configure: (inout Pod) -> Void = { _ in }) {
        var pod = Pod(key: ObjectKey("shop", name), uid: ObjectUID("uid-\(name)"))
        (pod.nodeName, pod.phase, pod.isReady) = (node, .running, true)
        configure(&pod)
        snapshot.pods.append(pod)
    }

    /// Adds a budget for the pods of a workload, with a status as the controller would write it.
    mutating func addBudget(
        _ name: String, app: String, maxUnavailable: CountOrPercent? = nil, minAvailable: CountOrPercent? = nil,
        configure: (inout PodDisruptionBudget) -> Void = { _ in }
    ) {
        var budget = PodDisruptionBudget(key: ObjectKey("shop", name), uid: ObjectUID("uid-\(name)"))
        budget.selector = LabelSelector(matchLabels: ["app": app])
        (budget.maxUnavailable, budget.minAvailable) = (maxUnavailable, minAvailable)
        budget.observedGeneration = 1
        budget.expectedPods = snapshot.pods.count { $0.labels["app"] == app }
        budget.currentHealthy = budget.expectedPods
        budget.disruptionsAllowed = BudgetRule.ceiling(of: budget, expected: budget.expectedPods)
        budget.desiredHealthy = budget.expectedPods - budget.disruptionsAllowed
        configure(&budget)
        snapshot.budgets.append(budget)
    }

    /// Changes one Node.
    mutating func change(_ name: NodeName, _ change: (inout Node) -> Void) {
        for position in snapshot.nodes.indices where snapshot.nodes[position].name == name {
            change(&snapshot.nodes[position])
        }
    }

    var request: PlanRequest {
        PlanRequest(snapshot: snapshot, playbook: playbook, playbookDigest: "p1", steps: steps, hosts: hosts)
    }

    var plan: Plan { Planner.plan(request) }

    /// The plan's findings with a code.
    func findings(_ code: Finding.Code) -> [Finding] { plan.findings.filter { $0.code == code } }
}
