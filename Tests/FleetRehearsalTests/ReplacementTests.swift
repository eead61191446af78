import FleetExpressions
import FleetModel
import FleetPlanning
import FleetRun
import FleetSimulation
import Testing

@testable import FleetRehearsal

/// Rolling replacements on a virtual clock, as the planner cuts them: new nodes first, then as many old ones out.
struct ReplacementTests {
    /// Where the new hosts come from: the inventory's spares, or a provider that names them after the old ones.
    enum Source: CaseIterable {
        case inventory, provider
    }

    /// What a playbook says of each of two pools, both in every zone.
    struct PoolBounds: Sendable {
        /// New nodes of a pool that come before as many of its old ones go.
        var surge: Int
        /// At most so many of a pool's nodes out of service at once.
        var unavailable: Int
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var source: Source
        /// The surge: new nodes that come before as many old ones go.
        var size: Int
        var canary: Int
        /// At most so many nodes out of service at once, and in one zone.
        var unavailable: Int
        var unavailablePerZone: Int
        var old: Int
        var seed: UInt64
        /// nil: all nodes are of one pool, of which nothing is said.
        var pools: PoolBounds?

        var testDescription: String {
            let ofPools = pools.map { ", \($0.surge) at once and \($0.unavailable) out in a pool" } ?? ""
            return
                "\(old) nodes by \(source), \(size) at once, \(unavailable) out, \(unavailablePerZone) in a zone\(ofPools), seed \(seed)"
        }
    }

    static let rows = [
        Row(source: .inventory, size: 1, canary: 1, unavailable: 1, unavailablePerZone: 1, old: 4, seed: 1),
        Row(source: .provider, size: 1, canary: 1, unavailable: 1, unavailablePerZone: 1, old: 4, seed: 1),
        Row(source: .inventory, size: 2, canary: 1, unavailable: 2, unavailablePerZone: 1, old: 5, seed: 2),
        Row(source: .provider, size: 3, canary: 0, unavailable: 2, unavailablePerZone: 2, old: 6, seed: 3),
        // More at once than may be out at once: the surge waits, the bound holds.
        Row(source: .inventory, size: 4, canary: 1, unavailable: 1, unavailablePerZone: 1, old: 6, seed: 4),
        Row(source: .provider, size: 5, canary: 0, unavailable: 3, unavailablePerZone: 1, old: 12, seed: 5),
    ]

    @Test(
        "no zone has fewer nodes for pods than before, no more come at once than were agreed, no more are out; every pod moves once",
        arguments: rows)
    func replace(row: Row) throws {
        let play = try Replacement(row)
        var rehearsal = try play.rehearsal()
        let before = play.schedulable(in: play.snapshot.nodes)
        let count = play.snapshot.nodes.count
        while rehearsal.result == nil, rehearsal.time < play.snapshot.takenAt + .seconds(2 * 86_400), rehearsal.step() {
            let nodes = rehearsal.simulation.nodes
            let now = play.schedulable(in: nodes)
            for (zone, wanted) in before where now[zone] ?? 0 < wanted {
                Issue.record("zone \(zone) has \(now[zone] ?? 0) of \(wanted) nodes for pods at \(rehearsal.time)")
            }
            #expect(nodes.count <= count + row.size, "\(nodes.count) nodes, \(row.size) more than \(count) were agreed")
            let out = Dictionary(grouping: nodes.filter { $0.isCordoned && play.old.contains($0.name) }, by: \.zone)
            #expect(out.values.map(\.count).reduce(0, +) <= row.unavailable)
            #expect(out.values.allSatisfy { $0.count <= row.unavailablePerZone })
        }
        #expect(rehearsal.result == .done, "\(rehearsal.machine.state.reason)")
        let names = Set(rehearsal.simulation.nodes.map(\.name))
        #expect(names.isDisjoint(with: play.old) && names.isSuperset(of: play.new))
        #expect(names.count == count)
        rehearsal.settle(for: .seconds(1200))
        rehearsal.invariants?.checkEnd(.done, in: rehearsal.simulation, deletesNodes: false)
        #expect(rehearsal.invariants?.violations == [])
        expectSingleMoves(rehearsal, play)
        expectVolumesHome(rehearsal.simulation.snapshot())
    }

