import FleetModel
import FleetRun
import FleetSimulation
import Foundation
import Testing

@testable import FleetRehearsal

/// Health gates and narrower windows by seed, with and without a crash: no wave begins that was not found healthy, and
/// no pod is asked to go outside its window.
struct GateSeedTests {
    static let seeds: ClosedRange<UInt64> = {
        let environment = ProcessInfo.processInfo.environment
        if let one = environment["FLEET_SEED"].flatMap(UInt64.init) { return one...one }
        return 1...max(1, (environment["FLEET_SEEDS"].flatMap(UInt64.init) ?? 2_000) / 5)
    }()

    @Test("whatever the seed, gates and narrower windows hold, also over a crash")
    func seeds() throws {
        var results: [String: Int] = [:]
        for number in Self.seeds {
            var seed = Seed(number &+ 0x6A7E)
            let scenario = try Scenario(number, faulty: false)
            let order = try gated(scenario, &seed)
            let simulation = ClusterSimulation(
                snapshot: scenario.snapshot, settings: SimulationSettings(seed: number &+ 0x9_0000_0000))
            var rehearsal = Rehearsal(order, in: simulation, latencies: scenario.latencies)
            rehearsal.invariants = Invariants(order, before: scenario.snapshot)
            let deeds = play(&rehearsal, order, scenario, &seed)
            results[rehearsal.result?.rawValue ?? "never ended", default: 0] += 1
            let labels = Dictionary(
                scenario.snapshot.pods.map { ($0.uid, $0.labels) }, uniquingKeysWith: { first, _ in first })
            conclude(&rehearsal, deeds, order, labels, number)
        }
        print(
            "gates, seeds \(Self.seeds): \(results.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", "))"
        )
        #expect(results["done", default: 0] > results.values.reduce(0, +) / 2 || Self.seeds.count == 1)
    }

    /// The seed's order with health checks, and a daily window for the pods of some workload.
    private func gated(_ scenario: Scenario, _ seed: inout Seed) throws -> RunOrder {
        var order = scenario.order
        order.health = [
            HealthCheck(name: "nodes", kind: .readyNodes), HealthCheck(name: "budgets", kind: .budgets),
            HealthCheck(name: "pods", kind: .pendingPods(more: seed.pick(0...3))),
            HealthCheck(name: "shop", kind: .probe(.command(LocalCommand(script: "check")))),
        ]
        guard let pod = scenario.snapshot.pods.filter({ !$0.isDaemon }).randomElement(using: &seed) else {
            return order
        }
        let minute = Int(scenario.snapshot.takenAt.microseconds / 60_000_000 % 1440) + seed.pick(-60...60) + 1440
        let from = try #require(TimeOfDay(minutes: minute % 1440))
        let to = try #require(TimeOfDay(minutes: (minute + seed.pick(10...240)) % 1440))
        let window = MaintenanceWindow(from: from, to: to, atEnd: seed.chance(70) ? .uncordon : .hold)
        order.narrowWindows = NarrowWindows(
            windows: [
                NarrowWindow(
                    selector: LabelSelector(matchLabels: pod.labels), namespace: pod.key.namespace,
                    calendar: WindowCalendar(windows: [window], zones: ["UTC": .utc]), words: "some pods")
            ], waits: true)
        return order
    }

    /// Plays it to its end; half of the seeds are killed once and taken up again.
    ///
    /// Returns what was done in both lives.
    private func play(
        _ rehearsal: inout Rehearsal, _ order: RunOrder, _ scenario: Scenario, _ seed: inout Seed
    ) -> [Rehearsal.Deed] {
        var whole = rehearsal
        guard seed.chance(50), whole.play(atMost: .seconds(4 * 86_400)) != nil,
            let wreck = rehearsal.crash(afterFacts: seed.pick(1...max(1, whole.events.count - 1)), performing: false)
        else {
            rehearsal = whole
            if rehearsal.result == nil { rehearsal.play(atMost: .seconds(4 * 86_400)) }
            return rehearsal.deeds
        }
        let invariants = rehearsal.invariants
        rehearsal = Rehearsal(order, after: wreck, latencies: scenario.latencies)
        rehearsal.invariants = invariants
        rehearsal.play(atMost: .seconds(4 * 86_400))
        return wreck.deeds + rehearsal.deeds
    }

    /// The labels are those of the pods that were there at the start.
    private func conclude(
        _ rehearsal: inout Rehearsal, _ deeds: [Rehearsal.Deed], _ order: RunOrder,
        _ before: [ObjectUID: [String: String]],
        _ number: UInt64
    ) {
        let replay = "replay: FLEET_SEED=\(number) swift test --filter FleetRehearsalTests.GateSeedTests"
        guard let result = rehearsal.result else {
            Issue.record("seed \(number): the run never ended; \(replay)")
            return
        }
        var healthy: Set<Int> = []
        for (event, _) in rehearsal.events {
            if case .healthChecked(let fact) = event, fact.isHealthy { healthy.insert(fact.wave) }
            guard case .waveStarted(let fact) = event, fact.wave > 1 else { continue }
            #expect(healthy.contains(fact.wave - 1), "wave \(fact.wave) began unchecked; \(replay)")
        }
        for window in order.narrowWindows.windows {
            for deed in deeds where window.calendar.span(at: deed.time) == nil {
                guard case .cluster(.evict(let pod, _)) = deed.operation else { continue }
                let labels = before[pod.uid] ?? [:]
                #expect(!window.selector.matches(labels), "\(pod.key) was evicted outside its window; \(replay)")
            }
        }
        rehearsal.settle(for: .seconds(900))
        rehearsal.invariants?.checkEnd(result, in: rehearsal.simulation, deletesNodes: true)
        #expect(rehearsal.invariants?.violations == [], "\(result), \(rehearsal.machine.state.reason); \(replay)")
    }
}
