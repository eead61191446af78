import FleetExpressions
import FleetModel
import FleetPlanning
import Testing

@testable import FleetRun

/// Nodes that others touch while they are in hand: what fleet believed of them holds no more.
@Suite("Nodes that others touch")
struct EstrangedNodeTests {
    private let start = Instant(seconds: 1_000)
    private let null = LocatedValue.null(at: Fixture.place)

    private func machine(
        _ steps: [(String, LocatedValue)], _ pods: [Pod] = [], budgets: [PodDisruptionBudget] = [],
        node: Node = Fixture.node("n1")
    ) throws -> (RunMachine, Reaction) {
        var machine = RunMachine(
            Fixture.order(waves: [[Fixture.target("n1")]], steps: try Fixture.steps(steps)))
        let snapshot = ClusterSnapshot(nodes: [node, Fixture.node("n2")], pods: pods, budgets: budgets)
        let reaction = machine.handle(.synchronized(snapshot), at: start)
        return (machine, reaction)
    }

    private func setAside(_ machine: RunMachine) -> String? {
        if case .quarantined(let step, let reason)? = machine.state.nodes["n1"]?.phase {
            "\(step): \(reason)"
        } else {
            nil
        }
    }

    @Test("a Node that was deleted and registered anew is not the one that was planned: nothing is done to it")
    func anotherNode() throws {
        var node = Fixture.node("n1")
        node.uid = "uid-2"
        let (machine, reaction) = try machine([("cordon", null), ("drain", null), ("uncordon", null)], node: node)
        #expect(
            setAside(machine)
                == "cordon: Node n1 was deleted and registered anew: its UID is uid-2, the plan's uid-n1; plan anew (fleet plan --repin)"
        )
        #expect(reaction.requests.isEmpty)
    }

    @Test("a node that somebody uncordons while it is drained is let go")
    func uncordoned() throws {
        let pod = Fixture.pod("web-1", on: "n1")
        var (machine, reaction) = try machine(
            [("cordon", null), ("drain", Fixture.mapping([("delete_bare_pods", .bool(true))]))], [pod],
            budgets: [Fixture.budget("web", allowed: 0)])
        _ = machine.handle(.completed(id: reaction.ids[0], .cluster(.succeeded)), at: start)
        var node = Fixture.node("n1", cordoned: true)
        node.annotations[CordonStep.annotation] = "r-test"
        reaction = machine.handle(.changed(.node(node)), at: start)
        #expect(machine.state.nodes["n1"]?.step == 1)
        _ = machine.handle(.changed(.node(Fixture.node("n1"))), at: start)
        #expect(setAside(machine)?.hasPrefix("drain: somebody uncordoned it while it was drained") == true)
    }

    @Test("pods that came after the drain keep the kubelet, and the host, running", arguments: ["service", "reboot"])
    func newPods(kind: String) throws {
        let arguments =
            kind == "service" ? Fixture.mapping([("name", "kubelet"), ("state", "stopped")]) : null
        let steps = [
            ("cordon", null), ("drain", null), ("approve", Fixture.mapping([("name", "go")])), (kind, arguments),
        ]
        var (first, reaction) = try machine(steps, node: Fixture.node("n1", cordoned: true))
        var events = reaction.events
        let identity = HostReport(outcome: .exited(0), standardOutput: "hostname=n1\nmachine_id=machine-n1\n")
        events += first.handle(.completed(id: reaction.ids[0], .host(identity)), at: start).events
        #expect(first.state.nodes["n1"]?.isDrained == true)
        // The run stands, somebody uncordons the node, and the run goes on with the operator's yes.
        var order = first.order
        order.settings.approvals = ["go"]
        var machine = RunMachine(order, history: events.map { ($0, start) })
        let set = Fixture.replicaSet("web", replicas: 2)
        let snapshot = ClusterSnapshot(
            nodes: [Fixture.node("n1"), Fixture.node("n2")], pods: [Fixture.pod("web-1", on: "n1", of: set)],
            workloads: [set])
        reaction = machine.handle(.synchronized(snapshot), at: start)
        reaction = machine.proveHosts(askedIn: reaction, at: start)
        if kind == "reboot" {
            let state = HostReport(outcome: .exited(0), standardOutput: "boot_id=one\nreboot_required=no\n")
            _ = machine.handle(.completed(id: try #require(reaction.ids.first), .host(state)), at: start)
        } else {
            #expect(reaction.ids.count == 1, "only the label that says why")
        }
        #expect(setAside(machine)?.contains("shop/web-1") == true, "\(setAside(machine) ?? "")")
    }

    @Test("only fleet's own cordon is lifted, and an earlier run's label goes with it")
    func uncordon() throws {
        let (others, none) = try machine([("uncordon", null)], node: Fixture.node("n1", cordoned: true))
        #expect(others.state.result == .done)
        #expect(none.requests.isEmpty)
        var node = Fixture.node("n1", cordoned: true)
        node.annotations[CordonStep.annotation] = "r-before"
        node.labels[QuarantineMark.label] = "drain"
        node.annotations[QuarantineMark.annotation] = "not drained within 30m"
        let (_, reaction) = try machine([("uncordon", null)], node: node)
        #expect(
            reaction.requests == [
                .patchNode(
                    "n1", uid: "uid-n1",
                    NodePatch(
                        isCordoned: false, labels: [QuarantineMark.label: nil],
                        annotations: [CordonStep.annotation: nil, QuarantineMark.annotation: nil]))
            ])
    }
}
