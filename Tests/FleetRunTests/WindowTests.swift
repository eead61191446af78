import FleetExpressions
import FleetModel
import FleetPlanning
import Testing

@testable import FleetRun

/// A run keeps to its windows: what begins, what is given back at the end, what goes on in the next (safety rules 21, 22).
struct WindowTests {
    private let null = LocatedValue.null(at: Fixture.place)
    /// 2026-03-07, a Saturday; the window is 01:00–05:00 UTC on Saturdays.
    private let opens = ZoneOffsets.utc.instant(of: CalendarDate(day: 20_519), minutes: 60)
    private var closes: Instant { opens + .seconds(4 * 3600) }
    private var opensAgain: Instant { opens + .seconds(7 * 86_400) }
    private let nodes = [Fixture.node("n1"), Fixture.node("n2", zone: "b")]

    private func order(
        _ steps: [(String, LocatedValue)], waits: Bool = false, atEnd: MaintenanceWindow.End = .uncordon,
        forecast: [Int: RunWindow.WaveNeed] = [:]
    ) throws -> RunOrder {
        let from = try #require(TimeOfDay("01:00"))
        let to = try #require(TimeOfDay("05:00"))
        let window = MaintenanceWindow(days: [.saturday], from: from, to: to, atEnd: atEnd)
        var order = Fixture.order(
            waves: [[Fixture.target("n1")], [Fixture.target("n2", zone: "b")]], steps: try Fixture.steps(steps))
        order.window = RunWindow(
            calendar: WindowCalendar(windows: [window], zones: ["UTC": .utc]), waits: waits, forecast: forecast)
        return order
    }

    private func snapshot(_ nodes: [Node], _ pods: [Pod] = [], _ workloads: [Workload] = []) -> Observation {
        .synchronized(ClusterSnapshot(nodes: nodes, pods: pods, workloads: workloads))
    }

    private func cordoned(_ node: Node) -> Node {
        var node = node
        node.isCordoned = true
        node.annotations[CordonStep.annotation] = "r-test"
        return node
    }

    private func succeeded(_ id: Int) -> Observation { .completed(id: id, .cluster(.succeeded)) }

    @Test("outside the window nothing begins, and the run ends as blocked with the next opening")
    func outside() throws {
        var machine = RunMachine(try order([("cordon", null)]))
        let first = machine.handle(snapshot(nodes), at: closes)
        #expect(first.requests.isEmpty)
        #expect(first.kinds == ["run.started", "window.closed", "run.finished"])
        #expect(first.finished == .blocked)
        #expect(machine.state.reason == "outside its window; the next one opens 2026-03-14 01:00 UTC")
    }

    @Test("asked to wait, it begins when the window opens")
    func waits() throws {
        var machine = RunMachine(try order([("cordon", null)], waits: true))
        let first = machine.handle(snapshot(nodes), at: closes)
        #expect(first.finished == nil)
        let settled = first.deadline ?? opensAgain
        let second = settled < opensAgain ? machine.handle(.tick, at: settled) : first
        #expect(second.deadline == opensAgain)
        let opened = machine.handle(.tick, at: opensAgain)
        #expect(opened.kinds.first == "window.opened")
        #expect(opened.requests.count == 1)
    }

    @Test("inside it begins as ever, and asks to be woken at the window's end")
    func inside() throws {
        var machine = RunMachine(try order([("cordon", null)]))
        let first = machine.handle(snapshot(nodes), at: opens)
        #expect(first.requests.count == 1)
        #expect(first.deadline == closes)
    }