    /// Members with volumes run again, each in the zone to which its volume is bound (row R4).
    private func expectVolumesHome(_ end: ClusterSnapshot) {
        let bound = Dictionary(end.claims.map { ($0.key, $0.volumeName) }, uniquingKeysWith: { first, _ in first })
        let volumes = Dictionary(end.volumes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let nodes = Dictionary(end.nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var members = 0
        for pod in end.pods {
            for case .claim(_, let claim) in pod.volumes {
                let terms = bound[ObjectKey(pod.key.namespace, claim)].flatMap { volumes[$0]?.nodeAffinity } ?? []
                let node = pod.nodeName.flatMap { nodes[$0] }
                #expect(node.map { node in terms.contains { $0.matches(node) } } == true, "\(pod.key)")
                #expect(pod.isReady, "\(pod.key)")
                members += 1
            }
        }
        #expect(members == 3)
    }

    /// Evictions against the pods that had to move: what landed on a node that goes later moved twice.
    ///
    /// A surged replica is one pod more.
    private func expectSingleMoves(_ rehearsal: Rehearsal, _ play: Replacement) {
        let (accepted, refused) = rehearsal.evictions
        #expect(refused == 0)
        let moving = play.snapshot.pods.count { pod in
            pod.nodeName.map(play.old.contains) == true && !pod.isDaemon && !pod.isMirror
        }
        let surges = Set(
            rehearsal.events.compactMap { event, _ in
                if case .compensationOwed(let owed) = event, owed.compensation.kind == .replicas {
                    owed.compensation.id
                } else {
                    nil
                }
            }
        ).count
        #expect(
            accepted.count <= moving + surges,
            "\(accepted.count) moves of \(moving) pods, \(surges) surged: \(Double(accepted.count) / Double(moving))")
    }

    @Test("in windows nothing begins outside them, and what is in hand at a window's end keeps every zone whole")
    func windows() throws {
        let play = try Replacement(
            Row(source: .provider, size: 2, canary: 1, unavailable: 2, unavailablePerZone: 1, old: 5, seed: 6))
        var order = try play.order()
        order.policy.soak = .seconds(150)  // More than one window's work.
        let windows = try (0..<24).map { hour in
            MaintenanceWindow(
                from: try #require(TimeOfDay(minutes: hour * 60)), to: try #require(TimeOfDay(minutes: hour * 60 + 12)),
                atEnd: .uncordon)
        }
        let calendar = WindowCalendar(windows: windows, zones: ["UTC": .utc])
        let needs = order.waves.map { ($0.number, RunWindow.WaveNeed(seconds: 300, nodes: $0.targets.count)) }
        order.window = RunWindow(
            calendar: calendar, waits: true, forecast: Dictionary(needs, uniquingKeysWith: { first, _ in first }))
        var rehearsal = try play.rehearsal(order)
        let before = play.schedulable(in: play.snapshot.nodes)
        while rehearsal.result == nil, rehearsal.time < play.snapshot.takenAt + .seconds(3 * 86_400), rehearsal.step() {
            let now = play.schedulable(in: rehearsal.simulation.nodes)
            #expect(before.allSatisfy { now[$0.key] ?? 0 >= $0.value }, "\(now) at \(rehearsal.time)")
        }
        #expect(rehearsal.result == .done, "\(rehearsal.machine.state.reason)")
        #expect(Set(rehearsal.simulation.nodes.map(\.name)).isDisjoint(with: play.old))
        var hours: Set<Int64> = []
        for (event, time) in rehearsal.events {
            switch event {
            case .nodeStarted, .evictionRequested, .waveStarted:
                #expect(calendar.span(at: time) != nil, "\(event.kind) outside the window, at \(time)")
                hours.insert(time.microseconds / 3_600_000_000)
            default: break
            }
        }
        #expect(hours.count > 1, "one window was enough")
    }

    @Test("killed after any fact and taken up again, it ends the same: every new node in, every old one out")
    func crashes() throws {
        let play = try Replacement(
            Row(source: .inventory, size: 1, canary: 1, unavailable: 1, unavailablePerZone: 1, old: 2, seed: 7))
        var whole = try play.rehearsal()
        #expect(whole.play(atMost: .seconds(86_400)) == .done)
        var crashes = 0
        for facts in 1..<whole.events.count {
            var first = try play.rehearsal()
            guard let wreck = first.crash(afterFacts: facts, performing: facts % 2 == 0) else { continue }
            crashes += 1
            var second = Rehearsal(try play.order(), after: wreck)
            #expect(second.play(atMost: .seconds(2 * 86_400)) == .done, "after \(facts) facts")
            let names = Set(second.simulation.nodes.map(\.name))
            #expect(names.isDisjoint(with: play.old) && names.isSuperset(of: play.new), "after \(facts) facts")
        }
        #expect(crashes >= whole.events.count / 2, "every other fact is passed by after its turn's acts")
    }

    // MARK: - Pools

    static let pooled = [
        Row(
            source: .inventory, size: 6, canary: 0, unavailable: 6, unavailablePerZone: 3, old: 9, seed: 8,
            pools: PoolBounds(surge: 2, unavailable: 1)),
        Row(
            source: .provider, size: 9, canary: 0, unavailable: 9, unavailablePerZone: 3, old: 12, seed: 9,
            pools: PoolBounds(surge: 3, unavailable: 2)),
    ]

    @Test(
        "no pool ever has fewer nodes for pods than it keeps, no more come into it at once than were agreed, no more of it are out",
        arguments: pooled)
    func pools(row: Row) throws {
        let play = try Replacement(row)
        let bounds = try #require(row.pools)
        #expect(play.mostOfOnePool == bounds.surge, "the bound on what is out would never be reached")
        var rehearsal = try play.rehearsal()
        var most = 0
        let end = play.snapshot.takenAt + .seconds(2 * 86_400)
        while rehearsal.result == nil, rehearsal.time < end, rehearsal.step() {
            most = max(most, play.expectWholePools(in: rehearsal, bounds))
        }
        #expect(rehearsal.result == .done, "\(rehearsal.machine.state.reason)")
        #expect(most == bounds.unavailable, "\(most) of a pool were out at once")
        let names = Set(rehearsal.simulation.nodes.map(\.name))
        #expect(names.isDisjoint(with: play.old) && names.isSuperset(of: play.new))
        #expect(rehearsal.invariants?.violations == [])
    }

    @Test("killed after facts and taken up again, it keeps every pool whole to the same end")
    func poolsOverCrashes() throws {
        let bounds = PoolBounds(surge: 2, unavailable: 1)
        let play = try Replacement(
            Row(
                source: .inventory, size: 6, canary: 0, unavailable: 6, unavailablePerZone: 3, old: 6, seed: 10,
                pools: bounds))
        var whole = try play.rehearsal()
        #expect(whole.play(atMost: .seconds(86_400)) == .done, "\(whole.machine.state.reason)")
        var crashes = 0
        for facts in stride(from: 1, to: whole.events.count, by: 17) {
            var first = try play.rehearsal()
            guard let wreck = first.crash(afterFacts: facts, performing: facts % 2 == 0) else { continue }
            crashes += 1
            var second = Rehearsal(try play.order(), after: wreck)
            let end = second.time + .seconds(2 * 86_400)
            while second.result == nil, second.time < end, second.step() {
                _ = play.expectWholePools(in: second, bounds)
            }
            #expect(second.result == .done, "after \(facts) facts: \(second.machine.state.reason)")
            let names = Set(second.simulation.nodes.map(\.name))
            #expect(names.isDisjoint(with: play.old) && names.isSuperset(of: play.new), "after \(facts) facts")
        }
        #expect(crashes * 34 >= whole.events.count - 1, "every other one is killed before it acts")
    }

    /// Of nine and six nodes seven and four stay, whichever way it is said.
    @Test("nodes that come back leave each pool as many as it keeps, also over crashes", arguments: [true, false])
    func returning(isCap: Bool) throws {
        let snapshot = Replacement.inPools(DemoCluster.snapshot(nodeCount: 15))
        var policy = WavePolicy(
            canary: .count(0), maxUnavailable: .percent(100), maxUnavailablePerZone: .percent(100), soak: .zero)
        if isCap { policy.maxUnavailablePerPool = .count(2) } else { policy.minAvailable = ["gpu": 7, "web": 4] }
        // Every node that stays is of the other pool: the one single replica has a downtime agreed.
        var evictions = EvictionPolicy()
        evictions.downtime = [ObjectKey("shop", "coupons")]
        let order = try Decommission.order(
            [snapshot.nodes.prefix(9).map(\.name)], in: snapshot, policy: policy, steps: try Decommission.roundTrip(),
            evictions: evictions)
        var whole = Rehearsal(order, in: ClusterSimulation(snapshot: snapshot))
        whole.invariants = Invariants(order, before: snapshot)
        let least = playCounting(&whole)
        #expect(
            whole.result == .done,
            "\(whole.machine.state.reason): \(whole.machine.state.quarantined.map(\.phase))")
        #expect(least == ["gpu": 7, "web": 4])
        #expect(whole.invariants?.violations == [])
        for facts in stride(from: 1, to: whole.events.count, by: 61) {
            var first = Rehearsal(order, in: ClusterSimulation(snapshot: snapshot))
            guard let wreck = first.crash(afterFacts: facts, performing: facts % 2 == 0) else { continue }
            var second = Rehearsal(order, after: wreck)
            let least = playCounting(&second)
            #expect(second.result == .done, "after \(facts) facts: \(second.machine.state.reason)")
            #expect(least["gpu"] ?? 0 >= 7 && least["web"] ?? 0 >= 4, "after \(facts) facts: \(least)")
        }
    }

