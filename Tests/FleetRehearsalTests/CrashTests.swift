import FleetModel
import FleetRun
import FleetSimulation
import Testing

@testable import FleetRehearsal

/// Killed after any fact, before or after the acts that it announces, the run is taken up and ends as it should have.
struct CrashTests {
    private let snapshot = DemoCluster.snapshot()

    /// What a killed process may leave, and what the clock of the next one says.
    struct Crash: Sendable, CustomTestStringConvertible {
        /// Whether it is killed after the acts that its last facts announce.
        var performing: Bool
        /// How far the clock was set while no process ran: the journal's times seem early or late by as much.
        var step = Duration.zero

        var testDescription: String {
            "killed \(performing ? "after" : "before") the acts, the clock set by \(step.components.seconds)s"
        }
    }

    static let crashes = [
        Crash(performing: false), Crash(performing: true), Crash(performing: false, step: .seconds(3600)),
        Crash(performing: true, step: .seconds(-3600)),
    ]

    @Test("every prefix of the journal, acts done or not, the clock set by an hour: the same end", arguments: crashes)
    func everyPrefix(_ crash: Crash) throws {
        let performing = crash.performing
        var order = try Decommission.order(
            DecommissionTests.waves, in: snapshot, policy: DecommissionTests.policy,
            steps: try Decommission.steps(repeatable: true))
        order.health = [
            HealthCheck(name: "nodes", kind: .readyNodes), HealthCheck(name: "pods", kind: .pendingPods(more: 0)),
            HealthCheck(name: "budgets", kind: .budgets),
            HealthCheck(name: "shop", kind: .probe(.command(LocalCommand(script: "check")))),
        ]
        let start = ClusterSimulation(snapshot: snapshot)
        let length = try length(of: order, start)
        var crashes = 0
        for count in 1..<length {
            var first = Rehearsal(order, in: start)
            first.invariants = Invariants(order, before: snapshot)
            guard let wreck = first.crash(afterFacts: count, performing: performing) else { continue }
            crashes += 1
            let second = resume(order, wreck, first.invariants, after: .seconds(count % 7), clockSetBy: crash.step)
            expectSameEnd(second, count)
        }
        print("crashes \(performing ? "after" : "before") the acts: \(crashes) of \(length) prefixes")
        #expect(performing ? crashes > length / 5 : crashes == length - 1)
    }

    @Test(
        "every prefix of an overhaul, from budgets to reboots: the same end, no script twice, nothing temporary left",
        arguments: [false, true])
    func overhaul(performing: Bool) throws {
        var snapshot = snapshot
        let key = ObjectKey("pay", "gateway")
        let place = try #require(snapshot.budgets.firstIndex { $0.key == key })
        snapshot.budgets[place].set(BudgetBound(.maxUnavailable, .count(0)))
        let order = try Decommission.order(
            DecommissionTests.waves, in: snapshot, policy: DecommissionTests.policy,
            steps: try Decommission.overhaul(budget: "\(key)"))
        let start = ClusterSimulation(snapshot: snapshot)
        var whole = Rehearsal(order, in: start)
        #expect(whole.play() == .done)
        let kinds = Set(whole.machine.state.nodes.values.flatMap(\.changes))
        #expect(kinds.isSuperset(of: ["adjust_budget", "exclude_from_load_balancers", "reboot", "run"]), "\(kinds)")
        let boots = whole.machine.state.order.count
        var crashes = 0
        for count in 1..<whole.events.count {
            var first = Rehearsal(order, in: start)
            first.invariants = Invariants(order, before: snapshot)
            guard let wreck = first.crash(afterFacts: count, performing: performing) else { continue }
            crashes += 1
            let second = resume(order, wreck, first.invariants, after: .seconds(count % 7))
            let last = second.events.prefix(count).last.map { "after \(count) facts (\($0.event))" } ?? ""
            #expect(second.result == .done, "\(last): \(second.machine.state.reason)")
            var invariants = second.invariants
            invariants?.checkEnd(.done, in: second.simulation, deletesNodes: false)
            #expect(invariants?.violations == [], "\(last)")
            #expect(second.hosts.launches.values.allSatisfy { $0 == 1 }, "\(last): \(second.hosts.launches)")
            #expect(second.hosts.bootCount == boots, "\(last)")
            #expect(second.simulation.nodes.allSatisfy { !$0.isCordoned && $0.taints.isEmpty }, "\(last)")
            let budget = second.simulation.budget(key).flatMap(BudgetBound.init(of:))
            #expect(budget == BudgetBound(.maxUnavailable, .count(0)), "\(last)")
            #expect(second.machine.state.compensations.isEmpty, "\(last)")
        }
        #expect(performing ? crashes > whole.events.count / 5 : crashes == whole.events.count - 1)
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
        _ order: RunOrder, _ wreck: Rehearsal.Wreck, _ invariants: Invariants?, after pause: Duration,
        clockSetBy step: Duration = .zero
    ) -> Rehearsal {
        var wreck = wreck
        wreck.history = wreck.history.map { ($0.event, $0.time - step) }
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
