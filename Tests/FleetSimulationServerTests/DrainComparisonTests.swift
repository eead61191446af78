import FleetModel
import FleetPlanning
import FleetSimulation
import FleetWire
import Foundation
import Testing

@testable import FleetSimulationServer

/// The pods that fleet would evict from a node are those that `kubectl drain --dry-run` would, whatever the flags; where
/// fleet is more careful, the difference is listed and justified.
@Suite(.serialized, .enabled(if: Kubectl.isPresent, "kubectl is not on PATH"))
struct DrainComparisonTests {
    /// What fleet does with a pod that kubectl would treat like any other.
    enum Difference: String, CaseIterable {
        /// kubectl breaks a running Job off; fleet waits for it (safety rule 14).
        case job
        /// kubectl does not know the mark; its writer forbade evictions (safety rule 14).
        case doNotDisrupt
        /// kubectl does not know the label; Cluster API's own drain honours it (safety rule 14).
        case skipped
        /// kubectl asks again for what is leaving already, or refuses for its sake; fleet waits for it.
        case terminating
        /// kubectl moves the only replica away from the data that it keeps on the node; fleet asks (D7).
        case onlyReplicaOnNode
        /// kubectl looks for the DaemonSet, and where it is gone refuses, or with --force evicts; fleet leaves what a
        /// DaemonSet made, also where that is being replaced or cannot be read.
        case orphanedDaemon
    }

    struct Flags: CustomTestStringConvertible {
        var force: Bool
        var deletesEmptyDir: Bool

        var arguments: [String] {
            ["--ignore-daemonsets"] + (force ? ["--force"] : []) + (deletesEmptyDir ? ["--delete-emptydir-data"] : [])
        }
        var permissions: PodTriage.Permissions {
            PodTriage.Permissions(losesEmptyDir: deletesEmptyDir, deletesBarePods: force)
        }
        var testDescription: String { arguments.joined(separator: " ") }
    }

    static let flags = [false, true].flatMap { force in
        [false, true].map { Flags(force: force, deletesEmptyDir: $0) }
    }

    @Test("on random clusters and for each combination of flags", arguments: 1...4 as ClosedRange<UInt64>)
    func agrees(seed: UInt64) async throws {
        try await withCluster(seed) { kubectl in
            let snapshot = try await Self.read(kubectl)
            var evicted = 0
            for flags in Self.flags {
                let drained = try await Self.drain(snapshot, flags.arguments, kubectl)
                for node in snapshot.nodes {
                    let expected = Self.expectation(on: node.name, in: snapshot, flags)
                    #expect(drained[node.name] == expected, "seed \(seed), \(flags.testDescription), \(node.name)")
                    evicted += expected?.count ?? 0
                }
            }
            #expect(evicted > 0)
        }
    }

