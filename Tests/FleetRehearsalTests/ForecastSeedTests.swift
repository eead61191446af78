import FleetModel
import FleetPlanning
import FleetRun
import FleetSimulation
import Testing

@testable import FleetRehearsal

/// A plan's forecast held against what happens, by seed: in a world whose pods start within what the forecast reckons
/// with, a run takes no less and no more.
struct ForecastSeedTests {
    private static let seeds: ClosedRange<UInt64> = SeedTests.seeds.count == 1 ? SeedTests.seeds : 1...80

    @Test("a run takes neither less nor more than its plan's forecast says")
    func contains() throws {
        var held = 0
        for seed in Self.seeds {
            let replay =
                "seed \(seed); replay: FLEET_SEED=\(seed) swift test --filter FleetRehearsalTests.ForecastSeedTests"
            let snapshot = RandomCluster.snapshot(seed: seed &+ 0xF0CA)
            let (plan, order) = try Self.plan(snapshot, seed)
            guard plan.blockers.isEmpty else { continue }
            var settings = SimulationSettings(seed: seed &+ 0x9_0000_0000)
            settings.podStart = .seconds(5)...(.seconds(55))
            settings.podReady = .zero...(.zero)
            settings.podStop = .zero...(.seconds(60))
            var latencies = Rehearsal.Latencies()
            latencies.command = .zero
            var rehearsal = Rehearsal(
                order, in: ClusterSimulation(snapshot: snapshot, settings: settings), latencies: latencies)
            guard rehearsal.play(atMost: .seconds(86_400)) == .done else {
                Issue.record("\(rehearsal.machine.state.reason); \(replay)")
                continue
            }
            held += plan.forecast.evictions > 0 ? 1 : 0
            let took = Int((rehearsal.time - snapshot.takenAt).inSeconds.rounded(.up))
            let range = plan.forecast.shortestSeconds...max(plan.forecast.shortestSeconds, plan.forecast.longestSeconds)
            // Cordons and the API take a moment beside the pods.
            #expect(
                took >= range.lowerBound && took <= range.upperBound + 2 * plan.targets.count,
                "took \(took) s, forecast \(range); \(replay)")
        }
        #expect(held * 4 > Self.seeds.count || Self.seeds.count == 1)
    }

    /// Some of the nodes come back after maintenance; for workloads of one replica a downtime is agreed.
    private static func plan(_ snapshot: ClusterSnapshot, _ number: UInt64) throws -> (Plan, RunOrder) {
        var seed = Seed(number &+ 0xF0)
        let nodes = snapshot.nodes.shuffled(using: &seed).prefix(seed.pick(1...max(1, snapshot.nodes.count / 2)))
        let singles = snapshot.workloads.filter { $0.replicas == 1 && $0.controller == nil }
        let policy = WavePolicy(
            canary: seed.chance(50) ? .count(1) : .count(0), size: .percent(seed.pick(20...100)),
            maxUnavailable: .percent(seed.pick(20...60)), maxUnavailablePerZone: .count(seed.pick(1...3)),
            parallelism: seed.pick(1...6), soak: .seconds(seed.pick(0...60)))
        let evictions = EvictionPolicy(timeout: .seconds(7200), downtime: singles.map(\.reference.key))
        let steps = try Decommission.maintenance()
        var playbook = PlaybookHeader(name: "maintenance", hosts: "all", waves: policy)
        playbook.evictions = evictions
        let plan = Planner.plan(
            PlanRequest(
                snapshot: snapshot, playbook: playbook, playbookDigest: "d", steps: steps.map(\.summary),
                hosts: nodes.map { Host(name: HostName($0.name.rawValue), zone: $0.zone, node: $0.name) }))
        let order = try Decommission.order(
            plan.waves.map { $0.targets.map(\.node) }, in: snapshot, policy: plan.policy, steps: steps,
            evictions: evictions)
        return (plan, order)
    }
}
