import FleetExpressions
import FleetModel
import FleetPlanning
import Testing

@testable import FleetRun

/// What a run that is taken up again remembers, and what it asks anew.
struct ResumeTests {
    private let start = Instant(seconds: 1_000)
    private let null = LocatedValue.null(at: Fixture.place)
    private let nodes = [Fixture.node("n1"), Fixture.node("n2", zone: "b")]

    private func order(
        _ steps: [(String, LocatedValue)],
        policy: WavePolicy = WavePolicy(maxUnavailable: .count(2), soak: .zero, maxFailures: 5)
    ) throws -> RunOrder {
        Fixture.order(
            waves: [[Fixture.target("n1")], [Fixture.target("n2", zone: "b")]], steps: try Fixture.steps(steps),
            policy: policy)
    }

    private func synchronized(_ nodes: [Node]) -> Observation { .synchronized(ClusterSnapshot(nodes: nodes)) }

    /// The facts of the first wave, with a node that is gone already, up to one of a kind.
    private func history(
        _ order: RunOrder, through kind: String
    ) throws -> [(event: RunEvent, time: Instant)] {
        var machine = RunMachine(order)
        let events = machine.handle(synchronized([nodes[1]]), at: start).events
        let last = try #require(events.lastIndex { $0.kind == kind })
        return events[...last].map { ($0, start) }
    }

    @Test("a wave soaks to its end, however the run was interrupted", arguments: ["wave.finished", "soak.started"])
    func soak(kind: String) throws {
        let policy = WavePolicy(maxUnavailable: .count(2), soak: .seconds(100))
        let order = try order([("delete_node", null)], policy: policy)
        var resumed = RunMachine(order, history: try history(order, through: kind))
        let first = resumed.handle(synchronized([nodes[1]]), at: start + .seconds(10))
        #expect(!first.kinds.contains("wave.started"))
        let end = try #require(first.deadline)
        #expect(end >= start + .seconds(100))
        #expect(resumed.handle(.tick, at: end).kinds.contains("wave.started"))
    }

    @Test("a run that Ctrl-C ended goes on when it is resumed")
    func interrupted() throws {
        let order = try order([("delete_node", null)])
        var machine = RunMachine(order)
        var events = machine.handle(synchronized(nodes), at: start).events
        events += machine.handle(.stopRequested(by: "SIGINT"), at: start).events
        events += machine.handle(.completed(id: 1, .cluster(.succeeded)), at: start).events
        #expect(machine.state.result == .interrupted)
        var resumed = RunMachine(order, history: events.map { ($0, start) })
        let again = resumed.handle(synchronized([nodes[1]]), at: start + .seconds(60))
        #expect(again.kinds.first == "run.resumed")
        #expect(again.requests == [.deleteNode("n2", uid: "uid-n2")])
    }

    @Test("a run that nobody lets begin a node says so, waits ten minutes, and ends as blocked")
    func blocked() throws {
        let policy = WavePolicy(maxUnavailable: .count(1), soak: .zero)
        var machine = RunMachine(try order([("delete_node", null)], policy: policy))
        let others = nodes + [Fixture.node("n3", zone: "c", ready: false)]
        let first = machine.handle(synchronized(others), at: start)
        #expect(first.kinds.contains("run.blocked"))
        #expect(first.deadline == start + .seconds(600))
        #expect(machine.handle(.tick, at: start + .seconds(600)).finished == .blocked)
    }

    @Test("a look at a host whose connection broke is taken again")
    func brokenConnection() throws {
        let port = LocatedScalar(text: "443", value: .int(443), textLocation: Fixture.place)
        let ports = LocatedValue(.sequence([LocatedValue(.scalar(port), at: Fixture.place)]), at: Fixture.place)
        let entry = LocatedMapping.Entry(key: "ports", keyLocation: Fixture.place, value: ports)
        let step = LocatedValue(.mapping(LocatedMapping([entry])), at: Fixture.place)
        var machine = RunMachine(
            Fixture.order(waves: [[Fixture.target("n1")]], steps: try Fixture.steps([("wait_for_connections", step)])))
        let identity = HostReport(outcome: .exited(0), standardOutput: "hostname=n1\nmachine_id=machine-n1\n")
        let first = machine.handle(synchronized(nodes), at: start)
        let look = machine.handle(.completed(id: first.ids[0], .host(identity)), at: start)
        let broken = machine.handle(
            .completed(id: look.ids[0], .host(HostReport(outcome: .transportLost("broken pipe")))), at: start)
        #expect(broken.deadline == start + .seconds(5))
        #expect(machine.handle(.tick, at: start + .seconds(5)).ids.count == 1)
    }

