import FleetExpressions
import FleetModel
import FleetPlanning
import Testing

@testable import FleetRun

/// Every step that waits asks host and API why it waited in vain, and tells it in words and as data (X4).
@Suite("Failed waits")
struct FailedWaitTests {
    private static let now = Instant(seconds: 100_000)

    struct Row: Sendable, CustomTestStringConvertible {
        var kind: String
        var arguments: VariableValue = .null
        /// What was done so far: the output, how it ended, and how many seconds ago.
        var acts: [String: (output: String, code: String, ago: Int64)] = [:]
        var hasNode = true
        var pods: [Pod] = []
        /// What is asked, in this order.
        var asks = ["diagnosis", "health"]
        /// How the failure begins.
        var words: String
        var testDescription: String { kind }
    }

    private static var peer: Pod {
        var pod = Fixture.pod("cart-1", on: "n2")
        pod.address = "10.244.2.9"
        return pod
    }

    static let rows = [
        Row(
            kind: "join", acts: ["join": ("changed=join as n1\nmachine_id=machine-n1", "exited 0", 301)],
            hasNode: false,
            words: "kubeadm ended well, and no Node n1 registered within 5m: "),
        Row(kind: "wait_ready", words: "waited 10m for Node n1 to be Ready (it is not Ready): "),
        Row(
            kind: "reboot",
            acts: [
                "boot id": ("boot_id=a", "exited 0", 700), "reboot": ("changed=told", "exited 0", 601),
                "back": ("", "never started", 2),
            ], words: "the host did not come back within 10m: never started: "),
        Row(
            kind: "check_pod_network", acts: ["look": ("silent=n2", "exited 0", 1)], pods: [peer],
            words: "after 2m: no pod answers on n2; look at "),
        Row(
            kind: "check_pod_network",
            acts: ["look": ("bgp_peer=10.0.0.2 start (Connect)\nreached=n2", "exited 0", 1)],
            pods: [peer],
            words: "after 2m: the network plugin is not well: BGP peer 10.0.0.2 is start (Connect); look at "),
        Row(
            kind: "service", arguments: ["name": "kubelet", "state": "started"],
            acts: ["service": ("", "exited 3", 1)], words: "service kubelet started: exited 3: "),
        Row(
            kind: "verify_drained", pods: [Fixture.pod("stuck-1", on: "n1")], asks: ["health"],
            words: "after 10m: pods still on the node: shop/stuck-1: "),
    ]

    private func context(_ row: Row, acts more: [String: StepMemory.Act] = [:]) throws -> (any Step, StepContext) {
        let step = try #require(try Fixture.steps([(row.kind, Fixture.located(row.arguments))]).first).step
        var machine = RunMachine(Fixture.order(waves: [[Fixture.target("n1")]], steps: [PlannedStep(step: step)]))
        let nodes = (row.hasNode ? [Fixture.node("n1", ready: false)] : []) + [Fixture.node("n2")]
        machine.world.synchronize(with: ClusterSnapshot(nodes: nodes, pods: row.pods))
        var node = NodeProgress(target: Fixture.target("n1"), wave: 1)
        node.steps[0] = StepMemory(startedAt: Self.now - .seconds(1_000))
        node.steps[0]?.acts = row.acts.mapValues { act in
            StepMemory.Act(
                state: .finished(
                    OperationResult(isSuccess: act.code == "exited 0", code: act.code, output: act.output)),
                attempts: 6, changedAt: Self.now - .seconds(act.ago))
        }.merging(more) { $1 }
        var context = machine.context(for: node, 0)
        context.now = Self.now
        return (step, context)
    }

    private func finished(_ output: String) -> StepMemory.Act {
        StepMemory.Act(
            state: .finished(OperationResult(isSuccess: true, code: "exited 0", output: output)), attempts: 1,
            changedAt: Self.now)
    }

