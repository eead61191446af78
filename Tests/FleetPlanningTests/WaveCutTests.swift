import FleetModel
import Testing

@testable import FleetPlanning

@Suite struct WaveCutTests {
    private func targets(_ zones: [(Zone?, Int)]) -> [PlanTarget] {
        zones.flatMap { zone, count in
            (0..<count).map { number in
                let name = "\(zone?.rawValue ?? "none")\(number)"
                return PlanTarget(host: name, node: NodeName(name), zone: zone)
            }
        }
    }

    private func sizes(_ policy: WavePolicy, of count: Int) -> [Int] {
        WaveCut(policy: policy, oneByOne: false).waves(of: targets([("a", count)])).map(\.targets.count)
    }

    @Test(
        arguments: [
            (CountOrPercent.count(1), CountOrPercent.percent(10), 25, [1] + Array(repeating: 2, count: 12)),
            (.count(1), .percent(10), 5, [1, 1, 1, 1, 1]),
            (.count(0), .count(4), 10, [4, 4, 2]),
            (.percent(0), .percent(50), 4, [2, 2]),
            (.percent(20), .count(3), 10, [2, 3, 3, 2]),
            (.count(9), .count(2), 3, [3]),
            (.count(1), .percent(10), 0, []),
        ]
    )
    func `Canary and size`(canary: CountOrPercent, size: CountOrPercent, count: Int, expected: [Int]) {
        #expect(sizes(WavePolicy(canary: canary, size: size), of: count) == expected)
    }

    @Test func `Waves are numbered from 1 without gaps and hold every target once`() {
        let all = targets([("a", 7), ("b", 3), (nil, 2)])
        for order in WavePolicy.Order.allCases {
            let waves = WaveCut(policy: WavePolicy(order: order, size: .count(3)), oneByOne: false).waves(of: all)
            #expect(waves.map(\.number) == Array(1...waves.count))
            let hosts = waves.flatMap(\.targets).map(\.host)
            #expect(hosts.count == all.count && Set(hosts) == Set(all.map(\.host)))
        }
    }

    @Test func `Zone by zone finishes one zone before the next, the unknown one last`() {
        let policy = WavePolicy(order: .zoneByZone, canary: .count(1), size: .count(2))
        let all = targets([(nil, 1), ("b", 2), ("a", 3)])
        let waves = WaveCut(policy: policy, oneByOne: false).waves(of: all).map { $0.targets.map(\.host) }
        #expect(waves == [["a0"], ["a1", "a2"], ["b0", "b1"], ["none0"]])
    }

    @Test func `Spread takes from every zone evenly`() {
        let policy = WavePolicy(order: .spread, canary: .count(0), size: .count(3))
        let waves = WaveCut(policy: policy, oneByOne: false).waves(of: targets([("a", 3), ("b", 3), ("c", 3)]))
        #expect(
            waves.map { $0.targets.map(\.host) } == [["a0", "b0", "c0"], ["a1", "b1", "c1"], ["a2", "b2", "c2"]])
    }

    @Test func `Spread follows the sizes of uneven zones`() {
        let policy = WavePolicy(order: .spread, canary: .count(0), size: .count(3))
        let waves = WaveCut(policy: policy, oneByOne: false).waves(of: targets([("a", 6), ("b", 3)]))
        for wave in waves {
            #expect(wave.targets.count { $0.zone == "a" } == 2)
            #expect(wave.targets.count { $0.zone == "b" } == 1)
        }
    }

    @Test func `Control-plane hosts go one by one`() {
        let waves = WaveCut(policy: WavePolicy(canary: .count(0), size: .count(3)), oneByOne: true)
            .waves(of: targets([("a", 2), ("b", 1)]))
        #expect(waves.map(\.targets.count) == [1, 1, 1])
    }
}

/// Nodes that share tight budgets go in different waves where the zones' shares permit it.
@Suite struct SharedBudgetTests {
    /// Six targets of one zone; of each neighbouring pair both carry a pod of one budget.
    private func world(allowing maxUnavailable: CountOrPercent) -> PlanningWorld {
        var world = PlanningWorld()
        world.addNodes("t", 6, areTargets: true)
        world.addNodes("s", 4)
        for pair in 1...3 {
            world.addWorkload(
                .deployment, "app\(pair)", on: [NodeName("t\(2 * pair - 1)"), NodeName("t\(2 * pair)"), "s1", "s2"])
            world.addBudget("app\(pair)", app: "app\(pair)", maxUnavailable: maxUnavailable)
        }
        world.playbook.waves.canary = .count(0)
        world.playbook.waves.size = .count(3)
        return world
    }

    @Test func `Nodes under one tight budget are kept apart, and the wave is forecast shorter`() {
        let plan = world(allowing: .count(1)).plan
        #expect(plan.waves.map { $0.targets.map(\.host) } == [["t1", "t3", "t5"], ["t2", "t4", "t6"]])
        #expect(plan.forecast.stalls.isEmpty)
    }

    @Test func `A budget with room for both changes nothing`() {
        let plan = world(allowing: .count(2)).plan
        #expect(plan.waves.map { $0.targets.map(\.host) } == [["t1", "t2", "t3"], ["t4", "t5", "t6"]])
    }

    @Test func `Every zone keeps its share`() {
        var world = PlanningWorld()
        world.addNodes("a", 4, zone: "a", areTargets: true)
        world.addNodes("b", 4, zone: "b", areTargets: true)
        world.addNodes("s", 4)
        world.addWorkload(.deployment, "app", on: ["a1", "a2", "b1", "b2", "s1"])
        world.addBudget("app", app: "app", maxUnavailable: .count(1))
        world.playbook.waves.canary = .count(0)
        world.playbook.waves.size = .count(2)
        let waves = world.plan.waves.map { $0.targets.map(\.host) }
        #expect(waves == [["a1", "b3"], ["b1", "a3"], ["a2", "b4"], ["b2", "a4"]])
    }

    @Test func `Where all share one budget, the inventory's order stays`() {
        var world = PlanningWorld()
        world.addNodes("t", 4, areTargets: true)
        world.addNodes("s", 4)
        world.addWorkload(.deployment, "app", on: ["t1", "t2", "t3", "t4", "s1"])
        world.addBudget("app", app: "app", maxUnavailable: .count(1))
        world.playbook.waves.canary = .count(0)
        world.playbook.waves.size = .count(2)
        #expect(world.plan.waves.map { $0.targets.map(\.host) } == [["t1", "t2"], ["t3", "t4"]])
    }
}