    @Test(
        "a command that never started is sent again, whatever kept it; one whose time was over is not",
        arguments: [
            (HostOutcome.neverStarted("refused"), true), (.timedOut(.connect), true), (.timedOut(.handshake), true),
            (.timedOut(.authentication), true), (.timedOut(.command), false), (.timedOut(.total), false),
        ])
    func neverStarted(outcome: HostOutcome, isSentAgain: Bool) throws {
        var machine = RunMachine(
            try order([("service", Fixture.mapping([("name", "kubelet"), ("state", "restarted")]))]))
        var reaction = machine.handle(synchronized(nodes), at: start)
        for (id, name) in zip(reaction.ids, ["n1", "n2"]) {
            let identity = HostReport(
                outcome: .exited(0), standardOutput: "hostname=\(name)\nmachine_id=machine-\(name)\n")
            reaction = machine.handle(.completed(id: id, .host(identity)), at: start)
        }
        let sent = try #require(reaction.ids.first)
        _ = machine.handle(.completed(id: sent, .host(HostReport(outcome: outcome))), at: start)
        #expect(machine.handle(.tick, at: start + .seconds(5)).ids.isEmpty == !isSentAgain)
    }

    @Test("hosts that were refused are asked again by the run that goes on")
    func preflight() throws {
        let order = try order([("run", Fixture.mapping([("script", "true")]))])
        var machine = RunMachine(order)
        var history: [(event: RunEvent, time: Instant)] = []
        var reaction = machine.handle(synchronized(nodes), at: start)
        history += reaction.events.map { ($0, start) }
        for id in reaction.ids {
            let report = HostReport(outcome: .neverStarted("connect: no route to host"))
            reaction = machine.handle(.completed(id: id, .host(report)), at: start)
            history += reaction.events.map { ($0, start) }
        }
        #expect(machine.state.result == .failed)
        var resumed = RunMachine(order, history: history)
        let again = resumed.handle(synchronized(nodes), at: start + .seconds(60))
        #expect(again.finished == nil)
        #expect(again.ids.count == 2)
    }

