import FleetModel
import FleetPlanning
import FleetRun
import FleetSimulation
import Testing

@testable import FleetRehearsal

/// Snapshots of real clusters: controllers that nobody knows, Jobs, pods that are not Ready for long.
struct StandInTests {
    private static let policy = WavePolicy(
        canary: .count(0), maxUnavailable: .percent(100), maxUnavailablePerZone: .percent(100),
        soak: .zero)

    private static func played(
        _ snapshot: ClusterSnapshot, draining node: NodeName, jobTime: Duration = .seconds(300),
        timeout: Duration = .seconds(1800)
    ) throws -> Rehearsal {
        let order = try Decommission.order(
            [[node]], in: snapshot, policy: policy, steps: try Decommission.maintenance(),
            evictions: EvictionPolicy(timeout: timeout))
        var settings = SimulationSettings()
        settings.jobTime = jobTime
        var rehearsal = Rehearsal(order, in: ClusterSimulation(snapshot: snapshot, settings: settings))
        rehearsal.play(atMost: .seconds(7200))
        return rehearsal
    }

    /// An app of three replicas on three nodes, under a budget in sync, whose controllers the snapshot lacks.
    private static func orphans(of kind: String) -> ClusterSnapshot {
        var snapshot = PoolCluster.snapshot(poolNodes: 3, otherNodes: 1, apps: 1)
        snapshot.workloads = []
        for index in snapshot.pods.indices { snapshot.pods[index].controller?.kind = kind }
        return snapshot
    }

    @Test(
        "controllers that are known by their pods only keep as many, and budgets go on",
        arguments: ["ReplicaSet", "StrimziPodSet"])
    func kept(kind: String) throws {
        var snapshot = Self.orphans(of: kind)
        for index in snapshot.pods.indices { snapshot.pods[index].labels["member"] = snapshot.pods[index].key.name }
        var rehearsal = try Self.played(snapshot, draining: "infra-1")
        rehearsal.settle(for: .seconds(60))
        #expect(rehearsal.result == .done, "\(rehearsal.machine.state.reason)")
        #expect(rehearsal.evictions.accepted.count == 1)
        #expect(rehearsal.simulation.budgets.map(\.syncFailure) == [nil])
        let (before, after) = (
            Set(snapshot.pods.map(\.key.name)), Set(rehearsal.simulation.pods.map(\.key.name))
        )
        #expect(after.count == before.count)
        // Operators give the next pod the name of the last one, ReplicaSets another.
        #expect((after == before) == (kind == "StrimziPodSet"))
        #expect(rehearsal.simulation.pods.allSatisfy { $0.isReady })
        guard kind == "StrimziPodSet" else { return }
        #expect(
            rehearsal.simulation.pods.allSatisfy { $0.labels["member"] == $0.key.name }, "each is like its predecessor")
    }

    @Test("a budget that failed to sync goes on failing over them")
    func unsynced() throws {
        var snapshot = Self.orphans(of: "StrimziPodSet")
        snapshot.budgets[0].syncFailure = "found no controllers for pod \"kafka-0\""
        snapshot.budgets[0].disruptionsAllowed = 0
        let rehearsal = try Self.played(snapshot, draining: "infra-1", timeout: .seconds(120))
        #expect(rehearsal.result == .failed)
        #expect(rehearsal.machine.state.reason.contains("infra-1"))
        #expect(rehearsal.evictions.accepted.isEmpty)
    }

    @Test("a Job's pod ends, and its node is drained then", arguments: [60, 300])
    func job(seconds: Int) throws {
        var snapshot = PoolCluster.snapshot(poolNodes: 1, otherNodes: 2, apps: 0)
        snapshot.pods.append(
            Pod(
                key: ObjectKey("shop", "night-x"), uid: "night-x",
                controller: ControllerReference(
                    apiVersion: "batch/v1", kind: "Job", name: "night", uid: "night"),
                nodeName: "other-1", phase: .running, isReady: true))
        let rehearsal = try Self.played(
            snapshot, draining: "other-1", jobTime: .seconds(Int64(seconds)))
        #expect(rehearsal.result == .done, "\(rehearsal.machine.state.reason)")
        let took = rehearsal.time - snapshot.takenAt
        #expect(took >= .seconds(Int64(seconds)) && took < .seconds(Int64(seconds) + 60), "\(took)")
        #expect(rehearsal.simulation.pods.allSatisfy { $0.controller?.kind != "Job" || $0.isFinished })
    }

    @Test("a pod that is not Ready for long does not become it by itself", arguments: [30, 7200])
    func unready(age: Int) throws {
        var snapshot = PoolCluster.snapshot(poolNodes: 3, otherNodes: 1, apps: 1)
        let index = try #require(snapshot.pods.firstIndex { $0.nodeName == "infra-2" })
        snapshot.pods[index].isReady = false
        snapshot.pods[index].createdAt = snapshot.takenAt - .seconds(Int64(age))
        snapshot.budgets[0].currentHealthy -= 1
        snapshot.budgets[0].disruptionsAllowed = 0
        let rehearsal = try Self.played(snapshot, draining: "infra-1", timeout: .seconds(300))
        #expect(rehearsal.result == (age < 600 ? .done : .failed), "\(rehearsal.machine.state.reason)")
    }

    @Test("pods that are not Ready because their Node is not come up with it, however long that has been")
    func deadHost() throws {
        var snapshot = PoolCluster.snapshot(poolNodes: 3, otherNodes: 1, apps: 1)
        let dead = try #require(snapshot.nodes.firstIndex { $0.name == "infra-2" })
        for readiness in [Node.Readiness.unknown, .notReady] {
            snapshot.nodes[dead].readiness = readiness
            for index in snapshot.pods.indices where snapshot.pods[index].nodeName == "infra-2" {
                snapshot.pods[index].isReady = false
                snapshot.pods[index].createdAt = snapshot.takenAt - .seconds(200_000)
            }
            var simulation = ClusterSimulation(snapshot: snapshot)
            func unready() -> Int { simulation.pods(on: "infra-2").count { !$0.isReady } }
            _ = simulation.advance(to: snapshot.takenAt + .seconds(60))
            #expect(unready() > 0, "none comes up on a Node that is not Ready")
            _ = simulation.apply(.host("infra-2", .reboot), at: simulation.now)
            _ = simulation.advance(to: simulation.now + .seconds(240))
            #expect(simulation.node("infra-2")?.isReady == true)
            #expect(unready() == 0, "\(readiness): \(simulation.pods(on: "infra-2").map(\.key))")
        }
    }

    @Test(
        "no pod goes to a node that is to leave while another takes it, however many of its kind are there"
    )
    func spread() throws {
        let snapshot = PoolCluster.snapshot(poolNodes: 12, otherNodes: 1, apps: 1)
        let leaving = (1...10).map { NodeName("infra-\($0)") }
        let waves = stride(from: 0, to: 10, by: 2).map { Array(leaving[$0..<$0 + 2]) }
        let order = try Decommission.order(
            waves, in: snapshot, policy: Self.policy, steps: try Decommission.steps(repeatable: true))
        var rehearsal = Rehearsal(order, in: ClusterSimulation(snapshot: snapshot))
        #expect(rehearsal.play(atMost: .seconds(7200)) == .done, "\(rehearsal.machine.state.reason)")
        let again = rehearsal.events.compactMap { fact -> ObjectKey? in
            guard case .evictionRequested(let request) = fact.event, let made = request.podCreatedAt
            else { return nil }
            return made > snapshot.takenAt ? request.pod.key : nil
        }
        #expect(again == [])
    }
}
