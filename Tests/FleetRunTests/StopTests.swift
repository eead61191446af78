import FleetExpressions
import FleetModel
import FleetPlanning
import Testing

@testable import FleetRun

/// Pause, abort, rollback and the lost lock: the table of safety rule 21.
struct StopTests {
    private let start = Instant(seconds: 1_000)
    private let null = LocatedValue.null(at: Fixture.place)
    private let actor = "fleet abort of alice@bastion"

    // MARK: - A small cluster

    /// A single replica on n1, so that its surge is a temporary change.
    private struct Single {
        let deployment = Fixture.deployment("cart", replicas: 1)
        var set: Workload { Fixture.replicaSet("cart", replicas: 1, deployment: deployment) }
        var pod: Pod { Fixture.pod("cart-1", on: "n1", of: set) }

        var raised: Workload {
            var workload = deployment
            workload.replicas = 2
            workload.annotations[Compensation.annotation] = "run=r-test;previous=1;set=2"
            return workload
        }
    }

    private func cordoned(_ node: Node, by run: String = "r-test") -> Node {
        var node = node
        node.isCordoned = true
        node.annotations[CordonStep.annotation] = run
        return node
    }

    private func marked(_ node: Node, plan: String = "digest") -> Node {
        var node = node
        node.taints.append(RunMachine.retiringTaint)
        node.annotations[RunMachine.retiringAnnotation] = "run=r-test;plan=\(plan)"
        return node
    }

    private func snapshot(_ nodes: [Node], _ single: Single? = nil) -> Observation {
        .synchronized(
            ClusterSnapshot(
                nodes: nodes, pods: single.map { [$0.pod] } ?? [],
                workloads: single.map { [$0.deployment, $0.set] } ?? []))
    }

    private func order(_ steps: [(String, LocatedValue)]) throws -> RunOrder {
        Fixture.order(
            waves: [[Fixture.target("n1")], [Fixture.target("n2", zone: "b")]], steps: try Fixture.steps(steps))
    }

    private func succeeded(_ id: Int) -> Observation { .completed(id: id, .cluster(.succeeded)) }

    /// A run whose first node was cordoned, and whose single replica is being surged.
    private func surging() throws -> (machine: RunMachine, single: Single, ids: [Int], facts: [RunEvent]) {
        let single = Single()
        var machine = RunMachine(try order([("cordon", null), ("surge_single_replicas", null), ("drain", null)]))
        let node = cordoned(Fixture.node("n1"))
        let reaction = machine.handle(snapshot([node, Fixture.node("n2", zone: "b")], single), at: start)
        #expect(machine.state.compensations.count == 1)
        return (machine, single, reaction.ids, reaction.events)
    }

    // MARK: - Stops that the run survives

    @Test(
        "pause and Ctrl-C undo nothing, and the run can be gone on with",
        arguments: [
            (StopKind.pause, RunResult.paused), (.interrupt, .interrupted),
        ])
    func survives(kind: StopKind, result: RunResult) throws {
        var (machine, single, ids, _) = try surging()
        let asked = machine.handle(.stopRequested(by: "somebody", kind: kind), at: start)
        #expect(asked.finished == nil)
        let shown = machine.handle(.changed(.workload(single.raised)), at: start)
        #expect(shown.requests.isEmpty)
        let settled = machine.handle(succeeded(ids[0]), at: start)
        #expect(settled.finished == result)
        #expect(settled.requests.isEmpty)
        #expect(machine.state.compensations.count == 1)
        #expect(!result.isFinal)
    }

    @Test("a lost lock starts nothing new, lets what is in flight settle, and blocks the run")
    func lostLock() throws {
        var (machine, single, ids, _) = try surging()
        let lost = machine.handle(.lockLost("run r-2 of bob@laptop took the cluster over"), at: start)
        #expect(lost.kinds == ["stop.requested"])
        _ = machine.handle(.changed(.workload(single.raised)), at: start)
        _ = machine.handle(.changed(.pod(Fixture.pod("cart-2", on: "n2", of: single.set))), at: start)
        let settled = machine.handle(succeeded(ids[0]), at: start)
        #expect(settled.finished == .blocked)
        #expect(settled.requests.isEmpty)
        #expect(machine.state.reason == "the cluster's lock was lost: run r-2 of bob@laptop took the cluster over")
    }

    @Test("an answer that never comes is awaited for a minute")
    func late() throws {
        var (machine, _, _, _) = try surging()
        let asked = machine.handle(.stopRequested(by: "somebody", kind: .pause), at: start)
        #expect(asked.deadline == start + .seconds(60))
        #expect(machine.handle(.tick, at: start + .seconds(59)).finished == nil)
        #expect(machine.handle(.tick, at: start + .seconds(60)).finished == .paused)
    }

