import FleetModel
import FleetPlanning
import Testing

@testable import FleetRun

/// A detached script's course as its step decides it: what is asked of the host after each answer.
struct DetachedScriptTests {
    private let start = Instant(seconds: 1_000)

    /// A machine whose only step is a script, with its host proved; the first command is the script's start.
    private func begun(
        _ arguments: [(String, VariableValue)] = [], isExpected: (HostCommand) -> Bool = { $0.secrets.isEmpty }
    ) throws -> (machine: RunMachine, id: Int) {
        let all = VariableMapping([("script", "make-it-so")] + arguments)
        let steps = try Fixture.steps([("run", Fixture.located(.mapping(all)))])
        var machine = RunMachine(Fixture.order(waves: [[Fixture.target("n1")]], steps: steps))
        let first = machine.handle(.synchronized(ClusterSnapshot(nodes: [Fixture.node("n1")])), at: start)
        let identity = HostReport(outcome: .exited(0), standardOutput: "hostname=n1\nmachine_id=machine-n1\n")
        let second = machine.handle(.completed(id: first.ids[0], .host(identity)), at: start)
        let command = try #require(second.hostCommands.first)
        #expect(command.script.contains("FLEET_SCRIPT='make-it-so'") && isExpected(command))
        return (machine, try #require(second.ids.first))
    }

    private func say(_ output: String) -> OperationAnswer {
        .host(HostReport(outcome: .exited(0), standardOutput: output))
    }

    private func kinds(_ reaction: Reaction) -> [String] {
        reaction.hostCommands.map { command in
            ["FLEET_SCRIPT=", "FLEET_TURNS=", "say gone", "say cleared"].first { command.script.contains($0) } ?? "?"
        }
    }

    @Test("started, followed to its end, cleared away; its output is the result's")
    func course() throws {
        var (machine, id) = try begun()
        let following = machine.handle(.completed(id: id, say("state=running\n")), at: start + .seconds(1))
        #expect(kinds(following) == ["FLEET_TURNS="])
        let still = machine.handle(.completed(id: following.ids[0], say("state=running\n")), at: start + .seconds(50))
        #expect(kinds(still) == ["FLEET_TURNS="])
        let ended = say("state=ended\nstatus=0\noutput=done\n")
        let clearing = machine.handle(.completed(id: still.ids[0], ended), at: start + .seconds(60))
        #expect(kinds(clearing) == ["say cleared"])
        let last = machine.handle(.completed(id: clearing.ids[0], say("cleared=yes\n")), at: start + .seconds(61))
        #expect(last.finished == .done)
    }

    @Test("secrets travel apart from the other variables, and no answer repeats them, nor loses a word of its own")
    func secrets() throws {
        let variables: VariableMapping = ["HOST": "web-01.example", "API_TOKEN": "hunter2hunter2"]
        let secrets: VariableMapping = ["WORD": "running", "SHORT": "no"]
        var (machine, id) = try begun(
            [("env", .mapping(variables)), ("secrets", .mapping(secrets))],
            isExpected: {
                $0.environment == ["HOST": "web-01.example"]
                    && $0.secrets.keys.sorted() == ["API_TOKEN", "SHORT", "WORD"]
            })
        let following = machine.handle(.completed(id: id, say("state=running\n")), at: start + .seconds(1))
        let follow = try #require(following.hostCommands.first)
        let report = HostReport(
            outcome: .exited(0),
            standardOutput: "state=running\noutput=no running of hunter2hunter2 on web-01.example\n",
            standardError: "hunter2hunter2")
        #expect(
            report.redacted(for: follow)
                == HostReport(
                    outcome: .exited(0),
                    standardOutput: "state=running\noutput=no (secret) of (secret) on web-01.example\n",
                    standardError: "(secret)"))
        let late = machine.handle(.completed(id: following.ids[0], say("state=running\n")), at: start + .seconds(900))
        #expect(kinds(late) == ["say gone"])
        #expect(late.hostCommands.first.map { report.redacted(for: $0) } == report.redacted(for: follow))
    }