    @Test("The failure tells what host and API say, with the first line of each finding", arguments: rows)
    func explained(_ row: Row) throws {
        let (step, waiting) = try context(row)
        #expect(step.traits.contains(.diagnoses))
        guard case .perform(let looks, _) = step.advance(waiting) else {
            Issue.record("nothing is asked: \(step.advance(waiting))")
            return
        }
        #expect(looks.map(\.key) == row.asks)
        let crash = "E1126 02:00 run.go:72] running with swap on is not supported"
        let answers = [
            "diagnosis": finished(
                DiagnosisTests.answer(["kubelet_state": "activating"], more: ["kubelet_error=\(crash)"])),
            "health": finished("condition=DiskPressure True KubeletHasDiskPressure the disk is full\nwarning=no CIDR"),
        ]
        let (_, answered) = try context(row, acts: answers.filter { row.asks.contains($0.key) })
        let (reason, findings): (String, [Diagnosis.Finding])
        switch step.advance(answered) {
        case .failed(let words, let found), .unsuccessful(let words, let found): (reason, findings) = (words, found)
        case let other:
            Issue.record("not failed: \(other)")
            return
        }
        #expect(reason.hasPrefix(row.words), "\(reason)")
        if row.asks.contains("diagnosis") {
            #expect(reason.contains("the kubelet starts and ends again (0 restarts): \(crash) (certain; "), "\(reason)")
            #expect(findings.first?.code == "kubelet-crashes" && findings.first?.evidence == [crash])
        }
        #expect(reason.contains("DiskPressure: the disk is full"), "\(reason)")
        #expect(findings.contains { $0.code == "pressure" })
    }

    @Test("A host that does not answer, and an API that refuses, are told as such; neither is asked twice")
    func unanswered() throws {
        let row = Self.rows[1]
        let failed = { (code: String, words: String) in
            StepMemory.Act(
                state: .finished(OperationResult(isSuccess: false, code: code, message: words)), attempts: 1,
                changedAt: Self.now)
        }
        let (step, context) = try context(
            row, acts: ["diagnosis": failed("never started", "no route to host"), "health": failed("forbidden", "no")])
        guard case .failed(let reason, let findings) = step.advance(context) else {
            Issue.record("not failed")
            return
        }
        #expect(reason.contains("the host cannot be reached over SSH: never started: no route to host (likely"))
        #expect(findings.map(\.code) == ["host-unreachable"])
    }

    /// What `verify_drained` says when it is late, each of the workloads having lost its only pod, whose replacement waits.
    private func late(_ sets: [Workload]) throws -> StepProgress {
        let waiting = sets.map { set in
            var pod = Fixture.pod("\(set.reference.key.name)-2", on: nil, of: set, ready: false, phase: .pending)
            pod.pendingReason = "0/3 nodes are available"
            return pod
        }
        let roomy = { (name: NodeName) in
            var node = Fixture.node(name, cordoned: true)
            node.allocatable = Resources(milliCPU: 4000, memory: 8 << 30, pods: 110)
            return node
        }
        let step = try #require(try Fixture.steps([("verify_drained", .null(at: Fixture.place))]).first).step
        var machine = RunMachine(Fixture.order(waves: [[Fixture.target("n1")]], steps: [PlannedStep(step: step)]))
        machine.world.synchronize(
            with: ClusterSnapshot(
                nodes: [roomy("n1"), roomy("n2"), Fixture.node("n3")], pods: waiting, workloads: sets)
        )
        var node = NodeProgress(target: Fixture.target("n1"), wave: 1)
        node.steps[0] = StepMemory(startedAt: Self.now - .seconds(1_000))
        for set in sets {
            let name = set.reference.key.name
            node.note(
                NodeProgress.EvictedPod(
                    pod: PodReference(ObjectKey("shop", "\(name)-1"), uid: ObjectUID("uid-\(name)-1")),
                    workload: set.reference.uid, readyBefore: 1, isAccepted: true, isGone: true))
        }
        var context = machine.context(for: node, 0)
        context.now = Self.now
        return step.advance(context)
    }

    @Test("A workload without its replacement names the cordoned Nodes that would take it, and not those that go")
    func homes() throws {
        guard case .failed(let reason, let findings) = try late([Fixture.replicaSet("web", replicas: 1)]) else {
            Issue.record("not failed")
            return
        }
        #expect(reason == "after 10m: ReplicaSet shop/web has 0 of 1 Ready pods (0/3 nodes are available)")
        #expect(
            findings == [
                Diagnosis.Finding(
                    "replacement-not-ready", .certain, "ReplicaSet shop/web has 0 of 1 Ready pods",
                    evidence: ["0/3 nodes are available"],
                    mend: "would fit on n2, cordoned now: uncordon one that stays, or make room")
            ])
    }

    @Test("Where many workloads lack their replacement, all are told, and homes are sought for the first five")
    func manyHomes() throws {
        let sets = (1...7).map { Fixture.replicaSet("web\($0)", replicas: 1) }
        guard case .failed(_, let findings) = try late(sets) else {
            Issue.record("not failed")
            return
        }
        let words = (1...7).map { "ReplicaSet shop/web\($0) has 0 of 1 Ready pods" }
        #expect(findings.map(\.message) == words)
        let homes = findings.map { $0.mend.hasPrefix("would fit on n2,") }
        #expect(homes == [true, true, true, true, true, false, false])
    }
}
