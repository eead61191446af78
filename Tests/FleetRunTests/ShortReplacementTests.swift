import FleetExpressions
import FleetModel
import FleetPlanning
import Testing

@testable import FleetRun

/// A replacement never takes more old nodes out than new ones came in (R1).
struct ShortReplacementTests {
    private let start = Instant(seconds: 1_000)
    private let null = LocatedValue.null(at: Fixture.place)

    /// The planner says of new nodes only that they are new.
    @Test(
        "an old node stays where a new one of its zone was set aside, and the run says which",
        arguments: [nil, false] as [Bool?])
    func stays(leaver: Bool?) throws {
        var steps = try Fixture.steps([("delete_node", null)]) + Fixture.steps([("cordon", null)])
        (steps[0].isForNewcomers, steps[1].isForNewcomers) = (true, false)
        func targets(_ names: [NodeName], isNewcomer: Bool?) -> [PlanTarget] {
            names.map { name in
                var target = Fixture.target(name)
                target.isNewcomer = isNewcomer
                return target
            }
        }
        let policy = WavePolicy(
            canary: .percent(0), maxUnavailable: .percent(100), maxUnavailablePerZone: .percent(100), soak: .zero,
            maxFailures: 1)
        var machine = RunMachine(
            Fixture.order(
                waves: [targets(["new-1", "new-2"], isNewcomer: true), targets(["n1", "n2"], isNewcomer: leaver)],
                steps: steps, policy: policy))
        // One new host is not Ready, so that its step fails; the other has nothing to do.
        let nodes = [Fixture.node("new-1", ready: false), Fixture.node("n1"), Fixture.node("n2")]
        var reaction = machine.handle(.synchronized(ClusterSnapshot(nodes: nodes)), at: start)
        var cordoned: [NodeName] = []
        var open = Array(zip(reaction.ids, reaction.requests))
        while !open.isEmpty {
            let (id, request) = open.removeFirst()
            reaction = machine.handle(.completed(id: id, .cluster(.succeeded)), at: start)
            open += zip(reaction.ids, reaction.requests)
            guard case .patchNode(let name, _, let patch) = request, patch.isCordoned == true else { continue }
            cordoned.append(name)
            reaction = machine.handle(.changed(.node(Fixture.node(name, cordoned: true))), at: start)
            open += zip(reaction.ids, reaction.requests)
        }
        #expect(machine.state.nodes["new-1"]?.isQuarantined == true)
        #expect(machine.state.nodes["new-2"]?.phase == .finished)
        #expect(cordoned == ["n1"])
        let last = machine.handle(.tick, at: start + RunMachine.patience)
        #expect(last.finished == .blocked)
        #expect(machine.state.reason.contains("new-1 came in for it"), "\(machine.state.reason)")
    }

    @Test("a host that never was a Node has nothing to be cleaned of; one that was, has", arguments: [true, false])
    func owedCleanup(isNewcomer: Bool) throws {
        var target = Fixture.target("n1")
        target.isNewcomer = isNewcomer
        var steps = try Fixture.steps([
            ("wait_ready", Fixture.mapping([("timeout", "60s"), ("diagnose", .bool(false))])), ("cleanup", null),
        ])
        (steps[0].isForNewcomers, steps[1].isForNewcomers) = (true, false)
        var order = Fixture.order(waves: [[target]], steps: steps)
        order.settings.clusterAuthority = "ca"
        var machine = RunMachine(order)
        let first = machine.handle(.synchronized(ClusterSnapshot(nodes: [Fixture.node("n2")])), at: start)
        let answer = "hostname=n1\nmachine_id=machine-n1\ncluster_ca_sha256=ca\n"
        let proved = machine.handle(
            .completed(id: first.ids[0], .host(HostReport(outcome: .exited(0), standardOutput: answer))), at: start)
        let last =
            isNewcomer
            ? machine.handle(.tick, at: start + .seconds(61))
            : machine.handle(
                .completed(id: proved.ids[0], .host(HostReport(outcome: .exited(1)))), at: start + .seconds(1))
        let owed = last.events.compactMap { if case .nodeQuarantined(let fact) = $0 { fact.owesCleanup } else { nil } }
        #expect(owed == [!isNewcomer])
    }
}
