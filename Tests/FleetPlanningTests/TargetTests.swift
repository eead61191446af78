import FleetModel
import Testing

@testable import FleetPlanning

@Suite struct TargetTests {
    private func world(_ targets: Int = 2, others: Int = 8) -> PlanningWorld {
        var world = PlanningWorld()
        world.addNodes("old", targets, areTargets: true)
        world.addNodes("new", others)
        return world
    }

    @Test func `A quiet cluster gives no findings, and targets pin what proves them`() {
        let plan = world().plan
        #expect(plan.findings == [])
        #expect(plan.targets.map(\.host) == ["old1", "old2"])
        #expect(plan.targets.first?.nodeUID == "uid-old1")
        #expect(plan.targets.first?.machineID == "machine-old1")
        #expect(plan.targets.first?.zone == "a")
    }

    @Test func `kubernetes_node joins a host to a Node of another name`() {
        var world = world()
        world.hosts = [Host(name: "web-17", node: "old1")]
        #expect(world.plan.targets.map(\.nodeUID) == ["uid-old1"])
    }

    @Test func `A host that is to join needs no Node, and keeps its place in the plan once it has one`() {
        var world = world(1, others: 3)
        world.steps = [StepSummary(kind: "join", touchesHost: true, joins: true)]
        world.hosts = [Host(name: "fresh1", zone: "a"), Host(name: "fresh2"), Host(name: "old1", zone: "a")]
        let plan = world.plan
        #expect(plan.blockers == [])
        #expect(
            plan.findings.map { "\($0.code.rawValue) \($0.subject)" }.sorted() == [
                "already-joined old1", "unknown-zone fresh2",
            ])
        #expect(plan.targets.filter { $0.nodeUID == nil }.map(\.host).sorted() == ["fresh1", "fresh2"])

