import FleetModel
import Testing

@testable import FleetPlanning

@Suite struct TargetLoadTests {
    private func world() -> PlanningWorld {
        var world = PlanningWorld()
        world.addNodes("old", 1, areTargets: true)
        world.addNodes("far", 1, zone: "b", areTargets: true)
        world.addNodes("new", 2)
        world.addWorkload(.daemonSet, "cni", on: ["old1", "far1", "new1", "new2"], milliCPU: 100)
        world.addWorkload(.deployment, "cart", on: ["old1", "old1", "far1", "new1"], milliCPU: 500)
        return world
    }

    private func load(_ world: PlanningWorld) -> TargetLoad {
        TargetLoad(of: world.plan.targets, in: ClusterIndex(world.snapshot))
    }

    @Test func `Pods are counted by owner and zone`() {
        let load = load(world())
        #expect(load.owners.map(\.owner) == ["DaemonSet shop/cni", "Deployment shop/cart"])
        #expect(load.owners.map(\.podsByZone) == [["a": 1, "b": 1], ["a": 2, "b": 1]])
        #expect(load.owners.map(\.leaves) == [false, true])
        #expect(load.owners[1].pods == ["cart-0 on old1", "cart-1 on old1", "cart-2 on far1"])
    }

    @Test func `Targets are held against what the rest has left`() {
        var world = world()
        world.addPod("done", on: "old1") { $0.phase = .succeeded }
        let load = load(world)
        let old = load.nodes.first { $0.node == "old1" }
        #expect(old?.pods == 3)
        #expect(old?.requests.milliCPU == 1100)
        #expect(old?.allocatable.milliCPU == 4000)
        #expect(load.leavingPods == 3)
        #expect(load.leaving.milliCPU == 1500)
        #expect(load.room.milliCPU == 2 * 4000 - 2 * 100 - 500)
        #expect(load.room.pods == 2 * 110 - 3)
    }

    @Test func `Cordoned nodes and nodes that are not Ready have no room`() {
        var world = world()
        world.change("new1") { $0.isCordoned = true }
        world.change("new2") { $0.readiness = .unknown }
        #expect(load(world).room == .zero)
    }
}
