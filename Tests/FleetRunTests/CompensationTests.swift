import FleetExpressions
import FleetModel
import FleetPlanning
import Testing

@testable import FleetRun

/// Temporary changes are undone whatever goes wrong meanwhile (safety rules 21 and 23).
struct CompensationTests {
    private let start = Instant(seconds: 1_000)
    private let null = LocatedValue.null(at: Fixture.place)

    private struct Single {
        var deployment: Workload
        var set: Workload
        var pod: Pod

        init(_ name: String) {
            deployment = Fixture.deployment(name, replicas: 1)
            set = Fixture.replicaSet(name, replicas: 1, deployment: deployment)
            pod = Fixture.pod("\(name)-1", on: "n1", of: set)
        }

        /// As it stands once fleet's request has landed.
        func raised(to replicas: Int = 2) -> Workload {
            var workload = deployment
            workload.replicas = replicas
            workload.annotations[Compensation.annotation] = "run=r-test;previous=1"
            return workload
        }
    }

    private func begin(
        _ singles: [Single], history: [(event: RunEvent, time: Instant)] = []
    ) throws -> (RunMachine, Reaction) {
        let steps = try Fixture.steps([("surge_single_replicas", null), ("drain", null)])
        var machine = RunMachine(Fixture.order(waves: [[Fixture.target("n1")]], steps: steps), history: history)
        let snapshot = ClusterSnapshot(
            nodes: [Fixture.node("n1"), Fixture.node("n2")], pods: singles.map(\.pod),
            workloads: singles.flatMap { [$0.deployment, $0.set] })
        let first = machine.handle(.synchronized(snapshot), at: start)
        return (machine, first)
    }

    private func answer(_ id: Int, _ code: ClusterFailure.Code?) -> Observation {
        .completed(id: id, .cluster(code.map { .failed(ClusterFailure($0, message: "no")) } ?? .succeeded))
    }

    @Test("a surge that is still in flight when its node is set aside is undone once it shows")
    func inFlight() throws {
        let (cart, search) = (Single("cart"), Single("search"))
        var (machine, first) = try begin([cart, search])
        #expect(first.ids.count == 2)
        // The first one is forbidden: the node is set aside while the second one is on its way.
        let second = machine.handle(answer(first.ids[0], .forbidden), at: start + .seconds(1))
        #expect(second.kinds.contains("node.quarantined"))
        #expect(machine.state.compensations.count == 2)
        _ = machine.handle(answer(first.ids[1], nil), at: start + .seconds(2))
        #expect(machine.state.compensations.count == 2)

        // The watch is late: the change shows after the answer.
        let shown = machine.handle(.changed(.workload(search.raised())), at: start + .seconds(3))
        let later = machine.handle(.tick, at: shown.deadline ?? start + .seconds(7))
        let undo = ClusterRequest.ifUnchanged(
            since: "", .scale(search.deployment.reference, replicas: 1, annotations: [Compensation.annotation: nil]))
        #expect((shown.requests + later.requests).contains(undo))
    }

    @Test(
        "a node that the plan gave back is a home for a second pod; one that is cordoned, to go, or gone for good is none",
        arguments: [
            ("uncordon", false, false, true), ("uncordon", true, false, false), ("uncordon", false, true, false),
            ("delete_node", false, false, false),
        ])
    func homes(last: String, isCordoned: Bool, isMarked: Bool, isHome: Bool) throws {
        let cart = Single("cart")
        var order = Fixture.order(
            waves: [[Fixture.target("n1")]],
            steps: try Fixture.steps([("surge_single_replicas", null), ("drain", null), (last, null)]))
        order.settings.retiring = ["n1", "n2"]
        var other = Fixture.node("n2")
        other.isCordoned = isCordoned
        if isMarked { other.taints.append(RunMachine.retiringTaint) }
        var machine = RunMachine(order)
        let first = machine.handle(
            .synchronized(
                ClusterSnapshot(
                    nodes: [Fixture.node("n1"), Fixture.node("n2")], pods: [cart.pod],
                    workloads: [cart.deployment, cart.set])),
            at: start)
        let id = try #require(first.ids.first)
        _ = machine.handle(answer(id, nil), at: start + .seconds(1))
        _ = machine.handle(.changed(.node(other)), at: start + .seconds(2))
        _ = machine.handle(.changed(.workload(cart.raised())), at: start + .seconds(2))
        let ready = machine.handle(
            .changed(.pod(Fixture.pod("cart-2", on: "n2", of: cart.set))), at: start + .seconds(3))
        #expect(ready.kinds.contains("step.finished") == isHome, "\(ready.kinds)")
    }

