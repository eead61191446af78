import FleetModel
import Testing

@testable import FleetWire

/// What `fleet snapshot` writes reads back as the same cluster, and holds nothing that fleet does not read.
@Suite struct SnapshotTests {
    private func written(_ snapshot: ClusterSnapshot) -> [UInt8] {
        var bytes: [UInt8] = []
        SnapshotDocument(snapshot).write { bytes += $0 }
        return bytes
    }

    private static let selector = LabelSelector(
        matchLabels: ["app": "cart"], matchExpressions: [SelectorRequirement("tier", .isIn, ["a", "b"])])

    private static var constraints: SchedulingConstraints {
        SchedulingConstraints(
            nodeSelector: ["pool": "general"],
            nodeAffinity: [NodeSelectorTerm(matchExpressions: [SelectorRequirement("gpu", .exists)], matchFields: [])],
            podAffinity: [PodAffinityTerm(selector: selector, topologyKey: "zone", namespaces: ["shop"])],
            podAntiAffinity: [PodAffinityTerm(selector: nil, topologyKey: "host", allNamespaces: true)],
            topologySpread: [
                TopologySpreadConstraint(
                    maxSkew: 2, topologyKey: "zone", isHard: true, selector: selector, minDomains: 3,
                    honorsNodeAffinity: false, honorsNodeTaints: true)
            ],
            tolerations: [
                Toleration(exists: true), Toleration(key: "a", value: "b", effect: .noExecute, seconds: 300),
            ],
            hostPorts: [PodHostPort(port: 53, transport: "UDP", address: "127.0.0.1")], isGated: true)
    }

    private static var rich: ClusterSnapshot {
        var snapshot = ClusterSnapshot(
            clusterUID: "c-1", serverVersion: "v1.36.1", takenAt: Instant(seconds: 1_767_225_600))
        let size = Resources(
            milliCPU: 3920, memory: 7 << 30, ephemeralStorage: 90 << 30, pods: 110, extended: ["example.com/gpu": 2])
        snapshot.nodes = [
            Node(
                name: "n1", uid: "u-n1", resourceVersion: "7", labels: ["topology.kubernetes.io/zone": "a"],
                annotations: ["cluster.x-k8s.io/machine": "m-1"],
                taints: [Taint(key: "k", value: "v", effect: .noSchedule)],
                isCordoned: true, readiness: .unknown, capacity: size, allocatable: size,
                internalAddresses: ["10.0.0.1"],
                machineID: "abc", systemUUID: "def", kubeletVersion: "v1.35.2", volumesInUse: ["pv-1"],
                providerID: "p://1",
                createdAt: Instant(seconds: 1_767_000_000))
        ]
        let owner = ControllerReference(apiVersion: "apps/v1", kind: "ReplicaSet", name: "cart-1", uid: "u-rs")
        snapshot.pods = [
            Pod(
                key: ObjectKey("shop", "cart-1-a"), uid: "u-p1", resourceVersion: "9",
                labels: ["app": "cart", "env": "prod"],
                annotations: ["karpenter.sh/do-not-disrupt": "true"], finalizers: ["example.com/f"], controller: owner,
                nodeName: "n1", phase: .running, isReady: true, deletionTime: Instant(seconds: 1_767_225_700),
                createdAt: Instant(seconds: 1_767_100_000), gracePeriodSeconds: 45,
                requests: Resources(milliCPU: 250, memory: 1 << 28),
                limits: Resources(memory: 1 << 29), constraints: constraints,
                volumes: [
                    .emptyDir(name: "tmp"), .hostPath(name: "log", path: "/var/log"),
                    .claim(name: "data", claim: "d-1"),
                ],
                priorityClassName: "high", priority: 1000, isDisruptionTarget: true),
            Pod(
                key: ObjectKey("shop", "cart-1-b"), uid: "u-p2",
                pendingReason: "0/1 nodes are available: 1 node was unschedulable."),
            Pod(key: ObjectKey("shop", "cart-1-c"), uid: "u-p3", nodeName: "n1", pendingReason: "ImagePullBackOff"),
        ]
        let template = PodTemplate(
            labels: ["app": "cart"], requests: Resources(milliCPU: 250), constraints: constraints,
            volumes: [.claim(name: "scratch", claim: "s")], gracePeriodSeconds: 5, priorityClassName: "high")
        for kind in WorkloadKind.allCases {
            snapshot.workloads.append(
                Workload(
                    reference: WorkloadReference(
                        kind: kind, key: ObjectKey("shop", "w"), uid: ObjectUID("u-\(kind.rawValue)")),
                    resourceVersion: "3", labels: ["a": "b"], annotations: ["fleet.run/surge": "false"],
                    controller: owner,
                    replicas: 3, readyReplicas: 2, selector: LabelSelector(matchLabels: ["app": "cart"]),
                    strategy: kind == .deployment ? .recreate : .rollingUpdate, template: template,
                    claimTemplates: kind == .statefulSet ? ["data"] : [], isParallel: kind == .statefulSet,
                    generation: 4, observedGeneration: 4))
        }
        snapshot.budgets = [
            PodDisruptionBudget(
                key: ObjectKey("shop", "cart"), uid: "u-b", resourceVersion: "5", selector: selector,
                minAvailable: .percent(80),
                unhealthyPodEvictionPolicy: .alwaysAllow, generation: 2, observedGeneration: 1, disruptionsAllowed: 1,
                currentHealthy: 5, desiredHealthy: 4, expectedPods: 5,
                disruptedPods: ["cart-1-a": Instant(seconds: 1_767_225_600)],
                syncFailure: "found no controllers for pod"),
            PodDisruptionBudget(key: ObjectKey("shop", "none"), uid: "u-b2", maxUnavailable: .count(1)),
        ]
        snapshot.autoscalers = [
            PodAutoscaler(
                key: ObjectKey("shop", "h"), uid: "u-h", targetKind: "Deployment", targetName: "w", minReplicas: 2,
                maxReplicas: 9)
        ]
        snapshot.claims = [
            PersistentVolumeClaim(
                key: ObjectKey("shop", "d-1"), volumeName: "pv-1", accessModes: ["ReadWriteOnce"],
                storageClassName: "fast")
        ]
        snapshot.volumes = [
            PersistentVolume(
                name: "pv-1",
                nodeAffinity: [NodeSelectorTerm(matchExpressions: [SelectorRequirement("zone", .isIn, ["a"])])],
                isLocal: true, labels: ["topology.kubernetes.io/zone": "a"])
        ]
        snapshot.attachments = [VolumeAttachment(name: "va", nodeName: "n1", volumeName: "pv-1", isAttached: false)]
        return snapshot
    }

