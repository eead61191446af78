import FleetExpressions
import FleetModel
import FleetPlanning
import Foundation
import Testing

@testable import FleetRun

/// A host joins with a token of its own; the token is revoked and never recorded, and the Node proves success.
@Suite("Joining")
struct JoinStepTests {
    private let start = Instant(seconds: 1_000)
    private let name: NodeName = "n9"

    private var entrance: ClusterEntrance {
        ClusterEntrance(endpoint: "10.0.0.1:6443", authorityPins: ["sha256:abc"], seed: SecretText("one"))
    }

    private func order(seed: String = "one") throws -> RunOrder {
        let steps = try Fixture.steps([("join", Fixture.located(.null))])
        var order = Fixture.order(waves: [[PlanTarget(host: "n9", node: name, zone: "b")]], steps: steps)
        order.settings.entrance = entrance
        order.settings.entrance?.seed = SecretText(seed)
        order.settings.clusterAuthority = "cafe"
        order.settings.inventory = [
            InventoryMember(
                host: "n9", node: name, taints: [Taint(key: "dedicated", value: "gpu", effect: .noSchedule)])
        ]
        return order
    }

    private func newNode(machine: String = "machine-n9") -> Node {
        var node = Fixture.node(name, zone: "b", ready: false)
        node.machineID = machine
        node.kubeletVersion = "v1.36.0"
        return node
    }

    private func host(_ output: String, _ status: Int32 = 0) -> OperationAnswer {
        .host(HostReport(outcome: .exited(status), standardOutput: output))
    }

    /// Everything that the journal would hold of some facts.
    private func recorded(_ events: [RunEvent]) throws -> String {
        try events.map { String(decoding: try $0.record(sequence: 1, at: start).payload, as: UTF8.self) }.joined(
            separator: "\n")
    }

