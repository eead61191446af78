public import FleetModel

/// A cluster with a pool of nodes that alone may run some apps: what drains that wait for one another look like.
public enum PoolCluster {
    /// Builds the state: nodes `infra-1` … of the pool, nodes `other-1` … beside it, and apps `shop/app1` … with one
    /// replica for each node of the pool, bound to the pool, each under a budget that lets one pod go.
    public static func snapshot(
        poolNodes: Int, otherNodes: Int, apps: Int, at instant: Instant = Instant(seconds: 1_767_225_600),
        seed: UInt64 = 1
    ) -> ClusterSnapshot {
        var builder = ClusterBuilder(seed: seed, at: instant)
        for number in 1...max(1, poolNodes) {
            builder.addNode("infra-\(number)", zone: "eu-1a", number: number, pool: "infra")
        }
        for number in 0..<max(0, otherNodes) {
            builder.addNode("other-\(number + 1)", zone: "eu-1a", number: poolNodes + number + 1)
        }
        var constraints = SchedulingConstraints()
        constraints.nodeSelector = ["pool": "infra"]
        for number in 0..<max(0, apps) {
            let name = "app\(number + 1)"
            builder.addDeployment("shop", name, replicas: max(2, poolNodes), milliCPU: 200, constraints: constraints)
            builder.addBudget("shop", name, maxUnavailable: .count(1))
        }
        return builder.snapshot()
    }
}