    /// Plays to the end; returns the fewest Ready Nodes for pods that each pool had at any step.
    private func playCounting(_ rehearsal: inout Rehearsal) -> [String: Int] {
        let end = rehearsal.time + .seconds(2 * 86_400)
        var least = Replacement.schedulableByPool(rehearsal.simulation.nodes)
        while rehearsal.result == nil, rehearsal.time < end, rehearsal.step() {
            least.merge(Replacement.schedulableByPool(rehearsal.simulation.nodes)) { min($0, $1) }
        }
        return least
    }
}

/// One replacement in the demo's cluster: the plan's own waves, and the hosts that come in.
private struct Replacement {
    private static let place = SourceLocation(file: "replace.yaml")

    let row: ReplacementTests.Row
    let snapshot: ClusterSnapshot
    let old: Set<NodeName>
    let new: Set<NodeName>
    private let plan: Plan
    private let steps: [PlannedStep]

    init(_ row: ReplacementTests.Row) throws {
        self.row = row
        let demo = DemoCluster.snapshot(nodeCount: 15)
        snapshot = row.pools == nil ? demo : Self.inPools(demo)
        let leaving = snapshot.nodes.prefix(row.old)
        old = Set(leaving.map(\.name))
        steps = try Self.steps()
        let spares = leaving.enumerated().map { number, node in
            let name = row.source == .provider ? HostProvider.successor(of: node.name.rawValue) : "new-\(number)"
            let pool = row.pools == nil ? nil : node.pool
            return Host(name: HostName(name), zone: node.zone, pool: pool, node: NodeName(name))
        }
        new = Set(spares.map(\.node))
        var policy = WavePolicy(
            canary: .count(row.canary), size: .count(row.size), maxUnavailable: .count(row.unavailable),
            maxUnavailablePerZone: .count(row.unavailablePerZone), soak: .seconds(30))
        if let pools = row.pools {
            policy.maxSurgePerPool = .count(pools.surge)
            policy.maxUnavailablePerPool = .count(pools.unavailable)
            policy.minAvailable = ["gpu": 9, "web": 6]
        }
        var header = PlaybookHeader(name: "replace", hosts: "all", waves: policy)
        header.spares = "new_nodes"
        var request = PlanRequest(
            snapshot: snapshot, playbook: header, playbookDigest: "replace", steps: steps.map(\.summary),
            hosts: leaving.map { Host(name: HostName($0.name.rawValue), zone: $0.zone, node: $0.name) })
        request.spares = spares
        plan = Planner.plan(request)
        #expect(plan.blockers.isEmpty, "\(plan.blockers.map(\.message))")
    }

