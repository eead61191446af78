import FleetModel
import FleetRun
import FleetSimulation
import Testing

@testable import FleetRehearsal

/// Killed after any fact, before or after the acts that it announces, the run is taken up and ends as it should have.
struct CrashTests {
    private let snapshot = DemoCluster.snapshot()

    @Test("every prefix of the journal, acts done or not: the same end", arguments: [false, true])
    func everyPrefix(performing: Bool) throws {
        let order = try Decommission.order(
            DecommissionTests.waves, in: snapshot, policy: DecommissionTests.policy,
            steps: try Decommission.steps(repeatable: true))
        let start = ClusterSimulation(snapshot: snapshot)
        let length = try length(of: order, start)
        var crashes = 0
        for count in 1..<length {
            var first = Rehearsal(order, in: start)
            first.invariants = Invariants(order, before: snapshot)
            guard let wreck = first.crash(afterFacts: count, performing: performing) else { continue }
            crashes += 1
            let second = resume(order, wreck, first.invariants, after: .seconds(count % 7))
            expectSameEnd(second, count)
        }
        print("crashes \(performing ? "after" : "before") the acts: \(crashes) of \(length) prefixes")
        #expect(crashes > length / 5)
    }

    @Test(
        "a script in doubt is found on its host, or its node is set aside: it never starts twice",
        arguments: [false, true])
    func scriptInDoubt(performing: Bool) throws {
        let order = try Decommission.order(
            DecommissionTests.waves, in: snapshot, policy: DecommissionTests.policy)
        let start = ClusterSimulation(snapshot: snapshot)
        var whole = Rehearsal(order, in: start)
        #expect(whole.play() == .done)
        let moments = whole.events.indices.filter { index in
            guard case .operationIntended(let intent) = whole.events[index].event else { return false }
            return ["start", "follow 1", "clear"].contains(intent.key)
        }
        var setAside = 0
        for count in moments.flatMap({ [$0, $0 + 1, $0 + 2] }) {
            var first = Rehearsal(order, in: start)
            first.invariants = Invariants(order, before: snapshot)
            guard let wreck = first.crash(afterFacts: count, performing: performing) else { continue }
            let second = resume(order, wreck, first.invariants, after: .seconds(1))
            let runs = second.hosts.launches
            #expect(runs.values.allSatisfy { $0 == 1 }, "after \(count) facts: \(runs)")
            #expect(second.result == .done || !second.machine.state.quarantined.isEmpty)
            setAside += second.machine.state.quarantined.count
        }
        #expect(performing ? setAside == 0 : setAside > 0)
    }

    private func length(of order: RunOrder, _ simulation: ClusterSimulation) throws -> Int {
        var whole = Rehearsal(order, in: simulation)
        #expect(whole.play() == .done)
        return whole.events.count
    }

    private func resume(
        _ order: RunOrder, _ wreck: Rehearsal.Wreck, _ invariants: Invariants?, after pause: Duration
    ) -> Rehearsal {
        var wreck = wreck
        _ = wreck.simulation.advance(to: wreck.simulation.now + pause)
        var next = Rehearsal(order, after: wreck)
        next.invariants = invariants
        next.play(atMost: .seconds(4 * 3600))
        next.settle(for: .seconds(300))
        return next
    }

    private func expectSameEnd(_ rehearsal: Rehearsal, _ count: Int) {
        let last = rehearsal.events.prefix(count).last.map { "\($0.event)" } ?? ""
        #expect(rehearsal.result == .done, "after \(count) facts (\(last)): \(rehearsal.machine.state.reason)")
        var invariants = rehearsal.invariants
        invariants?.checkEnd(.done, in: rehearsal.simulation, deletesNodes: true)
        #expect(invariants?.violations == [], "after \(count) facts (\(last))")
        #expect(rehearsal.simulation.nodes.count == 8)
        #expect(rehearsal.machine.state.compensations.isEmpty)
    }
}
