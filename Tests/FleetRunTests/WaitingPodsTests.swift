import FleetModel
import Testing

@testable import FleetRun

/// Why pods do not come to a Node: each owner's, held against the Node by kube-scheduler's filters (X2).
@Suite("Pods that wait")
struct WaitingPodsTests {
    private static let zone = "topology.kubernetes.io/zone"

    /// A Node of zone b with 4 CPUs, 8Gi and one pod on it.
    private static var node: Node {
        var node = Fixture.node("n1", zone: "b")
        node.allocatable = Resources(milliCPU: 4000, memory: 8 << 30, pods: 110)
        return node
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var requests = Resources(milliCPU: 100)
        var constraints = SchedulingConstraints()
        var volumes: [PodVolume] = []
        var taints: [Taint] = []
        var objections: [String]
        var testDescription: String { name }
    }

    private static func affinity(_ key: String, _ operation: SelectorRequirement.Operation, _ values: [String] = [])
        -> SchedulingConstraints
    {
        let term = NodeSelectorTerm(matchExpressions: [SelectorRequirement(key, operation, values)])
        return SchedulingConstraints(nodeAffinity: [term])
    }

    private static let dedicated = Taint(key: "dedicated", value: "gpu", effect: .noSchedule)

    static let rows = [
        Row(name: "wants nothing special", objections: []),
        Row(
            name: "another zone", constraints: SchedulingConstraints(nodeSelector: [zone: "a"]),
            objections: ["wants \(zone)=a, the Node has b"]),
        Row(
            name: "one of two zones", constraints: affinity(zone, .isIn, ["a", "c"]),
            objections: ["wants \(zone) in (a, c), the Node has b"]),
        Row(
            name: "a label that is not there", constraints: affinity("disk", .exists),
            objections: ["wants the label disk, the Node has none"]),
        Row(
            name: "alternatives",
            constraints: SchedulingConstraints(nodeAffinity: [
                NodeSelectorTerm(matchExpressions: [SelectorRequirement(zone, .isNotIn, ["b"])]),
                NodeSelectorTerm(matchExpressions: [
                    SelectorRequirement("disk", .isIn, ["ssd"]), SelectorRequirement("cpus", .greaterThan, ["8"]),
                ]),
            ]),
            objections: [
                "wants \(zone) not in (b), the Node has b, or wants disk=ssd, the Node has none and wants cpus above 8, the Node has none"
            ]),
        Row(
            name: "more CPU than is free", requests: Resources(milliCPU: 3600),
            objections: ["lacks cpu: it requests 3600m, 3500m of the Node's 4 are free"]),
        Row(
            name: "more memory than there is", requests: Resources(memory: 16 << 30),
            objections: ["lacks memory: it requests 16Gi, 8Gi of the Node's 8Gi are free"]),
        Row(
            name: "a GPU", requests: Resources(extended: ["nvidia.com/gpu": 1]),
            objections: ["lacks nvidia.com/gpu: it requests 1, 0 of the Node's 0 are free"]),
        Row(name: "a taint", taints: [dedicated], objections: ["does not tolerate dedicated=gpu:NoSchedule"]),
        Row(
            name: "a taint that is tolerated",
            constraints: SchedulingConstraints(tolerations: [Toleration(key: "dedicated", exists: true)]),
            taints: [dedicated], objections: []),
        Row(
            name: "what goes by itself",
            taints: [.cordon, Taint(key: "node.kubernetes.io/not-ready", effect: .noExecute)],
            objections: []),
        Row(
            name: "a volume of another zone", volumes: [.claim(name: "data", claim: "data")],
            objections: ["a volume of its is tied to other nodes"]),
        Row(
            name: "a pod to keep away from",
            constraints: SchedulingConstraints(podAntiAffinity: [
                PodAffinityTerm(
                    selector: LabelSelector(matchLabels: ["app": "web"]), topologyKey: "topology.kubernetes.io/zone")
            ]), objections: ["a pod is there from which it keeps away"]),
        Row(
            name: "a scheduling gate", constraints: SchedulingConstraints(isGated: true),
            objections: ["its scheduling gates hold it back"]),
        Row(
            name: "everything at once", requests: Resources(milliCPU: 5000),
            constraints: SchedulingConstraints(nodeSelector: [zone: "a"]), taints: [dedicated],
            objections: [
                "does not tolerate dedicated=gpu:NoSchedule", "wants \(zone)=a, the Node has b",
                "lacks cpu: it requests 5, 3500m of the Node's 4 are free",
            ]),
    ]

    private func snapshot(_ pods: [Pod], _ node: Node = node, workloads: [Workload] = []) -> ClusterSnapshot {
        var here = Fixture.pod("here", on: "n1")
        here.requests = Resources(milliCPU: 500)
        let elsewhere = NodeSelectorTerm(matchExpressions: [SelectorRequirement(Self.zone, .isIn, ["a"])])
        return ClusterSnapshot(
            nodes: [node, Fixture.node("n2", zone: "a")], pods: [here] + pods, workloads: workloads,
            claims: [PersistentVolumeClaim(key: ObjectKey("shop", "data"), volumeName: "pv-1")],
            volumes: [PersistentVolume(name: "pv-1", nodeAffinity: [elsewhere])])
    }

    @Test("What the Node has against a pod, or nothing", arguments: rows)
    func objections(_ row: Row) {
        var pod = Fixture.pod("new", on: nil, ready: false, phase: .pending, labels: ["app": "new"])
        (pod.requests, pod.constraints, pod.volumes) = (row.requests, row.constraints, row.volumes)
        var node = Self.node
        node.taints = row.taints
        node.isCordoned = row.taints.contains(.cordon)
        #expect(
            WaitingPods.all(in: snapshot([pod], node), against: "n1") == [
                WaitingPods(owner: "pod shop/new", objections: row.objections)
            ])
    }

    @Test("Pods are told by owner, with the scheduler's words; those of other Nodes' DaemonSets are left out")
    func owners() {
        let deployment = Fixture.deployment("cart", replicas: 3)
        let set = Fixture.replicaSet("cart-5f", replicas: 3, deployment: deployment)
        var told = (1...3).map { Fixture.pod("cart-\($0)", on: nil, of: set, ready: false, phase: .pending) }
        told[1].pendingReason = "0/2 nodes are available: 2 Insufficient cpu."
        var daemon = Fixture.pod("agent-1", on: nil, ready: false, phase: .pending)
        daemon.constraints.nodeAffinity = [
            NodeSelectorTerm(matchFields: [SelectorRequirement("metadata.name", .isIn, ["n2"])])
        ]
        var foreign = Fixture.pod("kafka-0", on: nil, ready: false, phase: .pending)
        foreign.controller = ControllerReference(
            apiVersion: "core.strimzi.io/v1", kind: "StrimziPodSet", name: "kafka", uid: "uid-kafka")
        foreign.requests = Resources(milliCPU: 5000)
        let found = WaitingPods.all(
            in: snapshot(told + [daemon, foreign], workloads: [deployment, set]), against: "n1")
        #expect(
            found == [
                WaitingPods(
                    owner: "Deployment shop/cart", count: 3, words: "0/2 nodes are available: 2 Insufficient cpu."),
                WaitingPods(
                    owner: "StrimziPodSet shop/kafka",
                    objections: ["lacks cpu: it requests 5, 3500m of the Node's 4 are free"]),
            ])
    }
}
