import FleetModel
import FleetRun
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
}