    @Test("replicas that somebody else changed stay, and fleet's annotation goes")
    func changedByOthers() throws {
        let cart = Single("cart")
        var world = World()
        world.synchronize(with: ClusterSnapshot(workloads: [cart.raised(to: 5), cart.set]))
        let owed = Compensation.replicas(of: cart.deployment, to: 2, for: "n1")
        #expect(
            owed.request(in: world, of: "r-test")
                == .ifUnchanged(
                    since: "",
                    .scale(cart.deployment.reference, replicas: 5, annotations: [Compensation.annotation: nil])))
    }

    @Test("a number without this run's annotation is somebody else's, and so is another autoscaler of the name")
    func othersNumbers() {
        let cart = Single("cart")
        let owed = Compensation.replicas(of: cart.deployment, to: 2, for: "n1")
        for note in [nil, "run=r-other;previous=1;set=2"] {
            var workload = cart.raised()
            workload.annotations[Compensation.annotation] = note
            var world = World()
            world.synchronize(with: ClusterSnapshot(workloads: [workload, cart.set]))
            #expect(owed.request(in: world, of: "r-test") == nil)
        }
        func autoscaler(_ uid: ObjectUID) -> PodAutoscaler {
            PodAutoscaler(
                key: ObjectKey("shop", "cart"), uid: uid, targetKind: "Deployment", targetName: "cart", minReplicas: 2,
                maxReplicas: 4, annotations: [Compensation.annotation: "run=r-test;previous=1;set=2"])
        }
        var raised = Compensation.minimum(of: autoscaler("hpa-1"), to: 2, for: "n1")
        raised.previous = 1
        for (uid, isOurs) in [("hpa-1", true), ("hpa-2", false)] as [(ObjectUID, Bool)] {
            var world = World()
            world.synchronize(with: ClusterSnapshot(autoscalers: [autoscaler(uid)]))
            #expect((raised.request(in: world, of: "r-test") != nil) == isOurs)
            #expect(raised.isMoot(in: world) == !isOurs)
        }
    }

    @Test("while the cluster is not seen, nothing is taken for undone")
    func unseen() throws {
        let cart = Single("cart")
        var (machine, first) = try begin([cart])
        _ = machine.handle(.interrupted(ClusterFailure(.connectionLost, message: "")), at: start)
        _ = machine.handle(answer(first.ids[0], nil), at: start)
        _ = machine.handle(.stopRequested(by: "op", kind: .abort), at: start)
        for second in stride(from: 5, through: 200, by: 5) {
            #expect(machine.handle(.tick, at: start + .seconds(Int64(second))).finished == nil)
        }
        let snapshot = ClusterSnapshot(
            nodes: [Fixture.node("n1"), Fixture.node("n2")], pods: [cart.pod], workloads: [cart.raised(), cart.set])
        let seen = machine.handle(.synchronized(snapshot), at: start + .seconds(205))
        let later = machine.handle(.tick, at: start + .seconds(210))
        let undo = ClusterRequest.ifUnchanged(
            since: "", .scale(cart.deployment.reference, replicas: 1, annotations: [Compensation.annotation: nil]))
        #expect((seen.requests + later.requests).contains(undo))
    }

    @Test("a refused undoing is tried again, and no deadline ever lies in the past")
    func retried() throws {
        let cart = Single("cart")
        var (machine, reaction) = try begin([cart])
        var now = start
        func tell(_ observation: Observation) {
            reaction = machine.handle(observation, at: now)
            if let deadline = reaction.deadline { #expect(deadline > now) }
        }
        tell(answer(reaction.ids[0], nil))
        tell(.changed(.workload(cart.raised())))
        tell(.changed(.pod(Fixture.pod("cart-2", on: "n2", of: cart.set))))
        let eviction = try #require(reaction.ids.first)
        tell(answer(eviction, nil))
        tell(.changed(.podDeleted(cart.pod.reference)))
        var attempts = 0
        while machine.state.result == nil, attempts < 5 {
            if let undo = reaction.ids.first {
                attempts += 1
                tell(answer(undo, attempts < 4 ? .serverError : nil))
                if attempts == 4 { tell(.changed(.workload(cart.deployment))) }
            }
            guard let deadline = reaction.deadline else { break }
            now = deadline
            tell(.tick)
        }
        #expect(attempts == 4)
        #expect(machine.state.result == .done)
    }

    @Test("an autoscaler's minimum is raised in place of the replicas, and set back")
    func autoscaler() throws {
        let cart = Single("cart")
        var scaler = PodAutoscaler(
            key: ObjectKey("shop", "cart-hpa"), uid: "uid-hpa", targetKind: "Deployment", targetName: "cart",
            minReplicas: 1, maxReplicas: 4)
        scaler.resourceVersion = "41"
        let steps = try Fixture.steps([("surge_single_replicas", null), ("drain", null)])
        var machine = RunMachine(Fixture.order(waves: [[Fixture.target("n1")]], steps: steps))
        let snapshot = ClusterSnapshot(
            nodes: [Fixture.node("n1"), Fixture.node("n2")], pods: [cart.pod], workloads: [cart.deployment, cart.set],
            autoscalers: [scaler])
        let first = machine.handle(.synchronized(snapshot), at: start)
        let note = [Compensation.annotation: Optional("run=r-test;previous=1;set=2")]
        #expect(
            first.requests == [
                .ifUnchanged(since: "41", .setMinimumReplicas(scaler.key, minReplicas: 2, annotations: note))
            ])
        #expect(machine.state.compensations.keys.sorted() == ["minReplicas HorizontalPodAutoscaler shop/cart-hpa"])

        (scaler.minReplicas, scaler.annotations) = (2, [Compensation.annotation: "run=r-test;previous=1;set=2"])
        _ = machine.handle(answer(first.ids[0], nil), at: start)
        _ = machine.handle(.changed(.autoscaler(scaler)), at: start)
        _ = machine.handle(.changed(.workload(cart.raised())), at: start)
        let second = machine.handle(.changed(.pod(Fixture.pod("cart-2", on: "n2", of: cart.set))), at: start)
        #expect(second.requests == [.evict(cart.pod.reference, gracePeriodSeconds: nil)])
        _ = machine.handle(answer(second.ids[0], nil), at: start)
        let third = machine.handle(.changed(.podDeleted(cart.pod.reference)), at: start)
        #expect(
            third.requests
                == [
                    .ifUnchanged(
                        since: "41",
                        .setMinimumReplicas(scaler.key, minReplicas: 1, annotations: [Compensation.annotation: nil]))
                ])
        _ = machine.handle(answer(third.ids[0], nil), at: start)
        (scaler.minReplicas, scaler.annotations) = (1, [:])
        _ = machine.handle(.changed(.autoscaler(scaler)), at: start)
        #expect(machine.state.result == .done)
    }

    @Test("what the plan's rule forbids is refused in the run too, and nothing is scaled")
    func refused() throws {
        var cart = Single("cart")
        cart.deployment.strategy = .recreate
        let (machine, first) = try begin([cart])
        #expect(first.requests.allSatisfy { if case .scale = $0 { false } else { true } })
        guard case .quarantined(_, let reason) = machine.state.nodes["n1"]?.phase else {
            Issue.record("not set aside")
            return
        }
        #expect(reason == "Deployment shop/cart has one replica and cannot be surged: its strategy is Recreate")
    }

    @Test("tokens are a run's by their note or by what kubeadm was told to write about them; all others stay")
    func leftTokens() {
        let tokens = [
            StandingToken(id: "noted1", note: "run=r-1", expiresAt: start),
            StandingToken(id: "byhand", description: "for web-02"),
            StandingToken(id: "onhost", description: "fleet run r-2"),
            StandingToken(id: "foreig", description: "my fleet run r-3 of ships"),
        ]
        let found = LeftoverSearch().leftovers(in: ClusterSnapshot(), tokens: tokens)
        #expect(found.map(\.run) == ["r-1", "r-2"])
        #expect(found.map(\.found) == ["expires by itself", "never expires"])
        #expect(
            found.map(\.fate)
                == ["noted1", "onhost"].map {
                    .restore(.deleteBootstrapToken(id: $0), resourceVersion: nil)
                })
    }

    @Test(
        "the mark of a node that was set aside is found by its label or its reason, and goes as a whole, with the cordon",
        arguments: [
            (["fleet.run/quarantined": "drain"], ["fleet.run/quarantine-reason": "not drained within 30m"]),
            (["fleet.run/quarantined": "drain"], [:]), ([:], ["fleet.run/quarantine-reason": "by\nhand"]), ([:], [:]),
        ] as [([String: String], [String: String])])
    func quarantineMark(labels: [String: String], annotations: [String: String]) {
        var node = Fixture.node("n1")
        node.labels.merge(labels) { $1 }
        node.annotations.merge(annotations) { $1 }
        node.resourceVersion = "7"
        let snapshot = ClusterSnapshot(nodes: [node])
        let lifted = LeftoverSearch(liftsCordons: true).leftovers(in: snapshot)
        guard !labels.isEmpty || !annotations.isEmpty else { return #expect(lifted.isEmpty) }
        let patch = NodePatch(
            labels: labels.mapValues { _ -> String? in nil }, annotations: annotations.mapValues { _ -> String? in nil }
        )
        #expect(
            lifted.map(\.fate) == [.restore(.patchNode("n1", uid: node.uid, patch), resourceVersion: "7")])
        #expect(lifted.allSatisfy { !$0.found.isEmpty && !$0.found.contains("\n") })
        let kept = LeftoverSearch().leftovers(in: snapshot)
        #expect(kept.map(\.kind) == [.quarantine] && kept.allSatisfy { !$0.isRestorable })
    }

    @Test("a surge that somebody took back is not sent again: the node is set aside, and the number stays")
    func overruled() throws {
        let cart = Single("cart")
        var (machine, first) = try begin([cart])
        _ = machine.handle(answer(first.ids[0], nil), at: start + .seconds(1))
        _ = machine.handle(.changed(.workload(cart.raised())), at: start + .seconds(2))
        let taken = machine.handle(.changed(.workload(cart.raised(to: 1))), at: start + .seconds(3))
        let later = machine.handle(.tick, at: start + .seconds(35))
        #expect((taken.kinds + later.kinds).contains("node.quarantined"))
        guard case .quarantined(_, let reason)? = machine.state.nodes["n1"]?.phase else { return }
        #expect(reason.hasPrefix("somebody set Deployment shop/cart back to 1 after this run had raised it"))
        let scales = (taken.requests + later.requests).filter {
            if case .ifUnchanged(_, .scale(_, let replicas, _)) = $0 { replicas > 1 } else { false }
        }
        #expect(scales.isEmpty)
    }
}
