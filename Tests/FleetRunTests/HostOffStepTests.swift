import FleetExpressions
import FleetModel
import FleetPlanning
import Testing

@testable import FleetRun

/// `host_off`: what a dead host's Node and pods may be treated as, and when (safety rules 5 and 11).
struct HostOffStepTests {
    private static let start = Instant(seconds: 1_000_000)

    @Test("the command is asked with the host's names, and nothing else is done before it succeeds")
    func asks() throws {
        guard case .perform(let acts, _) = try step().advance(try context()) else {
            Issue.record("nothing was asked")
            return
        }
        #expect(
            acts.map(\.operation) == [
                .local(
                    .command(
                        LocalCommand(
                            script: "./is-off.sh", environment: ["FLEET_HOST": "n1", "FLEET_NODE": "n1"],
                            timeoutSeconds: 60)))
            ])
    }

    @Test(
        "a command that does not succeed is asked again until the time is over",
        arguments: [(0, false), (11, false), (295, true)] as [(Int64, Bool)])
    func refused(seconds: Int64, isOver: Bool) throws {
        let result = OperationResult(isSuccess: false, code: "exited 1", message: "power is on")
        let progress = try step().advance(
            try context(proof: result, answeredAt: seconds > 200 ? 292 : 0, after: seconds))
        switch progress {
        case .failed(let reason, _):
            #expect(isOver && reason.contains("after 5m") && reason.contains("power is on"), "\(reason)")
        case .wait(let reason, let until):
            #expect(!isOver && seconds < 10 && until == Self.start + .seconds(10) && reason.contains("power is on"))
        case .perform(let acts, _): #expect(!isOver && seconds >= 10 && acts.count == 1)
        default: Issue.record("\(progress)")
        }
    }

    @Test("a Node that reports Ready refutes the command: it is awaited, then set aside; no taint is set")
    func refuted() throws {
        let proof = OperationResult(isSuccess: true, code: "exited 0")
        guard case .wait(let words, _) = try step().advance(try context(ready: true, proof: proof, after: 20)),
            case .failed(let reason, _) = try step().advance(try context(ready: true, proof: proof, after: 300))
        else {
            Issue.record("it was believed")
            return
        }
        #expect(words.contains("Node n1 is Ready"))
        #expect(reason.contains("another machine"))
    }

    @Test(
        "a proved host's Node gets the out-of-service taint, which evicts nothing by itself, with a note of whose it is"
    )
    func taints() throws {
        let proof = OperationResult(isSuccess: true, code: "exited 0")
        guard case .perform(let acts, _) = try step().advance(try context(proof: proof)), let act = acts.first,
            case .cluster(.patchNode(let name, let uid, let patch)) = act.operation
        else {
            Issue.record("no taint")
            return
        }
        #expect(acts.count == 1 && name == "n1" && uid == "uid-n1")
        #expect(
            patch.addTaints == [
                Taint(key: "node.kubernetes.io/out-of-service", value: "nodeshutdown", effect: .noSchedule)
            ])
        #expect(patch.annotations.keys.sorted() == ["fleet.run/taint.out-of-service"])
        #expect(act.compensation == .taint("node.kubernetes.io/out-of-service", of: Fixture.node("n1", ready: false)))
        guard case .done(true, _) = try step().advance(try context(tainted: true, proof: proof)) else {
            Issue.record("not done")
            return
        }
    }

    @Test(
        "delete_node goes past the dead kubelet and its bound pods only with the proof, and only while the Node is not Ready"
    )
    func deletes() throws {
        let pod = Fixture.pod("db-0", on: "n1")
        let delete = try #require(try Fixture.steps([("delete_node", .null(at: Fixture.place))]).first).step
        for (isProved, isReady, isDeleted) in [(false, false, false), (true, false, true), (true, true, false)] {
            var context = try context(ready: isReady, pods: [pod])
            context.node.isProvedOff = isProved
            let progress = delete.advance(context)
            if case .perform(let acts, _) = progress {
                #expect(isDeleted && acts.count == 1, "\(isProved) \(isReady)")
            } else {
                #expect(!isDeleted, "\(isProved) \(isReady): \(progress)")
            }
        }
    }

    @Test("a grace period of 0 is refused without host_off before it, with its place and the ways out")
    func zeroGrace() throws {
        let drain = ("drain", Fixture.mapping([("grace_period", .string("0s"))]))
        let proof = ("host_off", Fixture.mapping([("command", .string("./is-off.sh"))]))
        #expect(throws: Diagnostics.self) { try Fixture.steps([drain]) }
        #expect(throws: Diagnostics.self) { try Fixture.steps([drain, proof]) }
        let steps = try Fixture.steps([proof, drain])
        let step = try #require(steps.last?.step as? DrainStep)
        let pod = Fixture.pod("web", on: "n1")
        #expect(step.gracePeriodSeconds(for: pod) == nil)
        #expect(step.gracePeriodSeconds(for: pod, isHostOff: true) == 0)
        // Where `when:` left the proof out, nothing ends at once.
        guard case .failed(let reason, _) = step.advance(try context(pods: [pod])) else {
            Issue.record("it drained")
            return
        }
        #expect(reason.contains("host_off"))
    }

    @Test("fleet leftovers finds the taint by fleet's note; one that a person set stays theirs")
    func leftovers() {
        var ours = Fixture.node("n1", ready: false)
        ours.taints = [HostOffStep.taint]
        var theirs = ours
        ours.annotations = [Compensation.annotation(ofTaint: HostOffStep.taint.key): TemporaryNote(run: "r-1").text]
        theirs.name = "n2"
        let snapshot = ClusterSnapshot(nodes: [ours, theirs])
        // The note alone takes nothing off: a kubelet may write it on its own Node.
        #expect(LeftoverSearch().leftovers(in: snapshot).map(\.isRestorable) == [false])
        #expect(LeftoverSearch(nodesInService: ["n2"]).leftovers(in: snapshot).map(\.isRestorable) == [false])
        let found = LeftoverSearch(nodesInService: ["n1"]).leftovers(in: snapshot)
        #expect(found.map(\.object) == ["Node n1"])
        guard case .restore(.patchNode(_, _, let patch), _)? = found.first?.fate else {
            Issue.record("nothing to restore")
            return
        }
        #expect(patch.removeTaints == [HostOffStep.taint])
    }

    static let notes: [(key: String, label: String, isRestorable: Bool)] = [
        ("fleet.run/label.exclude-from-external-load-balancers", ExcludeFromLoadBalancersStep.label, true),
        ("fleet.run/label.x", ExcludeFromLoadBalancersStep.label, false),
        ("fleet.run/label.tier", "node-restriction.example.com/tier", false),
        ("fleet.run/label.control-plane", "node-role.kubernetes.io/control-plane", false),
        ("fleet.run/label.exclude-from-external-load-balancers", "evil/exclude-from-external-load-balancers", false),
    ]

    @Test(
        "fleet leftovers sets back only labels that fleet sets for a while, whatever annotations name", arguments: notes
    )
    func labels(_ row: (key: String, label: String, isRestorable: Bool)) {
        var node = Fixture.node("n1")
        node.labels[row.label] = ""
        node.annotations = [row.key: TemporaryNote(run: "r-1", label: row.label, previous: "gold", set: "").text]
        let found = LeftoverSearch().leftovers(in: ClusterSnapshot(nodes: [node]))
        #expect(found.map(\.isRestorable) == [row.isRestorable])
        guard row.isRestorable, case .restore(.patchNode(_, _, let patch), _)? = found.first?.fate else { return }
        #expect(patch == NodePatch(labels: [row.label: "gold"], annotations: [row.key: nil]))
    }

    // MARK: - Fixtures

    private func step() throws -> any Step {
        let steps = try Fixture.steps([("host_off", Fixture.mapping([("command", .string("./is-off.sh"))]))])
        return try #require(steps.first).step
    }

    private func context(
        ready: Bool = false, tainted: Bool = false, pods: [Pod] = [], proof: OperationResult? = nil,
        answeredAt: Int64 = 0, after seconds: Int64 = 1
    ) throws -> StepContext {
        var node = Fixture.node("n1", ready: ready)
        if tainted { node.taints = [HostOffStep.taint] }
        var world = World()
        world.synchronize(with: ClusterSnapshot(nodes: [node], pods: pods))
        var memory = StepMemory(startedAt: Self.start)
        if let proof {
            memory.acts["proof"] = StepMemory.Act(
                state: .finished(proof), attempts: 1, changedAt: Self.start + .seconds(answeredAt))
        }
        let order = Fixture.order(waves: [[Fixture.target("n1")]], steps: [])
        return StepContext(
            target: Fixture.target("n1"), world: world, now: Self.start + .seconds(seconds), index: 0, memory: memory,
            node: NodeProgress(target: Fixture.target("n1"), wave: 1), drain: DrainStatus(), run: order.settings,
            triage: order.triage, scope: VariableScope())
    }
}
