import FleetExpressions
import FleetModel
import FleetPlanning
import FleetRun
import FleetSimulation
import Testing

@testable import FleetRehearsal

/// Nodes in, and nodes rebooted, by the same machine on a virtual clock.
struct ExpansionTests {
    private static let place = SourceLocation(file: "expand.yaml")

    private static func steps(_ kinds: String...) throws -> [PlannedStep] {
        try StepCatalogue.decode(
            kinds.map { kind in
                PlaybookStep(
                    kind: kind, kindLocation: place, arguments: kind == "drain" ? losingEmptyDir : .null(at: place),
                    location: place)
            })
    }

    private static var losingEmptyDir: LocatedValue {
        let yes = LocatedValue(.scalar(LocatedScalar(text: "true", value: true, textLocation: place)), at: place)
        let entry = LocatedMapping.Entry(key: "delete_emptydir_data", keyLocation: place, value: yes)
        return LocatedValue(.mapping(LocatedMapping([entry])), at: place)
    }

    private static func order(_ waves: [[PlanTarget]], _ steps: [PlannedStep]) -> RunOrder {
        let planned = waves.enumerated().map { PlannedWave(number: $0.offset + 1, targets: $0.element) }
        var settings = RunSettings(
            id: "r-rehearsed", actor: RunEvent.Actor(user: "ops", machine: "laptop", version: "test"),
            retiring: [], evictions: EvictionPolicy(), clusterAuthority: Decommission.authority)
        settings.entrance = ClusterEntrance(
            endpoint: "10.0.0.1:6443", authorityPins: ["sha256:a"], seed: SecretText("seed"))
        settings.inventory = waves.joined().map { InventoryMember(host: $0.host, node: $0.node, zone: $0.zone) }
        return RunOrder(
            waves: planned, steps: steps, policy: WavePolicy(maxUnavailable: .percent(50), soak: .seconds(30)),
            settings: settings, planDigest: "digest", playbook: "expand")
    }

    /// The demo's cluster, three hosts beside it, and their order in two waves.
    private func hosts() throws -> (RunOrder, ClusterSimulation) {
        let targets = ["eu-1a", "eu-1b", "eu-1c"].map { zone in
            PlanTarget(host: "new-\(zone)", node: NodeName("new-\(zone)"), zone: Zone(zone))
        }
        let order = Self.order(
            [[targets[0]], [targets[1], targets[2]]], try Self.steps("join", "label", "taint", "wait_ready"))
        return (order, Self.cluster(beside: targets))
    }

    /// The demo's cluster, and hosts that have not joined it.
    private static func cluster(beside targets: [PlanTarget]) -> ClusterSimulation {
        var simulation = ClusterSimulation(snapshot: DemoCluster.snapshot())
        for target in targets {
            let node = Node(
                name: target.node, uid: "", capacity: Resources(milliCPU: 8000, memory: 32 << 30, pods: 110),
                allocatable: Resources(milliCPU: 8000, memory: 32 << 30, pods: 110),
                machineID: "machine-\(target.host)",
                kubeletVersion: "v1.36.0")
            _ = simulation.apply(
                .addHost(HostState(node: node, kubelet: .stopped, isJoined: false)), at: simulation.now)
        }
        return simulation
    }

    /// Nine hosts of one wave, of which two may be begun within a minute.
    private func crowd() throws -> (RunOrder, ClusterSimulation) {
        let targets = (0..<9).map { number in
            PlanTarget(
                host: "new-\(number)", node: NodeName("new-\(number)"),
                zone: Zone(["eu-1a", "eu-1b", "eu-1c"][number % 3]))
        }
        var order = Self.order([targets], try Self.steps("join", "label", "taint", "wait_ready"))
        order.policy.startsPerMinute = 2
        return (order, Self.cluster(beside: targets))
    }

