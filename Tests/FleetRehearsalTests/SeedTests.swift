import FleetModel
import FleetRun
import FleetSimulation
import Foundation
import Testing

@testable import FleetRehearsal

/// Clusters, targets, timings and faults by seed.
///
/// `FLEET_SEEDS=5000` plays more; `FLEET_SEED=17` plays one, aloud.
struct SeedTests {
    static let seeds: ClosedRange<UInt64> = {
        let environment = ProcessInfo.processInfo.environment
        if let one = environment["FLEET_SEED"].flatMap(UInt64.init) { return one...one }
        return 1...max(1, environment["FLEET_SEEDS"].flatMap(UInt64.init) ?? 2_000)
    }()

    @Test("whatever the seed, nothing is overdrawn, nothing is left behind, and the run ends")
    func seeds() throws {
        var results: [String: Int] = [:]
        for seed in Self.seeds {
            let scenario = try Scenario(seed)
            var rehearsal = scenario.rehearsal()
            let result = scenario.play(&rehearsal)
            results[result.map(\.rawValue) ?? "never ended", default: 0] += 1
            conclude(&rehearsal, seed, "FleetRehearsalTests.SeedTests/seeds")
        }
        print(
            "seeds \(Self.seeds): \(results.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", "))"
        )
        // A run that ends is not enough: most have to end as they should.
        #expect(results["done", default: 0] * 10 >= Self.seeds.count * 6 || Self.seeds.count < 50)
    }

    @Test("stopped at any moment and resumed, the run ends as if nothing had happened")
    func stopAndResume() throws {
        for seed in Self.seeds {
            let scenario = try Scenario(seed, stops: true, faulty: seed % 2 == 0)
            var first = scenario.rehearsal()
            guard scenario.play(&first) == .interrupted else {
                conclude(&first, seed, "FleetRehearsalTests.SeedTests/stopAndResume")
                continue
            }
            first.settle(for: .seconds(Int64(seed % 90)))
            var second = first.resumed(scenario.order, latencies: scenario.latencies)
            second.play(atMost: .seconds(12 * 3600))
            conclude(&second, seed, "FleetRehearsalTests.SeedTests/stopAndResume")
        }
    }

    private func conclude(_ rehearsal: inout Rehearsal, _ seed: UInt64, _ test: String) {
        let replay = "replay: FLEET_SEED=\(seed) swift test --filter \(test)"
        if ProcessInfo.processInfo.environment["FLEET_SEED"] != nil {
            for (event, time) in rehearsal.events { print(time.microseconds / 1000, event) }
            print(rehearsal.machine.state.reason, rehearsal.machine.state.quarantined.map(\.phase))
            let census = Census(rehearsal.simulation)
            for workload in rehearsal.simulation.workloads {
                let ready = census.pods(of: workload).count(where: \.isReady)
                if ready < workload.replicas, workload.controller == nil {
                    print("short:", workload.reference, ready, workload.replicas)
                }
            }
            for pod in rehearsal.simulation.pods where !pod.isReady {
                print("not Ready:", pod.key, pod.phase, pod.pendingReason)
            }
        }
        guard let result = rehearsal.result else {
            Issue.record("seed \(seed): the run never ended; \(replay)")
            return
        }
        rehearsal.settle(for: .seconds(1200))
        rehearsal.invariants?.checkEnd(result, in: rehearsal.simulation, deletesNodes: true)
        let violations = rehearsal.invariants?.violations ?? []
        #expect(violations.isEmpty, "seed \(seed), \(result): \(violations.joined(separator: "; ")); \(replay)")
    }
}

extension Rehearsal {
    /// The same run taken up by a new process, over the world as it stands.
    func resumed(_ order: RunOrder, latencies: Latencies = Latencies()) -> Rehearsal {
        var next = Rehearsal(order, in: simulation, latencies: latencies, history: events)
        next.invariants = invariants
        return next
    }
}
