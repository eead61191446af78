import FleetExpressions
import FleetModel
import FleetPlanning
import Testing

@testable import FleetRun

/// The network rules that a clean-up changed are confirmed over a new connection, whatever happens meanwhile.
struct CleanupConfirmationTests {
    private let start = Instant(seconds: 1_000)
    private let identity = "hostname=n1\nmachine_id=machine-n1\ncluster_ca_sha256=ca\n"

    private func order() throws -> RunOrder {
        let null = LocatedValue.null(at: Fixture.place)
        var order = Fixture.order(
            waves: [[Fixture.target("n1")]],
            steps: try Fixture.steps([("cordon", null), ("drain", null), ("delete_node", null), ("cleanup", null)]))
        order.settings.clusterAuthority = "ca"
        return order
    }

    private func said(_ text: String, status: Int32 = 0) -> OperationAnswer {
        .host(HostReport(outcome: .exited(status), standardOutput: text))
    }

    /// A run whose clean-up is being applied; its facts, and the number of the command.
    private func applying() throws -> (machine: RunMachine, facts: [RunEvent], id: Int) {
        var machine = RunMachine(try order())
        var node = Fixture.node("n1", cordoned: true)
        node.annotations[CordonStep.annotation] = "r-test"
        let world = ClusterSnapshot(nodes: [node, Fixture.node("n2", zone: "b")])
        let first = machine.handle(.synchronized(world), at: start)
        let second = machine.handle(.completed(id: first.ids[0], said(identity)), at: start)
        _ = try #require(second.requests == [.deleteNode("n1", uid: "uid-n1")])
        let third = machine.handle(.completed(id: second.ids[0], .cluster(.succeeded)), at: start)
        let fourth = machine.handle(.changed(.nodeDeleted("n1", uid: "uid-n1")), at: start)
        let command = try #require(fourth.hostCommands.first)
        #expect(command.script.contains("apply"))
        return (machine, [first, second, third, fourth].flatMap(\.events), fourth.ids[0])
    }

    private let applied = "changed=iptables KUBE-SERVICES\nrestore_after_seconds=120\n"

    private func isConfirmation(_ command: HostCommand) -> Bool {
        command.script == NodeScript.confirmNetwork(run: "r-test") && command.needsNewConnection
    }

    @Test(
        "a stop does not hold the confirmation back, and awaits it",
        arguments: [StopKind.interrupt, .pause, .abort, .block])
    func stopped(kind: StopKind) throws {
        var (machine, _, id) = try applying()
        #expect(machine.handle(.stopRequested(by: "somebody", kind: kind), at: start).finished == nil)
        let confirming = machine.handle(.completed(id: id, said(applied)), at: start + .seconds(5))
        #expect(confirming.hostCommands.count == 1 && confirming.hostCommands.allSatisfy(isConfirmation))
        #expect(confirming.finished == nil)
        let end = machine.handle(
            .completed(id: confirming.ids[0], said("confirmed=rules\n")), at: start + .seconds(6))
        #expect(end.hostCommands.isEmpty, "the verification is for the run that goes on")
        #expect(end.finished == kind.result)
        if kind == .abort {
            #expect(
                machine.state.reason.contains("left in the middle of a step, look there: n1 (cleanup)"),
                "\(machine.state.reason)")
        }
    }

    @Test("rules that the host's timer restored, because nobody confirmed in time, are changed once more; not for ever")
    func restored() throws {
        var (machine, facts, id) = try applying()
        // Killed before it confirmed.
        facts.append(.operationFinished(RunEvent.OperationFinished(id: id, result: said(applied).result)))
        machine = RunMachine(try order(), history: facts.map { ($0, start) })
        let world = ClusterSnapshot(nodes: [Fixture.node("n2", zone: "b")])
        let later = start + .seconds(900)
        let asked = machine.handle(.synchronized(world), at: later)
        // The CA went with the clean-up; the first proof knew it.
        var reaction = machine.handle(
            .completed(id: asked.ids[0], said("hostname=n1\nmachine_id=machine-n1\n")), at: later)
        for round in 1...3 {
            #expect(reaction.hostCommands.count == 1 && reaction.hostCommands.allSatisfy(isConfirmation), "\(round)")
            reaction = machine.handle(
                .completed(id: reaction.ids[0], said("restored=rules\n", status: 1)), at: later + .seconds(10 * round))
            guard round < 3 else { break }
            #expect(reaction.hostCommands.map { $0.script.contains("apply") } == [true], "\(round)")
            reaction = machine.handle(
                .completed(id: reaction.ids[0], said(applied)), at: later + .seconds(10 * round + 5))
        }
        #expect(reaction.hostCommands.isEmpty)
        guard case .quarantined("cleanup", let reason)? = machine.state.nodes["n1"]?.phase else {
            Issue.record("not set aside")
            return
        }
        #expect(reason.hasPrefix("the network rules were restored by the host's timer"))
    }
}
