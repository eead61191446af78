import FleetModel
import FleetRun
import FleetSimulation
import Foundation
import Testing

@testable import FleetRehearsal

/// Maintenance of clusters with everything that real ones have, by seed: nodes come back as they were.
struct ShapeSeedTests {
    private static let seeds: ClosedRange<UInt64> =
        SeedTests.seeds.count == 1 ? SeedTests.seeds : 1...(max(60, SeedTests.seeds.upperBound / 4))

    @Test("whatever the cluster holds, nodes that are done are schedulable again, and nothing is overdrawn on the way")
    func seeds() throws {
        var results: [String: Int] = [:]
        for seed in Self.seeds {
            let replay =
                "seed \(seed); replay: FLEET_SEED=\(seed) swift test --filter FleetRehearsalTests.ShapeSeedTests"
            let shapes = try Shapes(seed)
            var rehearsal = shapes.rehearsal()
            guard let result = shapes.play(&rehearsal) else {
                Issue.record("the run never ended; \(replay)")
                continue
            }
            results[result.rawValue, default: 0] += 1
            if Self.seeds.count == 1 {
                for (event, time) in rehearsal.events { print(time.microseconds / 1000, event) }
                print(rehearsal.machine.state.reason)
            }
            rehearsal.settle(for: .seconds(1200))
            rehearsal.invariants?.checkEnd(result, in: rehearsal.simulation, deletesNodes: false, uncordons: true)
            let violations = rehearsal.invariants?.violations ?? []
            #expect(
                violations.isEmpty,
                "\(result), \(rehearsal.machine.state.reason): \(violations.joined(separator: "; ")); \(replay)")
        }
        print(
            "shapes, seeds \(Self.seeds): \(results.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", "))"
        )
        #expect(results["done", default: 0] * 2 > Self.seeds.count || Self.seeds.count < 50)
    }

    @Test("runs that keep to no bounds are found out by those who look for them")
    func bites() throws {
        var found: Set<String> = []
        for seed in 1...60 as ClosedRange<UInt64> {
            let shapes = try Shapes(seed, mayBoundPools: false)
            guard shapes.order.policy.order == .spread, shapes.order.settings.evictions.maxInFlight == nil else {
                continue
            }
            var strict = shapes.order
            strict.policy.order = .zoneByZone
            strict.settings.evictions.maxInFlight = 1
            strict.settings.evictions.maxInFlightPerZone = 1
            strict.policy.startsPerMinute = 1
            var rehearsal = shapes.rehearsal()
            rehearsal.invariants = Invariants(strict, before: shapes.snapshot)
            _ = shapes.play(&rehearsal)
            let violations = rehearsal.invariants?.violations ?? []
            for words in [
                "max_in_flight is 1", "leaving its zone", "of another zone was still leaving", "starts_per_minute is 1",
            ]
            where violations.contains(where: { $0.contains(words) }) { found.insert(words) }
            if found.count == 4 { return }
        }
        #expect(found.count == 4, "\(found)")
    }

    @Test("the look at nodes that come back finds those that a run keeps")
    func returnedBites() throws {
        let snapshot = DemoCluster.snapshot()
        let steps = try Decommission.maintenance().filter { $0.kind != "uncordon" }
        let order = try Decommission.order(
            DecommissionTests.waves, in: snapshot, policy: DecommissionTests.policy, steps: steps)
        var rehearsal = Rehearsal(order, in: ClusterSimulation(snapshot: snapshot))
        rehearsal.invariants = Invariants(order, before: snapshot)
        _ = rehearsal.play(atMost: .seconds(86_400))
        #expect(rehearsal.machine.state.nodes.values.contains { $0.phase == .finished })
        rehearsal.invariants?.checkEnd(.done, in: rehearsal.simulation, deletesNodes: false, uncordons: true)
        let found = rehearsal.invariants?.violations ?? []
        #expect(found.contains { $0.contains("is finished and still cordoned") }, "\(found)")
    }
}
