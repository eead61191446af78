import FleetModel
import Testing

@testable import FleetRun

/// Which pods of a node are asked to go at once, rule by rule.
struct GovernorRuleTests {
    private let at = Instant(seconds: 1_000)

    struct Row: CustomStringConvertible, Sendable {
        var name: String
        /// What is under the pods: `shop/web` with three replicas of which as many are healthy as are Ready.
        var budget: PodDisruptionBudget?
        var pods: [Pod]
        var rate = 20
        /// The pods that go at once, in the order in which they are asked to.
        var go: [String]
        /// Why the others do not.
        var words = ""
        var description: String { name }
    }

    private static let set = Fixture.replicaSet("web", replicas: 3)
    private static let job = ControllerReference(apiVersion: "batch/v1", kind: "Job", name: "cron", uid: "uid-cron")

    private static func web(_ number: Int, ready: Bool = true, phase: Pod.Phase = .running) -> Pod {
        Fixture.pod("web-\(number)", on: "n1", of: set, ready: ready, phase: phase)
    }

    private static func ofJob(_ name: String, app: String = "job", phase: Pod.Phase = .running) -> Pod {
        var pod = Fixture.pod(name, on: "n1", ready: phase == .running, phase: phase, labels: ["app": app])
        pod.controller = job
        return pod
    }

    private static func budget(
        allowed: Int, healthy: Int, policy: PodDisruptionBudget.UnhealthyPodEvictionPolicy = .ifHealthyBudget,
        failure: String? = nil
    ) -> PodDisruptionBudget {
        var budget = Fixture.budget("web", allowed: allowed, healthy: healthy, desired: 2)
        budget.unhealthyPodEvictionPolicy = policy
        budget.syncFailure = failure
        return budget
    }

    private static func db(_ number: Int, on node: NodeName) -> Pod {
        Fixture.pod("db-\(number)", on: node, of: Fixture.replicaSet("db", replicas: 2), labels: ["app": "db"])
    }

    static let rows: [Row] = [
        Row(
            name: "IfHealthyBudget: an unready pod goes without spending while the others suffice",
            budget: budget(allowed: 0, healthy: 2), pods: [web(1, ready: false), web(2)], go: ["web-1"],
            words: "PodDisruptionBudget shop/web needs 2 healthy pods and has 2"),
        Row(
            name: "IfHealthyBudget: an unready pod stays while the others do not suffice",
            budget: budget(allowed: 0, healthy: 1), pods: [web(1, ready: false), web(2)], go: [],
            words: "PodDisruptionBudget shop/web needs 2 healthy pods and has 1"),
        Row(
            name: "AlwaysAllow: an unready pod goes whatever the others are like",
            budget: budget(allowed: 0, healthy: 1, policy: .alwaysAllow), pods: [web(1, ready: false), web(2)],
            go: ["web-1"], words: "PodDisruptionBudget shop/web needs 2 healthy pods and has 1"),
        Row(
            name: "a Pending pod goes past its budget", budget: budget(allowed: 0, healthy: 2),
            pods: [web(1, ready: false, phase: .pending), web(2)], go: ["web-1"],
            words: "PodDisruptionBudget shop/web needs 2 healthy pods and has 2"),
        Row(
            name: "SyncFailed permits nothing, whatever its numbers say, and says why",
            budget: budget(allowed: 2, healthy: 3, failure: "found no controllers for pod \"web-1\""), pods: [web(1)],
            go: [],
            words: "PodDisruptionBudget shop/web failed to sync: found no controllers for pod \"web-1\""),
        Row(
            name: "the longest queue goes first", budget: budget(allowed: 2, healthy: 3),
            pods: [db(1, on: "n1"), db(2, on: "n2"), web(1), web(2)], rate: 1, go: ["web-1"]),
        Row(
            name: "what nothing limits goes last, however much it is", budget: budget(allowed: 1, healthy: 3),
            pods: (1...9).map { ofJob("done-\($0)", phase: .succeeded) } + [web(1)], rate: 1, go: ["web-1"]),
        Row(
            name: "a Job's pods that a rule lets go have no implicit budget", pods: [ofJob("cron-1"), ofJob("cron-2")],
            go: ["cron-1", "cron-2"]),
        Row(
            name: "a budget that selects a Job's pods holds them", budget: budget(allowed: 0, healthy: 2),
            pods: [ofJob("cron-1", app: "web")], go: [],
            words: "PodDisruptionBudget shop/web needs 2 healthy pods and has 2"),
    ]

