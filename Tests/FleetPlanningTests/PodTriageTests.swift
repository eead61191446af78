import FleetModel
import Testing

@testable import FleetPlanning

@Suite struct PodTriageTests {
    /// A pod and what should become of it.
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let pod: Pod
        var workload: Workload?
        var isLocal = false
        var permissions = PodTriage.Permissions()
        var policy = EvictionPolicy()
        let verdict: String
    }

    private static func pod(_ kind: String? = "ReplicaSet", _ configure: (inout Pod) -> Void = { _ in }) -> Pod {
        var pod = Pod(key: ObjectKey("shop", "p"), uid: "u", labels: ["app": "p"], phase: .running, isReady: true)
        if let kind {
            let group = ["Job": "batch/v1", "Node": "v1"][kind] ?? "apps/v1"
            pod.controller = ControllerReference(apiVersion: group, kind: kind, name: "p", uid: "owner")
        }
        configure(&pod)
        return pod
    }

    private static func statefulSet(_ replicas: Int) -> Workload {
        let key = ObjectKey("shop", "db")
        return Workload(reference: WorkloadReference(kind: .statefulSet, key: key, uid: "owner"), replicas: replicas)
    }

    private static func rule(_ action: EvictionRule.Action, order: Int = 0) -> EvictionPolicy {
        let selector = LabelSelector(matchLabels: ["app": "p"])
        return EvictionPolicy(
            rules: [
                EvictionRule(selector: selector, namespace: "elsewhere", action: .block),
                EvictionRule(selector: selector, action: action, timeout: .seconds(60), order: order),
            ]
        )
    }

    static let emptyDir = PodVolume.emptyDir(name: "scratch")
    static let may = PodTriage.Permissions(losesEmptyDir: true, deletesBarePods: true)

    static let rows = [
        Row(testDescription: "a pod of a ReplicaSet", pod: pod(), verdict: "evict 0"),
        Row(testDescription: "a DaemonSet's", pod: pod("DaemonSet"), verdict: "leave daemonSet"),
        Row(
            testDescription: "a finished DaemonSet's", pod: pod("DaemonSet") { $0.phase = .failed }, verdict: "evict 0"),
        Row(
            testDescription: "a mirror pod", pod: pod("Node") { $0.annotations["kubernetes.io/config.mirror"] = "h" },
            verdict: "leave mirror"
        ),
        Row(testDescription: "a finished bare pod", pod: pod(nil) { $0.phase = .succeeded }, verdict: "evict 0"),
        Row(testDescription: "a bare pod", pod: pod(nil), verdict: "refuse bare-pod"),
        Row(testDescription: "a bare pod that may go", pod: pod(nil), permissions: may, verdict: "evict 0"),
        Row(
            testDescription: "emptyDir without permission", pod: pod { $0.volumes = [emptyDir] },
            verdict: "refuse local-storage"
        ),
        Row(
            testDescription: "emptyDir with permission", pod: pod { $0.volumes = [emptyDir] }, permissions: may,
            verdict: "evict 0"
        ),
        Row(
            testDescription: "the only replica of a StatefulSet on local data", pod: pod("StatefulSet"),
            workload: statefulSet(1), isLocal: true, verdict: "refuse single-replica-on-local-volume"
        ),
        Row(
            testDescription: "one of three on local data", pod: pod("StatefulSet"), workload: statefulSet(3),
            isLocal: true, verdict: "evict 0"
        ),
        Row(
            testDescription: "the only replica with an agreed downtime", pod: pod("StatefulSet"),
            workload: statefulSet(1), isLocal: true, policy: EvictionPolicy(downtime: [ObjectKey("shop", "db")]),
            verdict: "evict 0"
        ),
        Row(testDescription: "a Job's", pod: pod("Job"), verdict: "wait"),
        Row(
            testDescription: "a Job's with a rule", pod: pod("Job"), policy: rule(.evict, order: 3), verdict: "evict 3"),
        Row(
            testDescription: "Karpenter's mark", pod: pod { $0.annotations["karpenter.sh/do-not-disrupt"] = "true" },
            verdict: "refuse do-not-disrupt"
        ),
        Row(
            testDescription: "the cluster autoscaler's mark",
            pod: pod { $0.annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"] = "false" },
            verdict: "refuse do-not-disrupt"
        ),
        Row(
            testDescription: "a mark that a rule overrules",
            pod: pod { $0.annotations["karpenter.sh/do-not-disrupt"] = "true" }, policy: rule(.evict),
            verdict: "evict 0"
        ),
        Row(
            testDescription: "Cluster API's skip", pod: pod { $0.labels["cluster.x-k8s.io/drain"] = "skip" },
            verdict: "leave skipped"
        ),
        Row(testDescription: "a rule that skips", pod: pod(nil), policy: rule(.skip), verdict: "leave skipped"),
        Row(testDescription: "a rule that blocks", pod: pod(), policy: rule(.block), verdict: "refuse blocked-by-rule"),
        Row(testDescription: "a rule that waits", pod: pod(), policy: rule(.wait), verdict: "wait"),
        Row(
            testDescription: "an emptyDir that no rule permits to lose", pod: pod { $0.volumes = [emptyDir] },
            policy: rule(.evict), verdict: "refuse local-storage"
        ),
        Row(
            testDescription: "a bare pod that is going already", pod: pod(nil) { $0.deletionTime = .epoch },
            verdict: "evict 0"
        ),
    ]

    @Test(arguments: rows)
    func `What becomes of a pod`(row: Row) {
        let triage = PodTriage(policy: row.policy, permissions: row.permissions)
        let verdict = triage.verdict(on: row.pod, workload: row.workload, keepsDataOnNode: row.isLocal)
        #expect(Self.text(verdict) == row.verdict)
    }

    @Test func `The refusal of local data names the three ways out`() {
        let triage = PodTriage(policy: EvictionPolicy(), permissions: .init())
        let verdict = triage.verdict(
            on: Self.pod("StatefulSet"), workload: Self.statefulSet(1), keepsDataOnNode: true
        )
        guard case .refuse(let refusal) = verdict else {
            Issue.record("not refused")
            return
        }
        for way in ["more replicas", "PersistentVolumeClaim", "evictions.downtime: [shop/db]"] {
            #expect(refusal.remedy.contains(way))
        }
    }

    private static func text(_ verdict: PodTriage.Verdict) -> String {
        switch verdict {
        case .evict(let order, _): "evict \(order)"
        case .wait: "wait"
        case .leave(let reason): "leave \(reason)"
        case .refuse(let refusal): "refuse \(refusal.code.rawValue)"
        }
    }
}
