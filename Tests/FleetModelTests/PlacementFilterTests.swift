import FleetModel
import Testing

@Suite struct PlacementFilterTests {
    static func node(_ name: String, zone: String = "a", milliCPU: Int64 = 1000, pods: Int64 = 10) -> Node {
        let size = Resources(milliCPU: milliCPU, memory: 1 << 30, pods: pods)
        return Node(
            name: NodeName(name), uid: ObjectUID(name),
            labels: ["kubernetes.io/hostname": name, "topology.kubernetes.io/zone": zone], capacity: size,
            allocatable: size)
    }

    static func pod(
        _ name: String, milliCPU: Int64 = 100, app: String = "app",
        constraints: SchedulingConstraints = SchedulingConstraints(), volumes: [PodVolume] = []
    ) -> Pod {
        Pod(
            key: ObjectKey("ns", name), uid: ObjectUID(name), labels: ["app": app],
            requests: Resources(milliCPU: milliCPU), constraints: constraints, volumes: volumes)
    }

    static func rejection(_ pod: Pod, _ node: Node, others: [Pod] = []) -> String? {
        var state = PlacementState()
        let index = state.add(node)
        for other in others { state.assume(state.demand(of: other), on: index) }
        let probe = state.probe(state.demand(of: pod))
        let reasons = state.rejections(probe, index)
        #expect(state.accepts(probe, index) == reasons.isEmpty)
        return reasons.first?.description
    }

    @Test func cordonedNode() {
        var node = Self.node("n")
        node.isCordoned = true
        #expect(Self.rejection(Self.pod("p"), node) == "node(s) were unschedulable")
        let tolerant = SchedulingConstraints(tolerations: [Toleration(exists: true)])
        #expect(Self.rejection(Self.pod("p", constraints: tolerant), node) == nil)
    }

    @Test func taints() {
        var node = Self.node("n")
        node.taints = [Taint(key: "dedicated", value: "gpu", effect: .noSchedule)]
        #expect(Self.rejection(Self.pod("p"), node) == "node(s) had untolerated taint {dedicated: gpu}")
        let tolerant = SchedulingConstraints(tolerations: [Toleration(key: "dedicated", value: "gpu")])
        #expect(Self.rejection(Self.pod("p", constraints: tolerant), node) == nil)
        node.taints = [Taint(key: "leaving", effect: .preferNoSchedule)]
        #expect(Self.rejection(Self.pod("p"), node) == nil)
    }

