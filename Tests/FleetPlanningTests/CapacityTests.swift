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

    @Test func `A finding's items are all of its pods`() {
        var world = world(targets: 1, others: 1)
        world.addWorkload(.deployment, "cart", on: Array(repeating: "old1", count: 5), milliCPU: 2500)
        let finding = world.findings(.doesNotFit).first
        #expect(finding?.message.hasSuffix("(4: shop/cart-1, shop/cart-2, shop/cart-3 and 1 more)") == true)
        #expect(finding?.items == (1...4).map { "shop/cart-\($0)" })
    }

    // MARK: - Nodes that come back, by pool

    @Test(arguments: ["max_unavailable_per_pool", "min_available", "neither"])
    func `What a pool keeps bounds how many of its nodes are out at once`(bound: String) {
        var world = world(targets: 4, others: 1)
        for number in 1...4 { world.change(NodeName("old\(number)")) { $0.labels["pool"] = "web" } }
        world.playbook.waves = WavePolicy(
            canary: .count(0), size: .percent(100), maxUnavailable: .percent(100), maxUnavailablePerZone: .percent(100))
        if bound == "max_unavailable_per_pool" { world.playbook.waves.maxUnavailablePerPool = .count(1) }
        if bound == "min_available" { world.playbook.waves.minAvailable = ["web": 3] }
        for number in 1...4 {
            world.addWorkload(.deployment, "w\(number)", on: [NodeName("old\(number)")], milliCPU: 3000)
        }
        world.steps = [
            StepSummary(kind: "drain", drains: true), StepSummary(kind: "uncordon", uncordons: true),
        ]
        // The only other node takes one node's pod at a time, and so does each node that came back.
        #expect(world.findings(.doesNotFit).isEmpty == (bound != "neither"))
    }

    @Test func `Rounds are cut by every cap, in order, and one target at least is in each`() {
        var world = world(targets: 6, others: 1)
        for number in 1...6 {
            world.change(NodeName("old\(number)")) {
                $0.labels["pool"] = number < 4 ? "gpu" : "web"
                $0.labels["topology.kubernetes.io/zone"] = number % 2 == 0 ? "b" : "a"
            }
        }
        func rounds(_ change: (inout WavePolicy) -> Void) -> [[String]] {
            var policy = WavePolicy(maxUnavailable: .count(3), maxUnavailablePerZone: .count(6), parallelism: 10)
            change(&policy)
            let index = ClusterIndex(world.snapshot)
            let targets = world.plan.targets.sorted { $0.host < $1.host }
            return OutageRounds(policy, index, targets).rounds(of: targets).map {
                $0.map { String($0.host.dropFirst(3)) }
            }
        }
        #expect(rounds { _ in } == [["1", "2", "3"], ["4", "5", "6"]])
        #expect(rounds { $0.parallelism = 1 } == [["1"], ["2"], ["3"], ["4"], ["5"], ["6"]])
        #expect(rounds { $0.maxUnavailablePerZone = .count(1) } == [["1", "2"], ["3", "4"], ["5", "6"]])
        #expect(rounds { $0.maxUnavailablePerPool = .count(1) } == [["1", "4"], ["2", "5"], ["3", "6"]])
        #expect(rounds { $0.minAvailable = ["gpu": 2, "web": 1] } == [["1", "4", "5"], ["2", "6"], ["3"]])
        #expect(rounds { $0.minAvailable = ["gpu": 3] } == [["1", "4", "5"], ["2", "6"], ["3"]])
        world.change("new1") { $0.isCordoned = true }
        #expect(rounds { _ in } == [["1", "2"], ["3", "4"], ["5", "6"]])
    }

    // MARK: - Filters

    /// A pod on the only target that no other node takes, and the words of the filter.
    private func words(_ change: (inout PlanningWorld, inout Pod) -> Void) -> String {
        var world = world(targets: 1, others: 1)
        var pod = Pod(key: ObjectKey("shop", "it-0"), uid: "it-0", labels: ["app": "it"], isReady: true)
        (pod.nodeName, pod.phase) = ("old1", .running)
        pod.controller = ControllerReference(apiVersion: "apps/v1", kind: "StatefulSet", name: "it", uid: "it")
        change(&world, &pod)
        world.snapshot.pods.append(pod)
        return world.findings(.doesNotFit).first?.message ?? ""
    }

    private static func spread(_ key: String, _ change: (inout TopologySpreadConstraint) -> Void = { _ in })
        -> TopologySpreadConstraint
    {
        var constraint = TopologySpreadConstraint(
            maxSkew: 1, topologyKey: key, isHard: true, selector: LabelSelector(matchLabels: ["app": "it"]))
        change(&constraint)
        return constraint
    }

    @Test func `Memory and ephemeral storage count like CPU`() {
        #expect(words { $1.requests = Resources(memory: 9 << 30) }.contains("1 Insufficient memory"))
        #expect(words { $1.requests = Resources(ephemeralStorage: 1) }.contains("1 Insufficient ephemeral-storage"))
    }

    @Test func `A NoExecute taint keeps pods away as NoSchedule does, and a toleration lets them in`() {
        let taint = Taint(key: "gpu", effect: .noExecute)
        #expect(
            words { world, _ in world.change("new1") { $0.taints = [taint] } }.contains("untolerated taint {gpu: }"))
        #expect(
            words { world, pod in
                world.change("new1") { $0.taints = [taint] }
                pod.constraints.tolerations = [Toleration(key: "gpu", exists: true)]
            } == "")
    }

    @Test func `A volume's zone label keeps its pod in the zone`() {
        func volume(in zone: String) -> String {
            words { world, pod in
                world.snapshot.volumes = [PersistentVolume(name: "pv", labels: ["topology.kubernetes.io/zone": zone])]
                world.snapshot.claims = [PersistentVolumeClaim(key: ObjectKey("shop", "data"), volumeName: "pv")]
                pod.volumes = [.claim(name: "data", claim: "data")]
            }
        }
        #expect(volume(in: "b").contains("no available volume zone"))
        #expect(volume(in: "a") == "")
    }

    @Test func `A node without the spread's label takes no pod of it`() {
        #expect(
            words { $1.constraints.topologySpread = [Self.spread("rack")] }
                .contains("didn't match pod topology spread constraints (missing required label)"))
        #expect(
            words { world, pod in
                world.change("new1") { $0.labels["rack"] = "r1" }
                pod.constraints.topologySpread = [Self.spread("rack")]
            } == "")
    }

    @Test func `Fewer domains than minDomains make the least count zero`() {
        func spread(minDomains: Int?) -> String {
            words { world, pod in
                world.addWorkload(.statefulSet, "it", on: ["new1"])
                pod.key = ObjectKey("shop", "it-9")
                pod.constraints.topologySpread = [
                    Self.spread("topology.kubernetes.io/zone") { $0.minDomains = minDomains }
                ]
            }
        }
        // One zone holds one pod: a second is no skew over the least, which is that zone's own, but one over zero is.
        #expect(spread(minDomains: nil) == "")
        #expect(spread(minDomains: 2).contains("didn't match pod topology spread constraints"))
    }

    @Test func `Tainted nodes are domains unless nodeTaintsPolicy honours the taints`() {
        func spread(honours: Bool) -> String {
            words { world, pod in
                world.addNodes("far", 1, zone: "b")
                world.change("far1") { $0.taints = [Taint(key: "gpu", effect: .noSchedule)] }
                world.addWorkload(.statefulSet, "it", on: ["new1"])
                pod.key = ObjectKey("shop", "it-9")
                pod.constraints.topologySpread = [
                    Self.spread("topology.kubernetes.io/zone") { $0.honorsNodeTaints = honours }
                ]
            }
        }
        #expect(spread(honours: false).contains("didn't match pod topology spread constraints"))
        #expect(spread(honours: true) == "")
    }

    @Test func `Nodes that the pod does not select are no domains unless nodeAffinityPolicy ignores that`() {
        func spread(honours: Bool) -> String {
            words { world, pod in
                world.addNodes("far", 1, zone: "b")
                for name in ["old1", "new1"] { world.change(NodeName(name)) { $0.labels["disk"] = "ssd" } }
                world.addWorkload(.statefulSet, "it", on: ["new1"])
                pod.key = ObjectKey("shop", "it-9")
                pod.constraints.nodeSelector = ["disk": "ssd"]
                pod.constraints.topologySpread = [
                    Self.spread("topology.kubernetes.io/zone") { $0.honorsNodeAffinity = honours }
                ]
            }
        }
        #expect(spread(honours: false).contains("didn't match pod topology spread constraints"))
        #expect(spread(honours: true) == "")
    }
}
