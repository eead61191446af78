import FleetExpressions
import FleetModel
import FleetPlanning
import Testing

@testable import FleetRun

/// The machine told by hand: observations in, facts and directives out.
struct RunMachineTests {
    private let start = Instant(seconds: 1_000)
    private let null = LocatedValue.null(at: Fixture.place)

    private func snapshot(_ nodes: [Node], _ pods: [Pod] = [], _ workloads: [Workload] = []) -> Observation {
        .synchronized(ClusterSnapshot(nodes: nodes, pods: pods, workloads: workloads))
    }

    private func cordoned(_ node: Node, by run: String = "r-test") -> Node {
        var node = node
        node.isCordoned = true
        node.annotations[CordonStep.annotation] = run
        return node
    }

    @Test("cordon: one patch, then the watch decides")
    func cordon() throws {
        let node = Fixture.node("n1")
        var machine = RunMachine(
            Fixture.order(waves: [[Fixture.target("n1")]], steps: try Fixture.steps([("cordon", null)])))
        let first = machine.handle(snapshot([node]), at: start)
        let patch = NodePatch(isCordoned: true, annotations: [CordonStep.annotation: "r-test"])
        #expect(first.requests == [.patchNode("n1", uid: "uid-n1", patch)])
        #expect(
            first.kinds == [
                "run.started", "preflight.passed", "wave.started", "node.started", "step.started", "node.waiting",
                "operation.intended",
            ]
        )

        let answered = machine.handle(.completed(id: first.ids[0], .cluster(.succeeded)), at: start)
        #expect(answered.finished == nil)
        #expect(answered.deadline == start + .seconds(30))