    @Test("Ctrl-C before the cluster was seen ends the run at once, and it can be gone on with")
    func beforeTheCluster() throws {
        let order = try order([("cordon", null)])
        var machine = RunMachine(order)
        let stopped = machine.handle(.stopRequested(by: "SIGINT"), at: start)
        #expect(stopped.kinds == ["run.started", "stop.requested", "run.finished"])
        #expect(stopped.finished == .interrupted)
        var resumed = RunMachine(order, history: stopped.events.map { ($0, start) })
        let again = resumed.handle(snapshot([Fixture.node("n1"), Fixture.node("n2", zone: "b")]), at: start)
        #expect(again.kinds.first == "run.resumed")
        #expect(again.requests.count == 1)
    }

    @Test("at the end of a plan its taint goes from nodes that earlier runs finished too")
    func planDone() throws {
        func tainted(_ name: NodeName, plan: String = "digest") -> Node {
            var node = cordoned(Fixture.node(name))
            node.taints.append(RunMachine.retiringTaint)
            node.annotations[RunMachine.retiringAnnotation] = "run=r-0;plan=\(plan)"
            return node
        }
        let last = Fixture.target("n2")
        var order = Fixture.order(
            waves: [[last]],
            steps: try Fixture.steps([("cordon", .null(at: Fixture.place)), ("drain", .null(at: Fixture.place))]),
            policy: WavePolicy(maxUnavailable: .percent(100), soak: .zero))
        order.soon = [last]
        order.earlier = [Fixture.target("n1"), Fixture.target("n3")]
        var machine = RunMachine(order)
        let nodes = [tainted("n1"), cordoned(Fixture.node("n2")), tainted("n3", plan: "another"), Fixture.node("n4")]
        let reaction = machine.handle(.synchronized(ClusterSnapshot(nodes: nodes)), at: start)
        var patch = NodePatch()
        patch.unmark()
        #expect(reaction.requests == [.patchNode("n1", uid: "uid-n1", patch)])
        #expect(reaction.finished == nil)
        _ = machine.handle(succeeded(reaction.ids[0]), at: start)
        #expect(machine.handle(.changed(.node(cordoned(Fixture.node("n1")))), at: start).finished == .done)
    }

    // MARK: - Abort and rollback

    @Test("abort: the surge is undone, the cordon stays, the end says so")
    func abort() throws {
        var (machine, single, ids, _) = try surging()
        _ = machine.handle(.stopRequested(by: actor, kind: .abort), at: start)
        _ = machine.handle(.changed(.workload(single.raised)), at: start)
        let settled = machine.handle(succeeded(ids[0]), at: start)
        let undo = ClusterRequest.ifUnchanged(
            since: "", .scale(single.deployment.reference, replicas: 1, annotations: [Compensation.annotation: nil]))
        #expect(settled.requests == [undo])
        #expect(settled.finished == nil)
        _ = machine.handle(succeeded(settled.ids[0]), at: start)
        let last = machine.handle(.changed(.workload(single.deployment)), at: start)
        #expect(last.finished == .aborted)
        #expect(last.requests.isEmpty)
        #expect(machine.state.reason == "by \(actor); still cordoned by this run: n1")
        #expect(machine.state.compensations.isEmpty)
    }

    @Test("rollback: what was cordoned and not drained is schedulable again, and loses its label and taint")
    func rollback() throws {
        var (machine, single, ids, _) = try surging()
        _ = machine.handle(.stopRequested(by: "somebody", kind: .rollback), at: start)
        let settled = machine.handle(succeeded(ids[0]), at: start)
        let uncordon = NodePatch(isCordoned: false, annotations: [CordonStep.annotation: nil])
        #expect(settled.requests.contains(.patchNode("n1", uid: "uid-n1", uncordon)))
        let shown = machine.handle(.changed(.workload(single.raised)), at: start)
        for id in settled.ids + shown.ids { _ = machine.handle(succeeded(id), at: start) }
        _ = machine.handle(.changed(.workload(single.deployment)), at: start)
        let last = machine.handle(.changed(.node(Fixture.node("n1"))), at: start)
        #expect(last.finished == .rolledBack)
        #expect(machine.state.reason == "by somebody; schedulable again: n1")
    }

