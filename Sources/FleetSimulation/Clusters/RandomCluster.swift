public import FleetModel

/// Clusters chosen by a seed, for tests by simulation.
public enum RandomCluster {
    /// A settled cluster: some zones and nodes, Deployments and StatefulSets under all kinds of budgets or none.
    ///
    /// - Parameters:
    ///   - seed: the same seed gives the same cluster.
    ///   - nodes: how many nodes; nil lets the seed choose 4 to 24.
    ///   - workloads: how many Deployments and StatefulSets; nil lets the seed choose 2 to 10.
    public static func snapshot(
        seed: UInt64, nodes: Int? = nil, workloads: Int? = nil, at instant: Instant = Instant(seconds: 1_767_225_600)
    ) -> ClusterSnapshot {
        var random = RandomSource(seed: seed &+ 0xF1EE7)
        var builder = ClusterBuilder(seed: seed, at: instant)
        let nodeCount = nodes ?? 4 + random.below(21)
        let zoneCount = 1 + random.below(min(4, nodeCount))
        for number in 1...max(1, nodeCount) {
            let zone = Zone("zone-\((number - 1) % zoneCount)")
            builder.addNode(
                "node-\(ClusterBuilder.padded(number, like: nodeCount))", zone: zone, number: number, milliCPU: 8000)
        }
        builder.addDaemonSet("kube-system", "proxy", milliCPU: 50)
        for number in 0..<(workloads ?? 2 + random.below(9)) { add(number, nodeCount, &builder, &random) }
        return builder.snapshot()
    }

    private static func add(
        _ number: Int, _ nodes: Int, _ builder: inout ClusterBuilder, _ random: inout RandomSource
    ) {
        let namespace = "team-\(random.below(3))"
        let name = "app\(number)"
        let replicas = 1 + random.below(min(12, 2 * nodes))
        let milliCPU = Int64(50 + 50 * random.below(5))
        if random.chance(percent: 25) {
            builder.addStatefulSet(
                namespace, name, replicas: min(replicas, 5), milliCPU: milliCPU,
                claim: random.chance(percent: 50) ? "data" : nil)
        } else {
            builder.addDeployment(
                namespace, name, replicas: replicas, milliCPU: milliCPU, grace: Int64(1 + random.below(60)),
                constraints: constraints(name, replicas: replicas, nodes: nodes, &random))
        }
        addBudget(namespace, name, replicas, &builder, &random)
    }

    private static func constraints(
        _ name: String, replicas: Int, nodes: Int, _ random: inout RandomSource
    ) -> SchedulingConstraints {
        var constraints = SchedulingConstraints()
        let selector = LabelSelector(matchLabels: ["app": name])
        if random.chance(percent: 15), replicas * 2 <= nodes {
            constraints.podAntiAffinity = [PodAffinityTerm(selector: selector, topologyKey: "kubernetes.io/hostname")]
        } else if random.chance(percent: 15) {
            constraints.topologySpread = [
                TopologySpreadConstraint(
                    maxSkew: 2, topologyKey: "topology.kubernetes.io/zone", isHard: true, selector: selector)
            ]
        }
        return constraints
    }

    private static func addBudget(
        _ namespace: String, _ name: String, _ replicas: Int, _ builder: inout ClusterBuilder,
        _ random: inout RandomSource
    ) {
        let policy: PodDisruptionBudget.UnhealthyPodEvictionPolicy =
            random.chance(percent: 20) ? .alwaysAllow : .ifHealthyBudget
        switch random.below(5) {
        case 0: builder.addBudget(namespace, name, maxUnavailable: .count(1 + random.below(2)), policy: policy)
        case 1: builder.addBudget(namespace, name, maxUnavailable: .percent(25), policy: policy)
        case 2: builder.addBudget(namespace, name, minAvailable: .count(max(0, replicas - 1)), policy: policy)
        case 3: builder.addBudget(namespace, name, minAvailable: .percent(50), policy: policy)
        default: break
        }
    }
}