        var joined = world
        joined.addNodes("fresh", 1, zone: "a")
        var request = joined.request
        request.pinned = plan
        let again = Planner.plan(request)
        #expect(PlanDrift.differences(from: plan, to: again) == [])
        #expect(
            again.findings.map { "\($0.code.rawValue) \($0.subject)" }.sorted() == [
                "already-joined old1", "unknown-zone fresh2",
            ])
        request.pinned = nil
        #expect(PlanDrift.differences(from: plan, to: Planner.plan(request)) != [])
    }

    struct Shared: Sendable {
        var title: String
        var other: PlanTarget
        var isShared: Bool
    }

    @Test(
        "hosts that two clusters' plans share",
        arguments: [
            Shared(
                title: "one machine, two names", other: PlanTarget(host: "x", node: "x", machineID: "m1"),
                isShared: true),
            Shared(
                title: "two machines, one name", other: PlanTarget(host: "h1", node: "h1", machineID: "m2"),
                isShared: false),
            Shared(title: "one name, one machine unknown", other: PlanTarget(host: "h1", node: "n"), isShared: true),
            Shared(title: "nothing", other: PlanTarget(host: "h2", node: "h1"), isShared: false),
        ])
    func overlap(_ row: Shared) {
        func plan(_ cluster: ObjectUID, _ target: PlanTarget) -> Plan {
            Plan(
                cluster: cluster, playbook: "p", name: "p", waves: [PlannedWave(number: 1, targets: [target])],
                policy: WavePolicy(), digest: "")
        }
        let own = PlanTarget(host: "h1", node: "h1", machineID: "m1")
        #expect(
            TargetOverlap.hosts(of: plan("one", own), in: plan("two", row.other)) == (row.isShared ? ["h1"] : []),
            "\(row.title)")
        #expect(TargetOverlap.hosts(of: plan("one", own), in: plan("one", row.other)) == [])
    }

    @Test func `A Node that is gone is a warning, and keeps the identity it was pinned with`() {
        var world = world()
        let pinned = world.plan
        world.snapshot.nodes.removeAll { $0.name == "old1" }
        let finding = world.findings(.nodeGone).first
        #expect(finding?.severity == .warning)
        #expect(finding?.subject == "old1")
        #expect(world.plan.targets.first { $0.host == "old1" }?.machineID == "")
        var request = world.request
        request.pinned = pinned
        let again = Planner.plan(request)
        #expect(again.targets == pinned.targets)
        #expect(again.digest == pinned.digest)
        #expect(again.findings.map(\.code) == [.nodeGone])
    }

    @Test func `Zone and pool that contradict the labels are blockers`() {
        var world = world()
        world.hosts = [Host(name: "old1", zone: "b", pool: "fast")]
        world.change("old1") { $0.labels["pool"] = "general" }
        #expect(world.plan.blockers.map(\.code) == [.zoneContradiction, .poolContradiction])
        #expect(world.findings(.zoneContradiction).first?.message.contains("zone b") == true)
    }

    @Test func `Two hosts for one Node are a blocker`() {
        var world = world()
        world.hosts = [Host(name: "old1"), Host(name: "twin", node: "old1")]
        #expect(world.findings(.duplicateTarget).first?.message == "2 hosts stand for this Node: old1, twin")
    }

    @Test func `No host at all is a blocker`() {
        var world = world()
        world.hosts = []
        #expect(world.plan.blockers.map(\.code) == [.noTargets])
    }

    @Test(
        arguments: [
            (CountOrPercent.percent(40), 4, false), (.percent(40), 5, true), (.count(3), 4, true),
            (.percent(1), 1, false),
        ]
    )
    func `max_targets counts the workers only`(bound: CountOrPercent, targets: Int, isRefused: Bool) {
        var world = world(targets, others: 10 - targets)
        world.addNodes("master", 3)
        for name in ["master1", "master2", "master3"] {
            world.change(NodeName(name)) { $0.labels["node-role.kubernetes.io/control-plane"] = "" }
        }
        world.playbook.maxTargets = bound
        #expect(world.findings(.tooManyTargets).isEmpty != isRefused)
    }

    enum Sign: CaseIterable { case label, mirrorPod, group }

    @Test(arguments: Sign.allCases)
    func `A worker playbook refuses control-plane hosts`(sign: Sign) {
        var world = world()
        switch sign {
        case .label: world.change("old2") { $0.labels["node-role.kubernetes.io/master"] = "" }
        case .mirrorPod:
            world.addPod("etcd-old2", on: "old2") { $0.annotations["kubernetes.io/config.mirror"] = "x" }
        case .group: world.hosts[1].groups = ["etcd", "kube_node"]
        }
        let found = world.findings(.controlPlane)
        #expect(found.map(\.subject) == ["old2"])
        #expect(found.first?.severity == .blocker)
        world.playbook.isForControlPlane = true
        world.change("new1") { $0.labels["node-role.kubernetes.io/control-plane"] = "" }
        #expect(world.findings(.controlPlane).isEmpty)
        #expect(world.plan.waves.map(\.targets.count) == [1, 1])
    }

    @Test func `The last control-plane host is never taken`() {
        var world = world(1)
        world.change("old1") { $0.labels["node-role.kubernetes.io/control-plane"] = "" }
        world.playbook.isForControlPlane = true
        #expect(world.findings(.controlPlane).map(\.severity) == [.blocker])
        world.addNodes("master", 1)
        world.change("master1") { $0.labels["node-role.kubernetes.io/control-plane"] = "" }
        #expect(world.findings(.controlPlane).isEmpty)
    }

    @Test func `A host that cannot be reached, or proved, is told only where hosts are touched`() {
        var world = world()
        world.hosts[0].problems = ["inventories/prod.yaml:4:7: ansible_port is no number"]
        world.change("old2") { $0.machineID = "" }
        #expect(world.plan.findings.isEmpty)
        world.steps.append(StepSummary(kind: "cleanup", touchesHost: true, cleans: true))
        #expect(world.findings(.unusableHost).map(\.subject) == ["old1"])
        #expect(world.findings(.noIdentity).first?.message.hasSuffix("clean-up will refuse it") == true)
        world.change("old2") { $0.internalAddresses = ["10.0.0.2"] }
        #expect(world.findings(.noIdentity).isEmpty)
    }

    @Test func `Five hundred cordoned nodes are one warning`() {
        var world = world(500, others: 1)
        for number in 1...500 { world.change(NodeName("old\(number)")) { $0.isCordoned = true } }
        let found = world.findings(.alreadyCordoned)
        #expect(found.map(\.subject) == ["old1, old10, old100 and 497 more"])
        #expect(world.plan.targets.allSatisfy { $0.wasCordoned })
    }

    @Test(
        arguments: [
            ("v1.36.2", "v1.36.0", false), ("v1.33.9", "v1.36.0", false), ("v1.32.0", "v1.36.0", true),
            ("v1.37.0-rc.1", "v1.36.4", true), ("", "v1.36.0", false), ("v1.35.1+k3s1", "v1.36.0-eks", false),
        ]
    )
    func `Kubelets outside the supported skew`(kubelet: String, server: String, isTold: Bool) {
        #expect((VersionSkew.finding(kubelet: kubelet, server: server) != nil) == isTold)
    }

    @Test(
        arguments: [
            ("1.36.4", []), ("1.35.0-1.1", []), ("1.32.0", ["warning fresh1, fresh2"]),
            ("1.37.0", ["blocker fresh1, fresh2"]),
        ] as [(String, [String])]
    )
    func `Hosts join with a version that the API server supports`(version: String, told: [String]) {
        var world = world(1, others: 3)
        world.steps = [StepSummary(kind: "join", touchesHost: true, joins: true)]
        world.hosts = [Host(name: "fresh1", zone: "a"), Host(name: "fresh2", zone: "a")]
        var request = world.request
        request.versions = ["fresh1": version, "fresh2": version, "elsewhere": "1.40.0"]
        let findings = Planner.plan(request).findings
        #expect(findings.map { "\($0.severity.rawValue) \($0.subject)" } == told)
        #expect(
            findings.allSatisfy { $0.code == .versionSkew && $0.message.hasPrefix("kubernetes_version: kubelet 1.") })
    }

    @Test func `Owners of Nodes are told`() {
        var world = world(3)
        world.change("old1") { $0.annotations["cluster.x-k8s.io/machine"] = "md-0-x7" }
        world.change("old2") { $0.labels["karpenter.sh/nodepool"] = "spot" }
        world.change("old3") {
            $0.taints = [Taint(key: "DeletionCandidateOfClusterAutoscaler", effect: .preferNoSchedule)]
        }
        let messages = world.findings(.ownedNode).map(\.message)
        #expect(messages.count == 3)
        #expect(messages[0].hasPrefix("Cluster API Machine md-0-x7 owns it"))
        #expect(messages[1].hasPrefix("Karpenter spot owns it"))
        #expect(messages[2].hasPrefix("the cluster autoscaler owns it"))
    }

    @Test func `Nodes without a zone among others with one are told`() {
        var world = world()
        world.change("old2") { $0.labels = [:] }
        #expect(world.findings(.unknownZone).map(\.subject) == ["old2"])
        world.change("old1") { $0.labels = [:] }
        #expect(world.findings(.unknownZone).isEmpty)
    }
}
