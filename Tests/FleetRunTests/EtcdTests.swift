import FleetExpressions
import FleetModel
import FleetPlanning
import Testing

@testable import FleetRun

/// A control-plane host is reset only where etcd keeps its quorum, and its data goes after its member (safety rule 3).
@Suite("etcd")
struct EtcdTests {
    private static let three = [
        "member=cp-1 https://10.0.0.1:2380", "member=cp-2 https://10.0.0.2:2380", "member=cp-3 https://[fd00::3]:2380",
    ]

    private static func healthy(_ addresses: String...) -> [String] { addresses.map { "healthy=https://\($0):2379" } }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var lines: [String]
        var node: NodeName = "cp-1"
        var address = "10.0.0.1"
        var refusal: String?
        var testDescription: String { name }
    }

    static let rows = [
        Row(name: "all are well", lines: three + healthy("10.0.0.1", "10.0.0.2", "[fd00::3]")),
        Row(name: "the one that goes is dead", lines: three + healthy("10.0.0.2", "[fd00::3]")),
        Row(
            name: "another one is dead", lines: three + healthy("10.0.0.1", "10.0.0.2"),
            refusal: "of the 2 other members of etcd 1 are healthy, and 2 must be"),
        Row(
            name: "the last one", lines: ["member=cp-1 https://10.0.0.1:2380"] + healthy("10.0.0.1"),
            refusal: "its etcd member cp-1 is the last one"),
        Row(name: "no member", lines: three + healthy("10.0.0.1"), node: "cp-9", address: "10.0.0.9"),
        Row(
            name: "known by its address", lines: three + healthy("10.0.0.1"), node: "other", address: "fd00::3",
            refusal: "of the 2 other members of etcd 1 are healthy, and 2 must be"),
    ]

    @Test("who may go", arguments: rows)
    func refusals(_ row: Row) throws {
        let answer = NodeAnswer((row.lines + ["end=yes"]).joined(separator: "\n"))
        var target = Fixture.target(row.node)
        target.internalAddresses = [row.address]
        #expect(try #require(EtcdMembership(answer)).refusal(taking: target) == row.refusal)
    }

    @Test("an answer that breaks off, or names nobody, is none")
    func broken() {
        #expect(EtcdMembership(NodeAnswer(Self.three.joined(separator: "\n"))) == nil)
        #expect(EtcdMembership(NodeAnswer("end=yes")) == nil)
    }

    /// A host whose Node is gone, and another one of the control plane.
    private func machine(controlPlane: Bool = true) throws -> RunMachine {
        let steps = try Fixture.steps([("cleanup", Fixture.located(["etcd": true]))])
        var order = Fixture.order(waves: [[Fixture.target("cp-1")]], steps: steps)
        order.settings.isForControlPlane = controlPlane
        order.settings.clusterAuthority = "cafe"
        order.settings.inventory = ["cp-1", "cp-2"].map { name in
            InventoryMember(host: name, node: NodeName(name), groups: ["kube_control_plane"])
        }
        return RunMachine(order)
    }

    private func report(_ lines: [String], _ status: Int32 = 0) -> OperationAnswer {
        .host(HostReport(outcome: .exited(status), standardOutput: lines.joined(separator: "\n")))
    }

    /// What is asked, of whom; answered until nothing more is asked.
    private func play(
        _ machine: inout RunMachine, _ answer: (String, NodeName?) -> OperationAnswer
    ) -> [String] {
        let now = Instant(seconds: 1_000)
        var asked: [String] = []
        var reaction = machine.handle(.synchronized(ClusterSnapshot(nodes: [Fixture.node("cp-2")])), at: now)
        while case .perform(let id, _, let operation)? = reaction.directives.first(where: {
            if case .perform = $0 { true } else { false }
        }) {
            var other: NodeName?
            var script = ""
            switch operation {
            case .host(let command): script = command.script
            case .otherHost(let name, let command): (other, script) = (name, command.script)
            default: break
            }
            let kind =
                switch script {
                case NodeScript.identity: "identity"
                case NodeScript.etcdMembers: "members"
                case _ where script.contains("FLEET_MODE=verify") || script.contains("FLEET_MODE='verify'"): "verify"
                case _ where script.contains("/var/lib/etcd\n") || script.contains("/var/lib/etcd'"): "etcd"
                default: "apply"
                }
            asked.append(other.map { "\(kind) of \($0)" } ?? kind)
            if asked.count > 12 { break }
            reaction = machine.handle(.completed(id: id, answer(kind, other)), at: now)
        }
        return asked
    }

    private let identity = ["hostname=cp-1", "machine_id=machine-cp-1", "cluster_ca_sha256=cafe"]
    private let both = ["member=cp-1 https://10.0.0.1:2380", "member=cp-2 https://10.0.0.2:2380"]

    @Test("members, reset, members, data, in this order")
    func course() throws {
        var machine = try machine()
        var looks = 0
        let asked = play(&machine) { kind, _ in
            switch kind {
            case "identity": return report(identity)
            case "members":
                looks += 1
                return report((looks == 1 ? both : [both[1]]) + Self.healthy("10.0.0.1", "10.0.0.2") + ["end=yes"])
            default: return report(["changed=x", "result=changed", "gone=x"])
            }
        }
        #expect(asked == ["identity", "members of cp-2", "apply", "members of cp-2", "etcd", "verify"])
        #expect(machine.state.result == .done)
    }

    @Test("a member that kubeadm left keeps its data, and its host is set aside")
    func stillThere() throws {
        var machine = try machine()
        let asked = play(&machine) { kind, _ in
            kind == "identity"
                ? report(identity)
                : report(
                    kind == "members" ? both + Self.healthy("10.0.0.2") + ["end=yes"] : ["changed=x", "result=changed"])
        }
        #expect(asked == ["identity", "members of cp-2", "apply", "members of cp-2"])
        guard case .quarantined(_, let reason) = machine.state.nodes["cp-1"]?.phase else {
            Issue.record("not set aside")
            return
        }
        #expect(reason.hasPrefix("etcd still has the member cp-1"))
    }

    @Test("without a quorum, and in a worker's playbook, nothing is removed", arguments: [true, false])
    func refused(controlPlane: Bool) throws {
        var machine = try machine(controlPlane: controlPlane)
        let asked = play(&machine) { kind, _ in report(kind == "identity" ? identity : both + ["end=yes"]) }
        #expect(asked == (controlPlane ? ["identity", "members of cp-2"] : ["identity"]))
        guard case .quarantined(_, let reason) = machine.state.nodes["cp-1"]?.phase else {
            Issue.record("not set aside")
            return
        }
        #expect(reason.hasSuffix("; nothing was removed"), "\(reason)")
    }
}
