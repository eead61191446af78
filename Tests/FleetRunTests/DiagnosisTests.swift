import FleetExpressions
import FleetModel
import FleetPlanning
import Testing

@testable import FleetRun

/// What explains a node that does not work: rows of evidence, and the findings they give, the likeliest first.
@Suite("Diagnosis")
struct DiagnosisTests {
    private static let now = Instant(seconds: 1_700_000_000)

    /// What a healthy host answers; each row changes some lines of it.
    private static let healthy = [
        "hostname": "n1", "time": "1700000000", "joined": "yes", "cluster_ca_sha256": "cafe", "kubelet_state": "active",
        "kubelet_boot": "enabled", "kubelet_restarts": "0", "containerd_state": "active", "containerd_boot": "enabled",
        "runtime_answers": "yes", "kubelet_cgroup": "systemd", "runtime_cgroup": "systemd", "cni_configurations": "1",
        "api_server": "10.0.0.1:6443", "api_answers": "yes", "disk": "/ 40 5", "swap": "", "ip_forward": "1",
        "certificate_end": "1710000000",
    ]

    static func answer(_ changes: [String: String] = [:], more: [String] = []) -> String {
        (healthy.merging(changes) { $1 }.map { "\($0)=\($1)" } + more + ["end=yes"]).joined(separator: "\n")
    }

    static func host(_ changes: [String: String] = [:], more: [String] = []) -> HostFacts? {
        HostFacts(NodeAnswer(answer(changes, more: more)))
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var host: [String: String] = [:]
        var more: [String] = []
        var isReady = false
        var found: [String]
        var testDescription: String { name }
    }

    static let rows = [
        Row(name: "a healthy node", isReady: true, found: []),
        Row(name: "nothing to be seen", found: ["unexplained possible"]),
        Row(
            name: "kubelet stopped and disabled", host: ["kubelet_state": "inactive", "kubelet_boot": "disabled"],
            found: ["kubelet-stopped certain"]),
        Row(
            name: "kubelet that crashes over swap", host: ["kubelet_state": "activating", "swap": "/swap.img"],
            found: ["swap-on certain", "kubelet-crashes certain"]),
        Row(
            name: "swap beside a running kubelet", host: ["swap": "/dev/zram0"], isReady: true,
            found: ["swap-on possible"]),
        Row(
            name: "containerd is down", host: ["containerd_state": "failed", "runtime_answers": "no"],
            found: ["runtime-down certain"]),
        Row(name: "no way to the API server", host: ["api_answers": "no"], found: ["api-server-unreachable certain"]),
        Row(
            name: "no address for the API server", host: ["api_name": "unresolved"], found: ["api-server-name certain"]),
        Row(
            name: "expired certificate", host: ["certificate_end": "1699990000"], found: ["certificate-expired certain"]
        ),
        Row(
            name: "certificate that ends soon", host: ["certificate_end": "1700086400"], isReady: true,
            found: ["certificate-ends possible"]),
        Row(name: "another cluster", host: ["cluster_ca_sha256": "beef"], found: ["another-cluster certain"]),
        Row(
            name: "never joined", host: ["joined": "no", "kubelet_state": "inactive", "cluster_ca_sha256": ""],
            found: ["not-joined certain"]),
        Row(
            name: "crashed before it had joined",
            host: ["joined": "no", "kubelet_state": "activating", "cluster_ca_sha256": ""],
            more: ["kubelet_error=E1126 running with swap on is not supported"],
            found: ["kubelet-crashes certain", "not-joined possible"]),
        Row(
            name: "crashes until it joins",
            host: ["joined": "no", "kubelet_state": "activating", "cluster_ca_sha256": ""],
            more: ["kubelet_error=failed to load kubelet config file, path: /var/lib/kubelet/config.yaml"],
            found: ["not-joined certain"]),
        Row(name: "no network plugin", host: ["cni_configurations": "0"], found: ["no-network-plugin likely"]),
        Row(
            name: "network plugin without program", more: ["cni_missing=calico"],
            found: ["network-plugin-missing likely"]),
        Row(
            name: "cgroup drivers differ", host: ["runtime_cgroup": "cgroupfs"], found: ["cgroup-drivers-differ likely"]
        ),
        Row(name: "full disk", host: ["disk": "/ 99 5"], more: ["disk=/var/log 20 97"], found: ["disk-full likely"]),
        Row(name: "clock an hour and more ahead", host: ["time": "1700009000"], found: ["clock likely"]),
        Row(name: "clock two minutes behind", host: ["time": "1699999880"], isReady: true, found: ["clock possible"]),
        Row(
            name: "no way to any other node", more: ["peer=10.0.0.2 no", "peer=10.0.0.3 no"],
            found: ["nodes-unreachable likely"]),
        Row(
            name: "no way to one other node", more: ["peer=10.0.0.2 no", "peer=fd00::3 yes"], isReady: true,
            found: ["nodes-unreachable possible"]),
        Row(
            name: "CRI-O is down", host: ["containerd_state": "inactive", "containerd_boot": ""],
            more: ["crio_state=failed", "crio_boot=enabled"], found: ["runtime-down certain"]),
        Row(
            name: "CRI-O runs, and a containerd that nobody uses does not", host: ["containerd_state": "inactive"],
            more: ["crio_state=active", "crio_boot=enabled"], isReady: true, found: []),
        Row(
            name: "the cluster's CA has expired, and what it signed", host: ["certificate_end": "1699990000"],
            more: ["authority_end=1699990000", "serving_end=1699990000"],
            found: [
                "authority-expired certain", "certificate-expired certain", "serving-certificate-expired possible",
            ]),
        Row(
            name: "the network plugin is not well", more: ["bgp_peer=10.0.0.2 start (Connect)"],
            found: ["network-plugin-status likely"]),
        Row(
            name: "no server of names answers", more: ["resolver=10.0.0.53 silent", "resolver=10.0.0.54 silent"],
            found: ["resolver-silent likely"]),
        Row(
            name: "one server of names answers", more: ["resolver=10.0.0.53 silent", "resolver=127.0.0.53 refuses"],
            isReady: true, found: []),
        Row(
            name: "the cluster's DNS refuses", more: ["cluster_dns=10.96.0.10 refuses"], isReady: true,
            found: ["cluster-dns possible"]),
        Row(
            name: "the cluster's DNS answers", more: ["cluster_dns=10.96.0.10 answers"], isReady: true, found: []),
        Row(name: "no forwarding", host: ["ip_forward": "0"], isReady: true, found: ["no-forwarding possible"]),
        Row(
            name: "certain findings come before likely ones",
            host: ["cni_configurations": "0", "api_answers": "no", "ip_forward": "0"],
            found: ["api-server-unreachable certain", "no-network-plugin likely", "no-forwarding possible"]),
    ]

