import FleetModel
import FleetPlanning
import FleetRun
import FleetSimulation
import Testing

@testable import FleetRehearsal

/// The main job, rehearsed on the demo's cluster: 12 nodes in 3 zones, 4 of them in 3 waves.
struct DecommissionTests {
    static let waves: [[NodeName]] = [["web-01"], ["web-02", "web-03"], ["web-04"]]
    static let policy = WavePolicy(
        maxUnavailable: .percent(25), maxUnavailablePerZone: .count(1), parallelism: 4, soak: .seconds(30))

    @Test("12 nodes in 3 zones, 4 go in 3 waves: gone, nobody refused, nothing left behind")
    func demo() throws {
        let snapshot = DemoCluster.snapshot()
        let order = try Decommission.order(Self.waves, in: snapshot, policy: Self.policy)
        var rehearsal = Rehearsal(order, in: ClusterSimulation(snapshot: snapshot))
        rehearsal.invariants = Invariants(order, before: snapshot)
        let result = rehearsal.play(atMost: .seconds(4 * 3600))
        #expect(result == .done, "\(rehearsal.machine.state.reason)")
        let span = rehearsal.time - snapshot.takenAt
        rehearsal.settle(for: .seconds(300))
        rehearsal.invariants?.checkEnd(.done, in: rehearsal.simulation, deletesNodes: true)
        #expect(rehearsal.invariants?.violations == [])
        #expect(rehearsal.simulation.nodes.count == 8)
        #expect(rehearsal.hosts.launches == ["web-01": 1, "web-02": 1, "web-03": 1, "web-04": 1])

        let (accepted, refused) = rehearsal.evictions
        let gone = Set(Self.waves.joined())
        let moved = snapshot.pods.filter { pod in pod.nodeName.map { gone.contains($0) } == true && !pod.isDaemon }
        let moves = Double(accepted.count) / Double(moved.count)
        print(
            "decommission of 4 in 12: \(accepted.count) evictions, \(refused) refused, \(moves) moves per pod, \(span) on the virtual clock"
        )
        #expect(refused == 0)
        #expect(moves <= 1.1)
    }

    @Test("equal inputs play equally")
    func determinism() throws {
        let snapshot = DemoCluster.snapshot()
        let order = try Decommission.order(Self.waves, in: snapshot, policy: Self.policy)
        var first = Rehearsal(order, in: ClusterSimulation(snapshot: snapshot))
        var second = Rehearsal(order, in: ClusterSimulation(snapshot: snapshot))
        first.play()
        second.play()
        let isSame = first.events.elementsEqual(second.events) { $0.event == $1.event && $0.time == $1.time }
        #expect(isSame)
    }
}
