import FleetExpressions
import FleetModel
import FleetPlanning
import Testing

@testable import FleetRun

/// Health gates: a baseline before anything is changed, a look after every wave, and a stop where it got worse.
struct HealthTests {
    private let start = Instant(seconds: 50_000)
    private let null = LocatedValue.null(at: Fixture.place)
    /// n1 and n2 are the run's, the others stay.
    private let nodes = ["n1", "n2", "s1", "s2"].map { Fixture.node(NodeName($0), zone: $0.hasSuffix("1") ? "a" : "b") }

    private func order(_ checks: [HealthCheck], approving: Set<String> = []) throws -> RunOrder {
        var order = Fixture.order(
            waves: [[Fixture.target("n1")], [Fixture.target("n2", zone: "b")]],
            steps: try Fixture.steps([("cordon", null)]),
            policy: WavePolicy(maxUnavailable: .percent(100), maxUnavailablePerZone: .count(2), soak: .zero))
        order.health = checks
        order.settings.approvals = approving
        return order
    }

    private func check(_ kind: HealthCheck.Kind, patience: Duration = .seconds(60)) -> HealthCheck {
        HealthCheck(name: "probe", kind: kind, patience: patience)
    }

    private func snapshot(_ nodes: [Node], pods: [Pod] = [], budgets: [PodDisruptionBudget] = []) -> Observation {
        .synchronized(ClusterSnapshot(nodes: nodes, pods: pods, budgets: budgets))
    }

    private func cordoned(_ node: Node) -> Node {
        var node = node
        node.isCordoned = true
        node.annotations[CordonStep.annotation] = "r-test"
        return node
    }

    private func unready(_ node: Node) -> Node {
        var node = node
        node.readiness = .notReady
        return node
    }

    /// Plays wave 1 to its end; returns the machine and its last answer.
    private func playFirstWave(
        _ order: RunOrder, _ world: Observation, then changes: [ClusterChange]
    ) -> (machine: RunMachine, last: Reaction) {
        var machine = RunMachine(order)
        let first = machine.handle(world, at: start)
        #expect(first.kinds.contains("health.baseline"))
        for id in first.ids { _ = machine.handle(.completed(id: id, .cluster(.succeeded)), at: start) }
        for change in changes { _ = machine.handle(.changed(change), at: start + .seconds(1)) }
        let last = machine.handle(.changed(.node(cordoned(nodes[0]))), at: start + .seconds(2))
        return (machine, last)
    }

    @Test("as well as at the start: the next wave begins at once")
    func well() throws {
        let (machine, last) = playFirstWave(
            try order([check(.readyNodes), HealthCheck(name: "p", kind: .pendingPods(more: 0))]), snapshot(nodes),
            then: [])
        #expect(last.kinds.prefix(4) == ["step.finished", "node.finished", "wave.finished", "health.checked"])
        #expect(last.kinds.contains("wave.started"))
        #expect(machine.state.healthyWave == 1)
    }

    struct Regression: Sendable, CustomTestStringConvertible {
        let name: String
        let kind: HealthCheck.Kind
        let changes: [ClusterChange]
        let words: String
        var testDescription: String { name }
    }

    static let regressions: [Regression] = [
        Regression(
            name: "a node that stays is lost", kind: .readyNodes,
            changes: [.node(Fixture.node("s2", zone: "b", ready: false))],
            words: "probe: 0 Ready Nodes in zone b besides the run's own, 1 at the start; not Ready: s2"),
        Regression(
            name: "a pod finds no place", kind: .pendingPods(more: 0),
            changes: [.pod(Fixture.pod("cart-1", on: nil, ready: false, phase: .pending))],
            words: "probe: 1 pods are Pending, 0 were at the start; such as: shop/cart-1"),
        Regression(
            name: "a budget is broken", kind: .budgets,
            changes: [.budget(Fixture.budget("web", allowed: 0, healthy: 1, desired: 2))],
            words: "probe: shop/web needs 2 healthy pods and has 1"),
    ]

    @Test("what got worse is told, awaited, and stops the run before the next wave", arguments: regressions)
    func worse(_ row: Regression) throws {
        let world = snapshot(nodes, budgets: [Fixture.budget("web", allowed: 1)])
        var (machine, last) = playFirstWave(try order([check(row.kind)]), world, then: row.changes)
        let words = "worse than at the start after wave 1: \(row.words)"
        #expect(last.events.last == .runBlocked(RunEvent.RunBlocked(reason: words)))
        #expect(last.deadline == start + .seconds(12))
        let later = machine.handle(.tick, at: start + .seconds(12))
        #expect(later.events.isEmpty, "the same is not told again")
        let end = machine.handle(.tick, at: start + .seconds(62))
        #expect(end.finished == .blocked)
        #expect(end.kinds == ["health.checked", "run.finished"])
        #expect(machine.state.reason == "\(words); mend it, or accept it with --approve health")
        #expect(!machine.state.nodes["n2", default: NodeProgress(target: Fixture.target("n2"), wave: 2)].isEnded)
    }