    @Test func `Everything that fleet looks at survives the file`() throws {
        let read = try ClusterSnapshot(decodingKubectlOutput: written(Self.rich))
        #expect(read.nodes == Self.rich.nodes)
        #expect(read.pods == Self.rich.pods)
        #expect(read.workloads == Self.rich.workloads)
        #expect(read == Self.rich)
    }

    @Test func `No annotation is written but those that fleet reads, and no value that is none of its business`() throws
    {
        var snapshot = Self.rich
        let secret = "hunter2-the-password"
        snapshot.pods[0].annotations["kubectl.kubernetes.io/last-applied-configuration"] = secret
        snapshot.nodes[0].annotations["example.com/token"] = secret
        snapshot.workloads[0].annotations["kubectl.kubernetes.io/last-applied-configuration"] = secret
        snapshot.workloads[0].template?.annotations["vault.hashicorp.com/secret"] = secret
        snapshot.budgets[0].annotations["note"] = secret
        snapshot.autoscalers[0].annotations["note"] = secret
        let text = String(decoding: written(snapshot), as: UTF8.self)
        #expect(!text.contains(secret))
        #expect(text.contains("karpenter.sh/do-not-disrupt") && text.contains("fleet.run/surge"))
        #expect(text.hasPrefix(#"{"apiVersion":"v1","kind":"List","schema":"fleet.snapshot/v1","#))
    }

    @Test(arguments: [
        #"{"kind":"PodList","items":[{"metadata":{"name":"a","uid":"u"}}]}"#,
        #"{"items":[{"metadata":{"name":"a","uid":"u"}}],"kind":"PodList"}"#,
        #"{"kind":"List","items":[{"kind":"Pod","metadata":{"name":"a","uid":"u"}},{"kind":"Secret","metadata":{}}]}"#,
        #"{"kind":"Pod","metadata":{"name":"a","uid":"u"}}"#,
    ])
    func `Lists of one kind, mixed lists and single objects`(text: String) throws {
        let snapshot = try ClusterSnapshot(decodingKubectlOutput: text.utf8)
        #expect(snapshot.pods.map(\.key.name) == ["a"])
    }

    @Test(arguments: [
        (#"{"kind":"List","items":[{"kind":"Pod","metadata":{}}]}"#, "Pod without metadata.name"),
        (#"{"kind":"List","items":[{"kind":"Pod""#, "not JSON: the text ends within a list of values at byte 37"),
        (#"{"kind":"List","items":[]} x"#, "not JSON: something after the end of the value at byte 27"),
        ("[]", "an object without kind"),
    ])
    func `What is no list is refused`(text: String, words: String) {
        let error = #expect(throws: WireFormatError.self) { try ClusterSnapshot(decodingKubectlOutput: text.utf8) }
        #expect(error.map { "\($0)" }?.contains(words) == true, "\(String(describing: error))")
    }
}
