import FleetModel
import Testing

@testable import FleetRun

/// The arithmetic of evictions: budgets, implicit budgets, answers.
struct GovernorTests {
    private let at = Instant(seconds: 1_000)

    private func world(_ pods: [Pod], budgets: [PodDisruptionBudget] = [], workloads: [Workload] = []) -> World {
        var world = World()
        world.synchronize(
            with: ClusterSnapshot(nodes: [Fixture.node("n1")], pods: pods, budgets: budgets, workloads: workloads)
        )
        return world
    }

    private func governor(_ pods: [Pod], in world: World, policy: EvictionPolicy = EvictionPolicy()) -> Governor {
        var governor = Governor(policy: policy)
        for pod in pods {
            governor.add(Governor.Candidate(pod: pod.reference, node: pod.nodeName ?? "n1"), in: world)
        }
        return governor
    }

    @Test("a budget admits exactly what it allows", arguments: [0, 1, 2, 5])
    func budgetAllowance(allowed: Int) {
        let set = Fixture.replicaSet("web", replicas: 3)
        let pods = (1...3).map { Fixture.pod("web-\($0)", on: "n1", of: set) }
        let world = world(pods, budgets: [Fixture.budget("web", allowed: allowed)], workloads: [set])
        var governor = governor(pods, in: world)
        #expect(governor.admit(in: world, at: at).admissions.count == min(3, allowed))
    }

    @Test("an eviction in flight counts until the status shows it")
    func unreflectedEvictions() {
        let set = Fixture.replicaSet("web", replicas: 3)
        let pods = (1...3).map { Fixture.pod("web-\($0)", on: "n1", of: set) }
        let before = Fixture.budget("web", allowed: 1)
        var world = world(pods, budgets: [before], workloads: [set])
        var governor = governor(pods, in: world)
        let first = governor.admit(in: world, at: at).admissions
        #expect(first.count == 1)

        // The same status again, as a bookmark of another change: still spent.
        governor.budgetChanged(before, from: before, in: world)
        #expect(governor.admit(in: world, at: at).admissions.isEmpty)

        // The server's decrement shows the pod in disruptedPods: reflected, and nothing is left.
        var after = before
        after.disruptionsAllowed = 0
        after.disruptedPods = [first[0].candidate.pod.key.name: at]
        world.apply(.budget(after))
        governor.budgetChanged(after, from: before, in: world)
        #expect(governor.admit(in: world, at: at).admissions.isEmpty)

        // The replacement is Ready: the budget allows one more, which goes at once.
        var again = after
        again.disruptionsAllowed = 1
        again.disruptedPods = [:]
        world.apply(.budget(again))
        governor.budgetChanged(again, from: after, in: world)
        #expect(governor.admit(in: world, at: at).admissions.count == 1)
    }

    @Test(
        "a workload without a budget gets an implicit one",
        arguments: [(1, 0), (2, 1), (3, 1), (4, 1), (8, 2), (9, 2)] as [(Int, Int)]
    )
    func implicitBudget(replicas: Int, admitted: Int) {
        let deployment = Fixture.deployment("web", replicas: replicas)
        let set = Fixture.replicaSet("web", replicas: replicas, deployment: deployment)
        let pods = (1...replicas).map { Fixture.pod("web-\($0)", on: "n1", of: set) }
        let world = world(pods, workloads: [deployment, set])
        var governor = governor(pods, in: world)
        #expect(governor.admit(in: world, at: at).admissions.count == admitted)
    }