    private static func steps() throws -> [PlannedStep] {
        var bringIn = try StepCatalogue.decode(
            ["join", "label", "wait_ready"].map {
                PlaybookStep(kind: $0, kindLocation: place, arguments: .null(at: place), location: place)
            })
        for index in bringIn.indices { bringIn[index].isForNewcomers = true }
        var takeOut = try Decommission.steps(repeatable: true)
        for index in takeOut.indices { takeOut[index].isForNewcomers = false }
        return bringIn + takeOut
    }

    /// Fifteen nodes in two pools, nine and six, both in every zone.
    static func inPools(_ demo: ClusterSnapshot) -> ClusterSnapshot {
        var snapshot = demo
        for index in snapshot.nodes.indices {
            snapshot.nodes[index].labels["pool"] = index / 3 % 2 == 0 ? "gpu" : "web"
        }
        return snapshot
    }

    /// Ready Nodes that take pods, by pool.
    static func schedulableByPool(_ nodes: [Node]) -> [String: Int] {
        Dictionary(grouping: nodes.filter { $0.isReady && !$0.isCordoned }) { $0.labels["pool"] ?? "" }
            .mapValues(\.count)
    }

    /// How many nodes of one pool leave in one wave, at most.
    var mostOfOnePool: Int {
        let sizes = plan.waves.flatMap { wave -> [Int] in
            let leaving = wave.targets.filter { $0.isNewcomer != true }
            return Dictionary(grouping: leaving, by: \.pool).values.map(\.count)
        }
        return sizes.max() ?? 0
    }

