import FleetModel
import FleetSimulation
import FleetSimulationServer
import Foundation
import Testing

/// `adjust_budget` through the binary: a budget that never lets a pod go permits some while a node is drained, and has its
/// own bound again after success, abort, and a crash with its resumption (D14).
@Suite("adjust_budget", .serialized)
struct AdjustBudgetRunTests {
    private static let cart = ObjectKey("shop", "cart")

    /// The demo's cluster with a budget that keeps all of cart's pods, whichever bound says so.
    private static func cluster() -> ClusterSnapshot {
        var snapshot = DemoCluster.snapshot()
        for index in snapshot.budgets.indices where snapshot.budgets[index].key == cart {
            snapshot.budgets[index].set(BudgetBound(.minAvailable, .percent(100)))
            snapshot.budgets[index].disruptionsAllowed = 0
            snapshot.budgets[index].desiredHealthy = snapshot.budgets[index].expectedPods
        }
        return snapshot
    }

    /// A node with a pod of cart on it.
    private static func node(in snapshot: ClusterSnapshot) throws -> NodeName {
        try #require(snapshot.pods.first { $0.key.namespace == "shop" && $0.labels["app"] == "cart" }?.nodeName)
    }

    private static let steps = [
        "cordon:", "adjust_budget: {budgets: [shop/cart], max_unavailable: 1}", "soak: 4s",
        "drain: {delete_emptydir_data: true}", "verify_drained:",
    ]

    @Test("the budget permits one pod while the node is drained, and says what it said before, afterwards")
    func success() async throws {
        let cluster = Self.cluster()
        let node = try Self.node(in: cluster)
        try await SimulatedWorld.with(cluster) { world in
            let blocked = try await world.run("plan", try world.playbook(), "-l", node.rawValue)
            #expect(blocked.output.contains("shop/cart"), "\(blocked.output)\(blocked.error)")
            let playbook = try world.playbook(Self.steps.filter { !$0.hasPrefix("soak") })
            let result = try await world.run("run", playbook, "-l", node.rawValue, "--yes", "--output", "json")
            #expect(result.status == 0, "\(result.error)")
            let changes = result.output.split(separator: "\n").filter {
                $0.contains("operation.intended") && $0.contains("PodDisruptionBudget")
            }
            // A change of the budget's status in between is a conflict, and asked again.
            let set = changes.filter { $0.contains("set PodDisruptionBudget shop/cart to maxUnavailable 1") }
            #expect(!set.isEmpty && set.count < changes.count, "set, and set back: \(changes)")
            #expect(result.steps.first { $0.step == "adjust_budget" }?.changed == true)
            #expect(await world.isRestored())
            let left = await world.server.simulation.pods(on: node).filter { !$0.isDaemon }
            #expect(left.isEmpty)
            #expect(try await PrintedRoles(of: playbook).unpermitted(in: await world.server.audit) == [])
        }
    }

    @Test("an abort sets it back; both bounds are never set at once")
    func abort() async throws {
        let cluster = Self.cluster()
        let node = try Self.node(in: cluster)
        try await SimulatedWorld.with(cluster) { world in
            let playbook = try world.playbook(Self.steps.map { $0.hasPrefix("soak") ? "soak: 10m" : $0 })
            let running = try RunningFleet(
                ["run", playbook, "-l", node.rawValue, "--yes", "--kubeconfig", world.kubeconfig], in: world.folder.path
            )
            try await world.adjusted(while: running)
            let aborted = try await world.run("abort", "r-")
            #expect(aborted.status == 0, "\(aborted.error)")
            #expect(try await running.status() == 1, "\(running.error)")
            #expect(await world.isRestored())
            let there = await world.server.simulation.pods(on: node).filter { !$0.isDaemon }
            #expect(!there.isEmpty, "nothing was evicted")
        }
    }

    @Test("a run that is killed leaves it adjusted and noted; the one that goes on drains under it and sets it back")
    func crash() async throws {
        let cluster = Self.cluster()
        let node = try Self.node(in: cluster)
        try await SimulatedWorld.with(cluster) { world in
            let running = try RunningFleet(
                [
                    "run", try world.playbook(Self.steps), "-l", node.rawValue, "--yes", "--kubeconfig",
                    world.kubeconfig,
                ],
                in: world.folder.path)
            try await world.adjusted(while: running)
            running.kill()
            #expect(try await running.status() == 128 + 9)
            let left = try await world.run("leftovers", "--output", "json")
            #expect(
                left.output.contains("shop/cart") || left.output.contains("\"cart\""), "\(left.output)\(left.error)")
            let resumed = try await world.run("resume")
            #expect(resumed.status == 0, "\(resumed.error)")
            #expect(await world.isRestored())
            let there = await world.server.simulation.pods(on: node).filter { !$0.isDaemon }
            #expect(there.isEmpty)
        }
    }
}

extension SimulatedWorld {
    private var cart: PodDisruptionBudget? {
        get async { await server.simulation.snapshot().budgets.first { $0.key == ObjectKey("shop", "cart") } }
    }

    /// Waits until the budget permits a pod, and holds its two bounds against each other.
    fileprivate func adjusted(while running: RunningFleet) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while await cart?.maxUnavailable == nil, running.isRunning, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        let budget = await cart
        #expect(budget?.maxUnavailable == .count(1) && budget?.minAvailable == nil, "\(running.error)")
        #expect(budget?.annotations["fleet.run/temporary"]?.contains("previous=minAvailable 100%") == true)
    }

    /// Whether the budget is as it was before.
    fileprivate func isRestored() async -> Bool {
        let budget = await cart
        return budget?.minAvailable == .percent(100) && budget?.maxUnavailable == nil
            && budget?.annotations["fleet.run/temporary"] == nil
    }
}
