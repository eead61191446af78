import FleetExpressions
import FleetModel
import Testing

@testable import FleetRun

/// What holds pods back beside their budgets: orders, zones, numbers in flight, the API's latency; and what is said of
/// pods that should be gone.
struct EvictionRuleTests {
    private let at = Instant(seconds: 1_000)

    /// `web-1` … of one workload on the nodes given, under a budget that allows all.
    private func scene(_ nodes: [Node], on places: [NodeName], change: (inout Pod, Int) -> Void = { _, _ in }) -> (
        World, [Pod]
    ) {
        let set = Fixture.replicaSet("web", replicas: places.count)
        let pods = places.enumerated().map { number, node in
            var pod = Fixture.pod("web-\(number + 1)", on: node, of: set)
            change(&pod, number)
            return pod
        }
        var world = World()
        let budget = Fixture.budget("web", allowed: places.count, healthy: places.count, desired: 0)
        world.synchronize(with: ClusterSnapshot(nodes: nodes, pods: pods, budgets: [budget], workloads: [set]))
        return (world, pods)
    }

    private func names(_ admissions: [Governor.Admission]) -> [String] { admissions.map(\.candidate.pod.key.name) }

    private func leave(_ pod: Pod, _ world: inout World, _ governor: inout Governor) {
        world.apply(.podDeleted(pod.reference))
        governor.remove(pod.uid)
        governor.podChanged(pod, in: world)
    }

    @Test("a node's pods of a higher order go when those of lower orders are gone; other nodes do not wait for it")
    func orders() {
        var (world, pods) = scene([Fixture.node("n1"), Fixture.node("n2")], on: ["n1", "n1", "n2"])
        let rule = EvictionRule(selector: LabelSelector(matchLabels: ["late": "yes"]), action: .evict, order: 1)
        var governor = Governor(policy: EvictionPolicy(rules: [rule]))
        for (pod, order) in zip(pods, [1, 0, 1]) {
            governor.add(Governor.Candidate(pod: pod.reference, node: pod.nodeName ?? "", order: order), in: world)
        }
        #expect(names(governor.admit(in: world, at: at).admissions) == ["web-2", "web-3"])
        let waiting = governor.status(of: "n1", in: world, at: at)
        #expect(waiting.blocked.keys.first?.hasPrefix("its node's 1 pods of lower order go first") == true)
        leave(pods[1], &world, &governor)
        #expect(names(governor.admit(in: world, at: at).admissions) == ["web-1"])
    }

