import FleetModel
import FleetSimulation
import Testing

/// Snapshots whose controllers would make more pods than any memory holds.
@Suite struct CrowdTests {
    @Test("the workload that wants more than can be played is named")
    func crowd() throws {
        var snapshot = DemoCluster.snapshot()
        #expect(ClusterSimulation.crowd(in: snapshot) == nil)
        let place = try #require(snapshot.workloads.firstIndex { $0.reference.kind == .statefulSet })
        snapshot.workloads[place].replicas = Int(Int32.max)
        #expect(ClusterSimulation.crowd(in: snapshot)?.reference == snapshot.workloads[place].reference)
    }

    @Test("a version at the end of the range is counted on from")
    func versions() {
        var snapshot = DemoCluster.snapshot()
        for index in snapshot.pods.indices { snapshot.pods[index].resourceVersion = "\(Int64.max)" }
        var simulation = ClusterSimulation(snapshot: snapshot)
        _ = simulation.advance(to: snapshot.takenAt + .seconds(60))
        #expect(simulation.resourceVersion < Int64.max)
    }
}