    @Test("A host's state explains", arguments: rows)
    func hosts(_ row: Row) {
        let node = Fixture.node("n1", ready: row.isReady)
        let evidence = DiagnosisEvidence(
            name: "n1", node: node, host: Self.host(row.host, more: row.more), clusterAuthority: "cafe", now: Self.now)
        let diagnosis = Diagnosis(evidence)
        #expect(diagnosis.findings.map { "\($0.code) \($0.likelihood.rawValue)" } == row.found)
        #expect(diagnosis.findings.allSatisfy { !$0.mend.isEmpty })
        #expect(diagnosis.isReady == row.isReady)
    }

    @Test("The API explains why no pods come, and a host that does not answer is a finding too")
    func cluster() {
        func codes(_ node: Node?, _ change: (inout DiagnosisEvidence) -> Void = { _ in }) -> [String] {
            var evidence = DiagnosisEvidence(name: "n1", node: node, now: Self.now)
            change(&evidence)
            return Diagnosis(evidence).findings.map { "\($0.code) \($0.likelihood.rawValue)" }
        }
        #expect(codes(Fixture.node("n1", cordoned: true)) == ["cordoned certain"])
        var tainted = Fixture.node("n1")
        tainted.taints = [
            Taint(key: "dedicated", value: "gpu", effect: .noSchedule),
            Taint(key: "node.kubernetes.io/unschedulable", effect: .noSchedule),
        ]
        #expect(codes(tainted) == ["tainted likely"])
        var full = Fixture.node("n1")
        full.allocatable = Resources(milliCPU: 4000, memory: 8 << 30, pods: 110)
        #expect(codes(full) { $0.requested = Resources(milliCPU: 3900, memory: 1 << 30) } == ["full likely"])
        let short = WaitingPods(owner: "Deployment shop/cart", count: 2, objections: ["lacks cpu"], words: "0/3 nodes")
        let free = WaitingPods(owner: "pod shop/cart-1")
        #expect(codes(Fixture.node("n1")) { $0.waiting = [short] } == ["does-not-fit likely"])
        #expect(codes(Fixture.node("n1")) { $0.waiting = [free] } == ["would-fit possible"])
        #expect(
            codes(Fixture.node("n1", cordoned: true)) { $0.waiting = [short, free] } == [
                "cordoned certain", "does-not-fit likely", "would-fit possible",
            ])
        #expect(codes(nil) { $0.waiting = [free] } == ["no-node likely", "pods-wait possible"])
        #expect(
            codes(Fixture.node("n1")) { $0.unreadyDaemons = ["kube-system/cni-1"] } == ["daemons-not-ready possible"])
        #expect(codes(nil) == ["no-node likely"])
        #expect(
            codes(nil) { $0.hostFailure = "never started: no route to host" } == [
                "host-unreachable likely", "no-node likely",
            ])
        let lost = NodeHealth(
            conditions: [
                .init(
                    type: "Ready", status: "Unknown", reason: "NodeStatusUnknown",
                    message: "Kubelet stopped posting node status.")
            ],
            warnings: ["Node n1 status is now: NodeNotReady"])
        var silent = Fixture.node("n1", ready: false)
        silent.readiness = .unknown
        #expect(codes(silent) { $0.health = lost } == ["silent possible", "events possible"])
        let pressed = NodeHealth(conditions: [
            .init(type: "DiskPressure", status: "True", message: "kubelet has disk pressure")
        ])
        #expect(codes(Fixture.node("n1")) { $0.health = pressed } == ["pressure likely"])
    }

    @Test("Evidence from a snapshot: requests of the node's pods, its daemons that are not Ready, and pods that wait")
    func snapshot() {
        var here = Fixture.pod("cart-1", on: "n1")
        here.requests = Resources(milliCPU: 500)
        var waiting = Fixture.pod("cart-2", on: nil, ready: false, phase: .pending)
        waiting.pendingReason = "0/1 nodes are available"
        var daemon = Fixture.pod("cni-1", on: "n1", ready: false)
        daemon.controller = ControllerReference(apiVersion: "apps/v1", kind: "DaemonSet", name: "cni", uid: "uid-cni")
        daemon.pendingReason = "CrashLoopBackOff"
        let evidence = DiagnosisEvidence(
            of: "n1", in: ClusterSnapshot(nodes: [Fixture.node("n1")], pods: [here, waiting, daemon]), now: Self.now)
        #expect(evidence.requested == Resources(milliCPU: 500))
        #expect(evidence.unreadyDaemons == ["shop/cni-1: CrashLoopBackOff"])
        #expect(
            evidence.waiting == [
                WaitingPods(
                    owner: "pod shop/cart-2", objections: ["the Node has its 0 pods"], words: "0/1 nodes are available")
            ])
        #expect(evidence.node?.name == "n1")
    }

    @Test("The host is asked for three other Ready nodes")
    func peers() {
        let nodes = (1...6).map { number in
            var node = Fixture.node(NodeName("n\(number)"), ready: number != 2)
            node.internalAddresses = ["10.0.0.\(number)"]
            return node
        }
        #expect(
            HostCommand.diagnosis(of: "n1", among: nodes).environment == ["FLEET_PEERS": "10.0.0.3 10.0.0.4 10.0.0.5"])
    }

    @Test("An answer that broke off is no fact")
    func brokenOff() {
        #expect(HostFacts(NodeAnswer("hostname=n1\nkubelet_state=active")) == nil)
        var evidence = DiagnosisEvidence(name: "n1", now: Self.now)
        evidence.take(HostReport(outcome: .exited(0), standardOutput: "hostname=n1"))
        #expect(evidence.hostFailure == "its answer broke off")
    }

    @Test("A wait that failed attaches what host and API say (X4); both are asked once")
    func attached() throws {
        let steps = try Fixture.steps([("wait_ready", Fixture.located(["timeout": "1m"]))])
        var machine = RunMachine(Fixture.order(waves: [[Fixture.target("n1")]], steps: steps))
        let snapshot = ClusterSnapshot(nodes: [Fixture.node("n1", ready: false), Fixture.node("n2")])
        let first = machine.handle(.synchronized(snapshot), at: Self.now)
        let identity = HostReport(outcome: .exited(0), standardOutput: "hostname=n1\nmachine_id=machine-n1")
        _ = machine.handle(.completed(id: first.ids[0], .host(identity)), at: Self.now)
        let late = Self.now + .seconds(60)
        let asked = machine.handle(.tick, at: late)
        #expect(asked.hostCommands == [HostCommand.diagnosis(of: "n1", among: snapshot.nodes)])
        #expect(asked.directives.last == .perform(id: asked.ids[1], node: "n1", .nodeHealth("n1")))
        let health = NodeHealth(
            conditions: [.init(type: "Ready", status: "False", reason: "KubeletNotReady", message: "PLEG\nis old")])
        _ = machine.handle(.completed(id: asked.ids[1], .nodeHealth(.success(health))), at: late)
        let answer = Self.answer(["kubelet_state": "inactive", "kubelet_boot": "disabled"])
        let last = machine.handle(
            .completed(id: asked.ids[0], .host(HostReport(outcome: .exited(0), standardOutput: answer))), at: late)
        guard case .quarantined(_, let reason) = machine.state.nodes["n1"]?.phase else {
            Issue.record("not set aside")
            return
        }
        #expect(
            reason
                == "waited 1m for Node n1 to be Ready (it is not Ready): the kubelet is inactive and disabled (certain; systemctl enable --now kubelet); the kubelet itself says that it is not Ready: KubeletNotReady: PLEG is old (possible; its message names what it waits for)"
        )
        let findings = last.events.compactMap {
            if case .nodeQuarantined(let fact) = $0 { fact.diagnosis } else { nil }
        }
        #expect(findings.first?.map(\.code) == ["kubelet-stopped", "not-ready"])
    }
}
