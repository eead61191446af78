import FleetExpressions
import FleetModel
import FleetPlanning
import Testing

@testable import FleetRun

/// reboot, http, approve and soak: what they ask of a host, and when they go on.
@Suite("Rebooting, asking, waiting")
struct RebootStepTests {
    private let start = Instant(seconds: 1_000)

    private func machine(_ kind: String, _ arguments: VariableValue, pods: [Pod] = [], approvals: Set<String> = [])
        throws -> (RunMachine, Reaction)
    {
        let steps = try Fixture.steps([(kind, Fixture.located(arguments))])
        var order = Fixture.order(waves: [[Fixture.target("n1")]], steps: steps)
        order.settings.approvals = approvals
        var machine = RunMachine(order)
        let snapshot = ClusterSnapshot(nodes: [Fixture.node("n1"), Fixture.node("n2")], pods: pods)
        var reaction = machine.handle(.synchronized(snapshot), at: start)
        if let id = reaction.ids.first {
            reaction = machine.handle(.completed(id: id, answer("hostname=n1\nmachine_id=machine-n1")), at: start)
        }
        return (machine, reaction)
    }

    private func answer(_ output: String, _ status: Int32 = 0) -> OperationAnswer {
        .host(HostReport(outcome: .exited(status), standardOutput: output))
    }

    private func command(_ reaction: Reaction) -> HostCommand? {
        for case .perform(_, _, .host(let command)) in reaction.directives { return command }
        return nil
    }

    private func setAside(_ machine: RunMachine) -> String? {
        if case .quarantined(_, let reason) = machine.state.nodes["n1"]?.phase { reason } else { nil }
    }

