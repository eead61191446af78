import FleetModel
import FleetSimulation
import Testing

@Suite struct BudgetFormulaTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var minAvailable: CountOrPercent?
        var maxUnavailable: CountOrPercent?
        var desired: Int
        var allowed: Int
        var testDescription: String { name }
    }

    static let rows = [
        Row(name: "maxUnavailable 30% of 8 rounds up", maxUnavailable: .percent(30), desired: 5, allowed: 3),
        Row(name: "maxUnavailable 1", maxUnavailable: .count(1), desired: 7, allowed: 1),
        Row(name: "maxUnavailable 0 can never be satisfied", maxUnavailable: .count(0), desired: 8, allowed: 0),
        Row(name: "maxUnavailable 100%", maxUnavailable: .percent(100), desired: 0, allowed: 8),
        Row(name: "minAvailable 50%", minAvailable: .percent(50), desired: 4, allowed: 4),
        Row(name: "minAvailable 51% rounds up", minAvailable: .percent(51), desired: 5, allowed: 3),
        Row(name: "minAvailable = replicas", minAvailable: .count(8), desired: 8, allowed: 0),
        Row(name: "minAvailable beyond replicas", minAvailable: .count(20), desired: 20, allowed: 0),
    ]

    static func search(_ minAvailable: CountOrPercent?, _ maxUnavailable: CountOrPercent?, app: String = "frontend")
        -> PodDisruptionBudget
    {
        PodDisruptionBudget(
            key: ObjectKey("other", "b"), uid: "", selector: LabelSelector(matchLabels: ["app": app]),
            minAvailable: minAvailable, maxUnavailable: maxUnavailable)
    }

    /// A cluster whose one Deployment has eight pods, under one budget.
    static func synced(_ budget: PodDisruptionBudget) -> PodDisruptionBudget? {
        var snapshot = DemoCluster.snapshot()
        snapshot.budgets = []
        var budget = budget
        budget.key = ObjectKey("shop", "b")
        var scenario = Scenario(snapshot)
        scenario.perform(.create(.budget(budget), isDryRun: false))
        scenario.wait(.seconds(1))
        return scenario.simulation.budget(budget.key)
    }

    @Test(arguments: rows) func formula(_ row: Row) throws {
        let budget = try #require(Self.synced(Self.search(row.minAvailable, row.maxUnavailable)))
        #expect(budget.desiredHealthy == row.desired)
        #expect(budget.disruptionsAllowed == row.allowed)
        #expect(budget.currentHealthy == 8 && budget.expectedPods == 8)
        #expect(budget.observedGeneration == budget.generation && budget.syncFailure == nil)
    }

    @Test func neitherValueAllowsNothing() throws {
        let budget = try #require(Self.synced(Self.search(nil, nil)))
        #expect(budget.expectedPods == 0 && budget.desiredHealthy == 0 && budget.disruptionsAllowed == 0)
    }

    @Test func daemonSetPodsFailToSync() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        var budget = Self.search(nil, .count(1), app: "kube-proxy")
        budget.key = ObjectKey("kube-system", "b")
        scenario.perform(.create(.budget(budget), isDryRun: false))
        scenario.wait(.seconds(1))
        let synced = try #require(scenario.simulation.budget(budget.key))
        #expect(synced.syncFailure == "daemonsets.apps does not implement the scale subresource")
        #expect(synced.observedGeneration == 0 && synced.disruptionsAllowed == 0)
        let pod = try #require(scenario.pods("kube-system", app: "kube-proxy").first)
        #expect(scenario.evict(pod.key).refusal?.code == .budgetNotObserved)
    }

    @Test func syncFailureAfterOneSuccessIsNamed() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        scenario.wait(.seconds(1))
        let pod = try #require(scenario.pods("shop", app: "cart").first)
        let controller = try #require(pod.controller)
        let set = ObjectIdentity(.replicaSet, ObjectKey("shop", controller.name))
        let deployment = ObjectIdentity(.deployment, ObjectKey("shop", "cart"))
        scenario.perform(.delete(deployment, DeleteOptions(orphansDependents: true)))
        scenario.perform(.delete(set, DeleteOptions(orphansDependents: true)))
        scenario.wait(.seconds(1))
        let refusal = try #require(scenario.evict(pod.key).refusal)
        let first = try #require(scenario.pods("shop", app: "cart").map(\.key.name).min())
        #expect(
            refusal.details?.causes.first?.message
                == "The disruption budget cart does not allow evicting pods currently because it failed sync: found no "
                + "controllers for pod \"\(first)\"")
    }

    @Test func surgingADeploymentRaisesItsAllowance() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        scenario.wait(.seconds(1))
        let deployment = ObjectIdentity(.deployment, ObjectKey("shop", "checkout"))
        #expect(scenario.simulation.budget(deployment.key)?.disruptionsAllowed == 1)
        #expect(scenario.perform(.scale(deployment, replicas: 10, WriteOptions())).reply.isDone)
        scenario.wait(.seconds(2))
        let budget = try #require(scenario.simulation.budget(deployment.key))
        #expect(budget.expectedPods == 10 && budget.desiredHealthy == 8 && budget.disruptionsAllowed == 2)
    }

    @Test func aPatchForAVersionThatMovedOnChangesNothing() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        scenario.wait(.seconds(1))
        let seen = try #require(scenario.simulation.snapshot().workloads.first { $0.reference.key.name == "checkout" })
        let undo = ClusterRequest.ifUnchanged(
            since: seen.resourceVersion, .scale(seen.reference, replicas: 1, annotations: ["a": "b"]))
        let identity = ObjectIdentity(.deployment, seen.reference.key)
        #expect(scenario.perform(.scale(identity, replicas: 10, WriteOptions())).reply.isDone)
        let refusal = try #require(scenario.perform(.request(undo, dryRun: false)).reply.refusal)
        #expect(refusal.status == 409 && refusal.code == .conflict)
        let found = try #require(scenario.simulation.snapshot().workloads.first { $0.reference == seen.reference })
        #expect(found.replicas == 10 && found.annotations["a"] == nil)
    }
}