        let seen = machine.handle(.changed(.node(cordoned(node))), at: start + .seconds(1))
        #expect(seen.kinds == ["step.finished", "node.finished", "wave.finished", "run.finished"])
        #expect(seen.finished == .done)
    }

    @Test("a node that fails after pods were let come to it again is cordoned once more, and labelled")
    func setAsideAfterUncordon() throws {
        let node = Fixture.node("n1")
        let steps = [("cordon", null), ("uncordon", null), ("soak", Fixture.mapping([("for", "2m")]))]
        var machine = RunMachine(Fixture.order(waves: [[Fixture.target("n1")]], steps: try Fixture.steps(steps)))
        let first = machine.handle(snapshot([node]), at: start)
        _ = machine.handle(.completed(id: first.ids[0], .cluster(.succeeded)), at: start)
        let second = machine.handle(.changed(.node(cordoned(node))), at: start + .seconds(1))
        _ = machine.handle(.completed(id: second.ids[0], .cluster(.succeeded)), at: start + .seconds(1))
        _ = machine.handle(.changed(.node(node)), at: start + .seconds(2))
        let failed = machine.handle(.changed(.node(Fixture.node("n1", ready: false))), at: start + .seconds(3))
        let told = try #require(reason(in: failed))
        let patch = NodePatch(
            isCordoned: true, labels: [QuarantineMark.label: "soak"],
            annotations: [
                CordonStep.annotation: "r-test",
                QuarantineMark.annotation: told,
            ])
        #expect(failed.requests == [.patchNode("n1", uid: "uid-n1", patch)], "one request for all of it")
    }

    private func reason(in reaction: Reaction) -> String? {
        reaction.events.compactMap { if case .nodeQuarantined(let fact) = $0 { fact.reason } else { nil } }.first
    }

    @Test(
        "the reason on a Node is one line of at most 250 characters, without what a terminal would obey",
        arguments: [
            ("not drained within 30m", "not drained within 30m"), ("one\n\ttwo  three\r\n", "one two three"),
            ("red \u{1B}[31mred\u{7}", "red [31mred"), ("left\u{202E}right", "left right"), ("", ""),
            (String(repeating: "ä", count: 250), String(repeating: "ä", count: 250)),
            (String(repeating: "ä", count: 251), String(repeating: "ä", count: 249) + "…"),
        ])
    func quarantineWords(reason: String, words: String) {
        #expect(QuarantineMark.words(reason) == words)
    }

    @Test("another plan's taint stays when a node is uncordoned")
    func foreignTaint() throws {
        var node = Fixture.node("n1")
        node.taints = [RunMachine.retiringTaint]
        node.annotations[RunMachine.retiringAnnotation] = "run=r-other;plan=0123456789ab"
        let steps = try Fixture.steps([("cordon", null), ("uncordon", null)])
        var machine = RunMachine(Fixture.order(waves: [[Fixture.target("n1")]], steps: steps))
        let first = machine.handle(snapshot([node]), at: start)
        _ = machine.handle(.completed(id: first.ids[0], .cluster(.succeeded)), at: start)
        let second = machine.handle(.changed(.node(cordoned(node))), at: start + .seconds(1))
        let patch = NodePatch(isCordoned: false, annotations: [CordonStep.annotation: nil])
        #expect(second.requests == [.patchNode("n1", uid: "uid-n1", patch)])
        #expect(node.isMarked(by: "0123456789abcdef") && !node.isMarked(by: "digest"))
    }

    @Test("a node that was cordoned before is left as it is")
    func alreadyCordoned() throws {
        var machine = RunMachine(
            Fixture.order(waves: [[Fixture.target("n1")]], steps: try Fixture.steps([("cordon", null)])))
        let reaction = machine.handle(snapshot([Fixture.node("n1", cordoned: true)]), at: start)
        #expect(reaction.requests.isEmpty)
        #expect(reaction.finished == .done)
        #expect(
            reaction.events.contains { event in
                if case .stepFinished(let fact) = event {
                    !fact.changed && fact.detail == "was already cordoned"
                } else {
                    false
                }
            })
    }

    @Test("the zone's cap lets one node in at a time, and the next the moment the first is deleted")
    func zoneCap() throws {
        let nodes = [Fixture.node("n1"), Fixture.node("n2"), Fixture.node("n3", zone: "b")]
        let policy = WavePolicy(maxUnavailable: .count(3), maxUnavailablePerZone: .count(1), soak: .zero)
        var machine = RunMachine(
            Fixture.order(
                waves: [[Fixture.target("n1"), Fixture.target("n2"), Fixture.target("n3", zone: "b")]],
                steps: try Fixture.steps([("delete_node", null)]), policy: policy
            )
        )
        let first = machine.handle(snapshot(nodes), at: start)
        #expect(first.requests == [.deleteNode("n1", uid: "uid-n1"), .deleteNode("n3", uid: "uid-n3")])
        let second = machine.handle(.changed(.nodeDeleted("n1", uid: "uid-n1")), at: start)
        #expect(second.requests == [.deleteNode("n2", uid: "uid-n2")])
    }

    @Test("a pool's cap and the number it keeps hold beside the cluster's and the zone's", arguments: [true, false])
    func poolCap(isCap: Bool) throws {
        func inPool(_ name: NodeName, _ pool: String) -> Node {
            var node = Fixture.node(name)
            node.labels["pool"] = pool
            return node
        }
        let nodes = [inPool("g1", "gpu"), inPool("g2", "gpu"), inPool("g3", "gpu"), inPool("w1", "web")]
        var policy = WavePolicy(
            canary: .count(0), maxUnavailable: .percent(100), maxUnavailablePerZone: .percent(100), soak: .zero)
        if isCap { policy.maxUnavailablePerPool = .count(1) } else { policy.minAvailable = ["gpu": 2] }
        var machine = RunMachine(
            Fixture.order(
                waves: [["g1", "g2", "w1"].map { Fixture.target($0) }],
                steps: try Fixture.steps([("delete_node", null)]),
                policy: policy))
        let first = machine.handle(snapshot(nodes), at: start)
        #expect(first.requests == [.deleteNode("g1", uid: "uid-g1"), .deleteNode("w1", uid: "uid-w1")])
        _ = machine.handle(.changed(.nodeDeleted("w1", uid: "uid-w1")), at: start)
        let second = machine.handle(.changed(.nodeDeleted("g1", uid: "uid-g1")), at: start)
        guard !isCap else {
            #expect(second.requests == [.deleteNode("g2", uid: "uid-g2")])
            return
        }
        #expect(second.requests.isEmpty)
        _ = machine.handle(.tick, at: start + RunMachine.patience)
        #expect(machine.state.result == .blocked)
        #expect(
            machine.state.reason.contains("min_available keeps 2 nodes in pool gpu, and 2 are available"),
            "\(machine.state.reason)")
    }

    @Test("no more nodes are begun within a minute than the rate says")
    func startRate() throws {
        var policy = WavePolicy(
            canary: .count(0), maxUnavailable: .percent(100), maxUnavailablePerZone: .percent(100), soak: .zero)
        policy.startsPerMinute = 2
        let names: [NodeName] = ["n1", "n2", "n3", "n4", "n5"]
        var machine = RunMachine(
            Fixture.order(
                waves: [names.map { Fixture.target($0) }], steps: try Fixture.steps([("delete_node", null)]),
                policy: policy))
        let nodes = names.map { Fixture.node($0) }
        #expect(machine.handle(snapshot(nodes), at: start).requests.count == 2)
        let gone = machine.handle(.changed(.nodeDeleted("n1", uid: "uid-n1")), at: start + .seconds(20))
        #expect(gone.requests.isEmpty && gone.deadline == start + .seconds(60))
        #expect(machine.handle(.tick, at: start + .seconds(59)).requests.isEmpty)
        #expect(machine.handle(.tick, at: start + .seconds(60)).requests.count == 2)
        #expect(machine.handle(.tick, at: start + .seconds(61)).requests.isEmpty)
        #expect(machine.handle(.tick, at: start + .seconds(120)).requests.count == 1)
    }

    @Test("a drain cordons where no step before it does, as kubectl drain does")
    func drainCordons() throws {
        let steps = try Fixture.steps([("drain", null), ("verify_drained", null)]).cordoningBeforeDrains
        #expect(steps.map(\.kind) == ["cordon", "drain", "verify_drained"])
        let own = try Fixture.steps([("cordon", null), ("soak", Fixture.mapping([("for", "1s")])), ("drain", null)])
        #expect(own.cordoningBeforeDrains.map(\.kind) == ["cordon", "soak", "drain"])
        #expect(try Fixture.steps([("delete_node", null)]).cordoningBeforeDrains.map(\.kind) == ["delete_node"])
    }

    @Test("nodes that wait get the soft taint; those that are cordoned at once need none")
    func softTaint() throws {
        let targets = [Fixture.target("n1"), Fixture.target("n2"), Fixture.target("n3", zone: "b")]
        let steps = try Fixture.steps([("cordon", null), ("drain", null)])
        let policy = WavePolicy(maxUnavailable: .count(3), maxUnavailablePerZone: .count(1), soak: .zero)
        var order = Fixture.order(waves: [targets], steps: steps, policy: policy)
        order.soon = targets
        var machine = RunMachine(order)
        let nodes = [Fixture.node("n1"), Fixture.node("n2"), Fixture.node("n3", zone: "b"), Fixture.node("n4")]
        let first = machine.handle(snapshot(nodes), at: start)
        let taint = NodePatch(
            annotations: [RunMachine.retiringAnnotation: "run=r-test;plan=digest"],
            addTaints: [RunMachine.retiringTaint])
        #expect(first.requests == [.patchNode("n2", uid: "uid-n2", taint)])
        var tainted = Fixture.node("n2")
        tainted.taints = [RunMachine.retiringTaint]
        _ = machine.handle(.changed(.node(tainted)), at: start)
        #expect(machine.state.working == ["n1", "n3"])
    }

    @Test("delete_node refuses a node that is not Ready and was not drained")
    func deadNode() throws {
        var machine = RunMachine(
            Fixture.order(waves: [[Fixture.target("n1")]], steps: try Fixture.steps([("delete_node", null)])))
        let reaction = machine.handle(snapshot([Fixture.node("n1", ready: false), Fixture.node("n2")]), at: start)
        #expect(!reaction.requests.contains(.deleteNode("n1", uid: "uid-n1")))
        #expect(machine.state.quarantined.map(\.target.node) == ["n1"])
    }

    @Test("a bare pod forbids the drain, by name")
    func barePod() throws {
        var machine = RunMachine(
            Fixture.order(
                waves: [[Fixture.target("n1")]], steps: try Fixture.steps([("cordon", null), ("drain", null)])))
        let node = cordoned(Fixture.node("n1"))
        _ = machine.handle(snapshot([node], [Fixture.pod("lonely", on: "n1")]), at: start)
        guard case .quarantined("drain", let reason) = machine.state.nodes["n1"]?.phase else {
            Issue.record("not quarantined: \(String(describing: machine.state.nodes["n1"]?.phase))")
            return
        }
        #expect(reason.hasPrefix("shop/lonely: no controller would start it again"))
    }

    @Test("a failed canary stops the run")
    func canary() throws {
        let nodes = [Fixture.node("n1", ready: false), Fixture.node("n2", zone: "b")]
        var machine = RunMachine(
            Fixture.order(
                waves: [[Fixture.target("n1")], [Fixture.target("n2", zone: "b")]],
                steps: try Fixture.steps([("delete_node", null)]),
                policy: WavePolicy(maxUnavailable: .count(5), soak: .zero, maxFailures: 5)
            )
        )
        var reaction = machine.handle(snapshot(nodes), at: start)
        #expect(reaction.requests.count == 1)  // the quarantine label
        reaction = machine.handle(.completed(id: reaction.ids[0], .cluster(.succeeded)), at: start)
        #expect(machine.state.result == .failed)
        #expect(machine.state.reason == "the canary failed: n1")
    }

    @Test("a stop starts nothing new and ends once what is in flight is answered")
    func stop() throws {
        let policy = WavePolicy(maxUnavailable: .count(1), soak: .zero)
        var machine = RunMachine(
            Fixture.order(
                waves: [[Fixture.target("n1"), Fixture.target("n2", zone: "b")]],
                steps: try Fixture.steps([("delete_node", null)]), policy: policy
            )
        )
        let first = machine.handle(snapshot([Fixture.node("n1"), Fixture.node("n2", zone: "b")]), at: start)
        #expect(first.requests.count == 1)
        let stopped = machine.handle(.stopRequested(by: "SIGINT"), at: start)
        #expect(stopped.finished == nil)
        let answered = machine.handle(.completed(id: first.ids[0], .cluster(.succeeded)), at: start)
        #expect(answered.requests.isEmpty)
        #expect(answered.finished == .interrupted)
    }

    @Test("a machine built from the history stands where the last one stood, and asks the world before acting again")
    func resume() throws {
        let node = Fixture.node("n1")
        let order = Fixture.order(waves: [[Fixture.target("n1")]], steps: try Fixture.steps([("cordon", null)]))
        var first = RunMachine(order)
        let history = first.handle(snapshot([node]), at: start).events.map { (event: $0, time: start) }

        // The patch landed before the crash: nothing is sent again.
        var landed = RunMachine(order, history: history)
        let afterLanding = landed.handle(snapshot([cordoned(node)]), at: start + .seconds(60))
        #expect(afterLanding.requests.isEmpty)
        #expect(afterLanding.kinds.first == "run.resumed")
        #expect(afterLanding.finished == .done)

        // It did not land: it is sent again.
        var lost = RunMachine(order, history: history)
        #expect(lost.handle(snapshot([node]), at: start + .seconds(60)).requests.count == 1)
    }

    @Test("an eviction in doubt is not repeated while its pod is terminating")
    func evictionInDoubt() throws {
        let deployment = Fixture.deployment("web", replicas: 3)
        let set = Fixture.replicaSet("web", replicas: 3, deployment: deployment)
        let here = Fixture.pod("web-1", on: "n1", of: set)
        let elsewhere = (2...3).map { Fixture.pod("web-\($0)", on: "n2", of: set) }
        let nodes = [cordoned(Fixture.node("n1")), Fixture.node("n2")]
        let order = Fixture.order(waves: [[Fixture.target("n1")]], steps: try Fixture.steps([("drain", null)]))
        var first = RunMachine(order)
        let reaction = first.handle(snapshot(nodes, [here] + elsewhere, [deployment, set]), at: start)
        #expect(reaction.requests == [.evict(here.reference, gracePeriodSeconds: nil)])

        var leaving = here
        leaving.deletionTime = start + .seconds(30)
        var resumed = RunMachine(order, history: reaction.events.map { (event: $0, time: start) })
        let again = resumed.handle(snapshot(nodes, [leaving] + elsewhere, [deployment, set]), at: start + .seconds(5))
        #expect(again.requests.isEmpty)
        let gone = resumed.handle(.changed(.podDeleted(here.reference)), at: start + .seconds(30))
        #expect(gone.finished == .done)
    }

    @Test("a script whose end is unknown is not repeated, unless it says that it may be")
    func scriptInDoubt() throws {
        for isRepeatable in [false, true] {
            let arguments = Fixture.mapping([("script", "echo hi"), ("repeatable", .bool(isRepeatable))])
            let order = Fixture.order(waves: [[Fixture.target("n1")]], steps: try Fixture.steps([("run", arguments)]))
            var first = RunMachine(order)
            var history: [(event: RunEvent, time: Instant)] = []
            var reaction = first.handle(snapshot([Fixture.node("n1")]), at: start)
            history += reaction.events.map { ($0, start) }
            let identity = HostReport(outcome: .exited(0), standardOutput: "hostname=n1\nmachine_id=machine-n1\n")
            reaction = first.handle(.completed(id: reaction.ids[0], .host(identity)), at: start)
            history += reaction.events.map { ($0, start) }
            #expect(reaction.ids.count == 1)

            var resumed = RunMachine(order, history: history)
            let asked = resumed.handle(snapshot([Fixture.node("n1")]), at: start + .seconds(60))
            #expect(asked.hostCommands.map(\.script) == [NodeScript.identity])
            let looking = resumed.proveHosts(askedIn: asked, at: start + .seconds(60))
            #expect(looking.hostCommands.map { $0.script.contains("FLEET_SCRIPT=") } == [false])
            let absent = HostReport(outcome: .exited(0), standardOutput: "state=absent\n")
            let again = resumed.handle(.completed(id: looking.ids[0], .host(absent)), at: start + .seconds(61))
            #expect(again.hostCommands.map { $0.script.contains("FLEET_SCRIPT=") } == (isRepeatable ? [true] : []))
            #expect(resumed.state.quarantined.isEmpty == isRepeatable)
        }
    }

    @Test("a host that is another machine is refused before anything is changed")
    func identityMismatch() throws {
        let steps = try Fixture.steps([("cordon", null), ("run", Fixture.mapping([("script", "true")]))])
        var machine = RunMachine(Fixture.order(waves: [[Fixture.target("n1")]], steps: steps))
        let first = machine.handle(snapshot([Fixture.node("n1")]), at: start)
        #expect(first.requests.isEmpty)
        let other = HostReport(outcome: .exited(0), standardOutput: "hostname=n1\nmachine_id=someone-else\n")
        let second = machine.handle(.completed(id: first.ids[0], .host(other)), at: start)
        #expect(second.requests.isEmpty)
        #expect(second.finished == .failed)
        #expect(machine.state.reason.contains("Node n1 has machine-id machine-n1, the host has someone-else"))
    }

    @Test("a single replica is surged, moved and set back")
    func surge() throws {
        let deployment = Fixture.deployment("web", replicas: 1)
        let set = Fixture.replicaSet("web", replicas: 1, deployment: deployment)
        let only = Fixture.pod("web-1", on: "n1", of: set)
        let nodes = [cordoned(Fixture.node("n1")), Fixture.node("n2")]
        let steps = try Fixture.steps([("surge_single_replicas", null), ("drain", null)])
        var machine = RunMachine(Fixture.order(waves: [[Fixture.target("n1")]], steps: steps))
        let first = machine.handle(snapshot(nodes, [only], [deployment, set]), at: start)
        let note = [Compensation.annotation: Optional("run=r-test;previous=1;set=2")]
        #expect(
            first.requests == [
                .ifUnchanged(since: "", .scale(deployment.reference, replicas: 2, annotations: note))
            ])
        #expect(first.kinds.suffix(2) == ["compensation.owed", "operation.intended"])

        var raised = deployment
        raised.replicas = 2
        raised.annotations[Compensation.annotation] = "run=r-test;previous=1;set=2"
        _ = machine.handle(.completed(id: first.ids[0], .cluster(.succeeded)), at: start)
        _ = machine.handle(.changed(.workload(raised)), at: start)
        let second = machine.handle(.changed(.pod(Fixture.pod("web-2", on: "n2", of: set))), at: start)
        #expect(second.requests == [.evict(only.reference, gracePeriodSeconds: nil)])
        _ = machine.handle(.completed(id: second.ids[0], .cluster(.succeeded)), at: start)

        let third = machine.handle(.changed(.podDeleted(only.reference)), at: start)
        #expect(
            third.requests == [
                .ifUnchanged(
                    since: "", .scale(deployment.reference, replicas: 1, annotations: [Compensation.annotation: nil]))
            ])
        #expect(third.finished == nil)
        let last = machine.handle(.changed(.workload(deployment)), at: start)
        #expect(last.finished == nil)
        _ = machine.handle(.completed(id: third.ids[0], .cluster(.succeeded)), at: start)
        #expect(machine.state.compensations.isEmpty)
        #expect(machine.state.result == .done)
    }

    @Test("a cluster that cannot be followed any more leaves a run that can be gone on with")
    func lostCluster() throws {
        var machine = RunMachine(
            Fixture.order(waves: [[Fixture.target("n1")]], steps: try Fixture.steps([("cordon", null)])))
        _ = machine.handle(snapshot([Fixture.node("n1")]), at: start)
        let failure = ClusterFailure(.forbidden, message: "pods is forbidden")
        #expect(machine.handle(.lost(failure), at: start).finished == .blocked)
    }

    @Test("a cluster that could never be followed leaves the run's beginning, or its going on, in the journal")
    func neverFollowed() throws {
        let order = Fixture.order(waves: [[Fixture.target("n1")]], steps: try Fixture.steps([("cordon", null)]))
        var machine = RunMachine(order)
        let failure = ClusterFailure(.forbidden, message: "pods is forbidden")
        let first = machine.handle(.lost(failure), at: start)
        #expect(first.events.map(\.kind) == ["run.started", "run.finished"])
        #expect(first.finished == .blocked)
        var resumed = RunMachine(order, history: first.events.map { ($0, start) })
        let second = resumed.handle(.lost(failure), at: start)
        #expect(second.events.map(\.kind) == ["run.resumed", "run.finished"])
        #expect(second.finished == .blocked)
    }

    @Test("every event survives the journal")
    func records() throws {
        let node = Fixture.node("n1")
        var machine = RunMachine(
            Fixture.order(waves: [[Fixture.target("n1")]], steps: try Fixture.steps([("cordon", null)])))
        var events = machine.handle(snapshot([node]), at: start).events
        events += machine.handle(.changed(.node(cordoned(node))), at: start).events
        for (index, event) in events.enumerated() {
            let record = try event.record(sequence: Int64(index + 1), at: start)
            #expect(try RunEvent(record) == event)
        }
        #expect(Set(events.map(\.kind)).count >= 9)
    }

    @Test("an unknown step names the one that was probably meant")
    func unknownStep() throws {
        let error = #expect(throws: Diagnostics.self) { try Fixture.steps([("cordn", null)]) }
        #expect(error?.description.contains("there is no step \"cordn\"") == true)
        #expect(error?.description.contains("did you mean \"cordon\"?") == true)
    }
}
