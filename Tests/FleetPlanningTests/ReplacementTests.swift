import FleetModel
import Testing

@testable import FleetPlanning

/// New nodes come in first, in the same zones; then as many old ones go (R1, R4).
@Suite struct ReplacementTests {
    private func world(spares: [(String, Zone?)]) -> PlanRequest {
        var world = PlanningWorld()
        world.addNodes("olda", 2, zone: "a", areTargets: true)
        world.addNodes("oldb", 2, zone: "b", areTargets: true)
        world.addNodes("rest", 8, zone: "a")
        world.playbook.spares = "new_nodes"
        world.playbook.waves = WavePolicy(
            canary: .count(1), size: .count(2), maxUnavailable: .percent(100), maxUnavailablePerZone: .percent(100))
        world.steps.insert(StepSummary(kind: "join", touchesHost: true, joins: true), at: 0)
        var request = world.request
        request.spares = spares.map { Host(name: HostName($0.0), zone: $0.1) }
        return request
    }

    private func shown(_ plan: Plan) -> [String] {
        plan.waves.map { wave in
            "\(wave.number) \(wave.targets.first?.isNewcomer == true ? "in" : "out") \(wave.targets.map(\.host).joined(separator: ","))"
        }
    }

    private let enough: [(String, Zone?)] = [("na1", "a"), ("nb1", "b"), ("na2", "a"), ("nb2", "b"), ("na3", "a")]

