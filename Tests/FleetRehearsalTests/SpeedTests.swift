import FleetModel
import FleetPlanning
import FleetRun
import FleetSimulation
import Testing

@testable import FleetRehearsal

/// How long a large decommission takes to rehearse.
struct SpeedTests {
    @Test("1,000 nodes, 100 of them go")
    func thousandNodes() throws {
        let snapshot = DemoCluster.snapshot(nodeCount: 1000, scale: 300)
        let names = snapshot.nodes.map(\.name).prefix(100)
        let waves = stride(from: 0, to: 100, by: 20).map { Array(names.dropFirst($0).prefix(20)) }
        let policy = WavePolicy(
            maxUnavailable: .count(20), maxUnavailablePerZone: .count(10), parallelism: 20, soak: .seconds(60))
        let order = try Decommission.order(waves, in: snapshot, policy: policy)
        let clock = ContinuousClock()
        var rehearsal = Rehearsal(order, in: ClusterSimulation(snapshot: snapshot))
        let began = clock.now
        let result = rehearsal.play()
        let took = clock.now - began
        let virtual = rehearsal.time - snapshot.takenAt
        print(
            "rehearsed 100 of 1,000 nodes, \(snapshot.pods.count) pods: \(rehearsal.events.count) facts,",
            "\(rehearsal.evictions.accepted.count) evictions, \(rehearsal.evictions.refused) refused, \(virtual) virtual, in \(took)"
        )
        #expect(result == .done, "\(rehearsal.machine.state.reason)")
    }
}