    @Test("a failure is told with its last words, and its directory is left to be looked at")
    func failure() throws {
        var (machine, id) = try begun()
        let ended = say("state=ended\nstatus=3\noutput=one\noutput=no space left\n")
        let last = machine.handle(.completed(id: id, ended), at: start + .seconds(1))
        #expect(kinds(last) == [])
        guard case .quarantined(_, let reason) = machine.state.nodes["n1"]?.phase else {
            Issue.record("not set aside")
            return
        }
        #expect(
            reason
                == "run a script: exited 3: one; no space left; all it said is in /var/lib/fleet/r-test/step-0/output on n1"
        )
    }

    @Test("a lost connection is followed up, not repeated")
    func lostConnection() throws {
        var (machine, id) = try begun()
        let lost = OperationAnswer.host(HostReport(outcome: .transportLost("reset")))
        let looking = machine.handle(.completed(id: id, lost), at: start + .seconds(1))
        #expect(kinds(looking) == ["FLEET_TURNS="])
        let following = machine.handle(.completed(id: looking.ids[0], say("state=running\n")), at: start + .seconds(2))
        #expect(kinds(following) == ["FLEET_TURNS="])
        let away = machine.handle(.completed(id: following.ids[0], lost), at: start + .seconds(30))
        #expect(kinds(away) == [])
        let wake = try #require(away.deadline)
        #expect(kinds(machine.handle(.tick, at: wake)) == ["FLEET_TURNS="])
    }

    @Test("past its timeout its processes are ended, with proof")
    func timeout() throws {
        var (machine, id) = try begun([("timeout", "60s")])
        let following = machine.handle(.completed(id: id, say("state=running\n")), at: start + .seconds(1))
        let late = machine.handle(.completed(id: following.ids[0], say("state=running\n")), at: start + .seconds(60))
        #expect(kinds(late) == ["say gone"])
        _ = machine.handle(.completed(id: late.ids[0], say("gone=yes\nstate=lost\n")), at: start + .seconds(61))
        guard case .quarantined(_, let reason) = machine.state.nodes["n1"]?.phase else {
            Issue.record("not set aside")
            return
        }
        #expect(reason.contains("longer than its timeout; its processes were ended"))
    }

    @Test("a run that was paused past the timeout looks again before it ends anything")
    func pausedPastTimeout() throws {
        let (begun, id) = try begun([("timeout", "60s")])
        var machine = begun
        var facts: [RunEvent] = []
        let following = machine.handle(.completed(id: id, say("state=running\n")), at: start + .seconds(1))
        facts += following.events
        facts += machine.handle(.stopRequested(by: "somebody", kind: .pause), at: start + .seconds(2)).events
        let paused = machine.handle(.completed(id: following.ids[0], say("state=running\n")), at: start + .seconds(20))
        facts += paused.events
        #expect(paused.finished == .paused)

        // The facts up to the script's start are those of any such run.
        var early = RunMachine(machine.order)
        let snapshot = Observation.synchronized(ClusterSnapshot(nodes: [Fixture.node("n1")]))
        let first = early.handle(snapshot, at: start)
        let identity = HostReport(outcome: .exited(0), standardOutput: "hostname=n1\nmachine_id=machine-n1\n")
        let second = early.handle(.completed(id: first.ids[0], .host(identity)), at: start)
        let history = (first.events + second.events).map { ($0, start) } + facts.map { ($0, start + .seconds(20)) }
        var resumed = RunMachine(machine.order, history: history)
        let asked = resumed.handle(snapshot, at: start + .seconds(600))
        let again = resumed.proveHosts(askedIn: asked, at: start + .seconds(600))
        #expect(kinds(again) == ["FLEET_TURNS="])
        let ended = say("state=ended\nstatus=0\noutput=done\n")
        let clearing = resumed.handle(.completed(id: again.ids[0], ended), at: start + .seconds(601))
        #expect(kinds(clearing) == ["say cleared"])
    }

    @Test("killed from outside: only a repeatable script begins anew", arguments: [false, true])
    func lost(isRepeatable: Bool) throws {
        var (machine, id) = try begun([("repeatable", .bool(isRepeatable))])
        let following = machine.handle(.completed(id: id, say("state=running\n")), at: start + .seconds(1))
        let next = machine.handle(.completed(id: following.ids[0], say("state=lost\n")), at: start + .seconds(5))
        #expect(kinds(next) == (isRepeatable ? ["FLEET_SCRIPT="] : []))
        #expect(next.hostCommands.allSatisfy { $0.script.contains("FLEET_AGAIN='yes'") })
        #expect(machine.state.quarantined.isEmpty == isRepeatable)
    }

    @Test("a script for the login user runs in the session, once")
    func attached() throws {
        let arguments = Fixture.mapping([("script", "make-it-so"), ("become", .bool(false))])
        let steps = try Fixture.steps([("run", arguments)])
        var machine = RunMachine(Fixture.order(waves: [[Fixture.target("n1")]], steps: steps))
        let first = machine.handle(.synchronized(ClusterSnapshot(nodes: [Fixture.node("n1")])), at: start)
        let identity = HostReport(outcome: .exited(0), standardOutput: "hostname=n1\nmachine_id=machine-n1\n")
        let second = machine.handle(.completed(id: first.ids[0], .host(identity)), at: start)
        #expect(second.hostCommands.map(\.script) == ["make-it-so"])
        #expect(machine.handle(.completed(id: second.ids[0], say("")), at: start).finished == .done)
    }
}
