import FleetExpressions
import FleetModel
import FleetPlanning
import Testing

@testable import FleetRun

/// Time in which fleet did not run, or could not work, counts against no timeout.
struct SuspensionTests {
    private let null = LocatedValue.null(at: Fixture.place)
    private let start = Instant(microseconds: 1_790_000_000_000_000)
    private let night = Duration.seconds(8 * 3600)
    private let set = Fixture.replicaSet("web", replicas: 3)

    private var cordoned: Node {
        var node = Fixture.node("n1", cordoned: true)
        node.annotations[CordonStep.annotation] = "r-test"
        return node
    }

    private func world(allowed: Int) -> Observation {
        .synchronized(
            ClusterSnapshot(
                nodes: [cordoned, Fixture.node("n2")],
                pods: [
                    Fixture.pod("web-1", on: "n1", of: set), Fixture.pod("web-2", on: "n2", of: set),
                    Fixture.pod("web-3", on: "n2", of: set),
                ],
                budgets: [Fixture.budget("web", allowed: allowed)], workloads: [set]))
    }

    private func order() throws -> RunOrder {
        Fixture.order(
            waves: [[Fixture.target("n1")]], steps: try Fixture.steps([("cordon", null), ("drain", null)]),
            policy: WavePolicy(maxUnavailable: .percent(100), soak: .zero))
    }

    private func quarantine(_ machine: RunMachine) -> String? {
        if case .quarantined(_, let reason) = machine.state.nodes["n1"]?.phase { reason } else { nil }
    }

    @Test("a drain that was suspended has all the time that was left, and evicts only what it sees anew")
    func suspended() throws {
        var machine = RunMachine(try order())
        var history = machine.handle(world(allowed: 0), at: start).events.map { ($0, start) }
        #expect(machine.state.working == ["n1"])
        let woken = start + .seconds(600) + night
        let awake = machine.handle([.suspended(for: night), .tick], at: woken)
        history += awake.events.map { ($0, woken) }
        #expect(awake.kinds == ["time.stopped"])
        #expect(quarantine(machine) == nil)
        var budget = Fixture.budget("web", allowed: 1)
        budget.resourceVersion = "2"
        #expect(machine.handle(.changed(.budget(budget)), at: woken).requests.isEmpty, "not seen anew yet")

        // The first eviction is asked for only now: until then the drain itself has half an hour, ten minutes of it gone.
        var other = RunMachine(try order(), history: history)
        #expect(machine.state == other.state, "the journal tells the same")
        _ = other.handle(world(allowed: 0), at: woken)
        #expect(other.handle(.tick, at: woken + .seconds(1190)).finished == nil)
        #expect(quarantine(other) == nil)
        _ = other.handle(.tick, at: woken + .seconds(1201))
        #expect(quarantine(other)?.contains("30m") == true)

        #expect(machine.handle(world(allowed: 1), at: woken + .seconds(1)).requests.count == 1)
    }

    @Test("before the run began, and after it ended, there is nothing that could have timed out")
    func outside() throws {
        var machine = RunMachine(try order())
        #expect(machine.handle(.suspended(for: night), at: start).events.isEmpty)
        _ = machine.handle(world(allowed: 0), at: start)
        _ = machine.handle(.stopRequested(by: "SIGINT"), at: start)
        #expect(machine.state.result == .interrupted)
        #expect(machine.handle(.suspended(for: night), at: start + night).events.isEmpty)
    }
}
