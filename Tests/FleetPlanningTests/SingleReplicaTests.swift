import FleetModel
import Testing

@testable import FleetPlanning

/// Safety rules 12 and 13, and D8.
@Suite struct SingleReplicaTests {
    private func world(surges: Bool) -> PlanningWorld {
        var world = PlanningWorld()
        world.addNodes("old", 1, areTargets: true)
        world.addNodes("new", 3)
        if surges { world.steps.insert(StepSummary(kind: "surge_single_replicas", surges: true), at: 1) }
        return world
    }

    @Test func `Without a surge step a single replica blocks`() {
        var world = world(surges: false)
        world.addWorkload(.deployment, "cart", on: ["old1"])
        let finding = world.findings(.singleReplica).first
        #expect(finding?.severity == .blocker)
        #expect(finding?.subject == "Deployment shop/cart")
        #expect(finding?.remedy.contains("surge_single_replicas") == true)
        #expect(finding?.remedy.contains("evictions.downtime: [shop/cart]") == true)
    }

    @Test func `An agreed downtime lets it go`() {
        var world = world(surges: false)
        world.addWorkload(.deployment, "cart", on: ["old1"])
        world.playbook.evictions.downtime = [ObjectKey("shop", "cart")]
        #expect(world.plan.findings.isEmpty)
    }

    @Test func `A budget that permits it is the owner's word`() {
        var world = world(surges: false)
        world.addWorkload(.deployment, "cart", on: ["old1"])
        world.addBudget("cart", app: "cart", maxUnavailable: .count(1))
        #expect(world.findings(.singleReplica).map(\.severity) == [.warning])
    }

    @Test func `A surge step lets a plain Deployment go`() {
        var world = world(surges: true)
        world.addWorkload(.deployment, "cart", on: ["old1"])
        #expect(world.plan.findings.isEmpty)
    }

    @Test func `A surge step lets a StatefulSet go whose owner permits a second member`() {
        var world = world(surges: true)
        world.addWorkload(.statefulSet, "cart", on: ["old1"]) { workload, _ in
            workload.annotations[SurgeRule.annotation] = "true"
        }
        #expect(world.plan.findings.isEmpty)
        world.addBudget("cart", app: "cart", minAvailable: .count(1))
        #expect(world.plan.blockers.isEmpty)
    }

    @Test func `A surge satisfies minAvailable 1, but not maxUnavailable 0`() {
        var world = world(surges: true)
        world.addWorkload(.deployment, "cart", on: ["old1"])
        world.addBudget("cart", app: "cart", minAvailable: .count(1))
        #expect(world.plan.blockers.isEmpty)
        world.snapshot.budgets = []
        world.addBudget("cart", app: "cart", maxUnavailable: .count(0))
        #expect(world.plan.blockers.map(\.code) == [.impossibleBudget])
    }

    enum Obstacle: CaseIterable {
        case recreate, annotation, claim, hostPort, statefulSet, ownVolumes, parallel, autoscaler
    }

    @Test(arguments: Obstacle.allCases)
    func `What cannot be surged blocks, with the reason`(obstacle: Obstacle) {
        var world = world(surges: true)
        let claim = ObjectKey("shop", "data")
        world.snapshot.claims = [PersistentVolumeClaim(key: claim, accessModes: ["ReadWriteOnce"])]
        let isSet = [.statefulSet, .ownVolumes, .parallel].contains(obstacle)
        if obstacle == .autoscaler {
            world.snapshot.autoscalers = [
                PodAutoscaler(
                    key: ObjectKey("shop", "cart-hpa"), uid: "h", targetKind: "Deployment", targetName: "cart",
                    maxReplicas: 1)
            ]
        }
        world.addWorkload(isSet ? .statefulSet : .deployment, "cart", on: ["old1"]) { workload, pod in
            switch obstacle {
            case .recreate: workload.strategy = .recreate
            case .annotation: workload.annotations[SurgeRule.annotation] = "false"
            case .claim: pod.volumes = [.claim(name: "data", claim: "data")]
            case .hostPort:
                workload.template = PodTemplate(constraints: SchedulingConstraints(hostPorts: [PodHostPort(port: 80)]))
            case .ownVolumes:
                workload.annotations[SurgeRule.annotation] = "true"
                workload.claimTemplates = ["data"]
            case .parallel:
                workload.annotations[SurgeRule.annotation] = "true"
                workload.isParallel = true
            case .statefulSet, .autoscaler: break
            }
        }
        let found = world.findings(.singleReplica)
        #expect(found.map(\.severity) == [.blocker])
        let words = [
            Obstacle.recreate: "Recreate", .annotation: SurgeRule.annotation, .claim: "ReadWriteOnce",
            .hostPort: "host port", .statefulSet: "annotation fleet.run/surge=true", .ownVolumes: "a volume of its own",
            .parallel: "Parallel", .autoscaler: "its maxReplicas is 1",
        ]
        #expect(found.first?.message.contains(words[obstacle] ?? "?") == true)
    }

    @Test func `A shared claim does not forbid a surge`() {
        var world = world(surges: true)
        world.snapshot.claims = [
            PersistentVolumeClaim(key: ObjectKey("shop", "data"), accessModes: ["ReadWriteMany"])
        ]
        world.addWorkload(.deployment, "cart", on: ["old1"]) { _, pod in
            pod.volumes = [.claim(name: "data", claim: "data")]
        }
        #expect(world.plan.findings.isEmpty)
    }

    @Test func `GitOps and autoscalers of surged workloads are told`() {
        var world = world(surges: true)
        world.addWorkload(.deployment, "cart", on: ["old1"]) { workload, _ in
            workload.labels["kustomize.toolkit.fluxcd.io/name"] = "shop"
        }
        world.snapshot.autoscalers = [
            PodAutoscaler(
                key: ObjectKey("shop", "cart-hpa"), uid: "h", targetKind: "Deployment", targetName: "cart",
                maxReplicas: 5
            )
        ]
        #expect(world.findings(.gitOpsOwned).first?.message.hasPrefix("Flux Kustomization shop owns it") == true)
        #expect(world.findings(.autoscaled).first?.message.contains("shop/cart-hpa") == true)
        #expect(world.plan.blockers.isEmpty)
    }

    @Test func `A single pod of a controller that fleet does not know blocks`() {
        var world = world(surges: true)
        world.addPod("kafka-0", on: "old1") {
            $0.controller = ControllerReference(apiVersion: "kafka.io/v1", kind: "KafkaNode", name: "kafka", uid: "k")
        }
        let finding = world.findings(.singleReplica).first
        #expect(finding?.severity == .blocker)
        #expect(finding?.subject == "KafkaNode shop/kafka")
    }
}
