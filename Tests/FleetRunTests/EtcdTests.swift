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

    struct Doubt: Sendable, CustomTestStringConvertible {
        var name: String
        var lines: [String]
        var node: NodeName = "cp-1"
        var address = "10.0.0.1"
        var without: String?
        var after: String?
        var testDescription: String { name }
    }

    static let doubts = [
        Doubt(name: "all are well", lines: three + healthy("10.0.0.1", "10.0.0.2", "[fd00::3]")),
        Doubt(
            name: "its own is ill", lines: three + healthy("10.0.0.2", "[fd00::3]"),
            after: "its etcd member cp-1 is not healthy"),
        Doubt(
            name: "another one is ill", lines: three + healthy("10.0.0.1", "10.0.0.2"),
            without: "of the 2 other members of etcd 1 are healthy, and 2 must be"),
        Doubt(
            name: "a host without a member, and no quorum", lines: three + healthy("10.0.0.1"), node: "w-1",
            address: "10.0.0.9", after: "of the 3 members of etcd 1 are healthy, and 2 must be"),
        Doubt(
            name: "the only one may be away for a while",
            lines: ["member=cp-1 https://10.0.0.1:2380"] + healthy("10.0.0.1")),
        Doubt(name: "an etcd elsewhere", lines: ["unasked=https://10.9.0.1:2379", "unasked=https://10.9.0.2:2379"]),
        Doubt(
            name: "an etcd elsewhere, and here",
            lines: ["unasked=https://10.9.0.1:2379", "unasked=https://10.0.0.1:2379"],
            without: elsewhere, after: elsewhere),
    ]
    private static let elsewhere =
        "it is a member of the etcd at https://10.0.0.1:2379, which no control-plane host can ask: install etcdctl there"

    @Test("whether etcd can do without a host, and has it back", arguments: doubts)
    func isDoubted(_ row: Doubt) throws {
        let answer = NodeAnswer((row.lines + ["end=yes"]).joined(separator: "\n"))
        var target = Fixture.target(row.node)
        target.internalAddresses = [row.address]
        let etcd = try #require(EtcdMembership(answer))
        #expect(etcd.doubt(without: target) == row.without)
        #expect(etcd.doubt(after: target) == row.after)
    }

    @Test("a playbook of the control plane asks around what may stop etcd on a host; another one never")
    func guarded() throws {
        func kinds(_ kinds: String...) throws -> [String] {
            try Fixture.steps(
                kinds.map { kind in
                    let arguments: [(String, VariableValue)] =
                        switch kind {
                        case "service": [("name", .string("kubelet"))]
                        case "swap": [("state", .string("off"))]
                        case "before": [("without_host", .bool(true))]
                        case "run": [("script", .string("true"))]
                        default: []
                        }
                    let kind = kind == "before" ? "etcd_quorum" : kind
                    return (kind, arguments.isEmpty ? .null(at: Fixture.place) : Fixture.mapping(arguments))
                }
            ).guardingEtcd.map(\.kind)
        }
        #expect(try kinds("cordon", "swap", "uncordon") == ["cordon", "swap", "uncordon"])
        let own = ["etcd_quorum", "cordon", "reboot", "etcd_quorum", "uncordon"]
        #expect(try kinds("before", "cordon", "reboot", "etcd_quorum", "uncordon") == own)
        for kind in ["reboot", "service", "run", "containerd", "cleanup"] {
            #expect(
                try kinds("cordon", kind, "uncordon") == ["cordon", "etcd_quorum", kind, "uncordon", "etcd_quorum"])
        }
    }

    @Test("a reboot waits for the others' health, and the run for the member's return")
    func reboot() throws {
        let steps = try Fixture.steps([("reboot", .null(at: Fixture.place))]).guardingEtcd
        var target = Fixture.target("cp-1")
        target.isControlPlane = true
        var order = Fixture.order(waves: [[target]], steps: steps)
        order.settings.isForControlPlane = true
        order.settings.clusterAuthority = "cafe"
        order.settings.inventory = ["cp-1", "cp-2", "cp-3"].map { name in
            InventoryMember(host: name, node: NodeName(name), groups: ["kube_control_plane"])
        }
        var machine = RunMachine(order)
        var health = [
            Self.healthy("10.0.0.1", "10.0.0.2"), Self.healthy("10.0.0.1", "10.0.0.2", "[fd00::3]"),
            Self.healthy("10.0.0.2", "[fd00::3]"), Self.healthy("10.0.0.1", "10.0.0.2", "[fd00::3]"),
        ]
        var hasBooted = false
        let asked = play(&machine, within: 60) { kind, _ in
            switch kind {
            case "identity": return report(identity)
            case "members": return report(Self.three + health.removeFirst() + ["end=yes"])
            case "boot id": return report(["boot_id=\(hasBooted ? "two" : "one")"])
            default:
                hasBooted = true
                return report(["changed=reboot"])
            }
        }
        #expect(
            asked == [
                "identity", "members of cp-2", "members of cp-3", "boot id", "reboot", "boot id", "members of cp-2",
                "members of cp-3",
            ])
        #expect(machine.state.result == .done)
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
        _ machine: inout RunMachine, within seconds: Int64 = 0, _ answer: (String, NodeName?) -> OperationAnswer
    ) -> [String] {
        var now = Instant(seconds: 1_000)
        let end = now + .seconds(seconds)
        var asked: [String] = []
        let nodes: [NodeName] = seconds == 0 ? ["cp-2"] : ["cp-1", "cp-2"]
        var reaction = machine.handle(.synchronized(ClusterSnapshot(nodes: nodes.map { Fixture.node($0) })), at: now)
        while true {
            let next = reaction.directives.first { if case .perform = $0 { true } else { false } }
            guard case .perform(let id, _, let operation)? = next else {
                guard now < end, machine.state.result == nil else { break }
                now = now + .seconds(1)
                reaction = machine.handle(.tick, at: now)
                continue
            }
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
                case NodeScript.bootState: "boot id"
                case NodeScript.reboot: "reboot"
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
