import FleetExpressions
import FleetModel
import FleetPlanning
import Testing

@testable import FleetRun

/// Workloads with a window of their own: their nodes are taken in hand only while it is open (D4).
struct NarrowWindowTests {
    private let null = LocatedValue.null(at: Fixture.place)
    /// 2026-03-07 02:00 UTC; the pods of app=trading may be moved on Saturdays from 02:00 to 04:00.
    private let opens = ZoneOffsets.utc.instant(of: CalendarDate(day: 20_519), minutes: 120)
    private var closes: Instant { opens + .seconds(2 * 3600) }
    private let nodes = [Fixture.node("n1"), Fixture.node("n2", zone: "b")]
    private let trading = Fixture.pod("trading-1", on: "n1", labels: ["app": "trading"])

    private func order(
        _ targets: [NodeName] = ["n1", "n2"], waits: Bool = true, atEnd: MaintenanceWindow.End = .uncordon,
        seconds: Int = 600
    ) throws -> RunOrder {
        let from = try #require(TimeOfDay("02:00"))
        let to = try #require(TimeOfDay("04:00"))
        let window = MaintenanceWindow(days: [.saturday], from: from, to: to, atEnd: atEnd)
        var order = Fixture.order(
            waves: [targets.map { Fixture.target($0, zone: $0 == "n1" ? "a" : "b") }],
            steps: try Fixture.steps([("cordon", null), ("drain", null)]),
            policy: WavePolicy(
                canary: .count(0), maxUnavailable: .percent(100), maxUnavailablePerZone: .count(2), soak: .zero))
        order.narrowWindows = NarrowWindows(
            windows: [
                NarrowWindow(
                    selector: LabelSelector(matchLabels: ["app": "trading"]), namespace: "shop",
                    calendar: WindowCalendar(windows: [window], zones: ["UTC": .utc]), words: "app=trading")
            ], waits: waits, forecast: [1: .init(seconds: seconds, nodes: 1)])
        return order
    }

    /// A ReplicaSet of its own, so that the pod is one that may be evicted.
    private func snapshot(_ nodes: [Node], pods: [String] = ["trading-1"]) -> Observation {
        let set = Fixture.replicaSet("trading", replicas: 4)
        return .synchronized(
            ClusterSnapshot(
                nodes: nodes,
                pods: pods.map { Fixture.pod($0, on: "n1", of: set, labels: ["app": "trading"]) }
                    + ((pods.count + 1)...4).map {
                        Fixture.pod("else-\($0)", on: "s1", of: set, labels: ["app": "trading"])
                    },
                workloads: [set]))
    }

    private func cordoned(_ node: Node) -> Node {
        var node = node
        node.isCordoned = true
        node.annotations[CordonStep.annotation] = "r-test"
        return node
    }

    @Test("outside the pods' window their node is passed over, and the others go on")
    func passedOver() throws {
        var machine = RunMachine(try order())
        let first = machine.handle(snapshot(nodes), at: closes)
        #expect(machine.state.working == ["n2"])
        #expect(first.finished == nil)
    }

