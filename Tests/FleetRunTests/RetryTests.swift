import FleetExpressions
import FleetModel
import FleetPlanning
import Testing

@testable import FleetRun

/// `retries` and `delay`: a step that failed is tried again as a whole, with growing pauses.
struct RetryTests {
    private let start = Instant(seconds: 1_000)

    /// A machine whose only step is a script that may be tried three times; its first start is in flight.
    private func begun(_ retries: StepRetries) throws -> (machine: RunMachine, id: Int) {
        var steps = try Fixture.steps([("run", Fixture.mapping([("script", "make-it-so")]))])
        steps[0].retries = retries
        var machine = RunMachine(Fixture.order(waves: [[Fixture.target("n1")]], steps: steps))
        let first = machine.handle(.synchronized(ClusterSnapshot(nodes: [Fixture.node("n1")])), at: start)
        let identity = HostReport(outcome: .exited(0), standardOutput: "hostname=n1\nmachine_id=machine-n1\n")
        let second = machine.handle(.completed(id: first.ids[0], .host(identity)), at: start)
        return (machine, try #require(second.ids.first))
    }

    private func say(_ output: String) -> OperationAnswer {
        .host(HostReport(outcome: .exited(0), standardOutput: output))
    }

    private func fails(_ status: Int) -> OperationAnswer { say("state=ended\nstatus=\(status)\noutput=busy\n") }

    @Test("each attempt has an id of its own, a pause twice as long before it, and a fact that says why")
    func course() throws {
        var (machine, id) = try begun(StepRetries(2))
        let failed = machine.handle(.completed(id: id, fails(3)), at: start)
        #expect(failed.hostCommands.isEmpty)
        #expect(failed.deadline == start + .seconds(10))
        #expect(machine.handle(.tick, at: start + .seconds(9)).hostCommands.isEmpty)
        let second = machine.handle(.tick, at: start + .seconds(10))
        #expect(second.hostCommands.map { $0.script.contains("FLEET_ID='step-0-attempt-2'") } == [true])
        let again = machine.handle(.completed(id: try #require(second.ids.first), fails(4)), at: start + .seconds(11))
        #expect(again.deadline == start + .seconds(31))
        let third = machine.handle(.tick, at: start + .seconds(31))
        let last = machine.handle(.completed(id: try #require(third.ids.first), fails(5)), at: start + .seconds(32))
        #expect(last.hostCommands.isEmpty)
        guard case .quarantined(_, let reason) = machine.state.nodes["n1"]?.phase else {
            Issue.record("not set aside")
            return
        }
        #expect(reason.contains("exited 5") && reason.contains("step-0-attempt-3/output"))
    }

    @Test("a later attempt that succeeds is as good as the first")
    func succeeds() throws {
        var (machine, id) = try begun(StepRetries(1, delay: .seconds(1)))
        _ = machine.handle(.completed(id: id, fails(3)), at: start)
        let second = machine.handle(.tick, at: start + .seconds(1))
        let ended = say("state=ended\nstatus=0\noutput=done\n")
        let clearing = machine.handle(.completed(id: try #require(second.ids.first), ended), at: start + .seconds(2))
        #expect(clearing.hostCommands.map { $0.script.contains("say cleared") } == [true])
        let id2 = try #require(clearing.ids.first)
        #expect(machine.handle(.completed(id: id2, say("cleared=yes\n")), at: start + .seconds(2)).finished == .done)
    }

    @Test("what nobody knows the end of is not tried again")
    func doubt() throws {
        var (machine, id) = try begun(StepRetries(5))
        let last = machine.handle(.completed(id: id, say("state=lost\n")), at: start + .seconds(1))
        #expect(last.hostCommands.isEmpty)
        #expect(machine.state.nodes["n1"]?.isQuarantined == true)
    }

    @Test("a run that is taken up again counts the attempts on, and waits for what is left of the pause")
    func resumed() throws {
        var (machine, id) = try begun(StepRetries(2))
        _ = machine.handle(.completed(id: id, fails(3)), at: start)
        #expect(machine.state.nodes["n1"]?.steps[0]?.attempt == 2)
        #expect(machine.state.nodes["n1"]?.steps[0]?.startedAt == start + .seconds(10))
    }

    @Test("pauses double, up to five minutes, and end with the attempts")
    func pauses() {
        let retries = StepRetries(7, delay: .seconds(20))
        #expect(
            (1...9).map { retries.pause(before: $0)?.components.seconds } == [
                nil, 20, 40, 80, 160, 300, 300, 300, nil,
            ])
        #expect(StepRetries(0).pause(before: 2) == nil)
    }
}
