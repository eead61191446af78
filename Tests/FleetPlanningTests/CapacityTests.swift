import FleetModel
import Testing

@testable import FleetPlanning

@Suite struct CapacityTests {
    private func world(targets: Int, others: Int) -> PlanningWorld {
        var world = PlanningWorld()
        world.addNodes("old", targets, areTargets: true)
        if others > 0 { world.addNodes("new", others) }
        return world
    }

    @Test func `Pods that fit elsewhere give no finding`() {
        var world = world(targets: 1, others: 1)
        world.addWorkload(.deployment, "cart", on: ["old1", "old1"], milliCPU: 2000)
        #expect(world.findings(.doesNotFit).isEmpty)
    }

    @Test func `Pods that fit nowhere are named with the filters' words`() {
        var world = world(targets: 1, others: 2)
        world.addWorkload(.deployment, "big", on: ["new1", "new2"], milliCPU: 3000)
        world.addWorkload(.deployment, "cart", on: ["old1", "old1", "old1"], milliCPU: 1000)
        let finding = world.findings(.doesNotFit).first
        #expect(finding?.severity == .blocker)
        #expect(finding?.subject == "Deployment shop/cart")
        #expect(
            finding?.message == "wave 1: its pods would find no node: 0/3 nodes are available: 1 node(s) were "
                + "unschedulable, 2 Insufficient cpu. (1: shop/cart-2)"
        )
    }

    @Test func `Later waves' nodes are the last resort, and must be emptied again`() {
        var world = world(targets: 2, others: 1)
        world.playbook.waves.size = .count(1)
        world.addWorkload(.deployment, "a", on: ["old1", "old1"], milliCPU: 1000)
        world.addWorkload(.deployment, "b", on: ["new1", "new1"], milliCPU: 1000)
        #expect(world.findings(.doesNotFit).isEmpty)
        world.addWorkload(.deployment, "c", on: ["old1", "old1"], milliCPU: 1000)
        let finding = world.findings(.doesNotFit).first
        #expect(finding?.message.hasPrefix("wave 2: ") == true)
    }

    @Test func `Nodes that come back take the next wave's pods`() {
        var world = world(targets: 3, others: 1)
        world.playbook.waves.size = .count(1)
        for node in ["old1", "old2", "old3"] {
            world.addWorkload(.deployment, "w\(node)", on: [NodeName(node), NodeName(node)], milliCPU: 2000)
        }
        #expect(!world.findings(.doesNotFit).isEmpty)
        world.steps = [
            StepSummary(kind: "cordon", cordons: true), StepSummary(kind: "drain", drains: true),
            StepSummary(kind: "uncordon", uncordons: true),
        ]
        #expect(world.findings(.doesNotFit).isEmpty)
    }

    @Test(arguments: [1, 3])
    func `Nodes that come back are out as many at once as the caps permit`(parallelism: Int) {
        var world = world(targets: 3, others: 1)
        world.playbook.waves = WavePolicy(
            canary: .count(0), size: .percent(100), maxUnavailable: .percent(100),
            maxUnavailablePerZone: .percent(100),
            parallelism: parallelism)
        for node in ["old1", "old2", "old3"] {
            world.addWorkload(
                .deployment, "w\(node)", on: [NodeName(node), NodeName(node)], milliCPU: 2000)
        }
        world.steps = [
            StepSummary(kind: "cordon", cordons: true), StepSummary(kind: "drain", drains: true),
            StepSummary(kind: "uncordon", uncordons: true),
        ]
        #expect(world.findings(.doesNotFit).isEmpty == (parallelism == 1))
        // Those that do not come back are out together in the end, however many are drained at once.
        world.steps[2] = StepSummary(kind: "delete_node", deletesNode: true)
        #expect(!world.findings(.doesNotFit).isEmpty)
    }

    @Test func `Large pods are placed before small ones`() {
        var world = world(targets: 1, others: 2)
        for (name, milliCPU) in [("a", 500), ("b", 500), ("c", 500), ("z", 4000)] {
            world.addPod(name, on: "old1") {
                $0.requests = Resources(milliCPU: Int64(milliCPU))
                $0.controller = ControllerReference(
                    apiVersion: "apps/v1", kind: "StatefulSet", name: name, uid: ObjectUID(name))
            }
        }
        #expect(world.findings(.doesNotFit).isEmpty)
    }

    @Test func `A local volume keeps its pod from every other node`() {
        var world = world(targets: 1, others: 2)
        let term = NodeSelectorTerm(matchExpressions: [SelectorRequirement("disk", .isIn, ["old1"])])
        world.change("old1") { $0.labels["disk"] = "old1" }
        world.snapshot.volumes = [PersistentVolume(name: "pv", nodeAffinity: [term], isLocal: true)]
        world.snapshot.claims = [PersistentVolumeClaim(key: ObjectKey("shop", "data-0"), volumeName: "pv")]
        world.addWorkload(.statefulSet, "db", on: ["old1", "new1", "new2"]) { _, pod in
            if pod.key.name == "db-0" { pod.volumes = [.claim(name: "data", claim: "data-0")] }
        }
        #expect(world.findings(.doesNotFit).first?.message.contains("volume node affinity conflict") == true)
        world.playbook.evictions.downtime = [ObjectKey("shop", "db")]
        #expect(world.findings(.doesNotFit).map(\.severity) == [.warning])
    }

    @Test func `Room that a removed node's DaemonSet pods used is not counted on`() {
        var world = world(targets: 1, others: 1)
        world.addWorkload(.daemonSet, "cni", on: ["old1", "new1"], milliCPU: 500)
        world.addWorkload(.deployment, "cart", on: ["old1", "old1"], milliCPU: 1750)
        #expect(world.findings(.doesNotFit).isEmpty)
        world.addPod("more", on: "new1") { $0.requests = Resources(milliCPU: 1) }
        #expect(world.findings(.doesNotFit).count == 1)
    }

    @Test func `Spread is tried again when another pod's move has made room`() {
        var world = PlanningWorld()
        world.addNodes("a", 1, zone: "a", areTargets: true)
        world.addNodes("stay", 1, zone: "a")
        world.addNodes("b", 1, zone: "b")
        let constraint = TopologySpreadConstraint(
            maxSkew: 1, topologyKey: "topology.kubernetes.io/zone", isHard: true,
            selector: LabelSelector(matchLabels: ["app": "cart"])
        )
        world.addWorkload(.deployment, "cart", on: ["a1", "a1", "b1", "b1"]) { _, pod in
            pod.constraints.topologySpread = [constraint]
        }
        #expect(world.findings(.doesNotFit).isEmpty)
    }

    @Test func `A playbook that brings nodes in first is not held to the capacity of now`() {
        var world = world(targets: 1, others: 0)
        world.addWorkload(.deployment, "cart", on: ["old1", "old1"])
        var request = world.request
        #expect(Planner.plan(request).blockers.map(\.code) == [.doesNotFit])
        request.checksCapacity = false
        #expect(Planner.plan(request).blockers.isEmpty)
    }
}
