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

    static let doubtful: [(String, OperationAnswer)] = [
        ("killed from outside", .host(HostReport(outcome: .exited(0), standardOutput: "state=lost\n"))),
        ("its directory is gone", .host(HostReport(outcome: .exited(0), standardOutput: "state=absent\n"))),
        ("the start took too long", .host(HostReport(outcome: .timedOut(.command)))),
        ("the start was killed", .host(HostReport(outcome: .signalled("KILL")))),
        ("an answer that says nothing", .host(HostReport(outcome: .exited(0), standardOutput: "?\n"))),
    ]

    @Test("what nobody knows the end of is not tried again", arguments: doubtful)
    func doubt(_ title: String, _ answer: OperationAnswer) throws {
        var (machine, id) = try begun(StepRetries(5))
        let last = machine.handle(.completed(id: id, answer), at: start + .seconds(1))
        #expect(last.hostCommands.isEmpty, "\(title)")
        #expect(machine.state.nodes["n1"]?.isQuarantined == true, "\(title)")
    }

    @Test("a host that is away after a lost start, or while its script is cleared away, is not taken for a failure")
    func away() throws {
        let lost = OperationAnswer.host(HostReport(outcome: .transportLost("reset")))
        for (answer, isSetAside) in [(lost, true), (say("state=ended\nstatus=0\n"), false)] {
            var (machine, id) = try begun(StepRetries(5))
            var now = start + .seconds(1)
            var reaction = machine.handle(.completed(id: id, answer), at: now)
            var starts = 0
            for _ in 0..<20 {
                starts += reaction.hostCommands.count { $0.script.contains("FLEET_SCRIPT=") }
                if let asked = reaction.ids.first {
                    reaction = machine.handle(.completed(id: asked, lost), at: now)
                } else {
                    now = max(now, reaction.deadline ?? now)
                    reaction = machine.handle(.tick, at: now)
                }
            }
            #expect(starts == 0)
            #expect(machine.state.nodes["n1"]?.isQuarantined == isSetAside)
        }
    }

    @Test("a run that is taken up again counts the attempts on, and waits for what is left of the pause")
    func resumed() throws {
        var (machine, id) = try begun(StepRetries(2))
        var facts: [(event: RunEvent, time: Instant)] = []
        for second in [0.0, 4] {
            let at = start + .milliseconds(Int64(second * 1000))
            let answer =
                second == 0 ? machine.handle(.completed(id: id, fails(3)), at: at) : machine.handle(.tick, at: at)
            facts += answer.events.map { ($0, at) }
        }
        #expect(facts.contains { if case .stepRetried(let fact) = $0.event { fact.attempt == 2 } else { false } })
        // The step's state outlives the process, moved by the time in which nobody drove the run.
        var state = machine.state
        let later = start + .seconds(1000)
        state.apply(
            .runResumed(.init(actor: RunEvent.Actor(user: "ops", machine: "laptop", version: "test"), inDoubt: [])),
            at: later)
        #expect(state.nodes["n1"]?.steps[0]?.attempt == 2)
        #expect(state.nodes["n1"]?.failedAttempts == [0: 1])
        let gap = later - (facts.last?.time ?? start)
        #expect(state.nodes["n1"]?.steps[0]?.startedAt == start + .seconds(10) + gap)
    }

    @Test("only kinds that may begin again where they failed take retries")
    func kinds() throws {
        func step(_ kind: String, _ arguments: LocatedValue? = nil) -> PlaybookStep {
            let place = SourceLocation(file: "p.yaml", line: 1, column: 1)
            return PlaybookStep(
                kind: kind, kindLocation: place, arguments: arguments ?? .null(at: place),
                retries: StepRetries(1, location: place),
                location: place)
        }
        for kind in ["drain", "wait_ready", "delete_node"] {
            let error = #expect(throws: Diagnostics.self) { try StepCatalogue.decode([step(kind)]) }
            #expect(error?.description.contains("\(kind) cannot be tried again as a whole") == true)
        }
        #expect(throws: Never.self) {
            try StepCatalogue.decode([step("swap", Fixture.mapping([("state", false)]))])
        }
    }

    @Test("every trait of a step has a bit of its own")
    func traits() {
        let all: [StepTraits] = [
            .touchesHost, .drains, .deletesNode, .cleans, .surges, .losesEmptyDir, .watchesWorkloads, .repeatable,
            .stopsKubelet, .cordons, .uncordons, .deletesBarePods, .joins, .retriable, .onlyLooks,
        ]
        #expect(Set(all).count == all.count)
        #expect(all.reduce(0) { $0 + $1.rawValue } == (1 << all.count) - 1)
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
