import FleetModel
import Testing

@testable import FleetPlanning

@Suite struct ForecastTests {
    private func world(_ targets: Int = 1) -> PlanningWorld {
        var world = PlanningWorld()
        world.addNodes("old", targets, areTargets: true)
        world.addNodes("new", 9)
        world.playbook.evictions.rate = Rate(1000, per: .second) ?? .twentyPerSecond
        return world
    }

    @Test func `A budget makes its pods go one batch after the other`() {
        var world = world()
        world.addWorkload(.deployment, "cart", on: Array(repeating: "old1", count: 10), milliCPU: 10)
        world.addBudget("cart", app: "cart", maxUnavailable: .count(2))
        let forecast = world.plan.forecast
        #expect(forecast.evictions == 10)
        #expect(
            forecast.stalls == [
                Forecast.Stall(subject: "PodDisruptionBudget shop/cart", wave: 1, pods: 10, allowance: 2, seconds: 25)
            ]
        )
        #expect(forecast.shortestSeconds == 25)
        #expect(forecast.longestSeconds == 5 * 90 + 1)
    }

    @Test func `An implicit budget stalls under the workload's name`() {
        var world = world()
        world.addWorkload(.deployment, "cart", on: Array(repeating: "old1", count: 8), milliCPU: 10)
        let stall = world.plan.forecast.stalls.first
        #expect(stall?.subject == "Deployment shop/cart")
        #expect(stall?.allowance == 2)
        #expect(stall?.seconds == 20)
    }

    @Test func `The rate bounds from below`() {
        var world = world()
        world.playbook.evictions.rate = Rate(6, per: .minute) ?? .twentyPerSecond
        world.addWorkload(.deployment, "cart", on: Array(repeating: "old1", count: 4), milliCPU: 10)
        // The first goes at once.
        #expect(world.plan.forecast.shortestSeconds == 30)
    }

    @Test func `Caps make nodes of a wave wait for one another, and waves soak`() {
        var world = world(4)
        for number in 1...4 {
            world.addWorkload(.deployment, "w\(number)", on: [NodeName("old\(number)"), "new1"], milliCPU: 1)
        }
        world.playbook.waves.canary = .count(0)
        world.playbook.waves.size = .count(2)
        world.playbook.waves.maxUnavailablePerZone = .count(1)
        world.playbook.waves.soak = .seconds(100)
        let forecast = world.plan.forecast
        #expect(forecast.waves.map(\.shortestSeconds) == [10, 10])
        #expect(forecast.shortestSeconds == 120)
    }

    @Test func `Nothing to evict takes no time`() {
        let forecast = world().plan.forecast
        #expect(forecast.evictions == 0)
        #expect(forecast.shortestSeconds == 0 && forecast.longestSeconds == 0)
    }

    @Test func `Nodes that lose nothing make nobody wait, and rounds add up where each has its own slow workload`() {
        var world = world(4)
        world.addWorkload(.deployment, "a", on: ["old1", "old1", "old1", "old1"], milliCPU: 1)
        world.addWorkload(.deployment, "b", on: ["old2", "old2", "old2", "old2"], milliCPU: 1)
        world.playbook.waves.canary = .count(0)
        world.playbook.waves.size = .count(4)
        world.playbook.waves.maxUnavailablePerZone = .count(1)
        let forecast = world.plan.forecast
        #expect(forecast.shortestSeconds == 20)
        #expect(forecast.longestSeconds == 2 * 4 * 90 + 1)
    }
}