    /// Every pool has as many nodes for pods as before, and no more beyond and out of service than its bounds say;
    /// returns how many of one are out at most.
    func expectWholePools(in rehearsal: Rehearsal, _ bounds: ReplacementTests.PoolBounds) -> Int {
        let nodes = rehearsal.simulation.nodes
        let now = Self.schedulableByPool(nodes)
        var most = 0
        for (pool, wanted) in Self.schedulableByPool(snapshot.nodes) {
            let members = nodes.filter { $0.labels["pool"] == pool }
            let out = members.count { $0.isCordoned }
            most = max(most, out)
            if now[pool] ?? 0 < wanted {
                Issue.record("pool \(pool) has \(now[pool] ?? 0) of \(wanted) nodes for pods at \(rehearsal.time)")
            }
            if members.count > wanted + bounds.surge {
                Issue.record("pool \(pool) has \(members.count) nodes at \(rehearsal.time)")
            }
            if out > bounds.unavailable { Issue.record("\(out) of pool \(pool) are out at \(rehearsal.time)") }
        }
        return most
    }

    /// Ready Nodes that take pods, by zone.
    func schedulable(in nodes: [Node]) -> [String: Int] {
        Dictionary(grouping: nodes.filter { $0.isReady && !$0.isCordoned }) { $0.zone?.rawValue ?? "" }
            .mapValues(\.count)
    }

    func order() throws -> RunOrder {
        var settings = RunSettings(
            id: "r-rehearsed", actor: RunEvent.Actor(user: "ops", machine: "laptop", version: "test"),
            retiring: old, evictions: EvictionPolicy(), clusterAuthority: Decommission.authority)
        settings.entrance = ClusterEntrance(
            endpoint: "10.0.0.1:6443", authorityPins: ["sha256:a"], seed: SecretText("seed"))
        settings.inventory = plan.targets.filter { $0.isNewcomer == true }.map {
            InventoryMember(host: $0.host, node: $0.node, zone: $0.zone)
        }
        return RunOrder(
            waves: plan.waves, steps: steps, policy: plan.policy, settings: settings, soon: plan.leavers,
            planDigest: plan.digest, playbook: plan.playbook)
    }

    func rehearsal(_ order: RunOrder? = nil) throws -> Rehearsal {
        let order = try order ?? self.order()
        var simulation = ClusterSimulation(snapshot: snapshot, settings: SimulationSettings(seed: row.seed))
        for target in plan.targets where target.isNewcomer == true {
            guard let like = snapshot.nodes.first(where: { $0.zone == target.zone }) else { continue }
            var node = like
            (node.name, node.uid, node.machineID) = (target.node, "", "machine-\(target.host)")
            node.labels["kubernetes.io/hostname"] = target.host
            if let pool = target.pool { node.labels["pool"] = pool.rawValue }
            _ = simulation.apply(
                .addHost(HostState(node: node, kubelet: .stopped, isJoined: false)), at: simulation.now)
        }
        var rehearsal = Rehearsal(order, in: simulation)
        rehearsal.invariants = Invariants(order, before: snapshot)
        return rehearsal
    }
}