    @Test("what comes right in time lets the run go on")
    func recovers() throws {
        var (machine, _) = playFirstWave(
            try order([check(.readyNodes)]), snapshot(nodes), then: [.node(unready(nodes[3]))])
        _ = machine.handle(.changed(.node(nodes[3])), at: start + .seconds(20))
        #expect(machine.state.wave == 2)
        #expect(machine.state.healthyWave == 1)
    }

    @Test("a resumed run holds the cluster against the first baseline; an approval takes what is as the new one")
    func resumed() throws {
        let worn = [nodes[0], nodes[1], nodes[2], unready(nodes[3])].map { $0.name == "n1" ? cordoned($0) : $0 }
        var history: [(event: RunEvent, time: Instant)] = []
        var machine = RunMachine(try order([check(.readyNodes)]))
        for (observation, second) in [
            (snapshot(nodes), 0), (.completed(id: 1, .cluster(.succeeded)), 0), (.changed(.node(worn[3])), 1),
            (.changed(.node(worn[0])), 2), (.tick, 62),
        ] as [(Observation, Int64)] {
            let time = start + .seconds(second)
            history += machine.handle(observation, at: time).events.map { ($0, time) }
        }
        #expect(machine.state.result == .blocked)

        var stubborn = RunMachine(try order([check(.readyNodes)]), history: history)
        let again = stubborn.handle(snapshot(worn), at: start + .seconds(100))
        #expect(again.kinds == ["run.resumed", "run.blocked"])

        var approved = RunMachine(try order([check(.readyNodes)], approving: ["health"]), history: history)
        let accepted = approved.handle(snapshot(worn), at: start + .seconds(100))
        #expect(accepted.kinds.prefix(4) == ["run.resumed", "health.checked", "health.baseline", "wave.started"])
        #expect(approved.state.healthBaseline?["probe"]?.values == ["a": 1, "b": 0])
    }

    @Test("after the last wave, too, the run ends only when the cluster is well")
    func lastWave() throws {
        var machine = RunMachine(try order([check(.readyNodes)]))
        let first = machine.handle(snapshot(nodes), at: start)
        _ = machine.handle(.completed(id: first.ids[0], .cluster(.succeeded)), at: start)
        let second = machine.handle(.changed(.node(cordoned(nodes[0]))), at: start + .seconds(1))
        _ = machine.handle(.completed(id: second.ids[0], .cluster(.succeeded)), at: start + .seconds(1))
        _ = machine.handle(.changed(.node(unready(nodes[2]))), at: start + .seconds(2))
        let worse = machine.handle(.changed(.node(cordoned(nodes[1]))), at: start + .seconds(3))
        #expect(worse.finished == nil)
        #expect(worse.kinds.last == "run.blocked")
        let well = machine.handle(.changed(.node(nodes[2])), at: start + .seconds(20))
        #expect(well.kinds == ["health.checked", "run.finished"])
        #expect(well.finished == .done)
    }

    // MARK: - Answers from outside

    private let command = HealthCheck.Kind.probe(.command(LocalCommand(script: "check-shop")))

    private func answered(_ id: Int, _ report: LocalReport) -> Observation { .completed(id: id, .local(report)) }