    @Test("unready pods spend an implicit budget")
    func implicitBudgetCountsUnready() {
        let deployment = Fixture.deployment("web", replicas: 4)
        let set = Fixture.replicaSet("web", replicas: 4, deployment: deployment)
        let pods = (1...4).map { Fixture.pod("web-\($0)", on: "n1", of: set, ready: $0 != 4) }
        let world = world(pods, workloads: [deployment, set])
        var governor = governor(Array(pods.prefix(3)), in: world)
        #expect(governor.admit(in: world, at: at).admissions.isEmpty)
        let status = governor.status(of: "n1", in: world, at: at)
        #expect(
            status.blocked.keys.first
                == "Deployment shop/web has no budget; at most 1 of 4 may be out and 3 are Ready"
        )
    }

    @Test("an unready pod is spent already: it goes while no more than permitted are out", arguments: [1, 2])
    func unreadyGoes(unready: Int) {
        let deployment = Fixture.deployment("web", replicas: 4)
        let set = Fixture.replicaSet("web", replicas: 4, deployment: deployment)
        let pods = (1...4).map { Fixture.pod("web-\($0)", on: "n1", of: set, ready: $0 > unready) }
        let world = world(pods, workloads: [deployment, set])
        var governor = governor(pods, in: world)
        let admitted = governor.admit(in: world, at: at).admissions.map(\.candidate.pod.key.name)
        #expect(admitted == (unready == 1 ? ["web-1"] : []))
    }

    @Test("an eviction whose answer was lost holds its place until it is seen or answered", arguments: [true, false])
    func mayLand(isLost: Bool) {
        let deployment = Fixture.deployment("web", replicas: 4)
        let set = Fixture.replicaSet("web", replicas: 4, deployment: deployment)
        let pods = (1...4).map { Fixture.pod("web-\($0)", on: "n1", of: set) }
        let world = world(pods, workloads: [deployment, set])
        var governor = governor(Array(pods.prefix(2)), in: world)
        let first = governor.admit(in: world, at: at).admissions.map(\.candidate.pod)
        #expect(first.map(\.key.name) == ["web-1"])
        let failure = ClusterFailure(isLost ? .timedOut : .conflict, message: "no")
        let goes = governor.answered(first[0].uid, .failed(failure), in: world, at: at)
        #expect(!goes)
        let other = governor.admit(in: world, at: at).admissions.map(\.candidate.pod.key.name)
        #expect(other == (isLost ? [] : ["web-2"]))
        let again = governor.admit(in: world, at: at + .seconds(3)).admissions.map(\.candidate.pod.key.name)
        #expect(again == (isLost ? ["web-1"] : []))
    }

    @Test("an agreed downtime lifts the implicit budget of a single replica")
    func downtime() {
        let deployment = Fixture.deployment("web", replicas: 1)
        let set = Fixture.replicaSet("web", replicas: 1, deployment: deployment)
        let pod = Fixture.pod("web-1", on: "n1", of: set)
        let world = world([pod], workloads: [deployment, set])
        var governor = governor(
            [pod], in: world, policy: EvictionPolicy(downtime: [ObjectKey("shop", "web")]))
        #expect(governor.admit(in: world, at: at).admissions.count == 1)
    }

    @Test("two budgets on one pod hold it, and say so")
    func severalBudgets() {
        let set = Fixture.replicaSet("web", replicas: 3)
        let pod = Fixture.pod("web-1", on: "n1", of: set)
        let world = world(
            [pod], budgets: [Fixture.budget("web", allowed: 1), Fixture.budget("legacy", allowed: 1)], workloads: [set])
        var governor = governor([pod], in: world)
        #expect(governor.admit(in: world, at: at).admissions.isEmpty)
        #expect(governor.status(of: "n1", in: world, at: at).blocked.keys.first?.contains("legacy, web") == true)
    }

    @Test("a budget that is not observed yet admits nothing")
    func notObserved() {
        let set = Fixture.replicaSet("web", replicas: 3)
        let pod = Fixture.pod("web-1", on: "n1", of: set)
        let world = world([pod], budgets: [Fixture.budget("web", allowed: 2, generation: 2)], workloads: [set])
        var governor = governor([pod], in: world)
        #expect(governor.admit(in: world, at: at).admissions.isEmpty)
    }

    @Test("the rate bounds a burst, and says when to ask again")
    func rate() throws {
        let pods = (1...5).map { Fixture.pod("job-\($0)", on: "n1", phase: .succeeded) }
        let world = world(pods)
        let rate = try #require(Rate(2, per: .second))
        var governor = governor(pods, in: world, policy: EvictionPolicy(rate: rate))
        let (first, deadline) = governor.admit(in: world, at: at)
        #expect(first.count == 2)
        let next = try #require(deadline)
        #expect(next > at && next <= at + .seconds(1))
        #expect(governor.admit(in: world, at: next).admissions.count == 1)
    }

    @Test("a refusal by budget waits for the budget, and gives its allowance back")
    func refusal() {
        let set = Fixture.replicaSet("web", replicas: 3)
        let pods = (1...2).map { Fixture.pod("web-\($0)", on: "n1", of: set) }
        let budget = Fixture.budget("web", allowed: 1)
        let world = world(pods, budgets: [budget], workloads: [set])
        var governor = governor(pods, in: world)
        let first = governor.admit(in: world, at: at).admissions
        let failure = ClusterFailure(
            .budgetExhausted, message: "Cannot evict pod as it would violate the pod's disruption budget.")
        let goes = governor.answered(first[0].candidate.pod.uid, .failed(failure), in: world, at: at)
        #expect(!goes)
        #expect(governor.status(of: "n1", in: world, at: at).remaining == 2)
    }

    @Test(
        "a pod that is gone, replaced or in a dying namespace counts as going",
        arguments: [
            ClusterFailure.Code.notFound, .replaced, .namespaceTerminating,
        ])
    func gone(code: ClusterFailure.Code) {
        let pod = Fixture.pod("web-1", on: "n1", phase: .succeeded)
        let world = world([pod])
        var governor = governor([pod], in: world)
        _ = governor.admit(in: world, at: at)
        let goes = governor.answered(pod.uid, .failed(ClusterFailure(code, message: "")), in: world, at: at)
        #expect(goes)
    }

    @Test("an eviction whose answer was lost is not sent again while its pod is leaving")
    func lostAnswer() {
        let set = Fixture.replicaSet("web", replicas: 3)
        var pod = Fixture.pod("web-1", on: "n1", of: set)
        var world = world([pod], budgets: [Fixture.budget("web", allowed: 1)], workloads: [set])
        var governor = governor([pod], in: world)
        #expect(governor.admit(in: world, at: at).admissions.count == 1)
        pod.deletionTime = at + .seconds(30)
        world.apply(.pod(pod))
        governor.podChanged(pod, in: world)
        let goes = governor.answered(
            pod.uid, .failed(ClusterFailure(.connectionLost, message: "broken pipe")), in: world, at: at)
        #expect(goes)
        #expect(governor.admit(in: world, at: at + .seconds(60)).admissions.isEmpty)
    }

    @Test("pushback of the API halves the rate and pauses everything")
    func pushback() throws {
        let pods = (1...4).map { Fixture.pod("job-\($0)", on: "n1", phase: .succeeded) }
        let world = world(pods)
        let rate = try #require(Rate(2, per: .second))
        var governor = governor(pods, in: world, policy: EvictionPolicy(rate: rate))
        let first = governor.admit(in: world, at: at).admissions
        let failure = ClusterFailure(.throttled, message: "Too many requests", status: 429, retryAfterSeconds: 3)
        _ = governor.answered(first[0].candidate.pod.uid, .failed(failure), in: world, at: at)
        #expect(governor.admit(in: world, at: at + .seconds(2)).admissions.isEmpty)
        #expect(!governor.admit(in: world, at: at + .seconds(4)).admissions.isEmpty)
    }
}
