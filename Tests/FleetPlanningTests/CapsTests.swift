import FleetModel
import Testing

@testable import FleetPlanning

@Suite struct CapsTests {
    private func world() -> PlanningWorld {
        var world = PlanningWorld()
        world.addNodes("old", 4, areTargets: true)
        world.addNodes("new", 16)
        world.playbook.waves.maxUnavailable = .percent(10)
        return world
    }

    @Test func `Waves bigger than the caps are fine`() {
        var world = world()
        world.playbook.waves.size = .count(4)
        #expect(world.plan.findings.isEmpty)
    }

    @Test func `Others that use up the cap are told`() {
        var world = world()
        world.change("new1") { $0.isCordoned = true }
        #expect(world.findings(.capsUnreachable).isEmpty)
        world.change("new2") { $0.readiness = .unknown }
        let finding = world.findings(.capsUnreachable).first
        #expect(finding?.severity == .warning)
        #expect(
            finding?.message
                == "max_unavailable 10% of 20 nodes permits 2, and 2 others are not Ready or cordoned (new1, new2): "
                + "no wave can start until they are back"
        )
    }

    @Test func `The same in one zone`() {
        var world = world()
        world.addNodes("b", 1, zone: "b", areTargets: true)
        world.addNodes("otherb", 1, zone: "b")
        world.playbook.waves.maxUnavailablePerZone = .count(1)
        world.change("otherb1") { $0.isCordoned = true }
        #expect(world.findings(.capsUnreachable).map(\.subject) == ["max_unavailable_per_zone"])
        #expect(world.findings(.capsUnreachable).first?.message.contains("in zone b") == true)
    }

    @Test func `A cap of nothing is a blocker`() {
        var world = world()
        world.playbook.waves.maxUnavailable = .count(0)
        #expect(world.plan.blockers.map(\.code) == [.capsUnreachable])
    }

    @Test func `A playbook that leaves more nodes cordoned than the cap permits stops half-way`() {
        var world = world()
        world.steps.removeLast()
        #expect(world.plan.blockers.map(\.code) == [.capsUnreachable])
        world.steps.append(StepSummary(kind: "uncordon", uncordons: true))
        #expect(world.plan.blockers.isEmpty)
    }

    @Test func `What a pool keeps, and how many of it may be out, is held against its nodes`() {
        var world = world()
        for number in 1...4 { world.change(NodeName("old\(number)")) { $0.labels["pool"] = "gpu" } }
        world.change("new1") { $0.labels["pool"] = "gpu" }
        world.playbook.waves.minAvailable = ["gpu": 1]
        #expect(world.plan.blockers.isEmpty)
        world.playbook.waves.minAvailable = ["gpu": 2, "web": 90]
        #expect(
            world.plan.blockers.map(\.message) == [
                "pool gpu keeps 2 nodes and has 5 that are available: 3 of its 4 targets may go"
            ])
        world.playbook.waves.minAvailable = [:]
        world.playbook.waves.maxUnavailablePerPool = .count(1)
        #expect(world.plan.findings.isEmpty)
        world.change("new1") { $0.isCordoned = true }
        #expect(world.findings(.capsUnreachable).map(\.subject) == ["max_unavailable_per_pool"])
        #expect(world.findings(.capsUnreachable).first?.message.contains("in pool gpu") == true)
    }
}