    @Test("A reboot is proved by another boot id, asked for over new connections")
    func reboot() throws {
        var (machine, reaction) = try self.machine("reboot", .null)
        #expect(command(reaction)?.script == NodeScript.bootState)
        reaction = machine.handle(
            .completed(id: reaction.ids[0], answer("boot_id=aaaaaaaa-1\nreboot_required=no")), at: start + .seconds(1))
        #expect(command(reaction)?.environment == ["FLEET_BOOT_ID": "aaaaaaaa-1"])
        reaction = machine.handle(.completed(id: reaction.ids[0], answer("changed=told")), at: start + .seconds(2))
        #expect(reaction.deadline == start + .seconds(5))
        reaction = machine.handle(.tick, at: start + .seconds(5))
        #expect(command(reaction)?.needsNewConnection == true)
        // Still the old one, then nobody there, then back.
        reaction = machine.handle(
            .completed(id: reaction.ids[0], answer("boot_id=aaaaaaaa-1")), at: start + .seconds(6))
        reaction = machine.handle(.tick, at: try #require(reaction.deadline))
        let away = HostReport(outcome: .neverStarted("connection refused"))
        reaction = machine.handle(.completed(id: reaction.ids[0], .host(away)), at: start + .seconds(12))
        reaction = machine.handle(.tick, at: try #require(reaction.deadline))
        reaction = machine.handle(
            .completed(id: reaction.ids[0], answer("boot_id=bbbbbbbb-2")), at: start + .seconds(20))
        #expect(machine.state.result == .done)
    }

    @Test("A host that does not come back is set aside; one that asks for no reboot, or has pods, is not booted")
    func rebootRefusals() throws {
        var (machine, reaction) = try self.machine("reboot", ["timeout": "1m"])
        reaction = machine.handle(.completed(id: reaction.ids[0], answer("boot_id=a")), at: start)
        reaction = machine.handle(.completed(id: reaction.ids[0], answer("changed=told")), at: start)
        reaction = machine.handle(.tick, at: start + .seconds(3))
        let away = HostReport(outcome: .neverStarted("no route to host"))
        reaction = machine.handle(.completed(id: reaction.ids[0], .host(away)), at: start + .seconds(61))
        // What host and API say of it is asked first.
        for id in reaction.ids {
            let isHost = reaction.hostCommands.count == 1 && id == reaction.ids[0]
            _ = machine.handle(
                .completed(id: id, isHost ? .host(away) : .nodeHealth(.success(nil))), at: start + .seconds(62))
        }
        #expect(
            setAside(machine)?.hasPrefix("the host did not come back within 1m: never started: no route to host")
                == true)

        (machine, reaction) = try self.machine("reboot", ["only_if_needed": true])
        reaction = machine.handle(.completed(id: reaction.ids[0], answer("boot_id=a\nreboot_required=no")), at: start)
        #expect(machine.state.result == .done)
        let pod = Fixture.pod("cart-1", on: "n1", of: Fixture.replicaSet("cart", replicas: 1))
        (machine, reaction) = try self.machine("reboot", .null, pods: [pod])
        reaction = machine.handle(.completed(id: reaction.ids[0], answer("boot_id=a")), at: start)
        #expect(setAside(machine)?.contains("shop/cart-1") == true)
    }

    @Test("verify: looks again every five seconds while there is patience, and changes nothing")
    func verify() throws {
        var (machine, reaction) = try self.machine(
            "verify", ["script": "test -e /srv/$NAME", "env": ["NAME": "x"], "within": "12s"])
        #expect(command(reaction)?.environment == ["NAME": "x"])
        for (asked, again) in [(1, 6), (7, 12)] {
            reaction = machine.handle(
                .completed(id: reaction.ids[0], answer("not yet", 1)), at: start + .seconds(asked))
            #expect(reaction.deadline == start + .seconds(again))
            reaction = machine.handle(.tick, at: start + .seconds(again))
            if again < 12 { #expect(command(reaction) != nil) }
        }
        #expect(setAside(machine) == "verify by a script: exited 1: not yet")

        (machine, reaction) = try self.machine("verify", ["script": "true"])
        _ = machine.handle(.completed(id: reaction.ids[0], answer("")), at: start)
        #expect(machine.state.result == .done)
        #expect(machine.state.nodes["n1"]?.changes == [])
    }

    @Test("http: curl's configuration goes as a secret; another status is tried again while there is patience")
    func http() throws {
        var (machine, reaction) = try self.machine(
            "http",
            [
                "url": "http://127.0.0.1:8080/drain", "method": "PUT", "headers": ["X-Token": "a\"b"], "body": "x\ny",
                "status": [200, 204], "retry_for": "10s",
            ])
        let sent = try #require(command(reaction))
        #expect(sent.environment.isEmpty)
        #expect(!"\(sent)".contains("8080"))
        #expect(
            sent.secrets["FLEET_REQUEST"]?.withText { $0 } == """
                url = "http://127.0.0.1:8080/drain"
                request = "PUT"
                header = "X-Token: a\\"b"
                data-raw = "x\\ny"
                """)
        reaction = machine.handle(.completed(id: reaction.ids[0], answer("status=503")), at: start + .seconds(1))
        #expect(reaction.deadline == start + .seconds(6))
        reaction = machine.handle(.tick, at: start + .seconds(6))
        reaction = machine.handle(.completed(id: reaction.ids[0], answer("status=204")), at: start + .seconds(7))
        #expect(machine.state.result == .done)

        (machine, reaction) = try self.machine("http", ["url": "https://x.example.com"])
        _ = machine.handle(
            .completed(id: reaction.ids[0], answer("failed=curl: (7) refused", 1)), at: start + .seconds(1))
        #expect(setAside(machine) == "GET over HTTP: curl: (7) refused, and not 200")
        #expect(throws: Diagnostics.self) {
            try self.machine("http", ["url": "http://a", "method": "POST", "retry_for": "1m"])
        }
    }

    @Test("approve: the run ends as blocked with the name, and goes on once it is said")
    func approve() throws {
        let (machine, reaction) = try self.machine(
            "approve", ["name": "delete-old", "message": "look at the dashboards"])
        #expect(reaction.finished == .blocked)
        #expect(
            machine.state.reason
                == "waiting for the approval \"delete-old\" (look at the dashboards): go on with --approve delete-old")
        #expect(try self.machine("approve", "delete-old", approvals: ["delete-old"]).0.state.result == .done)
        #expect(try self.machine("approve", "delete-old", approvals: ["other"]).0.state.result == .blocked)
        #expect(throws: Diagnostics.self) { try self.machine("approve", "a b") }
    }

    @Test("soak: so long Ready, and a Node that is not ends it")
    func soak() throws {
        var (machine, reaction) = try self.machine("soak", "2m")
        #expect(reaction.deadline == start + .seconds(120))
        reaction = machine.handle(.tick, at: start + .seconds(120))
        #expect(machine.state.result == .done)
        (machine, reaction) = try self.machine("soak", ["for": "2m"])
        _ = machine.handle(.changed(.node(Fixture.node("n1", ready: false))), at: start + .seconds(10))
        #expect(setAside(machine) == "Node n1 became not Ready while it was watched")
    }
}
