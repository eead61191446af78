import FleetExpressions
import FleetModel
import FleetPlanning
import FleetRun
import FleetSimulation
import Testing

@testable import FleetRehearsal

/// A host that is powered off: its pods' objects end only when somebody proves that (safety rule 5).
struct DeadHostTests {
    private static let place = SourceLocation(file: "dead.yaml")
    private static let policy = EvictionPolicy(timeout: .seconds(600))

    @Test("proved off, a dead node is emptied under the budgets and deleted; every replacement is Ready")
    func proved() throws {
        let (simulation, node) = try dead()
        let order = try order(["cordon", "host_off", "drain", "verify_drained", "delete_node"], node, simulation)
        var rehearsal = Rehearsal(order, in: simulation)
        rehearsal.invariants = Invariants(order, before: simulation.snapshot())
        #expect(rehearsal.play(atMost: .seconds(3600)) == .done, "\(rehearsal.machine.state.quarantined.map(\.phase))")
        rehearsal.settle(for: .seconds(600))
        rehearsal.invariants?.checkEnd(.done, in: rehearsal.simulation, deletesNodes: true)
        #expect(rehearsal.invariants?.violations == [])
        #expect(rehearsal.simulation.node(node.name) == nil)
    }

    @Test(
        "killed after any fact, it is proved once more where that is in doubt, and the end is the same",
        arguments: [false, true])
    func crashes(performing: Bool) throws {
        let (simulation, node) = try dead()
        let order = try order(["cordon", "host_off", "drain", "verify_drained", "delete_node"], node, simulation)
        var whole = Rehearsal(order, in: simulation)
        #expect(whole.play(atMost: .seconds(3600)) == .done)
        var crashes = 0
        for count in 1..<whole.events.count {
            var first = Rehearsal(order, in: simulation)
            first.invariants = Invariants(order, before: simulation.snapshot())
            guard let wreck = first.crash(afterFacts: count, performing: performing) else { continue }
            crashes += 1
            var second = Rehearsal(order, after: wreck)
            second.invariants = first.invariants
            let last = wreck.history.last.map { "after \(count) facts (\($0.event))" } ?? ""
            #expect(second.play(atMost: .seconds(3600)) == .done, "\(last): \(second.machine.state.reason)")
            second.settle(for: .seconds(600))
            second.invariants?.checkEnd(.done, in: second.simulation, deletesNodes: true)
            #expect(second.invariants?.violations == [], "\(last)")
            #expect(second.machine.state.compensations.isEmpty, "\(last)")
        }
        #expect(performing ? crashes > whole.events.count / 10 : crashes == whole.events.count - 1)
    }

    @Test("where the command does not prove it, nothing terminates and the node is set aside without the taint")
    func unproved() throws {
        let (simulation, node) = try dead()
        let order = try order(["cordon", "host_off", "drain", "verify_drained", "delete_node"], node, simulation)
        var rehearsal = Rehearsal(order, in: simulation)
        let refusal = LocalReport(isSuccess: false, code: "exited 1", message: "power is on")
        rehearsal.disturbLocal(Array(repeating: refusal, count: 100))
        #expect(rehearsal.play(atMost: .seconds(3600)) == .failed)
        #expect(rehearsal.evictions.accepted.isEmpty)
        let left = try #require(rehearsal.simulation.node(node.name))
        #expect(!left.taints.contains { $0.key == HostOffStep.taint.key } && left.isCordoned)
        #expect(rehearsal.machine.state.reason.contains(node.name.rawValue), "\(rehearsal.machine.state.reason)")
    }

    @Test("without host_off the pods terminate for ever, and the node is set aside with what to do about it")
    func unasked() throws {
        let (simulation, node) = try dead()
        let order = try order(["cordon", "drain", "verify_drained", "delete_node"], node, simulation)
        var rehearsal = Rehearsal(order, in: simulation)
        #expect(rehearsal.play(atMost: .seconds(4 * 3600)) == .failed)
        guard case .quarantined(let step, let reason)? = rehearsal.machine.state.nodes[node.name]?.phase else {
            Issue.record("not set aside")
            return
        }
        #expect(step == "drain" && reason.contains("host_off"), "\(reason)")
        #expect(rehearsal.simulation.node(node.name) != nil)
    }

    /// The demo's cluster, some time after one of its hosts lost its power; and that host's Node.
    private func dead() throws -> (ClusterSimulation, Node) {
        var simulation = ClusterSimulation(snapshot: DemoCluster.snapshot())
        let node = try #require(simulation.nodes.first { simulation.pods(on: $0.name).contains { !$0.isDaemon } })
        _ = simulation.apply(.host(node.name, .powerOff), at: simulation.now)
        _ = simulation.advance(to: simulation.now + .seconds(120))
        let dead = try #require(simulation.node(node.name))
        #expect(!dead.isReady)
        return (simulation, dead)
    }

    private func order(_ kinds: [String], _ node: Node, _ simulation: ClusterSimulation) throws -> RunOrder {
        let steps = try StepCatalogue.decode(
            kinds.map { kind in
                PlaybookStep(kind: kind, kindLocation: Self.place, arguments: arguments(of: kind), location: Self.place)
            })
        let policy = WavePolicy(maxUnavailable: .percent(50), soak: .zero)
        return try Decommission.order(
            [[node.name]], in: simulation.snapshot(), policy: policy, steps: steps, evictions: Self.policy)
    }

    private func arguments(of kind: String) -> LocatedValue {
        let values: [(String, VariableValue)] =
            switch kind {
            case "host_off": [("command", .string("./is-off.sh"))]
            case "drain": [("delete_emptydir_data", .bool(true))]
            default: []
            }
        guard !values.isEmpty else { return .null(at: Self.place) }
        let entries = values.map { key, value in
            let scalar = LocatedScalar(text: value.scalarText ?? "", value: value, textLocation: Self.place)
            return LocatedMapping.Entry(
                key: key, keyLocation: Self.place, value: LocatedValue(.scalar(scalar), at: Self.place))
        }
        return LocatedValue(.mapping(LocatedMapping(entries)), at: Self.place)
    }
}