    @Test("who goes at once, and why the others do not", arguments: rows)
    func rule(_ row: Row) throws {
        var world = World()
        world.synchronize(
            with: ClusterSnapshot(
                nodes: [Fixture.node("n1")], pods: row.pods, budgets: row.budget.map { [$0] } ?? [],
                workloads: [Self.set, Fixture.replicaSet("db", replicas: 2)]))
        var governor = Governor(policy: EvictionPolicy(rate: try #require(Rate(row.rate, per: .second))))
        for pod in row.pods where pod.nodeName == "n1" {
            governor.add(Governor.Candidate(pod: pod.reference, node: "n1"), in: world)
        }
        #expect(governor.admit(in: world, at: at).admissions.map(\.candidate.pod.key.name) == row.go)
        let reasons = governor.status(of: "n1", in: world, at: at).blocked.keys
        #expect(reasons.sorted() == (row.words.isEmpty ? [] : [row.words]))
    }

    // MARK: - Answers

    private func asked(_ budget: PodDisruptionBudget, _ pod: Pod) -> (governor: Governor, world: World) {
        var world = World()
        world.synchronize(
            with: ClusterSnapshot(nodes: [Fixture.node("n1")], pods: [pod], budgets: [budget], workloads: [Self.set]))
        var governor = Governor(policy: EvictionPolicy())
        governor.add(Governor.Candidate(pod: pod.reference, node: "n1"), in: world)
        #expect(governor.admit(in: world, at: at).admissions.count == 1)
        return (governor, world)
    }

    @Test("a server that says when to come again is asked then", arguments: [10, 25])
    func retryAfter(seconds: Int64) {
        let pod = Self.web(1)
        let setting = asked(Self.budget(allowed: 1, healthy: 3), pod)
        let world = setting.world
        var governor = setting.governor
        let failure = ClusterFailure(.serverError, message: "try later", status: 500, retryAfterSeconds: seconds)
        let goes = governor.answered(pod.uid, .failed(failure), in: world, at: at)
        #expect(!goes)
        let early = governor.admit(in: world, at: at + .seconds(seconds - 1))
        #expect(early.admissions.isEmpty)
        #expect(early.deadline == at + .seconds(seconds))
        #expect(governor.admit(in: world, at: at + .seconds(seconds)).admissions.count == 1)
    }

    @Test("a budget that refused and has room again is asked at once")
    func roomAgain() {
        let pod = Self.web(1)
        let before = Self.budget(allowed: 1, healthy: 3)
        var (governor, world) = asked(before, pod)
        let failure = ClusterFailure(.budgetExhausted, message: "Cannot evict pod", status: 429)
        let goes = governor.answered(pod.uid, .failed(failure), in: world, at: at)
        #expect(!goes)
        var none = before
        none.disruptionsAllowed = 0
        world.apply(.budget(none))
        governor.budgetChanged(none, from: before, in: world)
        #expect(governor.admit(in: world, at: at).admissions.isEmpty)
        world.apply(.budget(before))
        governor.budgetChanged(before, from: none, in: world)
        #expect(governor.admit(in: world, at: at).admissions.count == 1)
    }

    @Test("pushback halves the rate, down to a twentieth; a shorter pause ends no longer one")
    func halved() throws {
        var rate = EvictionRate(perSecond: 20)
        rate.pushedBack(retryAfter: .seconds(30), at: at)
        rate.pushedBack(retryAfter: .seconds(1), at: at)
        #expect(rate.share == 0.25)
        #expect(rate.wait(at: at + .seconds(2)) == at + .seconds(30))
        for _ in 0..<10 { rate.pushedBack(retryAfter: .seconds(1), at: at) }
        #expect(rate.share == 0.05)
    }

    @Test(
        "grace 0 is deleted past a budget behind proof that the host is off, and not without", arguments: [true, false])
    func graceZero(isHostOff: Bool) throws {
        var pod = Self.web(1)
        pod.gracePeriodSeconds = 0
        let stuck = StuckPolicy(
            rules: [StuckPolicy.Rule(selector: LabelSelector(matchLabels: ["app": "web"]), action: .delete)])
        var world = World()
        world.synchronize(
            with: ClusterSnapshot(
                nodes: [Fixture.node("n1")], pods: [pod], budgets: [Self.budget(allowed: 0, healthy: 2)],
                workloads: [Self.set]))
        var governor = Governor(policy: EvictionPolicy(stuck: stuck), permitsOverride: true)
        governor.add(Governor.Candidate(pod: pod.reference, node: "n1", isHostOff: isHostOff), in: world)
        let (overrides, _) = governor.overdue(on: "n1", since: at, in: world, at: at + .seconds(1800))
        #expect(overrides.map(\.candidate.pod) == (isHostOff ? [pod.reference] : []))
    }

    // MARK: - Nodes that are given up

    @Test(
        "what was asked for stays spent when its node is given up, until it is seen or refused",
        arguments: ["terminating", "gone", "refused", "lost"])
    func givenUp(end: String) throws {
        let deployment = Fixture.deployment("web", replicas: 4)
        let set = Fixture.replicaSet("web", replicas: 4, deployment: deployment)
        let pods = (1...4).map { Fixture.pod("web-\($0)", on: $0 < 3 ? "n1" : "n2", of: set) }
        var world = World()
        let nodes = [Fixture.node("n1"), Fixture.node("n2")]
        world.synchronize(with: ClusterSnapshot(nodes: nodes, pods: pods, workloads: [deployment, set]))
        var governor = Governor(policy: EvictionPolicy(maxInFlight: 1))
        for pod in [pods[0], pods[2]] {
            governor.add(Governor.Candidate(pod: pod.reference, node: pod.nodeName ?? ""), in: world)
        }
        #expect(governor.admit(in: world, at: at).admissions.map(\.candidate.node) == ["n1"])
        governor.drop("n1")
        #expect(governor.admit(in: world, at: at).admissions.isEmpty)
        #expect(governor.flight.count == 1)

        var now = at
        switch end {
        case "terminating":
            // Spent as an unready pod from now on, and still in flight.
            var pod = pods[0]
            pod.deletionTime = at + .seconds(30)
            world.apply(.pod(pod))
            governor.podChanged(pod, in: world)
            #expect(governor.flight.count == 1)
            #expect(governor.admit(in: world, at: now).admissions.isEmpty)
            return
        case "gone":
            world.apply(.podDeleted(pods[0].reference))
            let heir = Fixture.pod("web-5", on: "n2", of: set)
            world.apply(.pod(heir))
            governor.remove(pods[0].uid)
            governor.podChanged(heir, in: world)
        case "refused":
            let failure = ClusterFailure(.conflict, message: "no")
            let goes = governor.answered(pods[0].uid, .failed(failure), in: world, at: now)
            #expect(!goes)
        default:
            let failure = ClusterFailure(.timedOut, message: "no answer")
            let goes = governor.answered(pods[0].uid, .failed(failure), in: world, at: now)
            #expect(!goes)
            let (none, deadline) = governor.admit(in: world, at: now)
            #expect(none.isEmpty)
            now = try #require(deadline)
            #expect(now > at + .seconds(60))
        }
        #expect(governor.admit(in: world, at: now).admissions.map(\.candidate.node) == ["n2"])
        #expect(governor.flight.count == 1)
    }

    @Test("a node that is in hand again goes on with what it asked for")
    func takenUpAgain() {
        let pod = Self.web(1)
        var (governor, world) = asked(Self.budget(allowed: 1, healthy: 3), pod)
        governor.drop("n1")
        governor.add(Governor.Candidate(pod: pod.reference, node: "n1"), in: world)
        #expect(governor.flight.count == 1)
        #expect(governor.admit(in: world, at: at).admissions.isEmpty)
        #expect(governor.status(of: "n1", in: world, at: at).remaining == 1)
        governor.remove(pod.uid)
        #expect(governor.flight.count == 0)
        world.apply(.podDeleted(pod.reference))
        #expect(governor.status(of: "n1", in: world, at: at).remaining == 0)
    }
}