    @Test("zone-by-zone: one zone of a workload is whole again before another one's pods go")
    func zones() {
        var (world, pods) = scene([Fixture.node("n1"), Fixture.node("n2", zone: "b")], on: ["n1", "n2"])
        var governor = Governor(policy: EvictionPolicy(), keepsZonesApart: true)
        for (pod, zone) in zip(pods, ["a", "b"]) {
            governor.add(Governor.Candidate(pod: pod.reference, node: pod.nodeName ?? "", zone: Zone(zone)), in: world)
        }
        #expect(names(governor.admit(in: world, at: at).admissions) == ["web-1"])
        #expect(
            governor.status(of: "n2", in: world, at: at).blocked.keys.first
                == "order: zone-by-zone: pods of ReplicaSet shop/web are still leaving zone a")
        leave(pods[0], &world, &governor)
        #expect(governor.admit(in: world, at: at).admissions.isEmpty)
        #expect(
            governor.status(of: "n2", in: world, at: at).blocked.keys.first
                == "order: zone-by-zone: ReplicaSet shop/web is not whole again after leaving zone a")

        var next = pods[0]
        (next.uid, next.key, next.nodeName) = ("uid-web-9", ObjectKey("shop", "web-9"), "n3")
        world.apply(.pod(next))
        governor.podChanged(next, in: world)
        #expect(names(governor.admit(in: world, at: at).admissions) == ["web-2"])
    }

    @Test("a zone's turn outlives a crash")
    func zonesAfterACrash() {
        let (world, pods) = scene([Fixture.node("n2", zone: "b")], on: ["n2"])
        let workload = pods[0].controller?.uid ?? ""
        var governor = Governor(policy: EvictionPolicy(), keepsZonesApart: true)
        governor.remember(workload, leaving: "a", readyBefore: 2, in: world)
        governor.add(Governor.Candidate(pod: pods[0].reference, node: "n2", zone: "b"), in: world)
        // One replica is wanted and one is Ready: nothing is missing.
        #expect(names(governor.admit(in: world, at: at).admissions) == ["web-1"])
        var (short, more) = scene([Fixture.node("n2", zone: "b")], on: ["n2", "n3"])
        leave(more[1], &short, &governor)
        governor = Governor(policy: EvictionPolicy(), keepsZonesApart: true)
        governor.remember(workload, leaving: "a", readyBefore: 2, in: short)
        governor.add(Governor.Candidate(pod: more[0].reference, node: "n2", zone: "b"), in: short)
        #expect(governor.admit(in: short, at: at).admissions.isEmpty)
    }

    @Test("no more pods leave at once than the wave and the zone permit")
    func flight() {
        var (world, pods) = scene(
            [Fixture.node("n1"), Fixture.node("n2", zone: "b")], on: ["n1", "n1", "n1", "n2", "n2"])
        var governor = Governor(policy: EvictionPolicy(maxInFlight: 3, maxInFlightPerZone: 2))
        for pod in pods {
            let zone: Zone = pod.nodeName == "n1" ? "a" : "b"
            governor.add(Governor.Candidate(pod: pod.reference, node: pod.nodeName ?? "", zone: zone), in: world)
        }
        #expect(names(governor.admit(in: world, at: at).admissions) == ["web-1", "web-2", "web-4"])
        leave(pods[3], &world, &governor)
        #expect(names(governor.admit(in: world, at: at).admissions) == ["web-5"])
        #expect(
            governor.status(of: "n1", in: world, at: at).blocked.keys.first
                == "evictions.max_in_flight permits 3, and so many pods are leaving")
    }

    @Test("order: priority lets low priorities go first where not all may")
    func priorities() {
        let (world, pods) = scene([Fixture.node("n1")], on: ["n1", "n1", "n1"]) { $0.priority = [5, 1, 3][$1] }
        var governor = Governor(policy: EvictionPolicy(order: .priority, maxInFlight: 2))
        for pod in pods { governor.add(Governor.Candidate(pod: pod.reference, node: "n1"), in: world) }
        #expect(names(governor.admit(in: world, at: at).admissions) == ["web-2", "web-3"])
    }

    // MARK: - The API's latency

    @Test("slow answers halve the rate once for all that met the same trouble; prompt ones bring it back slowly")
    func latency() {
        var rate = EvictionRate(perSecond: 10)
        for _ in 1...5 { rate.answered(after: .milliseconds(3_500), at: at) }
        #expect(rate.share == 0.5)
        rate.answered(after: .milliseconds(3_500), at: at + .seconds(4))
        #expect(rate.share == 0.25)
        for _ in 1...10 { rate.answered(after: .milliseconds(20), at: at + .seconds(5)) }
        #expect(abs(rate.share - 0.45) < 0.001)
        rate.answered(after: nil, at: at + .seconds(5))
        #expect(abs(rate.share - 0.47) < 0.001)
    }

    @Test(
        "a failing API slows evictions down as a slow one does",
        arguments: [ClusterFailure.Code.serverError, .timedOut])
    func failures(code: ClusterFailure.Code) throws {
        let (world, pods) = scene([Fixture.node("n1")], on: ["n1"])
        var governor = Governor(policy: EvictionPolicy())
        governor.add(Governor.Candidate(pod: pods[0].reference, node: "n1"), in: world)
        #expect(governor.admit(in: world, at: at).admissions.count == 1)
        let failure = ClusterFailure(code, message: "etcdserver: leader changed")
        let goes = governor.answered(pods[0].uid, .failed(failure), in: world, at: at)
        #expect(!goes)
        #expect(governor.rate.share == 0.5)
        #expect(governor.admit(in: world, at: at).deadline == at + .seconds(2))
    }

    // MARK: - Pods that should be gone

    @Test(
        "a pod that outlives its grace period is named with what holds it",
        arguments: [
            (false, [], "past its grace period, and Node n1 is not Ready, so no kubelet ends it"),
            (true, ["example.com/backup"], "past its grace period, and held by finalizers (example.com/backup)"),
            (true, [], "past its grace period, and its kubelet has not ended it"),
        ] as [(Bool, [String], String)]
    )
    func overdue(isReady: Bool, finalizers: [String], words: String) {
        let (world, pods) = scene([Fixture.node("n1", ready: isReady)], on: ["n1"]) { pod, _ in
            pod.deletionTime = at + .seconds(30)
            pod.finalizers = finalizers
        }
        var governor = Governor(policy: EvictionPolicy())
        governor.add(Governor.Candidate(pod: pods[0].reference, node: "n1"), in: world)
        let early = governor.status(of: "n1", in: world, at: at)
        #expect(early.sentence == "1 pods to stop: shop/web-1")
        #expect(early.wakeAt == at + .seconds(40))
        let late = governor.status(of: "n1", in: world, at: at + .seconds(40))
        #expect(late.sentence.hasPrefix("blocked: shop/web-1: \(words)"), "\(late.sentence)")
        #expect(late.wakeAt == nil)
    }

    // MARK: - Timeouts of rules

    @Test(
        "a rule's timeout is the pod's own, shorter or longer than the policy's",
        arguments: [(60, 60), (7_200, 7_200), (nil, 1_800)] as [(Int64?, Int64)]
    )
    func timeouts(rule: Int64?, expected: Int64) throws {
        let set = Fixture.replicaSet("web", replicas: 1)
        let rules = rule.map {
            [EvictionRule(selector: LabelSelector(matchLabels: ["app": "web"]), action: .wait, timeout: .seconds($0))]
        }
        let steps = try Fixture.steps([("drain", .null(at: Fixture.place))])
        let order = Fixture.order(
            waves: [[Fixture.target("n1")]], steps: steps,
            evictions: EvictionPolicy(
                rules: rules ?? [EvictionRule(selector: LabelSelector(matchLabels: ["app": "web"]), action: .wait)]))
        var machine = RunMachine(order)
        let snapshot = ClusterSnapshot(
            nodes: [Fixture.node("n1")], pods: [Fixture.pod("web-1", on: "n1", of: set)], workloads: [set])
        let reaction = machine.handle(.synchronized(snapshot), at: at)
        #expect(reaction.deadline == at + .seconds(expected))
        _ = machine.handle(.tick, at: at + .seconds(expected))
        guard case .quarantined("drain", let reason) = machine.state.nodes["n1"]?.phase else {
            Issue.record("not set aside: \(String(describing: machine.state.nodes["n1"]?.phase))")
            return
        }
        #expect(reason.contains("shop/web-1: a rule waits for it"))
        #expect(reason.contains("a rule's timeout") == (rule != nil))
    }

    // MARK: - Latecomers

    @Test("a pod that the scheduler bound just before the cordon leaves while the node is verified")
    func latecomer() throws {
        let set = Fixture.replicaSet("web", replicas: 2)
        let null = LocatedValue.null(at: Fixture.place)
        let order = Fixture.order(
            waves: [[Fixture.target("n1")]], steps: try Fixture.steps([("drain", null), ("verify_drained", null)]))
        var machine = RunMachine(order)
        let pods = [Fixture.pod("web-1", on: "n1", of: set), Fixture.pod("web-2", on: "n2", of: set)]
        let snapshot = ClusterSnapshot(
            nodes: [Fixture.node("n1", cordoned: true), Fixture.node("n2")], pods: pods, workloads: [set])
        let first = machine.handle(.synchronized(snapshot), at: at)
        #expect(first.requests == [.evict(pods[0].reference, gracePeriodSeconds: nil)])
        _ = machine.handle(.completed(id: first.ids[0], .cluster(.succeeded)), at: at)
        let left = machine.handle(.changed(.podDeleted(pods[0].reference)), at: at + .seconds(1))
        #expect(left.kinds.contains("step.finished") && machine.state.result == nil)

        let late = Fixture.pod("web-3", on: "n1", of: set)
        let reaction = machine.handle(.changed(.pod(late)), at: at + .seconds(2))
        #expect(reaction.requests == [.evict(late.reference, gracePeriodSeconds: nil)])
        _ = machine.handle(.completed(id: reaction.ids[0], .cluster(.succeeded)), at: at + .seconds(2))
        _ = machine.handle(.changed(.podDeleted(late.reference)), at: at + .seconds(3))
        let next = machine.handle(.changed(.pod(Fixture.pod("web-4", on: "n2", of: set))), at: at + .seconds(4))
        #expect(next.finished == .done)
    }

    // MARK: - Marks that come while a pod waits

    /// A node with one pod whose budget has no room, and its machine.
    private func waiting(_ change: (inout Pod) -> Void = { _ in }) throws -> (RunMachine, Pod) {
        let set = Fixture.replicaSet("web", replicas: 3)
        var pod = Fixture.pod("web-1", on: "n1", of: set)
        change(&pod)
        var machine = RunMachine(
            Fixture.order(
                waves: [[Fixture.target("n1")]],
                steps: try Fixture.steps([
                    ("drain", .null(at: Fixture.place)), ("verify_drained", .null(at: Fixture.place)),
                ])))
        let snapshot = ClusterSnapshot(
            nodes: [Fixture.node("n1", cordoned: true), Fixture.node("n2")], pods: [pod],
            budgets: [Fixture.budget("web", allowed: 0, healthy: 2)], workloads: [set])
        let first = machine.handle(.synchronized(snapshot), at: at)
        #expect(first.requests == [])
        return (machine, pod)
    }

    @Test("an owner who forbids the eviction of a pod that waits is heard: its node is set aside")
    func forbiddenMeanwhile() throws {
        var (machine, pod) = try waiting()
        pod.annotations["karpenter.sh/do-not-disrupt"] = "true"
        _ = machine.handle(.changed(.pod(pod)), at: at + .seconds(5))
        guard case .quarantined("drain", let reason) = machine.state.nodes["n1"]?.phase else {
            Issue.record("not set aside: \(String(describing: machine.state.nodes["n1"]?.phase))")
            return
        }
        #expect(reason.contains("shop/web-1: its owner forbids eviction: annotation karpenter.sh/do-not-disrupt=true"))
    }

    @Test("a pod that is marked as skipped while it waits is waited for no more")
    func skippedMeanwhile() throws {
        var (machine, pod) = try waiting()
        pod.labels["cluster.x-k8s.io/drain"] = "skip"
        #expect(machine.handle(.changed(.pod(pod)), at: at + .seconds(5)).finished == .done)
    }

    @Test("a pod that was awaited goes once its mark is taken off, also where that was not seen as it happened")
    func releasedMeanwhile() throws {
        for isSeen in [true, false] {
            var (machine, pod) = try waiting { $0.labels["cluster.x-k8s.io/drain"] = "wait-completed" }
            pod.labels["cluster.x-k8s.io/drain"] = nil
            let room = Fixture.budget("web", allowed: 1)
            let snapshot = ClusterSnapshot(
                nodes: [Fixture.node("n1", cordoned: true), Fixture.node("n2")], pods: [pod], budgets: [room],
                workloads: [Fixture.replicaSet("web", replicas: 3)])
            let seen: [Observation] =
                isSeen ? [.changed(.budget(room)), .changed(.pod(pod))] : [.synchronized(snapshot)]
            let reaction = machine.handle(seen, at: at + .seconds(5))
            #expect(reaction.requests == [.evict(pod.reference, gracePeriodSeconds: nil)])
        }
    }

    @Test("a pod whose eviction may land yet is not judged anew")
    func underWay() throws {
        var (machine, pod) = try waiting()
        let asked = machine.handle(.changed(.budget(Fixture.budget("web", allowed: 1))), at: at + .seconds(1))
        let failure = ClusterFailure(.timedOut, message: "no answer")
        _ = machine.handle(.completed(id: asked.ids[0], .cluster(.failed(failure))), at: at + .seconds(2))
        pod.annotations["karpenter.sh/do-not-disrupt"] = "true"
        _ = machine.handle(.changed(.pod(pod)), at: at + .seconds(3))
        #expect(machine.state.working == ["n1"])
    }

    @Test("a pod of a namespace that is terminating is awaited, in the API's words and with where to look")
    func namespaceEnds() {
        let (world, pods) = scene([Fixture.node("n1")], on: ["n1"])
        var governor = Governor(policy: EvictionPolicy())
        governor.add(Governor.Candidate(pod: pods[0].reference, node: "n1"), in: world)
        #expect(governor.admit(in: world, at: at).admissions.count == 1)
        let failure = ClusterFailure(.namespaceTerminating, message: "namespace shop is being terminated")
        let goes = governor.answered(pods[0].uid, .failed(failure), in: world, at: at)
        #expect(goes)
        #expect(
            governor.status(of: "n1", in: world, at: at).sentence
                == "blocked: shop/web-1: awaited until its namespace's deletion ends it (namespace shop is being "
                + "terminated): where that takes long, kubectl get namespace shop -o yaml says what holds it")
    }
}
