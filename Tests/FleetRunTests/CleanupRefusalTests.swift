import FleetExpressions
import FleetModel
import FleetPlanning
import Testing

@testable import FleetRun

/// When a host is not cleaned, whatever the playbook says (safety rules 2 and 5): the node is set aside, and nothing ran.
@Suite("Clean-ups that are refused")
struct CleanupRefusalTests {
    private static let start = Instant(seconds: 1_000)
    private static let proof = ["hostname=n1", "machine_id=machine-n1", "cluster_ca_sha256=ca"]

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var steps = ["cleanup"]
        var nodes = [Fixture.node("n1"), Fixture.node("n2", zone: "b")]
        /// What the plan knows of the Node; nil where it had none.
        var uid: ObjectUID? = "uid-n1"
        var identity = proof
        var authority: String? = "ca"
        var reason: String
        var testDescription: String { name }
    }

    private static func other(_ uid: ObjectUID) -> Node {
        var node = Fixture.node("n1")
        node.uid = uid
        return node
    }

    static let rows = [
        Row(name: "Ready", reason: "Node n1 is still in the cluster and Ready; nothing was removed"),
        Row(
            name: "cordoned, and Ready", nodes: [Fixture.node("n1", cordoned: true), Fixture.node("n2", zone: "b")],
            reason: "Node n1 is still in the cluster and Ready; nothing was removed"),
        Row(
            name: "not Ready, and not drained",
            nodes: [Fixture.node("n1", ready: false), Fixture.node("n2", zone: "b")],
            reason: "Node n1 is still in the cluster; nothing was removed"),
        Row(
            name: "registered anew before the run", nodes: [other("uid-new"), Fixture.node("n2", zone: "b")],
            reason: "Node n1 was deleted and registered anew: its UID is uid-new, the plan's uid-n1"),
        Row(
            name: "no id agrees", identity: ["hostname=n1", "cluster_ca_sha256=ca"],
            reason:
                "nothing proves that this host is Node n1: neither machine-id, system UUID nor an address agrees"
        ),
        Row(
            name: "no id agrees, and the Node is gone", nodes: [Fixture.node("n2", zone: "b")],
            identity: ["hostname=n1", "cluster_ca_sha256=ca"],
            reason:
                "nothing proves that this host is Node n1: neither machine-id, system UUID nor an address agrees"
        ),
        Row(
            name: "another machine", identity: ["hostname=n1", "machine_id=other", "cluster_ca_sha256=ca"],
            reason:
                "it is another machine: Node n1 has machine-id machine-n1, the host has other"
        ),
        Row(
            name: "another cluster's", identity: ["hostname=n1", "machine_id=machine-n1", "cluster_ca_sha256=other"],
            reason: "the host's kubelet belongs to another cluster (its CA differs)"),
        Row(
            name: "no CA on the host", nodes: [Fixture.node("n2", zone: "b")],
            identity: ["hostname=n1", "machine_id=machine-n1"],
            reason:
                "nothing proves that the host's kubelet belongs to this cluster: no CA to compare"
        ),
        Row(
            name: "no CA in the kubeconfig", nodes: [Fixture.node("n2", zone: "b")], authority: nil,
            reason:
                "nothing proves that the host's kubelet belongs to this cluster: no CA to compare"
        ),
        Row(
            name: "never a Node, and no CA", nodes: [Fixture.node("n2", zone: "b")], uid: nil,
            identity: ["hostname=n1", "machine_id=machine-n1"],
            reason:
                "nothing proves that the host's kubelet belongs to this cluster: no CA to compare; nothing was removed"),
        Row(
            name: "never a Node, and it registers", uid: nil,
            reason: "Node n1 is still in the cluster and Ready; nothing was removed"),
    ]

    @Test("the node is set aside with the reason, and its host was only asked who it is", arguments: rows)
    func refused(_ row: Row) throws {
        let null = LocatedValue.null(at: Fixture.place)
        var target = Fixture.target("n1")
        target.nodeUID = row.uid
        var order = Fixture.order(
            waves: [[target]], steps: try Fixture.steps(row.steps.map { ($0, null) }))
        order.settings.clusterAuthority = row.authority
        var machine = RunMachine(order)
        let first = machine.handle(.synchronized(ClusterSnapshot(nodes: row.nodes)), at: Self.start)
        #expect(first.hostCommands.map(\.script) == [NodeScript.identity])
        let answer = HostReport(outcome: .exited(0), standardOutput: row.identity.joined(separator: "\n") + "\n")
        var reactions = [machine.handle(.completed(id: first.ids[0], .host(answer)), at: Self.start)]
        // A Node that is to fall silent is waited for; then it is refused all the same.
        reactions.append(machine.handle(.tick, at: Self.start + .seconds(400)))
        #expect(reactions.flatMap(\.hostCommands) == [])
        // What a host says of itself is judged before anything begins; the rest by the step.
        let words =
            if case .quarantined("cleanup", let reason)? = machine.state.nodes["n1"]?.phase { reason } else {
                machine.state.reason
            }
        #expect(words.contains(row.reason), "\(words)")
    }

    @Test("a Node that registers again before its host could be reached keeps it from being cleaned")
    func registersAgain() throws {
        let null = LocatedValue.null(at: Fixture.place)
        var order = Fixture.order(
            waves: [[Fixture.target("n1")]],
            steps: try Fixture.steps([("cordon", null), ("drain", null), ("delete_node", null), ("cleanup", null)]))
        order.settings.clusterAuthority = "ca"
        var machine = RunMachine(order)
        var node = Fixture.node("n1", cordoned: true)
        node.annotations[CordonStep.annotation] = "r-test"
        let world = ClusterSnapshot(nodes: [node, Fixture.node("n2", zone: "b")])
        let first = machine.handle(.synchronized(world), at: Self.start)
        let answer = HostReport(outcome: .exited(0), standardOutput: Self.proof.joined(separator: "\n") + "\n")
        let second = machine.handle(.completed(id: first.ids[0], .host(answer)), at: Self.start)
        #expect(second.requests == [.deleteNode("n1", uid: "uid-n1")])
        _ = machine.handle(.completed(id: second.ids[0], .cluster(.succeeded)), at: Self.start)
        let third = machine.handle(.changed(.nodeDeleted("n1", uid: "uid-n1")), at: Self.start)
        #expect(third.hostCommands.count == 1)
        let lost = HostReport(outcome: .neverStarted("no route to host"))
        let fourth = machine.handle(.completed(id: third.ids[0], .host(lost)), at: Self.start + .seconds(1))
        let fifth = machine.handle(.changed(.node(Self.other("uid-new"))), at: Self.start + .seconds(2))
        let sixth = machine.handle(.tick, at: Self.start + .seconds(60))
        #expect(fourth.hostCommands + fifth.hostCommands + sixth.hostCommands == [])
        guard case .quarantined("cleanup", let reason)? = machine.state.nodes["n1"]?.phase else {
            Issue.record("not set aside: \(String(describing: machine.state.nodes["n1"]?.phase))")
            return
        }
        #expect(reason == "Node n1 registered again (UID uid-new); nothing was removed")
    }

    @Test("a drained Node that stays Ready is awaited for three minutes, for its kubelet to be missed; then refused")
    func stillReady() throws {
        let null = LocatedValue.null(at: Fixture.place)
        var order = Fixture.order(
            waves: [[Fixture.target("n1")]],
            steps: try Fixture.steps([("cordon", null), ("drain", null), ("cleanup", null)]))
        order.settings.clusterAuthority = "ca"
        var machine = RunMachine(order)
        var node = Fixture.node("n1", cordoned: true)
        node.annotations[CordonStep.annotation] = "r-test"
        let first = machine.handle(
            .synchronized(ClusterSnapshot(nodes: [node, Fixture.node("n2", zone: "b")])), at: Self.start)
        let answer = HostReport(outcome: .exited(0), standardOutput: Self.proof.joined(separator: "\n") + "\n")
        let second = machine.handle(.completed(id: first.ids[0], .host(answer)), at: Self.start)
        #expect(second.hostCommands == [] && second.finished == nil)
        #expect(machine.handle(.tick, at: Self.start + .seconds(179)).finished == nil)
        let end = machine.handle(.tick, at: Self.start + .seconds(181))
        #expect(end.hostCommands == [])
        guard case .quarantined("cleanup", let reason)? = machine.state.nodes["n1"]?.phase else {
            Issue.record("not set aside")
            return
        }
        #expect(reason == "Node n1 is still in the cluster and Ready; nothing was removed")
    }
}
