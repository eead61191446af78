import FleetModel
import FleetSimulation
import Testing

/// What must hold whatever the seed; counted from the objects, never from the simulation's own counters.
@Suite struct InvariantTests {
    /// Plays one seed: random evictions and cordons, as fast as the API lets them pass.
    static func play(_ seed: UInt64, steps: Int = 120, check: (Scenario) -> Void) -> [SimulationChange] {
        var scenario = Scenario(RandomCluster.snapshot(seed: seed), settings: .quick(seed: seed))
        var choice = SeededChoice(seed: seed)
        var changes = scenario.wait(.seconds(1))
        for _ in 0..<steps {
            if let pod = choice.pick(scenario.simulation.pods.filter({ !$0.isDaemon })) {
                changes += scenario.perform(.evict(pod.key, DeleteOptions(uid: pod.uid))).changes
            }
            if choice.below(10) == 0, let node = choice.pick(scenario.simulation.nodes) {
                let patch = NodePatch(isCordoned: !node.isCordoned)
                changes +=
                    scenario.perform(.request(.patchNode(node.name, uid: node.uid, patch), dryRun: false)).changes
            }
            changes += scenario.wait(.milliseconds(1 + Int64(choice.below(30))))
            check(scenario)
        }
        return changes
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func evictionsNeverOverdrawABudget(seed: UInt64) {
        var floors: [ObjectKey: Int] = [:]
        _ = Self.play(seed) { scenario in
            for budget in scenario.simulation.budgets {
                let healthy = scenario.healthy(budget)
                // Below the desired number only where there never was more.
                let floor = min(budget.desiredHealthy, floors[budget.key] ?? healthy)
                floors[budget.key] = floor
                #expect(healthy >= floor, "seed \(seed): \(budget.key) has \(healthy) of \(floor)")
            }
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func nodesAreNeverOverbooked(seed: UInt64) {
        _ = Self.play(seed, steps: 60) { scenario in
            for node in scenario.simulation.nodes {
                let pods = scenario.simulation.pods(on: node.name).filter { !$0.isFinished }
                let cpu = pods.reduce(0) { $0 + $1.requests.milliCPU }
                #expect(cpu <= node.allocatable.milliCPU, "seed \(seed): \(node.name)")
                #expect(Int64(pods.count) <= node.allocatable.pods)
            }
        }
    }

    @Test(arguments: [3, 17, 29] as [UInt64])
    func sameSeedSameChanges(seed: UInt64) {
        let first = Self.play(seed, steps: 50) { _ in }
        let second = Self.play(seed, steps: 50) { _ in }
        #expect(first == second && first.count > 100)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func everythingSettlesOnceNobodyDisturbs(seed: UInt64) {
        var scenario = Scenario(RandomCluster.snapshot(seed: seed), settings: .quick(seed: seed))
        var choice = SeededChoice(seed: seed)
        for _ in 0..<30 {
            guard let pod = choice.pick(scenario.simulation.pods) else { continue }
            scenario.perform(.delete(ObjectIdentity(.pod, pod.key), DeleteOptions()))
            scenario.wait(.milliseconds(5))
        }
        scenario.wait(.seconds(120))
        for workload in scenario.simulation.workloads {
            let homeless = scenario.simulation.pods.filter { $0.nodeName == nil && Self.belongs($0, to: workload) }
            #expect(homeless.allSatisfy { $0.pendingReason.hasPrefix("0/") })
            #expect(workload.readyReplicas + homeless.count == workload.replicas, "seed \(seed): \(workload.reference)")
        }
        for budget in scenario.simulation.budgets {
            #expect(budget.currentHealthy == scenario.healthy(budget))
            #expect(budget.disruptedPods.isEmpty)
        }
    }

    private static func belongs(_ pod: Pod, to workload: Workload) -> Bool {
        pod.key.namespace == workload.reference.key.namespace
            && workload.selector?.matchLabels.allSatisfy { pod.labels[$0.key] == $0.value } ?? false
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func foldedChangesAreTheState(seed: UInt64) {
        let start = RandomCluster.snapshot(seed: seed)
        var pods = Dictionary(uniqueKeysWithValues: start.pods.map { ($0.key, $0) })
        var last: Scenario?
        let changes = Self.play(seed, steps: 40) { last = $0 }
        for change in changes {
            guard case .pod(let pod) = change.stored.object else { continue }
            pods[pod.key] = change.event == .deleted ? nil : pod
        }
        let state = last?.simulation.pods ?? []
        #expect(Set(pods.keys) == Set(state.map(\.key)))
        #expect(state.allSatisfy { pods[$0.key]?.phase == $0.phase && pods[$0.key]?.isReady == $0.isReady })
    }
}

/// The test's own choices: a linear congruential generator.
struct SeededChoice {
    private var state: UInt64
    init(seed: UInt64) { state = seed &* 2_862_933_555_777_941_757 &+ 3_037_000_493 }

    mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(max(1, bound)))
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[below(elements.count)]
    }
}