    @Test func `Waves come in pairs, each newcomer in the zone of who leaves after it`() {
        let plan = Planner.plan(world(spares: enough))
        #expect(plan.blockers == [])
        #expect(
            shown(plan) == [
                "1 in na1", "2 out olda1", "3 in nb1,na2", "4 out oldb1,olda2", "5 in nb2", "6 out oldb2",
            ])
        #expect(plan.findings.filter { $0.code == .nodeGone || $0.code == .doesNotFit } == [])
    }

    @Test func `A zone with too few spares blocks the plan`() {
        let plan = Planner.plan(world(spares: [("na1", "a"), ("na2", "a"), ("nb1", "b"), ("nc1", "c")]))
        #expect(
            plan.blockers.map { "\($0.code.rawValue) \($0.subject): \($0.message)" } == [
                "no-spare zone b: 2 nodes leave, and 1 hosts of new_nodes could come in"
            ])
    }

    @Test func `Hosts that are Nodes already are no spares, but those that this plan brought in keep their place`() {
        var request = world(spares: enough)
        let pinned = Planner.plan(request)
        var joined = Node(name: "na1", uid: "uid-na1", labels: ["topology.kubernetes.io/zone": "a"], machineID: "m")
        joined.allocatable = Resources(milliCPU: 4000, memory: 8 << 30, pods: 110)
        request.snapshot.nodes.append(joined)
        #expect(shown(Planner.plan(request)).first == "1 in na2")
        request.pinned = pinned
        let again = Planner.plan(request)
        #expect(shown(again) == shown(pinned))
        #expect(PlanDrift.differences(from: pinned, to: again) == [])
        for wave in 1...6 { #expect(Planner.review(pinned, request, waves: wave...wave).blockers == []) }
    }

    /// Two pools of one zone, three nodes each, and spares by pool.
    private func pooled(_ spares: [(String, Pool?)], _ change: (inout WavePolicy) -> Void = { _ in }) -> PlanRequest {
        var world = PlanningWorld()
        world.addNodes("gpu", 3, zone: "a", areTargets: true)
        world.addNodes("web", 3, zone: "a", areTargets: true)
        world.addNodes("rest", 8, zone: "a")
        for number in 1...3 {
            world.change(NodeName("gpu\(number)")) { $0.labels["pool"] = "gpu" }
            world.change(NodeName("web\(number)")) { $0.labels["pool"] = "web" }
        }
        world.playbook.spares = "new_nodes"
        world.playbook.waves = WavePolicy(
            canary: .count(0), size: .count(6), maxUnavailable: .percent(100), maxUnavailablePerZone: .percent(100))
        change(&world.playbook.waves)
        world.steps.insert(StepSummary(kind: "join", touchesHost: true, joins: true), at: 0)
        var request = world.request
        request.spares = spares.map {
            var host = Host(name: HostName($0.0), zone: "a")
            host.pool = $0.1
            return host
        }
        return request
    }

    @Test func `A newcomer is of the pool of who leaves after it; one of no pool stands in where none is left`() {
        let names: [(String, Pool?)] = [
            ("any", nil), ("w1", "web"), ("w2", "web"), ("w3", "web"), ("g1", "gpu"), ("g2", "gpu"),
        ]
        let plan = Planner.plan(pooled(names))
        #expect(plan.blockers == [])
        #expect(
            shown(plan) == ["1 in g1,g2,any,w1,w2,w3", "2 out gpu1,gpu2,gpu3,web1,web2,web3"])
        let short = Planner.plan(pooled(Array(names.dropFirst())))
        #expect(
            short.blockers.map { "\($0.code.rawValue) \($0.subject): \($0.message)" } == [
                "no-spare zone a, pool gpu: 3 nodes leave, and 2 hosts of new_nodes could come in"
            ])
    }

    @Test func `No more come in at once than the surge permits, in all, in a zone and in a pool`() {
        let names = (1...3).flatMap { [("g\($0)", Pool("gpu")), ("w\($0)", Pool("web"))] }.map {
            ($0.0, Optional($0.1))
        }
        func sizes(_ change: (inout WavePolicy) -> Void) -> [Int] {
            let plan = Planner.plan(pooled(names, change))
            #expect(plan.blockers == [])
            for (incoming, outgoing) in zip(plan.waves, plan.waves.dropFirst()) where incoming.number % 2 == 1 {
                #expect(incoming.targets.map(\.pool) == outgoing.targets.map(\.pool))
            }
            return plan.waves.map(\.targets.count)
        }
        #expect(sizes { $0.maxSurge = .count(4) } == [4, 4, 2, 2])
        #expect(sizes { $0.maxSurge = .percent(50) } == [3, 3, 3, 3])
        #expect(sizes { $0.maxSurgePerZone = .count(2) } == [2, 2, 2, 2, 2, 2])
        #expect(sizes { $0.maxSurgePerPool = .count(1) } == [1, 1, 1, 1, 2, 2, 1, 1, 1, 1])
    }

    // MARK: - What comes in must hold what leaves

    /// One old node with two pods of half its size, no room elsewhere, and one spare.
    private func full(_ change: (inout Host, inout PlanningWorld) -> Void = { _, _ in }) -> PlanRequest {
        var world = PlanningWorld()
        world.addNodes("old", 1, zone: "a", areTargets: true)
        world.change("old1") { node in
            node.capacity = node.allocatable
            node.labels["disk"] = "ssd"
        }
        world.addWorkload(.deployment, "cart", on: ["old1", "old1"], milliCPU: 1900)
        world.addWorkload(.daemonSet, "cni", on: ["old1"], milliCPU: 100)
        world.playbook.spares = "new_nodes"
        world.playbook.waves = WavePolicy(
            canary: .count(1), maxUnavailable: .percent(100), maxUnavailablePerZone: .percent(100))
        world.steps.insert(StepSummary(kind: "join", touchesHost: true, joins: true), at: 0)
        var host = Host(name: "new1", zone: "a")
        change(&host, &world)
        var request = world.request
        request.spares = [host]
        return request
    }

    private func misfits(_ request: PlanRequest) -> [Finding] {
        Planner.plan(request).findings.filter { $0.code == .doesNotFit }
    }

    @Test func `A spare of which nothing is known is taken to be like the node that it replaces`() {
        #expect(misfits(full()) == [])
    }

    @Test(arguments: ["capacity", "allocatable"])
    func `A spare that is half as large is told of, by the inventory's own word`(variable: String) {
        let half = full { host, _ in host.variables.own[variable] = ["cpu": 2, "memory": "4Gi"] }
        let finding = misfits(half).first
        #expect(finding?.severity == .warning && finding?.subject == "Deployment shop/cart")
        #expect(finding?.message.contains("1 Insufficient cpu") == true, "\(finding?.message ?? "")")
        #expect(finding?.items == ["shop/cart-1"])
        #expect(finding?.remedy.hasPrefix("as far as the inventory tells of the new nodes") == true)
        // Room for both, but not for the DaemonSet's pod beside them.
        #expect(misfits(full { host, _ in host.variables.own[variable] = ["cpu": "3850m"] }).count == 1)
        #expect(misfits(full { host, _ in host.variables.own[variable] = ["cpu": "3900m"] }) == [])
    }

    @Test func `A spare that will lack a label which the pods select is told of`() {
        func selecting(_ change: @escaping (inout Host, inout PlanningWorld) -> Void = { _, _ in }) -> [Finding] {
            misfits(
                full { host, world in
                    for index in world.snapshot.pods.indices where !world.snapshot.pods[index].isDaemon {
                        world.snapshot.pods[index].constraints.nodeSelector = ["disk": "ssd"]
                    }
                    change(&host, &world)
                })
        }
        #expect(selecting().first?.message.contains("didn't match Pod's node affinity/selector") == true)
        #expect(selecting { host, _ in host.labels["disk"] = "ssd" } == [])
        #expect(selecting { host, _ in host.labels["disk"] = "hdd" }.count == 1)
        // A label step's value is known on the host only.
        #expect(selecting { $1.steps.append(StepSummary(kind: "label", setsLabels: ["disk"])) } == [])
        #expect(
            selecting { host, _ in
                host.labels["disk"] = "ssd"
                host.taints = [Taint(key: "new", effect: .noSchedule)]
            }.count == 1)
    }

    @Test func `What a spare might take after all is a warning, and what none would take forbids the plan`() {
        func severities(_ constrain: @escaping (inout Pod) -> Void) -> [Finding.Severity] {
            misfits(
                full { host, world in
                    host.labels["disk"] = "hdd"
                    for index in world.snapshot.pods.indices where !world.snapshot.pods[index].isDaemon {
                        constrain(&world.snapshot.pods[index])
                    }
                }
            ).map(\.severity)
        }
        #expect(severities { _ in } == [])
        #expect(severities { $0.constraints.nodeSelector = ["disk": "ssd"] } == [.warning])
        #expect(severities { $0.constraints.nodeSelector = ["disk": "nvme"] } == [.blocker])
        // No host can be of another zone than it is.
        let zone = "topology.kubernetes.io/zone"
        #expect(severities { $0.constraints.nodeSelector = [zone: "b"] } == [.blocker])
        #expect(severities { $0.requests.extended = ["nvidia.com/gpu": 1] } == [.blocker])
    }

    @Test func `A warning of a spare says which run judges it as it is`() {
        let half = full { host, _ in host.variables.own["capacity"] = ["cpu": 2, "memory": "4Gi"] }
        let remedy = misfits(half).first?.remedy ?? ""
        #expect(
            remedy.contains("a run that begins with wave 2, once they are in, judges them as they are"), "\(remedy)")
    }

    @Test func `Once it is in, a spare is judged as it is, and what does not fit forbids the next wave`() {
        var request = full()
        let pinned = Planner.plan(request)
        var joined = Node(name: "new1", uid: "uid-new1", labels: ["topology.kubernetes.io/zone": "a"])
        joined.allocatable = Resources(milliCPU: 2000, memory: 4 << 30, pods: 110)
        request.snapshot.nodes.append(joined)
        request.pinned = pinned
        #expect(Planner.review(pinned, request, waves: 2...2).blockers.map(\.code) == [.doesNotFit])
        request.snapshot.nodes[1].allocatable = Resources(milliCPU: 4000, memory: 8 << 30, pods: 110)
        #expect(Planner.review(pinned, request, waves: 2...2).blockers == [])
    }
}
