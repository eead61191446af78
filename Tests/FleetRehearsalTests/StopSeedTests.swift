import FleetModel
import FleetPlanning
import FleetRun
import FleetSimulation
import Testing

@testable import FleetRehearsal

/// Stops, lost locks and windows at any moment, by seed.
struct StopSeedTests {
    private static let seeds: ClosedRange<UInt64> =
        SeedTests.seeds.count == 1 ? SeedTests.seeds : 1...(max(60, SeedTests.seeds.upperBound / 4))

    private static func replay(_ seed: UInt64, _ test: String) -> String {
        "seed \(seed); replay: FLEET_SEED=\(seed) swift test --filter FleetRehearsalTests.StopSeedTests/\(test)"
    }

    @Test("aborted or rolled back at any moment, nothing temporary is left", arguments: [StopKind.abort, .rollback])
    func ended(kind: StopKind) throws {
        var ends: [RunResult: Int] = [:]
        for seed in Self.seeds {
            let scenario = try Scenario(seed, stops: true, faulty: false)
            var rehearsal = scenario.rehearsal()
            while let stop = scenario.stop, rehearsal.result == nil, rehearsal.time < scenario.snapshot.takenAt + stop {
                if !rehearsal.step() { break }
            }
            rehearsal.requestStop(kind)
            let result = rehearsal.play(atMost: .seconds(4 * 3600))
            ends[result ?? .blocked, default: 0] += 1
            check(&rehearsal, seed, "ended")
        }
        print(
            "\(kind) of seeds \(Self.seeds): \(ends.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.value) \($0.key.rawValue)" })"
        )
        #expect(ends[kind.result, default: 0] > Self.seeds.count / 2 || Self.seeds.count < 50)
    }

    @Test("an abort that is killed after any of its facts is gone on with to the same end")
    func killedAbort() throws {
        for seed in Self.seeds where seed % 3 == 0 || Self.seeds.count == 1 {
            let scenario = try Scenario(seed, stops: true, faulty: false)
            var first = scenario.rehearsal()
            while let stop = scenario.stop, first.result == nil, first.time < scenario.snapshot.takenAt + stop {
                if !first.step() { break }
            }
            guard first.result == nil else { continue }
            first.requestStop(.abort)
            let facts = first.events.count + Int(seed % 9)
            guard let wreck = first.crash(afterFacts: facts, performing: seed % 2 == 0),
                wreck.history.contains(where: { if case .stopRequested = $0.event { true } else { false } })
            else { continue }
            var second = Rehearsal(
                scenario.order, in: wreck.simulation, latencies: scenario.latencies, history: wreck.history)
            second.invariants = first.invariants
            #expect(second.play(atMost: .seconds(4 * 3600)) == .aborted, "\(Self.replay(seed, "killedAbort"))")
            check(&second, seed, "killedAbort")
        }
    }

    @Test("a lost lock at any moment blocks the run, which goes on as if nothing had happened")
    func lostLock() throws {
        for seed in Self.seeds where seed % 2 == 0 || Self.seeds.count == 1 {
            let scenario = try Scenario(seed, stops: true, faulty: false)
            var first = scenario.rehearsal()
            while let stop = scenario.stop, first.result == nil, first.time < scenario.snapshot.takenAt + stop {
                if !first.step() { break }
            }
            guard first.result == nil else { continue }
            first.loseLock()
            let count = first.deeds.count
            #expect(first.play(atMost: .seconds(120)) == .blocked, "\(Self.replay(seed, "lostLock"))")
            let begun = first.deeds.dropFirst(count)
            #expect(
                begun.count <= scenario.order.policy.parallelism,
                "\(begun.count) acts after the loss; \(Self.replay(seed, "lostLock"))")
            var second = first.resumed(scenario.order, latencies: scenario.latencies)
            _ = second.play(atMost: .seconds(12 * 3600))
            check(&second, seed, "lostLock")
        }
    }

    @Test("with windows of twenty minutes an hour, nothing begins outside them, and the run ends")
    func windows() throws {
        var kept = 0
        for seed in Self.seeds where seed % 2 == 1 || Self.seeds.count == 1 {
            let scenario = try Scenario(seed, faulty: false)
            let calendar = try Self.hourly(atEnd: seed % 4 == 1 ? .uncordon : .hold)
            var order = scenario.order
            let needs = order.waves.map { ($0.number, RunWindow.WaveNeed(seconds: 300, nodes: $0.targets.count)) }
            order.window = RunWindow(
                calendar: calendar, waits: true, forecast: Dictionary(needs, uniquingKeysWith: { first, _ in first }))
            var rehearsal = Rehearsal(
                order,
                in: ClusterSimulation(
                    snapshot: scenario.snapshot, settings: SimulationSettings(seed: seed &+ 0x9_0000_0000)),
                latencies: scenario.latencies)
            rehearsal.invariants = Invariants(order, before: scenario.snapshot)
            let result = rehearsal.play(atMost: .seconds(20 * 86_400))
            #expect(result != nil, "never ended; \(Self.replay(seed, "windows"))")
            for (event, time) in rehearsal.events {
                switch event {
                case .nodeStarted, .evictionRequested, .waveStarted:
                    if calendar.span(at: time) == nil {
                        Issue.record("\(event.kind) outside the window; \(Self.replay(seed, "windows"))")
                    }
                case .windowClosed: kept += 1
                default: break
                }
            }
            check(&rehearsal, seed, "windows")
        }
        #expect(kept > 0 || Self.seeds.count < 50)
    }

    private static func hourly(atEnd: MaintenanceWindow.End) throws -> WindowCalendar {
        let windows = try (0..<24).map { hour in
            MaintenanceWindow(
                from: try #require(TimeOfDay(minutes: hour * 60)), to: try #require(TimeOfDay(minutes: hour * 60 + 20)),
                atEnd: atEnd)
        }
        return WindowCalendar(windows: windows, zones: ["UTC": .utc])
    }

    private func check(_ rehearsal: inout Rehearsal, _ seed: UInt64, _ test: String) {
        guard let result = rehearsal.result else {
            Issue.record("the run never ended; \(Self.replay(seed, test))")
            return
        }
        rehearsal.settle(for: .seconds(1200))
        rehearsal.invariants?.checkEnd(result, in: rehearsal.simulation, deletesNodes: true)
        let violations = rehearsal.invariants?.violations ?? []
        #expect(
            violations.isEmpty,
            "\(result): \(violations.joined(separator: "; ")); \(Self.replay(seed, test))")
    }
}