    @Test("a clock that was slow and is set right ends the window at once, and the node in hand is given back")
    func clockSetForward() throws {
        var machine = RunMachine(try order([("cordon", null), ("soak", Fixture.mapping([("for", "2h")]))]))
        let first = machine.handle(snapshot(nodes), at: opens)
        _ = machine.handle(succeeded(first.ids[0]), at: opens)
        _ = machine.handle(.changed(.node(cordoned(nodes[0]))), at: opens + .seconds(1))
        let set = machine.handle(.clockSet(by: .seconds(4 * 3600)), at: opens + .seconds(60))
        #expect(set.kinds.first == "window.closed")
        #expect(set.requests.count == 1)
        #expect(machine.window.settleDeadline == opens + .seconds(120))
        _ = machine.handle(succeeded(try #require(set.ids.first)), at: opens + .seconds(61))
        let end = machine.handle(.changed(.node(nodes[0])), at: opens + .seconds(62))
        #expect(end.finished == .blocked)
    }

    @Test("a clock that was fast and is set right keeps the window open for as long as it really is")
    func clockSetBack() throws {
        var machine = RunMachine(try order([("cordon", null)]))
        _ = machine.handle(snapshot(nodes), at: closes - .seconds(300))
        let set = machine.handle(.clockSet(by: .seconds(-3600)), at: closes - .seconds(200))
        #expect(set.deadline == closes + .seconds(3600))
        #expect(!machine.handle(.tick, at: closes).kinds.contains("window.closed"))
        #expect(machine.handle(.tick, at: closes + .seconds(3600)).kinds.contains("window.closed"))

        var early = RunMachine(try order([("cordon", null)]))
        _ = early.handle(snapshot(nodes), at: opens + .seconds(60))
        #expect(early.handle(.clockSet(by: .seconds(-3600)), at: opens + .seconds(61)).kinds.first == "window.closed")
    }

    @Test("a window that the clock had closed too early opens again once the clock is set right")
    func clockSetRight() throws {
        var machine = RunMachine(try order([("cordon", null)], waits: true))
        #expect(machine.handle(snapshot(nodes), at: closes).kinds.contains("window.closed"))
        let set = machine.handle(.clockSet(by: .seconds(-3600)), at: closes + .seconds(10))
        #expect(set.kinds.contains("window.opened"))
        #expect(set.requests.count == 1)
    }

    @Test("what could not be finished before the end does not begin")
    func tooLate() throws {
        let forecast = [1: RunWindow.WaveNeed(seconds: 3600, nodes: 1), 2: .init(seconds: 60, nodes: 1)]
        var early = RunMachine(try order([("cordon", null)], forecast: forecast))
        #expect(early.handle(snapshot(nodes), at: closes - .seconds(3600)).requests.count == 1)
        var late = RunMachine(try order([("cordon", null)], forecast: forecast))
        let reaction = late.handle(snapshot(nodes), at: closes - .seconds(3599))
        #expect(reaction.requests.isEmpty)
        #expect(reaction.finished == .blocked)
        let closed = reaction.events.compactMap { if case .windowClosed(let fact) = $0 { fact } else { nil } }
        #expect(closed.first?.reason == "the window ends in 59m, and a node needs about 60m by the forecast")
        #expect(closed.first?.until == opensAgain)
    }

    @Test("a node is not begun where one of this run took longer than is left, whatever the forecast says")
    func experience() throws {
        var machine = RunMachine(try order([("cordon", null), ("uncordon", null)]))
        let begun = closes - .seconds(3600)
        var reaction = machine.handle(snapshot(nodes), at: begun)
        _ = machine.handle(succeeded(reaction.ids[0]), at: begun)
        reaction = machine.handle(.changed(.node(cordoned(nodes[0]))), at: begun + .seconds(1900))
        _ = machine.handle(succeeded(reaction.ids[0]), at: begun + .seconds(1900))
        reaction = machine.handle(.changed(.node(nodes[0])), at: begun + .seconds(1920))
        #expect(machine.state.nodes["n1"]?.phase == .finished)
        #expect(machine.state.longestNode == .seconds(1920))
        let closed = reaction.events.compactMap { if case .windowClosed(let fact) = $0 { fact } else { nil } }
        #expect(closed.first?.reason == "the window ends in 28m, and a node needs about 32m, as one of this run did")
        #expect(reaction.finished == .blocked)
        #expect(reaction.requests.isEmpty)
    }

    @Test("what no window is long enough for ends the run instead of waiting for ever")
    func never() throws {
        let forecast = [1: RunWindow.WaveNeed(seconds: 6 * 3600, nodes: 1)]
        var machine = RunMachine(try order([("cordon", null)], waits: true, forecast: forecast))
        let reaction = machine.handle(snapshot(nodes), at: opens)
        #expect(reaction.finished == .blocked)
        #expect(machine.state.reason == "a node needs about 360m by the forecast, and no window is longer than 240m")
    }

    @Test("a cordon that no watch has shown when the window ends is taken back too")
    func cordonOnItsWay() throws {
        var machine = RunMachine(try order([("cordon", null)], waits: true))
        let first = machine.handle(snapshot(nodes), at: closes - .seconds(300))
        _ = machine.handle(succeeded(try #require(first.ids.first)), at: closes - .seconds(300))
        let end = machine.handle(.tick, at: closes)
        #expect(
            end.requests == [
                .patchNode(
                    "n1", uid: "uid-n1", NodePatch(isCordoned: false, annotations: [CordonStep.annotation: nil]))
            ])
        let given = machine.handle(succeeded(try #require(end.ids.first)), at: closes + .seconds(1))
        #expect(given.kinds.contains("node.returned"))
        #expect(given.requests.isEmpty)
    }

    /// A node whose single replica was surged, and that waits for the second pod when the window ends.
    private struct Surged {
        var machine: RunMachine
        var deployment = Fixture.deployment("cart", replicas: 1)
        var raised: Workload
        var history: [(event: RunEvent, time: Instant)] = []
    }

    private func surged(atEnd: MaintenanceWindow.End, waits: Bool = false) throws -> Surged {
        let steps = [("cordon", null), ("surge_single_replicas", null), ("drain", null)]
        let deployment = Fixture.deployment("cart", replicas: 1)
        let set = Fixture.replicaSet("cart", replicas: 1, deployment: deployment)
        var raised = deployment
        raised.replicas = 2
        raised.annotations[Compensation.annotation] = "run=r-test;previous=1;set=2"
        var surged = Surged(machine: RunMachine(try order(steps, waits: waits, atEnd: atEnd)), raised: raised)
        let late = closes - .seconds(300)
        let pod = Fixture.pod("cart-1", on: "n1", of: set)
        let first = surged.machine.handle(
            snapshot([cordoned(nodes[0]), nodes[1]], [pod], [deployment, set]), at: late)
        surged.history += first.events.map { ($0, late) }
        for observation in first.ids.map(succeeded) + [.changed(.workload(raised))] {
            surged.history += surged.machine.handle(observation, at: late).events.map { ($0, late) }
        }
        return surged
    }

    @Test("at the end temporary changes are undone, the node is uncordoned and given back, and the run ends")
    func uncordon() throws {
        var surged = try surged(atEnd: .uncordon)
        let end = surged.machine.handle(.tick, at: closes)
        let undo = ClusterRequest.ifUnchanged(
            since: "", .scale(surged.deployment.reference, replicas: 1, annotations: [Compensation.annotation: nil]))
        let uncordon = ClusterRequest.patchNode(
            "n1", uid: "uid-n1", NodePatch(isCordoned: false, annotations: [CordonStep.annotation: nil]))
        #expect(Set(end.requests) == [undo, uncordon])
        #expect(end.finished == nil)
        for id in end.ids { #expect(surged.machine.handle(succeeded(id), at: closes).finished == nil) }
        _ = surged.machine.handle(.changed(.workload(surged.deployment)), at: closes)
        let last = surged.machine.handle(.changed(.node(nodes[0])), at: closes)
        #expect(last.finished == .blocked)
        #expect(surged.machine.state.nodes["n1"]?.phase == .pending)
        #expect(surged.machine.state.compensations.isEmpty)
    }

    @Test("with at_end: hold the node keeps its cordon, and begins anew in the next window")
    func hold() throws {
        var surged = try surged(atEnd: .hold, waits: true)
        let end = surged.machine.handle(.tick, at: closes)
        #expect(end.requests.count == 1)
        _ = surged.machine.handle(succeeded(end.ids[0]), at: closes)
        let given = surged.machine.handle(.changed(.workload(surged.deployment)), at: closes)
        #expect(given.kinds.contains("node.returned"))
        #expect(given.finished == nil)
        #expect(given.deadline == opensAgain)
        let opened = surged.machine.handle(.tick, at: opensAgain)
        #expect(opened.kinds.prefix(2) == ["window.opened", "node.started"])
        // The cordon is its own, so the step is done at once, and the replica is surged again.
        #expect(opened.requests.count == 1)
        if case .ifUnchanged(_, .scale(let reference, 2, _)) = opened.requests.first {
            #expect(reference == surged.deployment.reference)
        } else {
            Issue.record("not surged again: \(opened.requests)")
        }
    }

    @Test("a process that is killed at the window's end leaves it to the next one")
    func crashAtTheEnd() throws {
        let surged = try surged(atEnd: .uncordon)
        var resumed = RunMachine(surged.machine.order, history: surged.history)
        let set = Fixture.replicaSet("cart", replicas: 1, deployment: surged.deployment)
        let pod = Fixture.pod("cart-1", on: "n1", of: set)
        let first = resumed.handle(
            snapshot([cordoned(nodes[0]), nodes[1]], [pod], [surged.raised, set]), at: closes + .seconds(600))
        #expect(first.requests.count == 2)
        #expect(first.kinds.contains("window.closed"))
    }

    @Test("a host on which a script runs that must not run twice stays in hand over the window's end")
    func notReturnable() throws {
        let script = Fixture.mapping([("script", "true"), ("become", .bool(false))])
        var machine = RunMachine(try order([("cordon", null), ("run", script), ("delete_node", null)], waits: true))
        let first = machine.handle(snapshot([cordoned(nodes[0]), nodes[1]]), at: opens)
        var reaction = first
        for id in first.ids {
            let identity = HostReport(outcome: .exited(0), standardOutput: "hostname=n\n")
            reaction = machine.handle(.completed(id: id, .host(identity)), at: opens)
        }
        let running = try #require(reaction.ids.first)
        _ = machine.handle(.tick, at: closes)
        let settled = machine.handle(.completed(id: running, .host(HostReport(outcome: .exited(0)))), at: closes)
        #expect(settled.requests.isEmpty)
        #expect(!settled.kinds.contains("node.returned"))
        #expect(machine.state.working == ["n1"])
        let opened = machine.handle(.tick, at: opensAgain)
        #expect(opened.requests == [.deleteNode("n1", uid: "uid-n1")])
    }

    @Test("a node that stays in hand has its surge undone and made anew, runs no script twice, and loses no time")
    func keptWithSurge() throws {
        let script = Fixture.mapping([("script", "true"), ("become", .bool(false))])
        let steps = [("cordon", null), ("run", script), ("surge_single_replicas", null), ("drain", null)]
        var order = try order(steps, waits: true)
        order.settings.isForControlPlane = false
        var machine = RunMachine(order)
        let deployment = Fixture.deployment("cart", replicas: 1)
        let set = Fixture.replicaSet("cart", replicas: 1, deployment: deployment)
        let pod = Fixture.pod("cart-1", on: "n1", of: set)
        var raised = deployment
        raised.replicas = 2
        raised.annotations[Compensation.annotation] = "run=r-test;previous=1;set=2"
        var reaction = machine.handle(
            snapshot([cordoned(nodes[0]), nodes[1]], [pod], [deployment, set]), at: closes - .seconds(300))
        for _ in 0..<2 {
            for id in reaction.ids {
                let report = HostReport(outcome: .exited(0), standardOutput: "hostname=n\n")
                reaction = machine.handle(.completed(id: id, .host(report)), at: closes - .seconds(300))
            }
        }
        guard case .ifUnchanged(_, .scale(_, 2, _))? = reaction.requests.first else {
            Issue.record("not surged: \(reaction.requests)")
            return
        }
        _ = machine.handle(succeeded(reaction.ids[0]), at: closes - .seconds(300))
        _ = machine.handle(.changed(.workload(raised)), at: closes - .seconds(300))

        let end = machine.handle(.tick, at: closes)
        #expect(end.kinds.contains("node.rewound"))
        guard case .ifUnchanged(_, .scale(_, 1, _))? = end.requests.first, end.requests.count == 1 else {
            Issue.record("not set back: \(end.requests)")
            return
        }
        _ = machine.handle(succeeded(end.ids[0]), at: closes)
        _ = machine.handle(.changed(.workload(deployment)), at: closes)
        #expect(machine.state.compensations.isEmpty)
        #expect(machine.state.working == ["n1"])

        let opened = machine.handle(.tick, at: opensAgain)
        #expect(opened.kinds.prefix(2) == ["window.opened", "time.stopped"])
        #expect(opened.hostCommands.isEmpty)
        guard case .ifUnchanged(_, .scale(_, 2, _))? = opened.requests.first, opened.requests.count == 1 else {
            Issue.record("not surged anew: \(opened.requests)")
            return
        }
        _ = machine.handle(succeeded(opened.ids[0]), at: opensAgain)
        _ = machine.handle(.changed(.workload(raised)), at: opensAgain)
        let second = machine.handle(.changed(.pod(Fixture.pod("cart-2", on: "s1", of: set))), at: opensAgain)
        #expect(second.requests == [.evict(pod.reference, gracePeriodSeconds: nil)])
        #expect(second.hostCommands.isEmpty)
    }

    @Test("a node on whose host a script runs stays in hand, though a label before it is undone and made anew")
    func keptWithLabel() throws {
        let script = Fixture.mapping([("script", "true")])
        let steps = [("cordon", null), ("exclude_from_load_balancers", null), ("run", script), ("uncordon", null)]
        var machine = RunMachine(try order(steps, waits: true))
        var labelled = cordoned(nodes[0])
        labelled.labels[ExcludeFromLoadBalancersStep.label] = ""
        labelled.annotations[Compensation.annotation(ofLabel: ExcludeFromLoadBalancersStep.label)] = "run=r-test"
        let late = closes - .seconds(300)
        let first = machine.handle(snapshot([cordoned(nodes[0]), nodes[1]]), at: late)
        let identity = HostReport(outcome: .exited(0), standardOutput: "hostname=n\n")
        var reaction = first
        for id in first.ids { reaction = machine.handle(.completed(id: id, .host(identity)), at: late) }
        _ = machine.handle(succeeded(try #require(reaction.ids.first)), at: late)
        let started = machine.handle(.changed(.node(labelled)), at: late)
        let running = HostReport(outcome: .exited(0), standardOutput: "state=running\n")
        let follow = machine.handle(.completed(id: try #require(started.ids.first), .host(running)), at: late)
        _ = machine.handle(.tick, at: closes)
        let end = machine.handle(.tick, at: closes + .seconds(61))
        #expect(end.kinds.contains("node.rewound"))
        #expect(!end.requests.isEmpty, "the label is undone")
        for id in end.ids { _ = machine.handle(succeeded(id), at: closes + .seconds(62)) }
        for id in follow.ids { _ = machine.handle(.completed(id: id, .host(running)), at: closes + .seconds(62)) }
        let undone = machine.handle(.changed(.node(cordoned(nodes[0]))), at: closes + .seconds(63))
        #expect(!undone.kinds.contains("node.returned") && machine.state.working == ["n1"])
        let opened = machine.handle(.tick, at: opensAgain)
        #expect(opened.requests.count == 1, "labelled anew: \(opened.kinds)")
        guard opened.requests.count == 1 else { return }
        #expect(opened.hostCommands.allSatisfy { !$0.script.contains("FLEET_SCRIPT=") }, "not started twice")
        _ = machine.handle(succeeded(opened.ids[0]), at: opensAgain)
        let following = machine.handle(.changed(.node(labelled)), at: opensAgain)
        #expect(machine.state.nodes["n1"]?.step == 2)
        #expect(following.hostCommands.allSatisfy { $0.script.contains("FLEET_TURNS=") })
        #expect(following.hostCommands.count == 1)
    }

    @Test("a process that goes on in a later window counts the time between for nothing as well")
    func resumedLater() throws {
        let script = Fixture.mapping([("script", "true"), ("become", .bool(false))])
        let order = try order([("cordon", null), ("run", script), ("drain", null)], waits: true)
        var machine = RunMachine(order)
        var history: [(event: RunEvent, time: Instant)] = []
        func note(_ reaction: Reaction, _ time: Instant) -> Reaction {
            history += reaction.events.map { ($0, time) }
            return reaction
        }
        let set = Fixture.replicaSet("web", replicas: 3)
        let late = closes - .seconds(300)
        let held = Observation.synchronized(
            ClusterSnapshot(
                nodes: [cordoned(nodes[0]), nodes[1]], pods: [Fixture.pod("web-1", on: "n1", of: set)],
                budgets: [Fixture.budget("web", allowed: 0)], workloads: [set]))
        var reaction = note(machine.handle(held, at: late), late)
        for _ in 0..<2 {
            for id in reaction.ids {
                let report = HostReport(outcome: .exited(0), standardOutput: "hostname=n\n")
                reaction = note(machine.handle(.completed(id: id, .host(report)), at: late), late)
            }
        }
        _ = note(machine.handle(.tick, at: closes), closes)
        let idle = closes + .seconds(3 * 3600)
        _ = note(machine.handle(.stopRequested(by: "SIGINT"), at: idle), idle)
        #expect(machine.state.result == .interrupted)

        var next = RunMachine(order, history: history)
        let again = next.handle(held, at: opensAgain + .seconds(60))
        #expect(again.kinds.prefix(3) == ["run.resumed", "window.opened", "time.stopped"])
        #expect(next.state.working == ["n1"])
        #expect(next.state.windowClosedAt == nil)
        // Five of its thirty minutes were gone.
        _ = next.handle(.tick, at: opensAgain + .seconds(60 + 1490))
        #expect(next.state.quarantined.isEmpty)
        _ = next.handle(.tick, at: opensAgain + .seconds(60 + 1501))
        #expect(next.state.quarantined.map(\.target.node) == ["n1"])
    }

    @Test(
        "a node whose host is worked on is given back if that ends within a minute; else it stays cordoned and in hand",
        arguments: [30, 90])
    func hostInUse(seconds: Int) throws {
        let packages = Fixture.located(["names": ["nginx"]])
        var machine = RunMachine(
            try order([("cordon", null), ("packages", packages), ("uncordon", null)], waits: true))
        let first = machine.handle(snapshot([cordoned(nodes[0]), nodes[1]]), at: opens)
        let working = machine.proveHosts(askedIn: first, at: opens)
        #expect(working.hostCommands.count == 1)
        let end = machine.handle(.tick, at: closes)
        #expect(end.requests.isEmpty, "the cordon stays while packages are installed")
        if seconds > 60 { #expect(machine.handle(.tick, at: closes + .seconds(61)).requests.isEmpty) }
        let done = HostReport(outcome: .exited(0), standardOutput: "changed=install nginx\n")
        let ended = machine.handle(.completed(id: working.ids[0], .host(done)), at: closes + .seconds(seconds))
        guard seconds <= 60 else {
            #expect(ended.requests.isEmpty && machine.state.working == ["n1"])
            let opened = machine.handle(.tick, at: opensAgain)
            #expect(opened.hostCommands.isEmpty, "nothing is installed twice")
            #expect(machine.state.nodes["n1"]?.step == 2)
            return
        }
        #expect(ended.requests.count == 1, "\(ended.requests)")
        for id in ended.ids { _ = machine.handle(succeeded(id), at: closes + .seconds(seconds)) }
        #expect(machine.handle(.changed(.node(nodes[0])), at: closes + .seconds(91)).kinds.contains("node.returned"))
        #expect(machine.state.working.isEmpty)
    }

    @Test("a run that has failed gives its nodes back at the window's end as well, and ends as failed")
    func failedAtTheEnd() throws {
        var order = try order([("cordon", null), ("drain", null)])
        order.waves = [PlannedWave(number: 1, targets: [Fixture.target("n1"), Fixture.target("n2", zone: "b")])]
        order.policy = WavePolicy(canary: .count(0), maxUnavailable: .percent(100), soak: .zero)
        var machine = RunMachine(order)
        let set = Fixture.replicaSet("web", replicas: 3)
        let pods = [Fixture.pod("lonely", on: "n2"), Fixture.pod("web-1", on: "n1", of: set)]
        let first = machine.handle(
            .synchronized(
                ClusterSnapshot(
                    nodes: nodes.map(cordoned) + [Fixture.node("s1")], pods: pods,
                    budgets: [Fixture.budget("web", allowed: 0)], workloads: [set])), at: closes - .seconds(300))
        for id in first.ids { _ = machine.handle(succeeded(id), at: closes - .seconds(299)) }
        #expect(machine.state.quarantined.map(\.target.node) == ["n2"])
        #expect(machine.state.working == ["n1"])
        var reaction = machine.handle(.tick, at: closes)
        #expect(
            reaction.requests.contains(
                .patchNode("n1", uid: "uid-n1", NodePatch(isCordoned: false, annotations: [CordonStep.annotation: nil]))
            ))
        for id in machine.state.open.keys.sorted() { _ = machine.handle(succeeded(id), at: closes) }
        reaction = machine.handle(.changed(.node(nodes[0])), at: closes)
        #expect(reaction.finished == .failed)
        #expect(machine.state.reason.contains("more than max_failures"), "\(machine.state.reason)")
    }

    @Test("Ctrl-C while waiting for a window ends the run at once")
    func interruptedWait() throws {
        var machine = RunMachine(try order([("cordon", null)], waits: true))
        _ = machine.handle(snapshot(nodes), at: closes)
        #expect(machine.handle(.stopRequested(by: "SIGINT"), at: closes + .seconds(120)).finished == .interrupted)
    }

    @Test("what could not end before the window does is not begun on a node that can still be given back")
    func leftToTheNext() throws {
        let once = Fixture.mapping([("script", "true")])
        let steps = [("cordon", null), ("soak", Fixture.mapping([("for", "1s")])), ("reboot", null), ("run", once)]
        for (seconds, begins) in [(239.0, false), (241, true)] {
            var machine = RunMachine(try order(steps))
            let asked = machine.handle(snapshot(nodes), at: closes - .seconds(900))
            let first = machine.proveHosts(askedIn: asked, at: closes - .seconds(900))
            let patch = try #require(first.ids.first)
            _ = machine.handle(succeeded(patch), at: closes - .seconds(900))
            _ = machine.handle(.changed(.node(cordoned(nodes[0]))), at: closes - .seconds(seconds))
            let soaked = machine.handle(.tick, at: closes - .seconds(seconds - 1))
            let reached = soaked.directives.contains {
                if case .perform(_, _, .host) = $0 { true } else { false }
            }
            #expect(reached == begins, "\(seconds) s before the end: \(soaked.kinds)")
            guard !begins else { continue }
            #expect(machine.state.nodes["n1"]?.waiting.hasSuffix("left to the next one") == true)
            #expect(machine.handle(.tick, at: closes).requests.count == 1)  // The uncordon.
        }
    }

    @Test("a window that is too short for any node is told as such, also where nobody waits")
    func neverWithoutWaiting() throws {
        let forecast = [1: RunWindow.WaveNeed(seconds: 6 * 3600, nodes: 1)]
        var machine = RunMachine(try order([("cordon", null)], forecast: forecast))
        #expect(machine.handle(snapshot(nodes), at: opens).finished == .blocked)
        #expect(machine.state.reason == "a node needs about 360m by the forecast, and no window is longer than 240m")
    }

    @Test("a clock set back into another open window goes on in that one")
    func clockSetIntoAnother() throws {
        let spans = [("01:00", "02:00"), ("03:00", "05:00")]
        let windows = try spans.map {
            MaintenanceWindow(
                days: [.saturday], from: try #require(TimeOfDay($0)), to: try #require(TimeOfDay($1)), atEnd: .uncordon)
        }
        var order = try order([("cordon", null)])
        order.window = RunWindow(calendar: WindowCalendar(windows: windows, zones: ["UTC": .utc]))
        var machine = RunMachine(order)
        _ = machine.handle(snapshot(nodes), at: opens + .seconds(2.25 * 3600))
        let set = machine.handle(.clockSet(by: .seconds(-2 * 3600)), at: opens + .seconds(2.25 * 3600))
        #expect(!set.kinds.contains("window.closed"))
        #expect(set.deadline == opens + .seconds(3 * 3600))
    }
}
