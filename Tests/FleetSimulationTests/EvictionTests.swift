import FleetModel
import FleetSimulation
import Testing

@Suite struct EvictionTests {
    @Test func evictedPodIsReplacedAndTheBudgetRecovers() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        scenario.wait(.seconds(1))
        let pod = try #require(scenario.pods("shop", app: "cart").first)
        #expect(scenario.evict(pod.key, uid: pod.uid) == .done(nil))
        let spent = try #require(scenario.simulation.budget(ObjectKey("shop", "cart")))
        #expect(spent.disruptionsAllowed == 0)
        #expect(spent.disruptedPods.keys.sorted() == [pod.key.name])

        scenario.wait(.seconds(2))
        let after = scenario.pods("shop", app: "cart")
        #expect(after.count == 6)
        #expect(after.allSatisfy { $0.isReady && $0.uid != pod.uid })
        let budget = try #require(scenario.simulation.budget(ObjectKey("shop", "cart")))
        #expect(budget.disruptionsAllowed == 1)
        #expect(budget.currentHealthy == 6 && budget.desiredHealthy == 5 && budget.expectedPods == 6)
        #expect(budget.disruptedPods.isEmpty)
    }

    @Test func changesComeInTheServersOrder() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        scenario.wait(.seconds(1))
        let pod = try #require(scenario.pods("shop", app: "search").first)
        var changes = scenario.perform(.evict(pod.key, DeleteOptions())).changes
        changes += scenario.wait(.seconds(2))
        let own = changes.filter { $0.stored.detail.uid == pod.uid }
        #expect(own.map(\.event) == [.modified, .modified, .modified, .modified, .deleted])
        #expect(own.map(\.stored.detail.generation) == [1, 2, 2, 2, 2])
        #expect(own.map(\.stored.detail.deletionGracePeriodSeconds) == [nil, 30, 30, 0, 0])
        #expect(own[0].stored.detail.disruptionReason == "EvictionByEvictionAPI")
        let versions = changes.map(\.stored.resourceVersion)
        #expect(versions == versions.sorted() && Set(versions).count == versions.count)
    }

    @Test func spentBudgetAnswers429() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        scenario.wait(.seconds(1))
        let pods = scenario.pods("shop", app: "cart")
        #expect(scenario.evict(pods[0].key).isDone)
        let refusal = try #require(scenario.evict(pods[1].key).refusal)
        #expect(refusal.status == 429 && refusal.reason == "TooManyRequests" && refusal.retryAfterSeconds == nil)
        #expect(refusal.message == "Cannot evict pod as it would violate the pod's disruption budget.")
        #expect(refusal.code == .budgetExhausted)

        scenario.wait(.milliseconds(6))
        let later = try #require(scenario.evict(pods[1].key).refusal)
        #expect(
            later.details?.causes == [
                .init(
                    reason: "DisruptionBudget",
                    message: "The disruption budget cart needs 5 healthy pods and has 5 currently")
            ])
    }

    @Test func missingPodIs404AndTerminatingPodIs201() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        let missing = try #require(scenario.evict(ObjectKey("shop", "absent")).refusal)
        #expect(missing.status == 404 && missing.message == "pods \"absent\" not found")
        #expect(missing.details == .init(name: "absent", kind: "pods"))
        let pod = try #require(scenario.pods("shop", app: "search").first)
        #expect(scenario.evict(pod.key).isDone)
        #expect(scenario.evict(pod.key).isDone)
        let namespace = try #require(scenario.evict(ObjectKey("nowhere", "x")).refusal)
        #expect(namespace.details?.kind == "namespaces")
    }

    @Test func staleUIDSpendsTheBudgetAndAnswers409() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        scenario.wait(.seconds(1))
        let pod = try #require(scenario.pods("shop", app: "cart").first)
        let refusal = try #require(scenario.evict(pod.key, uid: "old").refusal)
        #expect(refusal.status == 409 && refusal.code == .replaced)
        #expect(
            refusal.message == "Operation cannot be fulfilled on Pod \"\(pod.key.name)\": the UID in the precondition "
                + "(old) does not match the UID in record (\(pod.uid)). The object might have been deleted and then "
                + "recreated")
        #expect(scenario.simulation.budget(ObjectKey("shop", "cart"))?.disruptionsAllowed == 0)
        scenario.wait(.seconds(119))
        #expect(scenario.simulation.budget(ObjectKey("shop", "cart"))?.disruptionsAllowed == 0)
        scenario.wait(.seconds(2))
        #expect(scenario.simulation.budget(ObjectKey("shop", "cart"))?.disruptionsAllowed == 1)
    }

    @Test func dryRunChecksEverythingAndWritesNothing() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        scenario.wait(.seconds(1))
        let pods = scenario.pods("shop", app: "cart")
        let version = scenario.simulation.resourceVersion
        #expect(scenario.evict(pods[0].key, isDryRun: true).isDone)
        #expect(scenario.simulation.resourceVersion == version)
        #expect(scenario.evict(pods[0].key).isDone)
        #expect(scenario.evict(pods[1].key, isDryRun: true).refusal?.status == 429)
    }

    @Test func twoBudgetsAre500() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        let second = PodDisruptionBudget(
            key: ObjectKey("shop", "second"), uid: "", selector: LabelSelector(), maxUnavailable: .count(1))
        #expect(scenario.perform(.create(.budget(second), isDryRun: false)).reply.isDone)
        let pod = try #require(scenario.pods("shop", app: "cart").first)
        let refusal = try #require(scenario.evict(pod.key).refusal)
        #expect(refusal.status == 500 && refusal.reason.isEmpty && refusal.code == .severalBudgets)
    }

    @Test func newBudgetIsStillBeingProcessed() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        let budget = PodDisruptionBudget(
            key: ObjectKey("shop", "search"), uid: "", selector: LabelSelector(matchLabels: ["app": "search"]),
            maxUnavailable: .count(1))
        scenario.perform(.create(.budget(budget), isDryRun: false))
        let pod = try #require(scenario.pods("shop", app: "search").first)
        let refusal = try #require(scenario.evict(pod.key).refusal)
        #expect(refusal.retryAfterSeconds == 10 && refusal.code == .budgetNotObserved)
        #expect(
            refusal.details?.causes.first?.message
                == "The disruption budget search is still being processed by the server.")
        scenario.wait(.seconds(1))
        #expect(scenario.evict(pod.key).isDone)
    }

    @Test func unreadyPodsPassOnlyAHealthyBudget() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        scenario.wait(.seconds(1))
        let pods = scenario.pods("shop", app: "cart")
        scenario.perform(.fault(.podReadiness(pods[0].key, false)))
        scenario.wait(.milliseconds(20))
        #expect(scenario.simulation.budget(ObjectKey("shop", "cart"))?.disruptionsAllowed == 0)
        #expect(scenario.evict(pods[1].key).refusal?.status == 429)
        #expect(scenario.evict(pods[0].key).isDone)
    }

    @Test func terminatingNamespaceIs403() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        let pod = try #require(scenario.pods("shop", app: "search").first)
        scenario.perform(.delete(ObjectIdentity(.namespace, ObjectKey("", "shop")), DeleteOptions()))
        let refusal = try #require(scenario.evict(pod.key).refusal)
        #expect(refusal.status == 403 && refusal.code == .namespaceTerminating)
        #expect(refusal.details?.causes.first?.reason == "NamespaceTerminating")
        scenario.wait(.seconds(60))
        #expect(scenario.pods("shop", app: "search").isEmpty)
        #expect(scenario.simulation.stored(ObjectIdentity(.namespace, ObjectKey("", "shop"))) == nil)
    }
}