    @Test("without --ignore-daemonsets kubectl refuses where DaemonSets run; fleet always leaves their pods")
    func daemonSets() async throws {
        try await withCluster(1) { kubectl in
            let snapshot = try await Self.read(kubectl)
            let drained = try await Self.drain(snapshot, ["--force", "--delete-emptydir-data"], kubectl)
            #expect(drained.values.allSatisfy { $0 == nil })
            for pod in snapshot.pods where pod.isDaemon && !pod.isFinished && !pod.isMirror {
                #expect(
                    PodTriage(policy: EvictionPolicy(), permissions: .init()).verdict(
                        on: pod, workload: nil, keepsDataOnNode: false) == .leave(.daemonSet))
            }
        }
    }

    @Test("where fleet differs it is the more careful, and every difference occurs")
    func differences() {
        var seen: Set<Difference> = []
        let triage = PodTriage(policy: EvictionPolicy(), permissions: .init(losesEmptyDir: true, deletesBarePods: true))
        for seed in 1...40 as ClosedRange<UInt64> {
            let snapshot = Self.snapshot(seed)
            for pod in snapshot.pods {
                guard let difference = Self.difference(pod, snapshot) else { continue }
                seen.insert(difference)
                let verdict = triage.verdict(
                    on: pod, workload: Self.workload(of: pod, in: snapshot), keepsDataOnNode: Self.keepsDataOnNode(pod))
                let isCareful = if case .evict = verdict { difference == .terminating } else { true }
                #expect(isCareful, "\(difference): \(pod.key) \(verdict)")
            }
        }
        #expect(seen == Set(Difference.allCases))
    }

    // MARK: - What fleet would do

    /// The pods that fleet would evict, by name; nil where one of them forbids the drain.
    private static func expectation(on node: NodeName, in snapshot: ClusterSnapshot, _ flags: Flags) -> Set<String>? {
        let triage = PodTriage(policy: EvictionPolicy(), permissions: flags.permissions)
        var names: Set<String> = []
        for pod in snapshot.pods where pod.nodeName == node {
            switch triage.verdict(on: unmarked(pod), workload: nil, keepsDataOnNode: false) {
            case .evict: names.insert(pod.key.description)
            case .leave: break
            case .refuse: return nil
            case .wait: Issue.record("\(pod.key) is awaited without a mark")
            }
        }
        return names
    }

    /// The pod without what only fleet looks at.
    private static func unmarked(_ pod: Pod) -> Pod {
        var pod = pod
        pod.deletionTime = nil
        pod.labels["cluster.x-k8s.io/drain"] = nil
        pod.annotations["karpenter.sh/do-not-disrupt"] = nil
        pod.annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"] = nil
        if pod.controller?.kind == "Job" { pod.controller?.kind = "ReplicaSet" }
        // One whose DaemonSet is gone is like a bare pod to kubectl.
        if isOrphanedDaemon(pod) { pod.controller = nil }
        return pod
    }

    private static func isOrphanedDaemon(_ pod: Pod) -> Bool { pod.isDaemon && pod.controller?.uid != proxyUID }

    private static func difference(_ pod: Pod, _ snapshot: ClusterSnapshot) -> Difference? {
        if pod.isMirror || pod.isFinished { return nil }
        if pod.isDaemon { return isOrphanedDaemon(pod) ? .orphanedDaemon : nil }
        if pod.isTerminating { return .terminating }
        if pod.labels["cluster.x-k8s.io/drain"] != nil { return .skipped }
        if pod.controller?.kind == "Job" { return .job }
        if unmarked(pod).annotations != pod.annotations { return .doNotDisrupt }
        let isOnly = workload(of: pod, in: snapshot)?.replicas == 1
        return isOnly && keepsDataOnNode(pod) ? .onlyReplicaOnNode : nil
    }

    private static func workload(of pod: Pod, in snapshot: ClusterSnapshot) -> Workload? {
        snapshot.workloads.first { $0.reference.uid == pod.controller?.uid }
    }

    private static func keepsDataOnNode(_ pod: Pod) -> Bool {
        pod.volumes.contains { if case .hostPath = $0 { true } else { false } }
    }

    // MARK: - What kubectl would do

    /// The pods that kubectl would evict from each node; nil for a node that it refuses to drain.
    private static func drain(
        _ snapshot: ClusterSnapshot, _ flags: [String], _ kubectl: Kubectl
    ) async throws -> [NodeName: Set<String>?] {
        let names = snapshot.nodes.map(\.name.rawValue)
        let text = try await kubectl(["drain", "--dry-run=client"] + flags + names, mayFail: true)
        let places = Dictionary(snapshot.pods.map { ($0.key.description, $0.nodeName) }) { first, _ in first }
        var drained = Dictionary(uniqueKeysWithValues: snapshot.nodes.map { ($0.name, Optional(Set<String>())) })
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if line.hasPrefix("evicting pod "), words.count > 2, let node = places[String(words[2])] ?? nil {
                drained[node]??.insert(String(words[2]))
            } else if line.contains("unable to drain node \"") {
                let name = line.split(separator: "\"").dropFirst().first.map(String.init) ?? ""
                drained[NodeName(name)] = .some(nil)
            }
        }
        return drained
    }

    private static func read(_ kubectl: Kubectl) async throws -> ClusterSnapshot {
        let text = try await kubectl(["get", "nodes,pods,statefulsets,daemonsets", "-A", "-o", "json"])
        return try ClusterSnapshot(decodingKubectlOutput: Data(text.utf8))
    }

    private func withCluster(_ seed: UInt64, _ body: (Kubectl) async throws -> Void) async throws {
        var settings = SimulationSettings.quick(seed: seed)
        settings.podStop = .seconds(3600)...(.seconds(3600))
        var snapshot = Self.snapshot(seed)
        snapshot.takenAt = Instant(seconds: Int64(Date().timeIntervalSince1970))
        let server = try await SimulationServer.start(
            simulation: ClusterSimulation(snapshot: snapshot, settings: settings),
            settings: SimulationServer.Settings(accounts: [SimulatedWorld.admin]))
        do { try await body(Kubectl(server.kubeconfig())) } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    // MARK: - Random clusters

    /// The UID of the only DaemonSet that is there.
    private static let proxyUID: ObjectUID = "ds"

    /// Three nodes with pods of all kinds; their controllers are only named, so that none of them acts.
    private static func snapshot(_ seed: UInt64) -> ClusterSnapshot {
        var random = Dice(seed)
        var snapshot = ClusterSnapshot(
            takenAt: SimulatedWorld.start, nodes: (1...3).map(SimulatedWorld.node))
        let daemons = Workload(
            reference: WorkloadReference(kind: .daemonSet, key: ObjectKey("kube-system", "proxy"), uid: proxyUID),
            replicas: 3, readyReplicas: 3, selector: LabelSelector(matchLabels: ["app": "proxy"]),
            template: PodTemplate(labels: ["app": "proxy"]))
        snapshot.workloads = [daemons]
        for node in snapshot.nodes {
            let owner = ControllerReference(apiVersion: "apps/v1", kind: "DaemonSet", name: "proxy", uid: proxyUID)
            snapshot.pods.append(pod("kube-system", "proxy-\(node.name)", on: node.name, owner, app: "proxy"))
            for number in 0..<random.pick(1...4) {
                snapshot.pods.append(randomPod("\(node.name)-\(number)", on: node.name, &random))
            }
        }
        for pod in snapshot.pods where pod.controller?.kind == "StatefulSet" {
            guard let owner = pod.controller else { continue }
            snapshot.workloads.append(
                Workload(
                    reference: WorkloadReference(
                        kind: .statefulSet, key: ObjectKey(pod.key.namespace, owner.name), uid: owner.uid),
                    replicas: 1, readyReplicas: 1, selector: LabelSelector(matchLabels: pod.labels)))
        }
        return snapshot
    }

    private static func randomPod(_ name: String, on node: NodeName, _ random: inout Dice) -> Pod {
        let kinds = ["ReplicaSet", "ReplicaSet", "ReplicaSet", "StatefulSet", "Job", "Widget", "DaemonSet", ""]
        let kind = kinds[random.pick(0...kinds.count - 1)]
        let owner = ControllerReference(
            apiVersion: kind == "Job" ? "batch/v1" : kind == "Widget" ? "example.com/v1" : "apps/v1", kind: kind,
            name: "owner-\(name)", uid: ObjectUID("owner-\(name)"))
        var pod = pod("shop", "pod-\(name)", on: node, kind.isEmpty ? nil : owner, app: "app-\(name)")
        if random.pick(1...10) == 1 { pod.volumes.append(.emptyDir(name: "scratch")) }
        if kind == "StatefulSet", random.pick(1...2) == 1 { pod.volumes.append(.hostPath(name: "data", path: "/data")) }
        switch random.pick(1...12) {
        case 1: (pod.phase, pod.isReady) = (.succeeded, false)
        case 2: (pod.phase, pod.isReady) = (.failed, false)
        case 3: pod.annotations["karpenter.sh/do-not-disrupt"] = "true"
        case 4: pod.annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"] = "false"
        case 5: pod.labels["cluster.x-k8s.io/drain"] = "skip"
        case 6: pod.deletionTime = SimulatedWorld.start + .seconds(36_000_000_000)
        case 7:
            pod.annotations["kubernetes.io/config.mirror"] = "abc"
            pod.controller = ControllerReference(apiVersion: "v1", kind: "Node", name: node.rawValue, uid: "node")
        default: break
        }
        return pod
    }

    private static func pod(
        _ namespace: String, _ name: String, on node: NodeName, _ owner: ControllerReference?, app: String
    ) -> Pod {
        Pod(
            key: ObjectKey(namespace, name), uid: ObjectUID("uid-\(name)"), labels: ["app": app], controller: owner,
            nodeName: node, phase: .running, isReady: true, createdAt: SimulatedWorld.start)
    }

    /// SplitMix64.
    private struct Dice: RandomNumberGenerator {
        private var state: UInt64

        init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }

        mutating func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
    }
}