    @Test("with nothing else left the run ends as blocked and says when the window opens")
    func blocked() throws {
        var machine = RunMachine(try order(["n1"], waits: false))
        let first = machine.handle(snapshot(nodes), at: closes)
        #expect(first.finished == .blocked)
        #expect(
            machine.state.reason
                == "shop/trading-1 on n1 has a window of its own (app=trading); the next one opens 2026-03-14 02:00 UTC"
        )
        #expect(first.requests.isEmpty)
    }

    @Test("asked to wait, it begins when the window opens, however long that is")
    func waits() throws {
        var machine = RunMachine(try order(["n1"]))
        let first = machine.handle(snapshot(nodes), at: closes)
        #expect(first.kinds.last == "run.blocked")
        #expect(first.deadline == opens + .seconds(7 * 86_400))
        #expect(machine.handle(.tick, at: closes + .seconds(86_400)).finished == nil)
        let opened = machine.handle(.tick, at: opens + .seconds(7 * 86_400))
        #expect(opened.kinds.first == "node.started")
        #expect(opened.requests.count == 1)
    }

    @Test("what could not be finished before it closes is not begun; what never could ends the run")
    func tooLate() throws {
        var late = RunMachine(try order(["n1"], waits: false))
        _ = late.handle(snapshot(nodes), at: closes - .seconds(540))
        #expect(
            late.state.reason
                == "shop/trading-1 on n1 has a window of its own (app=trading), which ends in 9m, and a node needs about 10m by the forecast; the next one opens 2026-03-14 02:00 UTC"
        )
        var never = RunMachine(try order(["n1"], seconds: 3 * 3600))
        #expect(never.handle(snapshot(nodes), at: opens).finished == .blocked)
        #expect(never.state.reason.contains("never longer than 120m"))
    }

    @Test("a node whose pods nothing concerns is begun at any time")
    func unconcerned() throws {
        var machine = RunMachine(try order(["n1"]))
        _ = machine.handle(snapshot(nodes, pods: []), at: closes)
        #expect(machine.state.working == ["n1"])
    }

    @Test("when it closes in mid-drain nothing more is evicted there, and the node is uncordoned and given back")
    func closesMidway() throws {
        var machine = RunMachine(try order(["n1"]))
        let first = machine.handle(snapshot(nodes, pods: ["trading-1", "trading-2"]), at: closes - .seconds(900))
        _ = machine.handle(.completed(id: first.ids[0], .cluster(.succeeded)), at: closes - .seconds(890))
        let drain = machine.handle(.changed(.node(cordoned(nodes[0]))), at: closes - .seconds(880))
        #expect(drain.requests.count == 1, "one of four may go: \(drain.requests)")
        let end = machine.handle(.tick, at: closes)
        #expect(end.requests.isEmpty, "the eviction in flight is awaited")
        #expect(end.deadline == closes + .seconds(60))
        _ = machine.handle(.completed(id: drain.ids[0], .cluster(.succeeded)), at: closes + .seconds(1))
        let evicted = try #require(
            drain.requests.first.flatMap { if case .evict(let pod, _) = $0 { pod } else { nil } })
        let quiet = machine.handle(.changed(.podDeleted(evicted)), at: closes + .seconds(20))
        #expect(
            quiet.requests == [
                .patchNode(
                    "n1", uid: "uid-n1", NodePatch(isCordoned: false, annotations: [CordonStep.annotation: nil]))
            ])
        _ = machine.handle(.completed(id: quiet.ids[0], .cluster(.succeeded)), at: closes + .seconds(20))
        let given = machine.handle(.changed(.node(nodes[0])), at: closes + .seconds(21))
        #expect(given.kinds.contains("node.returned"))
        #expect(given.requests.isEmpty)
        #expect(machine.state.nodes["n1"]?.phase == .pending)
        let opened = machine.handle(.tick, at: opens + .seconds(7 * 86_400))
        #expect(opened.kinds.contains("node.started"))
    }

    @Test("a process that is killed when it closes leaves it to the next one")
    func crash() throws {
        var machine = RunMachine(try order(["n1"]))
        var history: [(event: RunEvent, time: Instant)] = []
        let begun = closes - .seconds(900)
        history += machine.handle(snapshot(nodes, pods: ["trading-1", "trading-2"]), at: begun).events.map {
            ($0, begun)
        }
        history += machine.handle(.changed(.node(cordoned(nodes[0]))), at: begun).events.map { ($0, begun) }
        var next = RunMachine(try order(["n1"]), history: history)
        let pods = ["trading-1", "trading-2"]
        let first = next.handle(snapshot([cordoned(nodes[0]), nodes[1]], pods: pods), at: closes + .seconds(600))
        #expect(
            first.requests == [
                .patchNode(
                    "n1", uid: "uid-n1", NodePatch(isCordoned: false, annotations: [CordonStep.annotation: nil]))
            ])
    }

    @Test("pods' windows that never meet the run's own end the run instead of waiting for ever")
    func neverMeet() throws {
        for (day, isBlocked) in [(MaintenanceWindow.Weekday.sunday, true), (.saturday, false)] {
            var order = try order(["n1"])
            let window = MaintenanceWindow(
                days: [day], from: try #require(TimeOfDay("01:00")), to: try #require(TimeOfDay("05:00")),
                atEnd: .uncordon)
            let calendar = WindowCalendar(windows: [window], zones: ["UTC": .utc])
            order.window = RunWindow(calendar: calendar, waits: true)
            var machine = RunMachine(order)
            // Inside the run's window, outside the pods'.
            let inside = day == .sunday ? opens + .seconds(86_400) : closes + .seconds(60)
            let first = machine.handle(snapshot(nodes), at: inside)
            #expect((first.finished == .blocked) == isBlocked, "\(day): \(machine.state.reason)")
            if isBlocked {
                #expect(machine.state.reason.hasSuffix("are open together for 0m at most: no run ever moves it"))
            }
        }
    }
}