    @Test("a command that fails before anything is begun: nothing is changed, and the run fails with its words")
    func failsAtTheStart() throws {
        var machine = RunMachine(try order([check(command, patience: .seconds(10))]))
        let first = machine.handle(snapshot(nodes), at: start)
        #expect(first.requests.isEmpty)
        let asked = LocalCommand(
            script: "check-shop",
            environment: ["FLEET_RUN": "r-test", "FLEET_PLAYBOOK": "decommission", "FLEET_WAVE": ""])
        #expect(first.directives == [.perform(id: 1, node: nil, .local(.command(asked)))])
        let refused = LocalReport(isSuccess: false, code: "exited 7", message: "3 orders are stuck")
        #expect(machine.handle(answered(1, refused), at: start).kinds == ["operation.finished", "run.blocked"])
        let second = machine.handle(.tick, at: start + .seconds(10))
        let end = machine.handle(answered(second.ids[0], refused), at: start + .seconds(11))
        #expect(end.finished == .failed)
        #expect(
            machine.state.reason
                == "nothing was changed; the health checks fail before anything is begun: probe: exited 7: 3 orders are stuck"
        )
    }

    @Test("a stop that comes while an answer is awaited ends the run once it is there")
    func stopped() throws {
        var machine = RunMachine(try order([check(command)]))
        let first = machine.handle(snapshot(nodes), at: start)
        #expect(machine.handle(.stopRequested(by: "SIGINT"), at: start).finished == nil)
        let end = machine.handle(answered(first.ids[0], LocalReport(isSuccess: true, code: "exited 0")), at: start)
        #expect(end.finished == .interrupted)
    }

    struct Numbers: Sendable, CustomTestStringConvertible {
        let bounds: MetricBounds
        let before: [Double]
        let after: [Double]
        let problem: String?
        var testDescription: String { "\(before) then \(after)" }
    }

    static let numbers: [Numbers] = [
        Numbers(bounds: MetricBounds(most: 0.05), before: [0.01], after: [0.05, 0.02], problem: nil),
        Numbers(
            bounds: MetricBounds(most: 0.05), before: [0.01], after: [0.02, 0.06],
            problem: "0.06, and at most 0.05 is permitted"),
        Numbers(
            bounds: MetricBounds(least: 3), before: [4], after: [2, 9], problem: "2, and at least 3 is wanted"),
        Numbers(bounds: MetricBounds(mostIncrease: 0.1), before: [100], after: [110], problem: nil),
        Numbers(
            bounds: MetricBounds(mostIncrease: 0.1), before: [100], after: [111],
            problem: "111, which is more than 10% above 100 at the start"),
        Numbers(
            bounds: MetricBounds(mostDecrease: 0.5), before: [10], after: [4],
            problem: "4, which is more than 50% below 10 at the start"),
        Numbers(bounds: MetricBounds(most: 1), before: [0], after: [], problem: "the query has no number to show"),
        Numbers(
            bounds: MetricBounds(most: 1), before: [0], after: [.nan], problem: "the query has no number to show"),
    ]

    @Test("a query's numbers are held against its bounds and those of the start", arguments: numbers)
    func metrics(_ row: Numbers) {
        let check = HealthCheck(
            name: "errors", kind: .metric(MetricQuery(server: SecretText("http://p"), expression: "e"), row.bounds))
        let order = Fixture.order(waves: [], steps: [])
        func reading(_ values: [Double]) -> HealthReading {
            check.reading(
                of: World(), RunState(waves: []), order,
                answer: OperationResult(LocalReport(isSuccess: true, code: "status 200", values: values)))
        }
        #expect(check.problem(in: reading(row.after), against: reading(row.before)) == row.problem)
    }

    @Test("a node that was given back and is not Ready any more is worse, whatever its zone has")
    func givenBack() throws {
        let order = Fixture.order(
            waves: [[Fixture.target("n1")]], steps: try Fixture.steps([("cordon", null), ("uncordon", null)]))
        var state = RunState(waves: order.waves)
        state.apply(.nodeFinished(RunEvent.NodeFinished(node: "n1")), at: start)
        var world = World()
        world.synchronize(with: ClusterSnapshot(nodes: [unready(nodes[0]), nodes[2]]))
        let reading = check(.readyNodes).reading(of: world, state, order, answer: nil)
        #expect(reading.problem == "given back and not Ready: n1")
        #expect(reading.values == ["a": 1])
    }

    @Test("a check that fails later than another one has its own patience, from its own first sight")
    func patienceOfEach() throws {
        let checks = [
            HealthCheck(name: "slow", kind: .readyNodes, patience: .seconds(300)),
            HealthCheck(name: "quick", kind: .pendingPods(more: 0), patience: .seconds(25)),
        ]
        var (machine, _) = playFirstWave(
            try order(checks), snapshot(nodes), then: [.node(Fixture.node("s2", zone: "b", ready: false))])
        let pending = Fixture.pod("cart-1", on: nil, ready: false, phase: .pending)
        var reaction = machine.handle(.changed(.pod(pending)), at: start + .seconds(35))
        reaction = machine.handle(.tick, at: reaction.deadline ?? start + .seconds(35))
        #expect(machine.state.result == nil)
        // Well again within its time: it counts anew from the next time on.
        _ = machine.handle(.changed(.podDeleted(pending.reference)), at: start + .seconds(50))
        for second in stride(from: 52, through: 80, by: 4) {
            #expect(machine.handle(.tick, at: start + .seconds(Double(second))).finished == nil)
        }
        _ = machine.handle(.changed(.pod(pending)), at: start + .seconds(81))
        var finished: RunResult?
        for second in stride(from: 82, through: 130, by: 2) where finished == nil {
            finished = machine.handle(.tick, at: start + .seconds(Double(second))).finished
            if finished != nil { #expect((105...118).contains(second), "after \(second) s") }
        }
        #expect(finished == .blocked)
    }
}
