public import FleetModel

/// The demo's cluster: a small shop with every kind of budget, running and settled.
public enum DemoCluster {
    /// Builds the state.
    ///
    /// - Parameters:
    ///   - nodeCount: worker nodes, named `web-01`, `web-02`, … and spread over the zones in turn.
    ///   - zones: their zones; at least one.
    ///   - instant: when the snapshot is taken.
    ///   - scale: multiplies the replicas; 1 suits a dozen nodes.
    public static func snapshot(
        nodeCount: Int = 12, zones: [Zone] = ["eu-1a", "eu-1b", "eu-1c"],
        at instant: Instant = Instant(seconds: 1_767_225_600),
        scale: Int = 1
    ) -> ClusterSnapshot {
        var builder = ClusterBuilder(seed: 7, at: instant)
        for number in 1...max(1, nodeCount) {
            let zone = zones.isEmpty ? "eu-1a" : zones[(number - 1) % zones.count]
            builder.addNode("web-\(ClusterBuilder.padded(number, like: nodeCount))", zone: zone, number: number)
        }
        builder.addDaemonSet("kube-system", "kube-proxy", milliCPU: 50)
        builder.addDaemonSet("kube-system", "calico-node", milliCPU: 100)
        builder.addDeployment("shop", "cart", replicas: 6 * scale, milliCPU: 250)
        builder.addBudget("shop", "cart", maxUnavailable: .count(max(1, scale)))
        builder.addDeployment("shop", "checkout", replicas: 5 * scale, milliCPU: 300)
        builder.addBudget("shop", "checkout", minAvailable: .percent(80))
        builder.addDeployment("shop", "frontend", replicas: 8 * scale, milliCPU: 200)
        builder.addBudget("shop", "frontend", minAvailable: .count(6 * scale))
        builder.addDeployment("shop", "search", replicas: 4 * scale, milliCPU: 400)
        builder.addDeployment("shop", "coupons", replicas: 1, milliCPU: 100)
        builder.addStatefulSet("pay", "ledger", replicas: 3, milliCPU: 500, claim: "data")
        builder.addBudget("pay", "ledger", maxUnavailable: .count(1))
        builder.addDeployment("pay", "gateway", replicas: 3 * scale, milliCPU: 200)
        builder.addBudget("pay", "gateway", maxUnavailable: .percent(34))
        return builder.snapshot()
    }
}