    @Test("the run does not end before the label of a node that was set aside is answered")
    func label() throws {
        let order = try order([("delete_node", null)], policy: WavePolicy(maxUnavailable: .count(2), soak: .zero))
        var machine = RunMachine(order)
        let dead = [Fixture.node("n1", ready: false), nodes[1]]
        let first = machine.handle(synchronized(dead), at: start)
        #expect(
            first.requests == [
                .patchNode("n1", uid: "uid-n1", try mark(in: first.events))
            ])
        #expect(first.finished == nil)
        #expect(machine.handle(.completed(id: first.ids[0], .cluster(.succeeded)), at: start).finished == .failed)
    }

    @Test("a node that was set aside right before a crash gets its label")
    func labelAfterCrash() throws {
        let order = try order([("delete_node", null)])
        let dead = [Fixture.node("n1", ready: false), nodes[1]]
        var machine = RunMachine(order)
        let events = machine.handle(synchronized(dead), at: start).events
        let last = try #require(events.firstIndex { $0.kind == "node.quarantined" })
        var resumed = RunMachine(order, history: events[...last].map { ($0, start) })
        let again = resumed.handle(synchronized(dead), at: start + .seconds(60))
        #expect(
            again.requests.contains(
                .patchNode("n1", uid: "uid-n1", try mark(in: events))))
    }

    /// What says on the Node that it was set aside in `delete_node`, and why.
    private func mark(in events: [RunEvent]) throws -> NodePatch {
        let facts = events.compactMap { if case .nodeQuarantined(let fact) = $0 { fact } else { nil } }
        let fact = try #require(facts.first)
        return NodePatch(
            labels: ["fleet.run/quarantined": "delete_node"], annotations: ["fleet.run/quarantine-reason": fact.reason])
    }

    @Test("a pod that left while the watch was broken holds nothing up, and nothing is evicted blindly")
    func gap() throws {
        let deployment = Fixture.deployment("web", replicas: 4)
        let set = Fixture.replicaSet("web", replicas: 4, deployment: deployment)
        let here = (1...2).map { Fixture.pod("web-\($0)", on: "n1", of: set) }
        let elsewhere = (3...6).map { Fixture.pod("web-\($0)", on: "n2", of: set) }
        let snapshot = { (pods: [Pod]) in
            Observation.synchronized(ClusterSnapshot(nodes: nodes, pods: pods, workloads: [deployment, set]))
        }
        var machine = RunMachine(
            Fixture.order(waves: [[Fixture.target("n1")]], steps: try Fixture.steps([("drain", null)])))
        let first = machine.handle(snapshot(here + elsewhere.prefix(2)), at: start)
        #expect(first.requests == [.evict(here[0].reference, gracePeriodSeconds: nil)])
        _ = machine.handle(.interrupted(ClusterFailure(.connectionLost, message: "reset")), at: start)
        #expect(machine.handle(.completed(id: first.ids[0], .cluster(.succeeded)), at: start).requests.isEmpty)
        let again = machine.handle(snapshot([here[1]] + elsewhere.prefix(3)), at: start + .seconds(20))
        #expect(again.kinds.contains("pod.left"))
        #expect(again.requests == [.evict(here[1].reference, gracePeriodSeconds: nil)])
        _ = machine.handle(.completed(id: again.ids[0], .cluster(.succeeded)), at: start + .seconds(20))
        let last = machine.handle(.changed(.podDeleted(here[1].reference)), at: start + .seconds(30))
        #expect(last.finished == .done)
    }

    struct Pause: Sendable, CustomTestStringConvertible {
        let name: String
        let seconds: Int64
        var testDescription: String { name }
    }

    static let pauses = [
        Pause(name: "a night", seconds: 8 * 3600), Pause(name: "the clock set back by an hour", seconds: -3600),
    ]

    @Test(
        "time in which no process ran counts for nothing: a drain has what was left of its timeout", arguments: pauses)
    func pausedInMidDrain(_ pause: Pause) throws {
        let start = Instant(seconds: 100_000)
        let deployment = Fixture.deployment("web", replicas: 2)
        let set = Fixture.replicaSet("web", replicas: 2, deployment: deployment)
        let pods = [Fixture.pod("web-1", on: "n1", of: set), Fixture.pod("web-2", on: "n1", of: set)]
        let order = Fixture.order(
            waves: [[Fixture.target("n1")]], steps: try Fixture.steps([("drain", null)]),
            evictions: EvictionPolicy(timeout: .seconds(1800)))
        let world = Observation.synchronized(ClusterSnapshot(nodes: nodes, pods: pods, workloads: [deployment, set]))
        var machine = RunMachine(order)
        var history: [(event: RunEvent, time: Instant)] = []
        let first = machine.handle(world, at: start)
        history += first.events.map { ($0, start) }
        let later = start + .seconds(1000)
        let answer = Observation.completed(id: first.ids[0], .cluster(.succeeded))
        history += machine.handle(answer, at: later).events.map { ($0, later) }

        let again = later + .seconds(pause.seconds)
        var resumed = RunMachine(order, history: history)
        #expect(resumed.handle(world, at: again).finished == nil)
        #expect(resumed.handle(.tick, at: again + .seconds(799)).finished == nil)
        let end = resumed.handle(.tick, at: again + .seconds(800))
        #expect(end.kinds.contains("node.quarantined"))
    }

    @Test("another machine under a node's address is found before anything is done to it", arguments: [true, false])
    func anotherMachine(isAnother: Bool) throws {
        let stop = Fixture.mapping([("name", "kubelet"), ("state", "stopped")])
        let order = try order([("cordon", null), ("drain", null), ("service", stop)])
        var machine = RunMachine(order)
        var cordoned = Fixture.node("n1", cordoned: true)
        cordoned.annotations[CordonStep.annotation] = "r-test"
        let world = Observation.synchronized(ClusterSnapshot(nodes: [cordoned, nodes[1]]))
        var history = machine.handle(world, at: start).events
        for (id, name) in [(1, "n1"), (2, "n2")] {
            let answer = HostReport(
                outcome: .exited(0), standardOutput: "hostname=\(name)\nmachine_id=machine-\(name)\n")
            history += machine.handle(.completed(id: id, .host(answer)), at: start).events
        }
        #expect(machine.state.nodes["n1"]?.isDrained == true)

        var resumed = RunMachine(order, history: history.map { ($0, start) })
        let asked = resumed.handle(world, at: start + .seconds(60))
        #expect(asked.hostCommands.map(\.script) == [NodeScript.identity])
        let lost = HostReport(outcome: .neverStarted("connect: no route to host"))
        let waiting = resumed.handle(.completed(id: asked.ids[0], .host(lost)), at: start + .seconds(60))
        #expect(waiting.hostCommands.isEmpty && resumed.state.quarantined.isEmpty)
        let again = resumed.handle(.tick, at: try #require(waiting.deadline))
        #expect(again.hostCommands.map(\.script) == [NodeScript.identity])
        let found = isAnother ? "machine-n7" : "machine-n1"
        let answer = HostReport(outcome: .exited(0), standardOutput: "hostname=n1\nmachine_id=\(found)\n")
        let next = resumed.handle(.completed(id: again.ids[0], .host(answer)), at: start + .seconds(90))
        #expect(next.hostCommands.isEmpty == isAnother)
        guard isAnother else { return }
        guard case .quarantined("service", let reason)? = resumed.state.nodes["n1"]?.phase else {
            Issue.record("not set aside: \(next.kinds)")
            return
        }
        #expect(reason.contains("it is another machine: Node n1 has machine-id machine-n1, the host has machine-n7"))
    }
}
