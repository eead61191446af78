import FleetModel
import FleetPlanning
import FleetRun
import FleetSimulation
import Testing

@testable import FleetRehearsal

/// Killed after every fact of what is no plain decommission: windows that end, rollbacks, nodes that come in.
struct CrashMatrixTests {
    private let snapshot = DemoCluster.snapshot()

    /// Kills a run after each of its facts, goes on with it, and hands the end over; `beginning` are facts to pass by.
    private func crash(
        _ order: RunOrder, in start: ClusterSimulation, from beginning: Int = 1, performing: Bool,
        before: (inout Rehearsal) -> Void = { _ in }, resumed: (inout Rehearsal) -> Void = { _ in },
        _ check: (inout Rehearsal, String) -> Void
    ) {
        var whole = Rehearsal(order, in: start)
        before(&whole)
        whole.play(atMost: .seconds(86_400))
        var crashes = 0
        for count in max(1, beginning)..<whole.events.count {
            var first = Rehearsal(order, in: start)
            first.invariants = Invariants(order, before: start.snapshot())
            before(&first)
            guard let wreck = first.crash(afterFacts: count, performing: performing) else { continue }
            crashes += 1
            var second = Rehearsal(order, after: wreck)
            second.invariants = first.invariants
            resumed(&second)
            second.play(atMost: .seconds(86_400))
            second.settle(for: .seconds(300))
            let last = wreck.history.last.map { "after \(count) facts (\($0.event))" } ?? ""
            check(&second, last)
        }
        // Before the acts it is killed after each fact; after them at the end of each turn.
        let all = whole.events.count - max(1, beginning)
        #expect(performing ? crashes > all / 20 : crashes == all, "\(crashes) crashes of \(all) facts")
    }

    @Test(
        "a run whose windows end again and again: nothing begins outside, and the end is the same",
        arguments: [false, true])
    func windows(performing: Bool) throws {
        var order = try Decommission.order(
            Array(DecommissionTests.waves.prefix(2)), in: snapshot, policy: DecommissionTests.policy,
            steps: try Decommission.steps(repeatable: true))
        order.policy.soak = .seconds(100)
        let windows = try stride(from: 0, to: 24 * 60, by: 30).map { minutes in
            MaintenanceWindow(
                from: try #require(TimeOfDay(minutes: minutes)), to: try #require(TimeOfDay(minutes: minutes + 3)),
                atEnd: .uncordon)
        }
        let calendar = WindowCalendar(windows: windows, zones: ["UTC": .utc])
        order.window = RunWindow(calendar: calendar, waits: true)
        var closings = 0
        crash(order, in: ClusterSimulation(snapshot: snapshot), performing: performing) { rehearsal, last in
            #expect(rehearsal.result == .done, "\(last): \(rehearsal.machine.state.reason)")
            rehearsal.invariants?.checkEnd(.done, in: rehearsal.simulation, deletesNodes: true)
            #expect(rehearsal.invariants?.violations == [], "\(last)")
            #expect(rehearsal.machine.state.compensations.isEmpty, "\(last)")
            let outside = rehearsal.events.filter { event, time in
                if case .evictionRequested = event { calendar.span(at: time) == nil } else { false }
            }
            #expect(outside.isEmpty, "\(last): \(outside.count) evictions outside the windows")
            closings = max(closings, rehearsal.events.count { $0.event.kind == "window.closed" })
        }
        #expect(closings > 1, "one window was enough")
    }

    @Test("a rollback: nothing temporary stays, and what was not drained takes pods again", arguments: [false, true])
    func rollback(performing: Bool) throws {
        let order = try Decommission.order(
            DecommissionTests.waves, in: snapshot, policy: DecommissionTests.policy,
            steps: try Decommission.steps(repeatable: true))
        let start = ClusterSimulation(snapshot: snapshot)
        for asked in [40, 150] {
            crash(
                order, in: start, from: asked, performing: performing,
                before: { rehearsal in
                    while rehearsal.events.count < asked, rehearsal.step() {}
                    rehearsal.requestStop(.rollback)
                },
                // The wish outlives the process that heard of it; where none did, it is said again.
                resumed: { rehearsal in
                    let isHeard = rehearsal.events.contains {
                        if case .stopRequested = $0.event { true } else { false }
                    }
                    if !isHeard { rehearsal.requestStop(.rollback) }
                }
            ) { rehearsal, last in
                #expect(rehearsal.result == .rolledBack, "\(last): \(rehearsal.machine.state.reason)")
                rehearsal.invariants?.checkEnd(.rolledBack, in: rehearsal.simulation, deletesNodes: false)
                #expect(rehearsal.invariants?.violations == [], "\(last)")
                #expect(rehearsal.machine.state.compensations.isEmpty, "\(last)")
            }
        }
    }
}