    @Test func selectorsAndAffinity() {
        let selector = SchedulingConstraints(nodeSelector: ["disk": "ssd"])
        #expect(
            Self.rejection(Self.pod("p", constraints: selector), Self.node("n"))
                == "node(s) didn't match Pod's node affinity/selector")
        let byName = SchedulingConstraints(
            nodeAffinity: [NodeSelectorTerm(matchFields: [SelectorRequirement("metadata.name", .isIn, ["n"])])])
        #expect(Self.rejection(Self.pod("p", constraints: byName), Self.node("n")) == nil)
        #expect(Self.rejection(Self.pod("p", constraints: byName), Self.node("m")) != nil)
        let empty = SchedulingConstraints(nodeAffinity: [NodeSelectorTerm()])
        #expect(Self.rejection(Self.pod("p", constraints: empty), Self.node("n")) != nil)
    }

    @Test func resources() {
        #expect(Self.rejection(Self.pod("p", milliCPU: 1001), Self.node("n")) == "Insufficient cpu")
        #expect(Self.rejection(Self.pod("p", milliCPU: 1000), Self.node("n")) == nil)
        #expect(Self.rejection(Self.pod("p"), Self.node("n", pods: 1), others: [Self.pod("q")]) == "Too many pods")
        var pod = Self.pod("p")
        pod.requests.extended = ["nvidia.com/gpu": 1]
        #expect(Self.rejection(pod, Self.node("n")) == "Insufficient nvidia.com/gpu")
    }

    @Test func ports() {
        let constraints = SchedulingConstraints(hostPorts: [PodHostPort(port: 80)])
        let taker = Self.pod("q", constraints: constraints)
        #expect(
            Self.rejection(Self.pod("p", constraints: constraints), Self.node("n"), others: [taker])
                == "node(s) didn't have free ports for the requested pod ports")
    }

    @Test func antiAffinityBothWays() {
        let term = PodAffinityTerm(
            selector: LabelSelector(matchLabels: ["app": "app"]), topologyKey: "kubernetes.io/hostname")
        let lonely = SchedulingConstraints(podAntiAffinity: [term])
        #expect(
            Self.rejection(Self.pod("p", constraints: lonely), Self.node("n"), others: [Self.pod("q")])
                == "node(s) didn't match pod anti-affinity rules")
        let holder = Self.pod("q", app: "other", constraints: lonely)
        #expect(
            Self.rejection(Self.pod("p"), Self.node("n"), others: [holder])
                == "node(s) didn't satisfy existing pods anti-affinity rules")
    }

    @Test func firstPodOfAnAffinityGroupGoesAnywhere() {
        func near(_ app: String) -> SchedulingConstraints {
            SchedulingConstraints(podAffinity: [
                PodAffinityTerm(
                    selector: LabelSelector(matchLabels: ["app": app]), topologyKey: "topology.kubernetes.io/zone")
            ])
        }
        #expect(Self.rejection(Self.pod("p", constraints: near("app")), Self.node("n")) == nil)
        #expect(
            Self.rejection(Self.pod("p", constraints: near("other")), Self.node("n"))
                == "node(s) didn't match pod affinity rules")
    }

    @Test func spreadCountsCordonedNodesAsDomains() {
        var state = PlacementState()
        let a = state.add(Self.node("a", zone: "a"))
        let b = state.add(Self.node("b", zone: "b"))
        let spread = SchedulingConstraints(topologySpread: [
            TopologySpreadConstraint(
                maxSkew: 1, topologyKey: "topology.kubernetes.io/zone", isHard: true,
                selector: LabelSelector(matchLabels: ["app": "app"]))
        ])
        let pod = Self.pod("p", constraints: spread)
        let demand = state.demand(of: pod)
        state.assume(demand, on: a)
        #expect(state.rejections(state.probe(demand), a) == [.topologySpread])
        #expect(state.rejections(state.probe(demand), b).isEmpty)
        var cordoned = Self.node("b", zone: "b")
        cordoned.isCordoned = true
        state.add(cordoned)
        #expect(state.rejections(state.probe(demand), a) == [.topologySpread])
        #expect(state.rejections(state.probe(demand), b) == [.unschedulable])
        state.beginTermination(demand, on: a)
        #expect(state.rejections(state.probe(demand), a).isEmpty)
    }

    @Test func volumesPinTheirPods() {
        var state = PlacementState()
        let a = state.add(Self.node("a", zone: "a"))
        let b = state.add(Self.node("b", zone: "b"))
        let zone = NodeSelectorTerm(
            matchExpressions: [SelectorRequirement("topology.kubernetes.io/zone", .isIn, ["a"])])
        state.set(PersistentVolume(name: "v", nodeAffinity: [zone]))
        state.set(PersistentVolumeClaim(key: ObjectKey("ns", "c"), volumeName: "v"))
        let probe = state.probe(state.demand(of: Self.pod("p", volumes: [.claim(name: "d", claim: "c")])))
        #expect(state.rejections(probe, a).isEmpty)
        #expect(state.rejections(probe, b).first?.description == "node(s) had volume node affinity conflict")
    }

    @Test func forgettingGivesEverythingBack() {
        var state = PlacementState()
        let node = state.add(Self.node("n"))
        let demand = state.demand(of: Self.pod("p", milliCPU: 700))
        state.assume(demand, on: node)
        #expect(state.rejections(state.probe(demand), node) == [.insufficient("cpu")])
        state.forget(demand, on: node)
        #expect(state.rejections(state.probe(demand), node).isEmpty)
        #expect(state.room(at: node).milliCPU == 1000 && state.room(at: node).pods == 10)
    }

    @Test func messageCountsReasons() {
        let counts: [PlacementRejection: Int] = [.insufficient("cpu"): 1, .unschedulable: 2]
        #expect(
            PlacementRejection.message(counts, nodes: 3)
                == "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.")
        #expect(PlacementRejection.message([:], nodes: 0) == "no nodes available to schedule pods")
    }
}
