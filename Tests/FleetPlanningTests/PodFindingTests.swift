import FleetModel
import Testing

@testable import FleetPlanning

@Suite struct PodFindingTests {
    private func world() -> PlanningWorld {
        var world = PlanningWorld()
        world.addNodes("old", 1, areTargets: true)
        world.addNodes("new", 40)
        return world
    }

    @Test func `Five hundred bad pods of one workload give one finding`() {
        var world = world()
        let homes = Array(repeating: NodeName("old1"), count: 500)
        world.addWorkload(.deployment, "cart", on: homes, milliCPU: 1) { _, pod in
            pod.volumes = [.emptyDir(name: "scratch")]
        }
        let found = world.findings(.localStorage)
        #expect(found.count == 1)
        #expect(
            found.first?.message.hasSuffix(
                "(500: shop/cart-0 on old1, shop/cart-1 on old1, shop/cart-10 on old1 and 497 more)")
                == true)
    }

    @Test func `Pods that tolerate the cordon are named with their toleration`() {
        var world = world()
        world.addWorkload(.deployment, "agent", on: ["old1", "new1"]) { _, pod in
            pod.constraints.tolerations = [
                Toleration(key: "gpu", exists: true), Toleration(exists: true),
            ]
        }
        world.addWorkload(.deployment, "cart", on: ["old1", "new1"]) { _, pod in
            pod.constraints.tolerations = [Toleration(key: "gpu", exists: true)]
        }
        let found = world.findings(.toleratesCordon)
        #expect(found.map(\.severity) == [.warning])
        #expect(found.map(\.subject) == ["Deployment shop/agent"])
        #expect(found.first?.message.contains("tolerate the cordon ({operator: Exists})") == true)
        #expect(found.first?.message.hasSuffix("(1: shop/agent-0 on old1)") == true)
    }

    @Test func `A Job's pods that a rule lets go are no single replica, and have no implicit budget`() {
        var world = world()
        world.addWorkload(.job, "night", on: ["old1"])
        #expect(world.findings(.jobPod).first?.message.hasPrefix("awaited until it ends") == true)
        let selector = LabelSelector(matchLabels: ["app": "night"])
        world.playbook.evictions.rules = [EvictionRule(selector: selector, action: .evict)]
        #expect(world.plan.blockers.isEmpty)
        #expect(world.plan.findings.map(\.code) == [.jobPod])
        #expect(world.findings(.jobPod).first?.message.hasPrefix("evicted by a rule") == true)
    }

    @Test func `Without a draining step pods are nobody's business`() {
        var world = world()
        world.addPod("bare", on: "old1")
        world.steps = [StepSummary(kind: "run", touchesHost: true)]
        #expect(world.plan.findings.isEmpty)
        #expect(world.plan.forecast.evictions == 0)
    }

    @Test func `Permission to lose emptyDir data leaves a warning`() {
        var world = world()
        world.addWorkload(.deployment, "cart", on: ["old1", "new1"]) { _, pod in pod.volumes = [.emptyDir(name: "s")] }
        world.steps[1].losesEmptyDir = true
        #expect(world.findings(.localStorage).isEmpty)
        #expect(world.findings(.emptyDir).map(\.subject) == ["Deployment shop/cart"])
    }

    @Test func `Critical pods are named, by priority class and by the playbook's selector`() {
        var world = world()
        world.addWorkload(.deployment, "dns", on: ["old1", "new1"]) { _, pod in
            pod.priorityClassName = "system-cluster-critical"
        }
        world.addWorkload(.deployment, "pay", on: ["old1", "new1"]) { _, pod in pod.labels["appType"] = "critical" }
        var request = world.request
        #expect(
            Planner.plan(request).findings.filter { $0.code == .criticalPod }.map(\.subject) == ["Deployment shop/dns"])
        request.criticalPods = [LabelSelector(matchLabels: ["appType": "critical"])]
        let found = Planner.plan(request).findings.filter { $0.code == .criticalPod }
        #expect(found.map(\.subject) == ["Deployment shop/dns", "Deployment shop/pay"])
        #expect(found.allSatisfy { $0.severity == .warning && $0.remedy.contains("--approve") })
    }

    @Test func `Pods of a Deployment count under it, not under its ReplicaSet`() {
        var world = world()
        let deployment = WorkloadReference(kind: .deployment, key: ObjectKey("shop", "cart"), uid: "d")
        world.snapshot.workloads.append(Workload(reference: deployment, replicas: 2))
        world.addWorkload(.replicaSet, "cart-7f9", on: ["old1", "new1"]) { workload, _ in
            workload.controller = ControllerReference(apiVersion: "apps/v1", kind: "Deployment", name: "cart", uid: "d")
        }
        #expect(world.findings(.noBudget).map(\.subject) == ["Deployment shop/cart"])
    }

    @Test func `Pods of Jobs are awaited, DaemonSet and mirror pods left`() {
        var world = world()
        world.addWorkload(.job, "report", on: ["old1"])
        world.addWorkload(.daemonSet, "cni", on: ["old1", "new1"])
        world.addPod("static", on: "old1") { $0.annotations["kubernetes.io/config.mirror"] = "x" }
        #expect(world.plan.findings.map(\.code) == [.jobPod])
        #expect(world.plan.forecast.evictions == 0)
    }

    @Test func `Bare pods that may go, and pods of controllers that fleet does not know, are warned about`() {
        var world = world()
        world.addPod("bare", on: "old1")
        world.addPod("operated", on: "old1") {
            $0.controller = ControllerReference(
                apiVersion: "db.example.com/v1", kind: "Cluster", name: "main", uid: "u-db")
        }
        world.snapshot.pods.append(world.snapshot.pods[1])
        world.snapshot.pods[2].uid = "uid-operated-2"
        world.steps[1].deletesBarePods = true
        #expect(world.findings(.barePod).map(\.subject) == ["shop/bare on old1"])
        #expect(world.findings(.barePod).allSatisfy { $0.severity == .warning })
        #expect(world.findings(.unknownController).map(\.subject) == ["Cluster shop/main"])
    }
}
