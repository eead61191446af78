import FleetModel
import Testing

@testable import FleetPlanning

@Suite struct BudgetTests {
    private func world(replicas: Int = 4) -> PlanningWorld {
        var world = PlanningWorld()
        world.addNodes("old", 1, areTargets: true)
        world.addNodes("new", 8)
        let homes = (0..<replicas).map { $0 == 0 ? NodeName("old1") : NodeName("new\($0)") }
        world.addWorkload(.deployment, "cart", on: homes)
        return world
    }

    @Test(
        arguments: [
            (CountOrPercent?.some(.count(0)), CountOrPercent?.none, true), (.percent(0), nil, true),
            (nil, .count(4), true), (nil, .percent(100), true), (nil, .percent(76), true), (nil, nil, true),
            (.percent(1), nil, false), (nil, .count(3), false), (nil, .percent(75), false),
        ]
    )
    func `Budgets that never let a pod go`(most: CountOrPercent?, least: CountOrPercent?, isImpossible: Bool) {
        var world = world()
        world.addBudget("cart", app: "cart", maxUnavailable: most, minAvailable: least)
        #expect(world.plan.blockers.map(\.code) == (isImpossible ? [.impossibleBudget] : []))
    }

    @Test func `An impossible budget that a step adjusts by name is a warning, any other still blocks`() {
        var world = world()
        world.addBudget("cart", app: "cart", maxUnavailable: .count(0))
        let key = world.snapshot.budgets[0].key
        world.steps.append(StepSummary(kind: "adjust_budget", adjustsBudgets: [ObjectKey(key.namespace, "other")]))
        #expect(world.plan.blockers.map(\.code) == [.impossibleBudget])
        world.steps.append(StepSummary(kind: "adjust_budget", adjustsBudgets: [key]))
        #expect(world.plan.blockers.isEmpty)
        #expect(world.findings(.impossibleBudget).map(\.severity) == [.warning])
    }

    @Test(
        arguments: [
            (PodDisruptionBudget.UnhealthyPodEvictionPolicy.ifHealthyBudget, 1, 1),
            (.ifHealthyBudget, 3, 0),
            (.alwaysAllow, 1, 0),
        ]
    )
    func `Pods that are not Ready and that their budget holds all the same are told`(
        policy: PodDisruptionBudget.UnhealthyPodEvictionPolicy, healthy: Int, findings: Int
    ) {
        var world = world()
        world.addBudget("cart", app: "cart", maxUnavailable: .count(1)) {
            ($0.unhealthyPodEvictionPolicy, $0.currentHealthy, $0.disruptionsAllowed) = (
                policy, healthy, 0
            )
        }
        for index in world.snapshot.pods.indices where world.snapshot.pods[index].nodeName == "old1" {
            world.snapshot.pods[index].isReady = false
        }
        let found = world.findings(.budgetExhausted)
        #expect(found.count == findings)
        #expect(
            found.allSatisfy {
                $0.remedy.contains("AlwaysAllow") && $0.message.contains("needs 3 healthy pods and has 1")
            })
    }

    @Test func `An impossible budget that selects nothing on the targets is none of our business`() {
        var world = world()
        world.addBudget("other", app: "other", maxUnavailable: .count(0))
        #expect(world.plan.blockers.isEmpty)
    }

    @Test func `Two budgets on one pod block, both named`() {
        var world = world()
        world.addBudget("cart", app: "cart", maxUnavailable: .count(1))
        world.addBudget("all", app: "cart", maxUnavailable: .count(1)) { $0.selector = LabelSelector() }
        let finding = world.findings(.severalBudgets).first
        #expect(finding?.severity == .blocker)
        #expect(finding?.message.contains("(all, cart)") == true)
    }

    @Test func `A budget that failed to sync blocks with the controller's words`() {
        var world = world()
        world.addBudget("cart", app: "cart", maxUnavailable: .count(1)) {
            $0.syncFailure = "found no controllers for pod \"cart-0\""
        }
        #expect(world.plan.blockers.map(\.code) == [.budgetSyncFailed])
        #expect(world.plan.blockers.first?.message.contains("found no controllers for pod") == true)
    }

    @Test func `A budget that is used up now is a warning in the API's words`() {
        var world = world()
        world.addBudget("cart", app: "cart", maxUnavailable: .count(1)) {
            ($0.currentHealthy, $0.desiredHealthy, $0.disruptionsAllowed) = (3, 3, 0)
        }
        let finding = world.plan.findings.first
        #expect(finding?.code == .budgetExhausted)
        #expect(finding?.severity == .warning)
        #expect(finding?.message.hasPrefix("it needs 3 healthy pods and has 3") == true)
    }

    @Test func `A budget that never permits anything is a blocker, whatever is said of stuck pods`() {
        var world = world()
        world.addBudget("cart", app: "cart", maxUnavailable: .count(0))
        let selector = LabelSelector(matchLabels: ["app": "cart"])
        world.playbook.evictions.stuck = StuckPolicy(rules: [.init(selector: selector, action: .delete)])
        let finding = world.findings(.impossibleBudget).first
        #expect(finding?.severity == .blocker)
        #expect(
            finding?.remedy == "raise the replicas, relax the budget with its owner, or name it in a step adjust_budget"
        )
    }

    @Test func `Workloads without a budget are one finding`() {
        var world = world()
        world.addWorkload(.deployment, "web", on: ["old1", "old1", "new1", "new2"])
        let found = world.findings(.noBudget)
        #expect(found.map(\.subject) == ["Deployment shop/cart, Deployment shop/web"])
        #expect(found.first?.severity == .warning)
    }

    @Test(
        arguments: [
            (1, 0, 0, 0), (2, 0, 0, 1), (4, 0, 0, 1), (7, 0, 0, 1), (8, 0, 0, 2), (100, 0, 0, 25),
            (8, 1, 0, 1), (8, 1, 1, 0), (8, 5, 0, 0), (0, 0, 0, 0),
        ]
    )
    func `The implicit budget`(replicas: Int, unready: Int, terminating: Int, expected: Int) {
        let allowance = ImplicitBudget.allowance(
            replicas: replicas, unready: unready, terminating: terminating, policy: .percent(25)
        )
        #expect(allowance == expected)
    }

    @Test func `The index finds what the selectors find`() {
        var budgets: [PodDisruptionBudget] = []
        for (number, selector) in [
            LabelSelector(), LabelSelector(matchLabels: ["app": "a"]),
            LabelSelector(matchLabels: ["app": "a", "tier": "x"]),
            LabelSelector(matchExpressions: [SelectorRequirement("tier", .isIn, ["x", "y"])]),
            LabelSelector(matchLabels: ["app": "b"], matchExpressions: [SelectorRequirement("tier", .doesNotExist)]),
        ].enumerated() {
            for namespace in ["one", "two"] {
                let key = ObjectKey(namespace, "budget\(number)")
                budgets.append(PodDisruptionBudget(key: key, uid: ObjectUID(key.description), selector: selector))
            }
        }
        budgets.append(PodDisruptionBudget(key: ObjectKey("one", "none"), uid: "none"))
        let index = BudgetIndex(budgets)
        for namespace in ["one", "two", "three"] {
            for labels in [[:], ["app": "a"], ["app": "a", "tier": "x"], ["app": "b"], ["tier": "y"]] {
                let pod = Pod(key: ObjectKey(namespace, "p"), uid: "p", labels: labels)
                let expected = budgets.filter { $0.selects(pod) }.sorted { $0.key < $1.key }.map(\.key)
                #expect(index.selecting(pod).map(\.key) == expected)
            }
        }
    }
}
