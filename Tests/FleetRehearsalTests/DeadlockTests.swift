import FleetModel
import FleetPlanning
import FleetRun
import FleetSimulation
import Testing

@testable import FleetRehearsal

/// Crossed budgets between draining nodes (openshift/machine-api-operator#1066): each holds the last healthy pod of a
/// budget whose other pod no schedulable node takes, because both are cordoned.
struct DeadlockTests {
    private static let policy = WavePolicy(
        canary: .count(0), maxUnavailable: .percent(100), maxUnavailablePerZone: .percent(100), soak: .zero)

    @Test("crossed budgets: one node gives way, both are drained, nobody is set aside")
    func crossed() throws {
        let snapshot = Self.crossedCluster(nodes: 2, apps: 2, seed: 1)
        let order = try Decommission.order(
            [["infra-1", "infra-2"]], in: snapshot, policy: Self.policy, steps: try Decommission.maintenance())
        var rehearsal = Rehearsal(order, in: ClusterSimulation(snapshot: snapshot))
        rehearsal.invariants = Invariants(order, before: snapshot)
        // The first pod of app2 is refused once, so that the other node's goes: each node now holds one of each budget.
        let first = try #require(snapshot.pods.first { $0.labels["app"] == "app2" && $0.nodeName == "infra-1" })
        rehearsal.disturb(.fault(.answer(RequestPattern(.evict, key: first.key), .budgetSpent, count: 1)))
        let result = rehearsal.play(atMost: .seconds(3600))
        #expect(result == .done, "\(rehearsal.machine.state.reason)")
        #expect(rehearsal.invariants?.violations == [])

        let retreats = rehearsal.retreats
        #expect(retreats.map(\.node) == ["infra-2"])
        #expect(retreats.first?.waitsFor == ["infra-1"])
        #expect(
            retreats.first?.reason.hasPrefix("infra-1 wait for PodDisruptionBudget shop/app2, whose shop/app2-") == true
        )
        #expect(rehearsal.finished == ["infra-1", "infra-2"])
        #expect(rehearsal.simulation.nodes.allSatisfy { !$0.isCordoned })
        #expect(rehearsal.time - snapshot.takenAt < .seconds(300))
    }

    @Test("a node elsewhere that takes its time hides nothing", arguments: [false, true])
    func slowElsewhere(isOrdered: Bool) throws {
        var snapshot = Self.crossedCluster(nodes: 2, apps: 2, seed: 1)
        let other = try #require(snapshot.nodes.first { $0.name == "other-1" })
        // A pod that stops for an hour and more, on a third node that is drained too.
        let slow = Pod(
            key: ObjectKey("shop", "slow"), uid: "slow", annotations: ["simulation.fleet/stop": "2h"],
            controller: ControllerReference(apiVersion: "batch/v1", kind: "Job", name: "slow", uid: "job-slow"),
            nodeName: other.name, phase: .running, isReady: true, gracePeriodSeconds: 7000)
        snapshot.pods.append(slow)
        var rules = [EvictionRule(selector: LabelSelector(), action: .evict)]
        if isOrdered {
            // A pod beside the crossed ones that may go, and must not before them.
            var late = slow
            late.key = ObjectKey("shop", "late")
            late.uid = "late"
            late.labels = ["app": "late"]
            late.nodeName = "infra-2"
            late.annotations = [:]
            snapshot.pods.append(late)
            let labels = LabelSelector(matchLabels: ["app": "late"])
            rules.insert(EvictionRule(selector: labels, action: .evict, order: 1), at: 0)
        }
        let order = try Decommission.order(
            [["infra-1", "infra-2", "other-1"]], in: snapshot, policy: Self.policy,
            steps: try Decommission.maintenance(), evictions: EvictionPolicy(timeout: .seconds(1800), rules: rules))
        var rehearsal = Rehearsal(order, in: ClusterSimulation(snapshot: snapshot))
        rehearsal.invariants = Invariants(order, before: snapshot)
        let first = try #require(snapshot.pods.first { $0.labels["app"] == "app2" && $0.nodeName == "infra-1" })
        rehearsal.disturb(.fault(.answer(RequestPattern(.evict, key: first.key), .budgetSpent, count: 1)))
        rehearsal.play(atMost: .seconds(300))
        #expect(rehearsal.retreats.map(\.node) == ["infra-2"])
        #expect(rehearsal.finished == ["infra-1", "infra-2"])
        for (event, time) in rehearsal.events {
            if case .nodeFinished = event { #expect(time - snapshot.takenAt < .seconds(300)) }
        }
        #expect(rehearsal.invariants?.violations == [])
    }

    @Test("a node that is drained already waits for its pods, and the one that would take them gives way")
    func verifying() throws {
        let snapshot = Self.crossedCluster(nodes: 2, apps: 1, seed: 3)
        let order = try Decommission.order(
            [["infra-1", "infra-2"]], in: snapshot, policy: Self.policy, steps: try Decommission.maintenance())
        var rehearsal = Rehearsal(order, in: ClusterSimulation(snapshot: snapshot))
        #expect(rehearsal.play(atMost: .seconds(3600)) == .done, "\(rehearsal.machine.state.reason)")
        #expect(rehearsal.retreats.map(\.node) == ["infra-2"])
    }

    @Test("where a retreat would help nobody, nobody retreats and the timeout decides")
    func hopeless() throws {
        var snapshot = Self.crossedCluster(nodes: 2, apps: 2, seed: 1)
        for index in snapshot.budgets.indices {
            snapshot.budgets[index].minAvailable = .count(2)
            snapshot.budgets[index].desiredHealthy = 2
            snapshot.budgets[index].disruptionsAllowed = 0
        }
        let order = try Decommission.order(
            [["infra-1", "infra-2"]], in: snapshot, policy: Self.policy, steps: try Decommission.maintenance(),
            evictions: EvictionPolicy(timeout: .seconds(300)))
        var rehearsal = Rehearsal(order, in: ClusterSimulation(snapshot: snapshot))
        #expect(rehearsal.play(atMost: .seconds(3600)) == .failed)
        #expect(rehearsal.retreats.isEmpty)
        #expect(rehearsal.machine.state.quarantined.count == 2)
    }

    @Test("by seed: pools that are drained all at once end drained and whole")
    func seeds() throws {
        var retreats = 0
        for seed in SeedTests.seeds.prefix(400) {
            var chance = Seed(seed)
            let nodes = chance.pick(2...4)
            let snapshot = Self.crossedCluster(nodes: nodes, apps: chance.pick(1...4), seed: seed)
            let names = (1...nodes).map { NodeName("infra-\($0)") }.shuffled(using: &chance)
            let order = try Decommission.order(
                [names], in: snapshot, policy: Self.policy, steps: try Decommission.maintenance())
            // Far from the cluster builder's own seed, so that no UID comes twice.
            let settings = SimulationSettings(seed: seed &+ 0x9_0000_0000)
            var rehearsal = Rehearsal(order, in: ClusterSimulation(snapshot: snapshot, settings: settings))
            rehearsal.invariants = Invariants(order, before: snapshot)
            for pod in snapshot.pods where pod.nodeName?.rawValue.hasPrefix("infra") == true && chance.chance(30) {
                rehearsal.disturb(.fault(.answer(RequestPattern(.evict, key: pod.key), .budgetSpent, count: 1)))
            }
            let result = rehearsal.play(atMost: .seconds(12 * 3600))
            retreats += rehearsal.retreats.count
            if SeedTests.seeds.count == 1 {
                for (event, time) in rehearsal.events { print((time - snapshot.takenAt), event) }
            }
            let replay = "replay: FLEET_SEED=\(seed) swift test --filter FleetRehearsalTests.DeadlockTests/seeds"
            #expect(result == .done, "seed \(seed): \(rehearsal.machine.state.reason); \(replay)")
            rehearsal.settle(for: .seconds(300))
            rehearsal.invariants?.checkEnd(.done, in: rehearsal.simulation, deletesNodes: false)
            #expect(rehearsal.invariants?.violations == [], "seed \(seed); \(replay)")
            #expect(rehearsal.simulation.nodes.allSatisfy { !$0.isCordoned }, "seed \(seed); \(replay)")
        }
        print("deadlocks, seeds \(SeedTests.seeds): \(retreats) retreats")
        #expect(retreats > 0 || SeedTests.seeds.count < 10)
    }

    @Test("killed after any fact of a retreat, the run is taken up and ends as it should have")
    func crashes() throws {
        let snapshot = Self.crossedCluster(nodes: 2, apps: 2, seed: 1)
        let order = try Decommission.order(
            [["infra-1", "infra-2"]], in: snapshot, policy: Self.policy, steps: try Decommission.maintenance())
        let start = ClusterSimulation(snapshot: snapshot)
        var whole = Rehearsal(order, in: start)
        #expect(whole.play(atMost: .seconds(3600)) == .done)
        let moment = try #require(whole.events.firstIndex { if case .nodeRetreated = $0.event { true } else { false } })
        for count in moment...min(moment + 12, whole.events.count - 1) {
            for performing in [false, true] {
                var first = Rehearsal(order, in: start)
                guard let wreck = first.crash(afterFacts: count, performing: performing) else { continue }
                var second = Rehearsal(order, after: wreck)
                #expect(
                    second.play(atMost: .seconds(3600)) == .done, "after \(count) facts: \(second.machine.state.reason)"
                )
                #expect(second.simulation.nodes.allSatisfy { !$0.isCordoned }, "after \(count) facts")
            }
        }
    }

    /// Nodes of a pool that alone may run some apps of one replica a node, each with a budget that spares one pod, and
    /// nodes for everything else.
    private static func crossedCluster(nodes: Int, apps: Int, seed: UInt64) -> ClusterSnapshot {
        PoolCluster.snapshot(poolNodes: nodes, otherNodes: 2, apps: apps, seed: seed)
    }
}

extension Rehearsal {
    /// Who gave way, in order.
    var retreats: [RunEvent.NodeRetreated] {
        events.compactMap { if case .nodeRetreated(let fact) = $0.event { fact } else { nil } }
    }

    /// The nodes that were finished, in order.
    var finished: [NodeName] {
        events.compactMap { if case .nodeFinished(let fact) = $0.event { fact.node } else { nil } }
    }
}