    @Test("rollback never uncordons what was drained, what somebody else cordoned, or a host whose clean-up began")
    func rollbackLeaves() throws {
        let order = try order([("cordon", null), ("drain", null), ("delete_node", null)])
        let nodes = [Fixture.node("n1", cordoned: true), cordoned(Fixture.node("n2", zone: "b"), by: "r-other")]
        let facts: [RunEvent] = [
            .runStarted(.init(planDigest: "digest", playbook: "p", waves: [1, 2], actor: order.settings.actor)),
            .preflightPassed(.init(hosts: 0)),
        ]
        var machine = RunMachine(
            order, history: facts.map { ($0, start) }, stop: .init(by: "somebody", kind: .rollback))
        let first = machine.handle(snapshot(nodes), at: start)
        #expect(first.finished == .rolledBack)
        #expect(first.requests.isEmpty)

        let own = cordoned(Fixture.node("n1"))
        for last in [
            RunEvent.stepFinished(.init(node: "n1", index: 1, step: "drain", changed: true, detail: "1 pod evicted")),
            .stepStarted(.init(node: "n1", index: 2, step: "cleanup")),
        ] {
            let more = [RunEvent.stepStarted(.init(node: "n1", index: 1, step: "drain")), last]
            var machine = RunMachine(
                order, history: (facts + more).map { ($0, start) }, stop: .init(by: "somebody", kind: .rollback))
            let first = machine.handle(snapshot([own, Fixture.node("n2", zone: "b")]), at: start)
            #expect(first.finished == .rolledBack)
            #expect(first.requests.isEmpty)
            #expect(machine.state.reason.contains("still cordoned by this run: n1"))
        }
    }

    @Test("what an earlier run of the plan cordoned and did not empty is the plan's own: rollback lifts it")
    func earlierCordon() throws {
        var order = try order([("cordon", null), ("drain", null)])
        order.settings.earlierRuns = ["r-old"]
        let facts: [RunEvent] = [
            .runStarted(.init(planDigest: "digest", playbook: "p", waves: [1, 2], actor: order.settings.actor)),
            .preflightPassed(.init(hosts: 0)),
        ]
        let nodes = [cordoned(Fixture.node("n1"), by: "r-old"), cordoned(Fixture.node("n2", zone: "b"), by: "r-other")]
        let uncordon = ClusterRequest.patchNode(
            "n1", uid: "uid-n1", NodePatch(isCordoned: false, annotations: [CordonStep.annotation: nil]))
        for emptied in [false, true] {
            order.settings.emptiedEarlier = emptied ? ["n1"] : []
            var machine = RunMachine(
                order, history: facts.map { ($0, start) }, stop: .init(by: "somebody", kind: .rollback))
            let first = machine.handle(snapshot(nodes), at: start)
            #expect(first.requests == (emptied ? [] : [uncordon]))
        }
    }

    @Test("abort takes the plan's taint off every node of the plan, and leaves another plan's")
    func taints() throws {
        var order = try order([("cordon", null), ("drain", null)])
        order.soon = [Fixture.target("n1"), Fixture.target("n2", zone: "b"), Fixture.target("n3", zone: "c")]
        let nodes = [
            marked(Fixture.node("n1")), marked(Fixture.node("n2", zone: "b"), plan: "other"),
            marked(Fixture.node("n3", zone: "c")),
        ]
        var machine = RunMachine(
            order,
            history: [
                (
                    .runStarted(
                        .init(planDigest: "digest", playbook: "p", waves: [1, 2], actor: order.settings.actor)), start
                )
            ],
            stop: .init(by: "somebody", kind: .abort))
        let first = machine.handle(snapshot(nodes), at: start)
        let patch = NodePatch(
            annotations: [RunMachine.retiringAnnotation: nil], removeTaints: [RunMachine.retiringTaint])
        #expect(first.requests == ["n1", "n3"].map { .patchNode($0, uid: ObjectUID("uid-\($0)"), patch) })
        for id in first.ids { _ = machine.handle(succeeded(id), at: start) }
        _ = machine.handle(.changed(.node(Fixture.node("n1"))), at: start)
        let last = machine.handle(.changed(.node(Fixture.node("n3", zone: "c"))), at: start)
        #expect(last.finished == .aborted)
        #expect(machine.state.reason == "by somebody; still tainted fleet.run/retiring: n2")
    }

    @Test("an abort that crashes is gone on with, even by a resume")
    func abortOutlivesTheProcess() throws {
        let (machine, single, ids, facts) = try surging()
        var first = machine
        var history = facts
        history += first.handle(.stopRequested(by: actor, kind: .abort), at: start).events
        history += first.handle(.changed(.workload(single.raised)), at: start).events
        history += first.handle(succeeded(ids[0]), at: start).events
        var resumed = RunMachine(machine.order, history: history.map { ($0, start) })
        let world = ClusterSnapshot(
            nodes: [cordoned(Fixture.node("n1")), Fixture.node("n2", zone: "b")], pods: [single.pod],
            workloads: [single.raised, single.set])
        let again = resumed.handle(.synchronized(world), at: start + .seconds(30))
        let undo = ClusterRequest.ifUnchanged(
            since: "", .scale(single.deployment.reference, replicas: 1, annotations: [Compensation.annotation: nil]))
        #expect(again.requests == [undo])
        _ = resumed.handle(succeeded(again.ids[0]), at: start + .seconds(30))
        let last = resumed.handle(.changed(.workload(single.deployment)), at: start + .seconds(31))
        #expect(last.finished == .aborted)
    }

