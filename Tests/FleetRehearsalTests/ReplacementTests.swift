import FleetExpressions
import FleetModel
import FleetPlanning
import FleetRun
import FleetSimulation
import Testing

@testable import FleetRehearsal

/// A rolling replacement on a virtual clock: new nodes first, then as many old ones out; every pod moves once.
struct ReplacementTests {
    private static let place = SourceLocation(file: "replace.yaml")

    @Test("four nodes are replaced: no zone ever has fewer Ready nodes than before, and every pod moves once")
    func replace() throws {
        let snapshot = DemoCluster.snapshot()
        var simulation = ClusterSimulation(snapshot: snapshot)
        let old = snapshot.nodes.prefix(4)
        let newcomers = old.enumerated().map { number, node in
            PlanTarget(host: "new-\(number)", node: NodeName("new-\(number)"), zone: node.zone, isNewcomer: true)
        }
        for (target, model) in zip(newcomers, old) {
            var node = model
            (node.name, node.uid, node.machineID) = (target.node, "", "machine-\(target.host)")
            node.labels["kubernetes.io/hostname"] = target.host
            _ = simulation.apply(
                .addHost(HostState(node: node, kubelet: .stopped, isJoined: false)), at: simulation.now)
        }
        let leavers = old.map { node in
            PlanTarget(
                host: node.name.rawValue, node: node.name, nodeUID: node.uid, machineID: node.machineID,
                internalAddresses: node.internalAddresses, zone: node.zone)
        }
        var rehearsal = Rehearsal(try order(newcomers, leavers), in: simulation)
        let before = readyByZone(snapshot.nodes)
        while rehearsal.result == nil, rehearsal.time < snapshot.takenAt + .seconds(8 * 3600), rehearsal.step() {
            let now = readyByZone(rehearsal.simulation.nodes.filter { !$0.isCordoned })
            for (zone, count) in before {
                #expect((now[zone] ?? 0) >= count, "zone \(zone) has \(now[zone] ?? 0) of \(count) nodes for pods")
            }
        }
        #expect(rehearsal.result == .done, "\(rehearsal.machine.state.reason)")
        let names = Set(rehearsal.simulation.nodes.map(\.name))
        #expect(names.isDisjoint(with: old.map(\.name)) && names.isSuperset(of: newcomers.map(\.node)))
        let (accepted, refused) = rehearsal.evictions
        #expect(refused == 0)
        let moved = snapshot.pods.filter { pod in
            old.contains { $0.name == pod.nodeName } && !pod.isDaemon && !pod.isMirror
        }
        #expect(accepted.count <= moved.count + moved.count / 10)
    }

    private func readyByZone(_ nodes: [Node]) -> [String: Int] {
        Dictionary(grouping: nodes.filter(\.isReady)) { $0.zone?.rawValue ?? "" }.mapValues(\.count)
    }

    private func order(_ newcomers: [PlanTarget], _ leavers: [PlanTarget]) throws -> RunOrder {
        var bringIn = try StepCatalogue.decode(
            ["join", "label", "wait_ready"].map {
                PlaybookStep(kind: $0, kindLocation: Self.place, arguments: .null(at: Self.place), location: Self.place)
            })
        for index in bringIn.indices { bringIn[index].isForNewcomers = true }
        var takeOut = try Decommission.steps()
        for index in takeOut.indices { takeOut[index].isForNewcomers = false }
        let waves = zip(newcomers, leavers).flatMap { [$0, $1] }.enumerated().map {
            PlannedWave(number: $0.offset + 1, targets: [$0.element])
        }
        var settings = RunSettings(
            id: "r-rehearsed", actor: RunEvent.Actor(user: "ops", machine: "laptop", version: "test"),
            retiring: Set(leavers.map(\.node)), evictions: EvictionPolicy(), clusterAuthority: Decommission.authority)
        settings.entrance = ClusterEntrance(
            endpoint: "10.0.0.1:6443", authorityPins: ["sha256:a"], seed: SecretText("seed"))
        settings.inventory = newcomers.map { InventoryMember(host: $0.host, node: $0.node, zone: $0.zone) }
        return RunOrder(
            waves: waves, steps: bringIn + takeOut,
            policy: WavePolicy(maxUnavailable: .percent(50), soak: .seconds(30)),
            settings: settings, soon: leavers, planDigest: "digest", playbook: "replace")
    }
}