    /// How many nodes were begun in all, and at most in a minute that begins with one of them.
    private func starts(_ rehearsal: Rehearsal) -> (all: Int, most: Int) {
        let times = rehearsal.events.compactMap { event, time -> Instant? in
            if case .nodeStarted = event { return time }
            return nil
        }
        let counts = times.map { first in times.count { $0 >= first && $0 < first + .seconds(60) } }
        return (times.count, counts.max() ?? 0)
    }

    @Test("no minute sees more hosts begun than the rate says, from its first second to its last")
    func rate() throws {
        let (order, simulation) = try crowd()
        var rehearsal = Rehearsal(order, in: simulation)
        let began = rehearsal.time
        #expect(rehearsal.play(atMost: .seconds(3600)) == .done, "\(rehearsal.machine.state.reason)")
        let (all, most) = starts(rehearsal)
        #expect(all == 9 && most == 2, "\(all) begun, \(most) within a minute")
        #expect(rehearsal.time >= began + .seconds(240))
        #expect(rehearsal.simulation.nodes.count == simulation.nodes.count + 9)
    }

    @Test(
        "killed after any fact, the minute that was under way counts for the run that goes on",
        arguments: [false, true])
    func rateOverCrash(performing: Bool) throws {
        let (order, simulation) = try crowd()
        var whole = Rehearsal(order, in: simulation)
        #expect(whole.play(atMost: .seconds(3600)) == .done)
        var crashes = 0
        for count in stride(from: 1, to: whole.events.count, by: 3) {
            var first = Rehearsal(order, in: simulation)
            guard let wreck = first.crash(afterFacts: count, performing: performing) else { continue }
            crashes += 1
            var second = Rehearsal(order, after: wreck)
            #expect(
                second.play(atMost: .seconds(3600)) == .done, "after \(count) facts: \(second.machine.state.reason)")
            let (all, most) = starts(second)
            // A node whose first fact is the last one is begun again.
            #expect((9...10).contains(all) && most <= 2, "after \(count) facts: \(all) begun, \(most) within a minute")
        }
        #expect(crashes > 0)
    }

    @Test("three hosts join in two waves, one in each zone: Ready, labelled, every token revoked")
    func expand() throws {
        let (order, simulation) = try hosts()
        var rehearsal = Rehearsal(order, in: simulation)
        #expect(rehearsal.play(atMost: .seconds(3600)) == .done, "\(rehearsal.machine.state.reason)")
        expectJoined(rehearsal.simulation, "uninterrupted")
        let requests = tokens(rehearsal)
        #expect(requests.count == 6 && Set(requests).count == 6)
        #expect(rehearsal.machine.state.compensations.isEmpty)
        // The facts alone tell which Nodes came in: whoever writes Events about them knows no more.
        let told = rehearsal.events.compactMap { event, _ -> String? in
            guard case .stepFinished(let fact) = event, fact.step == "join" else { return nil }
            return "\(fact.node) \(fact.nodeUID?.rawValue ?? "unknown")"
        }
        let joined = rehearsal.simulation.nodes.filter { $0.name.rawValue.hasPrefix("new-") }
        #expect(told.sorted() == joined.map { "\($0.name) \($0.uid)" }.sorted())
    }

    private func expectJoined(_ simulation: ClusterSimulation, _ when: String) {
        let joined = simulation.nodes.filter { $0.name.rawValue.hasPrefix("new-") }
        #expect(joined.map(\.zone).compactMap { $0?.rawValue }.sorted() == ["eu-1a", "eu-1b", "eu-1c"], "\(when)")
        #expect(joined.allSatisfy { $0.isReady }, "\(when)")
    }

    private func tokens(_ rehearsal: Rehearsal) -> [String] {
        rehearsal.deeds.compactMap { deed -> String? in
            switch deed.operation {
            case .cluster(.createBootstrapToken(let token)): "made \(token.id)"
            case .cluster(.deleteBootstrapToken(let id)): "revoked \(id)"
            default: nil
            }
        }
    }

    @Test(
        "killed after any fact, every host is a Node in the end, and whoever made a token, it is revoked",
        arguments: [false, true])
    func crashes(performing: Bool) throws {
        let (order, simulation) = try hosts()
        var whole = Rehearsal(order, in: simulation)
        #expect(whole.play(atMost: .seconds(3600)) == .done)
        let joins = whole.simulation.nodes.count - simulation.nodes.count
        var crashes = 0
        for count in 1..<whole.events.count {
            var first = Rehearsal(order, in: simulation)
            guard let wreck = first.crash(afterFacts: count, performing: performing) else { continue }
            crashes += 1
            var second = Rehearsal(order, after: wreck)
            let last = wreck.history.last.map { "after \(count) facts (\($0.event))" } ?? ""
            #expect(second.play(atMost: .seconds(3600)) == .done, "\(last): \(second.machine.state.reason)")
            expectJoined(second.simulation, last)
            #expect(second.simulation.nodes.count - simulation.nodes.count == joins, "\(last)")
            let all = wreck.deeds.map(\.operation) + second.deeds.map(\.operation)
            var open: Set<String> = []
            for operation in all {
                if case .cluster(.createBootstrapToken(let token)) = operation { open.insert(token.id) }
                if case .cluster(.deleteBootstrapToken(let id)) = operation { open.remove(id) }
            }
            #expect(open.isEmpty, "\(last): tokens left: \(open.count)")
            #expect(second.machine.state.compensations.isEmpty, "\(last)")
        }
        #expect(performing ? crashes > whole.events.count / 10 : crashes == whole.events.count - 1)
    }

    @Test("a rebooted node is away for a minute and comes back by itself")
    func reboot() throws {
        let snapshot = DemoCluster.snapshot()
        let node = try #require(snapshot.nodes.first)
        let target = PlanTarget(
            host: node.name.rawValue, node: node.name, nodeUID: node.uid, machineID: node.machineID, zone: node.zone)
        let steps = try Self.steps("cordon", "drain", "reboot", "wait_ready", "uncordon")
        var rehearsal = Rehearsal(Self.order([[target]], steps), in: ClusterSimulation(snapshot: snapshot))
        #expect(rehearsal.play(atMost: .seconds(4 * 3600)) == .done, "\(rehearsal.machine.state.reason)")
        let after = try #require(rehearsal.simulation.nodes.first { $0.name == node.name })
        #expect(after.isReady && !after.isCordoned)
        let reboots = rehearsal.deeds.count {
            if case .host(let command) = $0.operation { command.script == NodeScript.reboot } else { false }
        }
        #expect(reboots == 1)
    }

    @Test("a wait in vain is explained as it would be live, by the host whose kubelet is stopped (X4)")
    func explained() throws {
        var simulation = ClusterSimulation(snapshot: DemoCluster.snapshot())
        _ = simulation.apply(.host("web-02", .disableKubelet), at: simulation.now)
        _ = simulation.advance(to: simulation.now + .seconds(300))
        let node = try #require(simulation.node("web-02"))
        #expect(!node.isReady)
        let target = PlanTarget(
            host: "web-02", node: node.name, nodeUID: node.uid, machineID: node.machineID, zone: node.zone)
        var rehearsal = Rehearsal(Self.order([[target]], try Self.steps("wait_ready")), in: simulation)
        _ = rehearsal.play(atMost: .seconds(3600))
        guard case .quarantined("wait_ready", let reason) = rehearsal.machine.state.nodes["web-02"]?.phase else {
            Issue.record("not set aside: \(rehearsal.machine.state.reason)")
            return
        }
        #expect(
            reason.hasPrefix(
                "waited 10m for Node web-02 to be Ready (it is not heard of): the kubelet is inactive and disabled (certain; systemctl enable --now kubelet); "
            ), "\(reason)")
    }
}