    /// A machine whose host was asked who it is, and that has asked for the token.
    private func begun(_ machine: inout RunMachine) throws -> Reaction {
        let first = machine.handle(.synchronized(ClusterSnapshot(nodes: [Fixture.node("n1")])), at: start)
        return machine.handle(
            .completed(id: try #require(first.ids.first), host("hostname=n9\nmachine_id=machine-n9")),
            at: start + .seconds(1))
    }

    /// Answers that the token was made, and that cluster-info is signed for it, and returns what follows.
    private func signed(_ machine: inout RunMachine, _ asked: Reaction, at time: Instant) throws -> Reaction {
        let looking = machine.handle(.completed(id: asked.ids[0], .cluster(.succeeded)), at: time)
        guard case .confirmTokenSignature? = looking.requests.first else { return looking }
        return machine.handle(.completed(id: try #require(looking.ids.first), .cluster(.succeeded)), at: time)
    }

    struct Unsigned: Sendable, CustomTestStringConvertible {
        var name: String
        var failure: ClusterFailure
        /// Seconds after which the node is set aside.
        var after: Int64
        var reason: String
        var testDescription: String { name }
    }

    static let unsignedRows = [
        Unsigned(
            name: "the bootstrap signer is off",
            failure: ClusterFailure(.notFound, message: "ConfigMap kube-public/cluster-info has no jws-kubeconfig-x"),
            after: 30,
            reason:
                "join the cluster: after 30s notFound: ConfigMap kube-public/cluster-info has no jws-kubeconfig-x: no host can join by a token while kube-controller-manager's bootstrapsigner does not run (kubeadm starts it with --controllers=*,bootstrapsigner,tokencleaner)"
        ),
        Unsigned(
            name: "the API does not answer", failure: ClusterFailure(.serverError, message: "etcd has no leader"),
            after: 30, reason: "join the cluster: after 30s serverError: etcd has no leader"),
        Unsigned(
            name: "cluster-info may not be read", failure: ClusterFailure(.forbidden, message: "not for you"), after: 0,
            reason: "look whether cluster-info is signed for token ID: forbidden: not for you"),
    ]

    @Test(
        "without a signature of cluster-info the host is not asked to join; the token is revoked",
        arguments: unsignedRows)
    func unsigned(_ row: Unsigned) throws {
        var machine = RunMachine(try order())
        let asked = try begun(&machine)
        guard case .createBootstrapToken(let token) = asked.requests.first else { return }
        let made = start + .seconds(2)
        var looking = machine.handle(.completed(id: asked.ids[0], .cluster(.succeeded)), at: made)
        var time = made
        while looking.requests == [.confirmTokenSignature(id: token.id)], time < made + .seconds(60) {
            #expect(looking.hostCommands.isEmpty)
            looking = machine.handle(.completed(id: looking.ids[0], .cluster(.failed(row.failure))), at: time)
            guard looking.requests.isEmpty else { break }
            #expect(machine.state.nodes[name]?.waiting == "cluster-info to be signed for the token")
            #expect(looking.deadline == time + .seconds(1))
            time = try #require(looking.deadline)
            looking = machine.handle(.tick, at: time)
        }
        #expect(time == made + .seconds(row.after))
        #expect(looking.requests == [.deleteBootstrapToken(id: token.id)])
        guard case .quarantined("join", let reason) = machine.state.nodes[name]?.phase else {
            Issue.record("not set aside")
            return
        }
        #expect(reason == row.reason.replacing("token ID", with: "token \(token.id)"))
    }

    @Test("token, join, Node, revocation; nothing that is recorded holds the token")
    func course() throws {
        var machine = RunMachine(try order())
        var events: [RunEvent] = []
        func tell(_ observation: Observation, _ seconds: Int64) -> Reaction {
            let reaction = machine.handle(observation, at: start + .seconds(seconds))
            events += reaction.events
            return reaction
        }
        let asked = try begun(&machine)
        events += asked.events
        guard case .createBootstrapToken(let token) = asked.requests.first else {
            Issue.record("no token was asked for: \(asked.requests)")
            return
        }
        let secret = token.joined.withText { $0 }
        #expect(secret.split(separator: ".").map(\.count) == [6, 16])
        #expect(token.expiresAt == start + .seconds(1 + 300 + 600))
        #expect(machine.state.compensations.keys.sorted() == ["bootstrap token \(token.id)"])

        let looking = tell(.completed(id: asked.ids[0], .cluster(.succeeded)), 2)
        #expect(looking.requests == [.confirmTokenSignature(id: token.id)])
        let joining = tell(.completed(id: looking.ids[0], .cluster(.succeeded)), 2)
        guard case .perform(let id, _, .host(let command)) = joining.directives.first else {
            Issue.record("the host was not asked to join")
            return
        }
        #expect(command.secrets == ["FLEET_TOKEN": token.joined])
        #expect(
            command.environment == [
                "FLEET_NODE": "n9", "FLEET_ENDPOINT": "10.0.0.1:6443", "FLEET_PINS": "sha256:abc", "FLEET_CA": "cafe",
                "FLEET_CRI_SOCKET": "", "FLEET_TAINTS": "dedicated|gpu|NoSchedule", "FLEET_DRY_RUN": "0",
            ])
        #expect(!command.script.contains(secret))
        #expect(!"\(command)".contains(secret))

        let awaited = tell(.completed(id: id, host("changed=join as n9\nmachine_id=machine-n9")), 20)
        #expect(machine.state.nodes[name]?.waiting == "Node n9 to register")
        #expect(awaited.deadline == start + .seconds(20 + 300))
        let registered = tell(.changed(.node(newNode())), 25)
        #expect(registered.requests == [.deleteBootstrapToken(id: token.id)])
        let end = tell(.completed(id: try #require(registered.ids.first), .cluster(.succeeded)), 26)
        #expect(end.kinds.contains("compensation.settled"))
        #expect(machine.state.result == .done)
        let text = try recorded(events)
        #expect(text.contains("bootstrap token \(token.id)"))
        #expect(text.contains("join as n9; Node n9 registered, kubelet v1.36.0"))
        // The plan knew no UID: who tells of the Node finds it in the fact.
        let joined = events.compactMap { if case .stepFinished(let fact) = $0 { fact.nodeUID } else { nil } }
        #expect(joined == [newNode().uid])
        #expect(!text.contains(String(secret.suffix(16))))
    }

    @Test("a join that fails revokes its token too, and says why")
    func failure() throws {
        var machine = RunMachine(try order())
        let asked = try begun(&machine)
        let joining = try signed(&machine, asked, at: start + .seconds(2))
        let failed = machine.handle(
            .completed(id: try #require(joining.ids.first), host("failed=join as n9: connection refused", 1)),
            at: start + .seconds(3))
        #expect(failed.requests.count == 1)
        guard case .deleteBootstrapToken = failed.requests.first else {
            Issue.record("the token was not revoked")
            return
        }
        guard case .quarantined(_, let reason) = machine.state.nodes[name]?.phase else {
            Issue.record("not set aside")
            return
        }
        #expect(reason == "join the cluster: join as n9: connection refused")
        let told = failed.events.compactMap { if case .nodeQuarantined(let fact) = $0 { fact } else { nil } }
        #expect(told.map(\.nodeUID) == [nil])
        // A refused revocation is tried again; the run does not end before.
        let refused = machine.handle(
            .completed(id: failed.ids[0], .cluster(.failed(ClusterFailure(.serverError, message: "no")))),
            at: start + .seconds(4))
        #expect(machine.state.result == nil)
        let again = machine.handle(.tick, at: try #require(refused.deadline))
        #expect(again.requests == failed.requests)
        _ = machine.handle(.completed(id: again.ids[0], .cluster(.succeeded)), at: start + .seconds(20))
        #expect(machine.state.result == .failed)
    }

    @Test("after a crash the host joins with a new token, and both are revoked")
    func crash() throws {
        var machine = RunMachine(try order())
        var history: [(event: RunEvent, time: Instant)] = []
        let first = machine.handle(.synchronized(ClusterSnapshot(nodes: [Fixture.node("n1")])), at: start)
        let asked = machine.handle(
            .completed(id: first.ids[0], host("hostname=n9\nmachine_id=machine-n9")), at: start + .seconds(1))
        let joining = machine.handle(.completed(id: asked.ids[0], .cluster(.succeeded)), at: start + .seconds(2))
        for event in first.events + asked.events + joining.events { history.append((event, start)) }
        guard case .createBootstrapToken(let old) = asked.requests.first else { return }

        var resumed = RunMachine(try order(seed: "two"), history: history)
        let proving = resumed.handle(
            .synchronized(ClusterSnapshot(nodes: [Fixture.node("n1")])), at: start + .seconds(60))
        let again = resumed.handle(
            .completed(id: proving.ids[0], host("hostname=n9\nmachine_id=machine-n9")), at: start + .seconds(60))
        guard case .createBootstrapToken(let new) = again.requests.first else {
            Issue.record("no new token: \(again.requests)")
            return
        }
        #expect(new.id != old.id)
        let joined = try signed(&resumed, again, at: start + .seconds(61))
        _ = resumed.handle(
            .completed(id: joined.ids[0], host("holds=the host has joined already\nmachine_id=machine-n9")),
            at: start + .seconds(62))
        let registered = resumed.handle(.changed(.node(newNode())), at: start + .seconds(63))
        #expect(Set(registered.requests) == [.deleteBootstrapToken(id: old.id), .deleteBootstrapToken(id: new.id)])
        for id in registered.ids {
            _ = resumed.handle(.completed(id: id, .cluster(.succeeded)), at: start + .seconds(64))
        }
        #expect(resumed.state.result == .done)
    }

    @Test("a Node of another machine under the same name fails the join")
    func anotherMachine() throws {
        var machine = RunMachine(try order())
        let asked = try begun(&machine)
        let joining = try signed(&machine, asked, at: start + .seconds(2))
        _ = machine.handle(
            .completed(id: joining.ids[0], host("changed=join as n9\nmachine_id=machine-n9")), at: start + .seconds(3))
        let other = machine.handle(.changed(.node(newNode(machine: "machine-other"))), at: start + .seconds(4))
        let told = other.events.compactMap { if case .nodeQuarantined(let fact) = $0 { fact.nodeUID } else { nil } }
        #expect(told == [newNode().uid])
        guard case .quarantined(_, let reason) = machine.state.nodes[name]?.phase else {
            Issue.record("not set aside")
            return
        }
        #expect(reason.contains("Node n9 is another machine"))
    }

    @Test("a host whose Node is there is only looked at, without a token, when it has joined")
    func joinedAlready() throws {
        var machine = RunMachine(try order())
        let first = machine.handle(.synchronized(ClusterSnapshot(nodes: [newNode()])), at: start)
        let looked = machine.handle(
            .completed(id: first.ids[0], host("hostname=n9\nmachine_id=machine-n9")), at: start + .seconds(1))
        guard case .perform(let id, _, .host(let look)) = looked.directives.first else {
            Issue.record("the host was not looked at")
            return
        }
        #expect(look.secrets.isEmpty && look.environment["FLEET_DRY_RUN"] == "1")
        var other = machine
        _ = machine.handle(
            .completed(id: id, host("holds=the host has joined already\nmachine_id=machine-n9")),
            at: start + .seconds(2))
        #expect(machine.state.result == .done)
        #expect(machine.state.compensations.isEmpty)
        let asked = other.handle(
            .completed(id: id, host("would=start the kubelet\nmachine_id=machine-n9")), at: start + .seconds(2))
        guard case .createBootstrapToken = asked.requests.first else {
            Issue.record("no token was asked for")
            return
        }
    }

    @Test("a Node with pods whose host lost what it joined with is left alone (safety rule 9)")
    func liveNode() throws {
        var machine = RunMachine(try order())
        var node = newNode()
        node.readiness = .ready
        let world = ClusterSnapshot(nodes: [node], pods: [Fixture.pod("cart-1", on: "n9")])
        let first = machine.handle(.synchronized(world), at: start)
        let looked = machine.handle(
            .completed(id: first.ids[0], host("hostname=n9\nmachine_id=machine-n9")), at: start + .seconds(1))
        let told = machine.handle(
            .completed(
                id: try #require(looked.ids.first),
                host("joined=no\nwould=clear the remains of a join that broke off\nwould=join as n9")),
            at: start + .seconds(2))
        #expect(
            !told.requests.contains {
                if case .createBootstrapToken = $0 { true } else { false }
            })
        guard case .quarantined(_, let reason) = machine.state.nodes[name]?.phase else {
            Issue.record("not set aside: \(told.requests)")
            return
        }
        #expect(
            reason
                == "join the cluster: Node n9 has pods (shop/cart-1), and its host has lost what it joined with; nothing was changed; drain the node first"
        )
    }

    @Test("without cluster-info nothing is tried, and a dry run carries no token")
    func withoutEntrance() throws {
        var order = try order()
        let preview = RunPreview(order, of: ClusterSnapshot(nodes: [Fixture.node("n1")]), at: start)
        guard case .host(let look) = preview.nodes.first?.steps(nil).first?.preview.looks.first?.operation else {
            Issue.record("the preview does not look")
            return
        }
        #expect(look.secrets.isEmpty)
        #expect(look.environment["FLEET_DRY_RUN"] == "1")
        order.settings.entrance = nil
        var machine = RunMachine(order)
        let asked = try begun(&machine)
        #expect(asked.requests.isEmpty)
        #expect(machine.state.result == .failed)
    }

    @Test("tokens depend on seed and node, have kubeadm's form, and are never shown")
    func tokens() throws {
        func token(_ node: NodeName, _ seed: String) -> BootstrapToken {
            BootstrapToken(of: node, seed: SecretText(seed), expiresAt: start, run: "r")
        }
        #expect(token("a", "s") == token("a", "s"))
        #expect(Set([token("a", "s"), token("b", "s"), token("a", "t")].map(\.id)).count == 3)
        let text = token("a", "s").joined.withText { $0 }
        #expect(text.wholeMatch(of: /[a-z0-9]{6}\.[a-z0-9]{16}/) != nil)
        let secret = text.suffix(16)
        var shown = "\(token("a", "s")) \(String(reflecting: token("a", "s")))"
        dump(token("a", "s"), to: &shown)
        shown += String(decoding: try JSONEncoder().encode(token("a", "s")), as: UTF8.self)
        #expect(!shown.contains(secret))
        let report = HostReport(outcome: .exited(0), standardOutput: "x \(text) y", standardError: text)
        var command = HostCommand(script: "")
        command.secrets = ["FLEET_TOKEN": token("a", "s").joined]
        #expect(
            report.redacted(for: command)
                == HostReport(outcome: .exited(0), standardOutput: "x (secret) y", standardError: "(secret)"))
    }
}

/// What is asked of a Node once it is there.
@Suite("New Nodes")
struct NewNodeTests {
    private let start = Instant(seconds: 1_000)

    private func progress(
        _ kind: String, _ arguments: VariableValue, node: Node?, after seconds: Int64 = 0,
        member: InventoryMember = InventoryMember(host: "n1", node: "n1"), variables: VariableMapping = [:],
        others: [Node] = []
    ) throws -> StepProgress {
        let step = try #require(try Fixture.steps([(kind, Fixture.located(arguments))]).first).step
        var machine = RunMachine(
            Fixture.order(waves: [[PlanTarget(host: "n1", node: "n1")]], steps: [PlannedStep(step: step)]))
        machine.world.synchronize(with: ClusterSnapshot(nodes: [node].compactMap(\.self) + others))
        var state = NodeProgress(target: PlanTarget(host: "n1", node: "n1"), wave: 1)
        state.steps[0] = StepMemory(startedAt: start)
        var context = machine.context(for: state, 0)
        context.now = start + .seconds(seconds)
        context.run.inventory = [member]
        context.scope = VariableScope()
        context.scope.add(variables)
        return step.advance(context)
    }

    private func words(_ progress: StepProgress) -> String {
        switch progress {
        case .perform(let acts, _): acts.map(\.title).joined(separator: ",")
        case .wait(let reason, _): "wait \(reason)"
        case .blocked(let reason): "blocked \(reason)"
        case .done(let changed, let detail): "\(changed ? "changed" : "unchanged"): \(detail)"
        case .failed(let reason, _): "failed: \(reason)"
        case .unsuccessful(let reason, _): "unsuccessful: \(reason)"
        }
    }

    private var node: Node {
        var node = Fixture.node("n1", zone: "b")
        node.kubeletVersion = "v1.36.0"
        node.capacity = Resources(milliCPU: 16_000, memory: 63 << 30, pods: 110)
        node.allocatable = Resources(milliCPU: 15_500, memory: 60 << 30, pods: 110)
        return node
    }

    @Test("wait_ready waits for the Node and its condition, and not for ever")
    func waiting() throws {
        #expect(words(try progress("wait_ready", .null, node: nil)) == "wait Node n1 to register")
        let early = Fixture.node("n1", ready: false)
        #expect(words(try progress("wait_ready", .null, node: early)) == "wait Node n1 to be Ready (it is not Ready)")
        #expect(
            words(try progress("wait_ready", ["timeout": "1m", "diagnose": false], node: early, after: 60))
                == "failed: waited 1m for Node n1 to be Ready (it is not Ready)")
        let others = [
            Fixture.node("n2", zone: "a"), Fixture.node("n3", zone: "a"), Fixture.node("n4", zone: "c", ready: false),
        ]
        #expect(
            words(try progress("wait_ready", .null, node: node, others: others))
                == "unchanged: Ready, kubelet v1.36.0; Ready workers by zone: a 2, b 1")
    }

    @Test("wait_ready waits for the DaemonSets' pods where it is asked to")
    func daemons() throws {
        let step = try #require(try Fixture.steps([("wait_ready", Fixture.located(["daemons": true]))]).first).step
        var machine = RunMachine(Fixture.order(waves: [[Fixture.target("n1")]], steps: [PlannedStep(step: step)]))
        var pod = Fixture.pod("cni-1", on: "n1", ready: false)
        pod.controller = ControllerReference(apiVersion: "apps/v1", kind: "DaemonSet", name: "cni", uid: "uid-cni")
        var context: StepContext {
            machine.world.synchronize(with: ClusterSnapshot(nodes: [Fixture.node("n1")], pods: [pod]))
            var context = machine.context(for: NodeProgress(target: Fixture.target("n1"), wave: 1), 0)
            context.now = start
            context.memory = StepMemory(startedAt: start)
            return context
        }
        #expect(words(step.advance(context)) == "wait DaemonSets' pods to be Ready: shop/cni-1")
        pod.isReady = true
        #expect(words(step.advance(context)).hasPrefix("unchanged: Ready"))
    }

    @Test(
        "wait_ready compares version and size with what is expected",
        arguments: [
            (["version": "1.36.0"], [:], ""),
            (["version": "v1.36.0"], [:], ""),
            (["version": "{{ v }}"], ["v": "1.36.1"], "Node n1 runs kubelet v1.36.0, not 1.36.1"),
            (.null, ["capacity": ["cpu": 16, "memory": "64Gi", "pods": 110]], ""),
            (.null, ["capacity": ["cpu": 32]], "Node n1 has cpu 16, the inventory expects 32"),
            (.null, ["allocatable": ["cpu": "15500m", "pods": 110]], ""),
            (.null, ["allocatable": ["cpu": 16]], "Node n1 has allocatable cpu 15500m, the inventory expects 16"),
            (["allocatable": ["pods": 250]], [:], "Node n1 has allocatable pods 110, the inventory expects 250"),
            (
                .null, ["capacity": ["memory": "{{ size }}Gi"], "size": 96],
                "Node n1 has memory 63Gi, the inventory expects 96Gi"
            ),
            (.null, ["capacity": ["nvidia.com/gpu": 8]], "Node n1 has nvidia.com/gpu 0, the inventory expects 8"),
            (["capacity": ["cpu": "15500m"]], ["capacity": ["cpu": 99]], ""),
            (
                ["capacity": ["cpu": "{{ cpus }}"]], ["cpus": "many"],
                "wait until the Node is Ready: capacity cpu: \"many\" is no amount such as 16, 64Gi or 500m"
            ),
        ] as [(VariableValue, VariableMapping, String)])
    func expectations(arguments: VariableValue, variables: VariableMapping, mistake: String) throws {
        let told = words(try progress("wait_ready", arguments, node: node, variables: variables))
        #expect(mistake.isEmpty ? told.hasPrefix("unchanged: Ready") : told == "failed: \(mistake)")
    }

    @Test("label and taint bring what the inventory says, and change nothing where it is so")
    func labelsAndTaints() throws {
        let taint = Taint(key: "dedicated", value: "gpu", effect: .noSchedule)
        let member = InventoryMember(host: "n1", node: "n1", zone: "b", labels: ["pool": "gpu"], taints: [taint])
        #expect(
            words(try progress("label", ["role": "worker"], node: node, member: member))
                == "label n1 node-role.kubernetes.io/worker= pool=gpu")
        #expect(words(try progress("taint", .null, node: node, member: member)) == "taint n1 dedicated=gpu:NoSchedule")
        var ready = node
        ready.labels["pool"] = "gpu"
        ready.taints = [taint]
        #expect(
            words(try progress("label", .null, node: ready, member: member)) == "unchanged: its labels are as wanted")
        #expect(
            words(try progress("taint", .null, node: ready, member: member)) == "unchanged: its taints are as wanted")
        #expect(words(try progress("label", ["remove": ["pool"]], node: ready)) == "label n1 pool-")
        #expect(
            words(try progress("taint", ["remove": ["dedicated:NoSchedule"]], node: ready))
                == "taint n1 dedicated:NoSchedule-")
        #expect(
            words(try progress("label", .null, node: node, member: InventoryMember(host: "n1", node: "n1", zone: "c")))
                .contains("the inventory says zone c, the Node is labelled b"))
        #expect(
            words(try progress("label", ["labels": ["tier": "{{ t }}"]], node: node, variables: ["t": "no good"]))
                .contains("is no label"))
        #expect(words(try progress("label", .null, node: nil)) == "failed: there is no Node n1 to label")
    }
}