    @Test("Ctrl-C while an abort undoes leaves the rest to the process that goes on")
    func interruptedAbort() throws {
        var (machine, single, ids, _) = try surging()
        _ = machine.handle(.stopRequested(by: actor, kind: .abort), at: start)
        _ = machine.handle(.changed(.workload(single.raised)), at: start)
        let undoing = machine.handle(succeeded(ids[0]), at: start)
        _ = machine.handle(.stopRequested(by: "SIGINT"), at: start)
        let settled = machine.handle(succeeded(undoing.ids[0]), at: start)
        #expect(settled.finished == .interrupted)
        #expect(machine.state.ending?.kind == .abort)
    }

    @Test("a run that cannot undo something ends as blocked, names it, and is not over")
    func cannotUndo() throws {
        var (machine, single, ids, _) = try surging()
        var now = start
        _ = machine.handle(.stopRequested(by: actor, kind: .abort), at: now)
        _ = machine.handle(.changed(.workload(single.raised)), at: now)
        var reaction = machine.handle(succeeded(ids[0]), at: now)
        var attempts = 0
        while machine.state.result == nil, attempts < 40 {
            if let id = reaction.ids.first {
                attempts += 1
                let failure = ClusterFailure(.forbidden, message: "deployments \"cart\" is forbidden")
                reaction = machine.handle(.completed(id: id, .cluster(.failed(failure))), at: now)
            }
            guard let deadline = reaction.deadline, machine.state.result == nil else { break }
            #expect(deadline > now)
            now = deadline
            reaction = machine.handle(.tick, at: now)
        }
        #expect(machine.state.result == .blocked)
        #expect(
            machine.state.reason.hasPrefix("cannot undo replicas Deployment shop/cart after 20 attempts: forbidden"))
        #expect(machine.state.compensations.count == 1)
        #expect(machine.state.ending?.kind == .abort)
    }

    @Test("a run that failed is not over while it owes something")
    func failedOwing() throws {
        let (machine, _, _, facts) = try surging()
        var broken = machine
        broken.finish(.failed, "the API refused")
        #expect(broken.state.result == .blocked)
        #expect(broken.state.reason == "the API refused; not undone yet: replicas Deployment shop/cart")
        #expect(!facts.isEmpty)
    }

    // MARK: - Notes

    @Test(
        "a note survives its text",
        arguments: [
            TemporaryNote(run: "r-1", previous: "1", set: "2"),
            TemporaryNote(run: "r-1", label: "example.com/out", previous: nil, set: ""),
            TemporaryNote(run: "r-1", plan: "abcdef"),
        ])
    func notes(note: TemporaryNote) {
        #expect(TemporaryNote(text: note.text) == note)
    }

    @Test("a note of an earlier version is read, and text that is none is not")
    func oldNotes() {
        #expect(TemporaryNote(text: "run=r-1;previous=1") == TemporaryNote(run: "r-1", previous: "1"))
        #expect(TemporaryNote(text: "hello") == nil)
        #expect(TemporaryNote(text: "run=;previous=1") == nil)
    }

    @Test("a label's previous value is noted on the Node, and set back only where fleet's own stands")
    func label() {
        var node = Fixture.node("n1")
        let change = Compensation.label("example.com/out", of: node, to: "yes")
        let note = change.note(by: "r-test")
        #expect(note.key == "fleet.run/label.out")
        #expect(note.value == "run=r-test;label=example.com/out;set=yes")
        var world = World()
        node.labels["example.com/out"] = "yes"
        node.annotations[note.key] = note.value
        world.synchronize(with: ClusterSnapshot(nodes: [node]))
        let undo = NodePatch(labels: ["example.com/out": nil], annotations: [note.key: nil])
        #expect(change.request(in: world, of: "r-1") == .ifUnchanged(since: "", .patchNode("n1", uid: "uid-n1", undo)))
        node.labels["example.com/out"] = "somebody's"
        world.synchronize(with: ClusterSnapshot(nodes: [node]))
        #expect(
            change.request(in: world, of: "r-1")
                == .ifUnchanged(since: "", .patchNode("n1", uid: "uid-n1", NodePatch(annotations: [note.key: nil]))))
    }
}
