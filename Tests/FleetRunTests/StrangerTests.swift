import FleetExpressions
import FleetModel
import Testing

@testable import FleetRun

/// Controllers of kinds that fleet does not know: what they want is what they had.
struct StrangerTests {
    private let at = Instant(seconds: 1_000)
    private let controller = ControllerReference(
        apiVersion: "core.strimzi.io/v1beta2", kind: "StrimziPodSet", name: "kafka", uid: "uid-kafka")

    private func pod(_ number: Int, on node: NodeName = "n1") -> Pod {
        var pod = Fixture.pod("kafka-\(number)", on: node)
        pod.controller = controller
        return pod
    }

    private func world(_ pods: [Pod]) -> World {
        var world = World()
        world.synchronize(with: ClusterSnapshot(nodes: [Fixture.node("n1")], pods: pods))
        return world
    }

    @Test("the implicit budget does not shrink with what was evicted")
    func constant() {
        let pods = (1...8).map { pod($0) }
        var world = world(pods)
        var governor = Governor(policy: EvictionPolicy())
        for pod in pods { governor.add(Governor.Candidate(pod: pod.reference, node: "n1"), in: world) }
        let first = governor.admit(in: world, at: at).admissions.map(\.candidate.pod)
        #expect(first.count == 2)
        for pod in first {
            world.apply(.podDeleted(pod))
            governor.remove(pod.uid)
        }
        #expect(governor.admit(in: world, at: at).admissions.isEmpty)
        let words = "StrimziPodSet shop/kafka has no budget; at most 2 of 8 may be out and 6 are Ready"
        #expect(governor.status(of: "n1", in: world, at: at).blocked.keys.sorted() == [words])

        // Seen anew, as after a gap, it is the same.
        world.synchronize(with: ClusterSnapshot(nodes: [Fixture.node("n1")], pods: Array(world.pods.values)))
        governor.synchronized(with: world)
        #expect(governor.admit(in: world, at: at).admissions.isEmpty)
        // One is back: one more may go.
        let back = pod(9, on: "n2")
        world.apply(.pod(back))
        governor.podChanged(back, in: world)
        #expect(governor.admit(in: world, at: at).admissions.count == 1)
    }

    @Test("what succeeded is wanted no more, what failed or is leaving is", arguments: [true, false])
    func finished(seenAnew: Bool) {
        let pods = (1...4).map { pod($0) }
        var world = world(pods)
        var changed = pods
        changed[0].phase = .succeeded
        changed[1].phase = .failed
        changed[2].deletionTime = at
        for index in changed.indices where index < 3 { changed[index].isReady = false }
        if seenAnew {
            world.synchronize(with: ClusterSnapshot(nodes: [Fixture.node("n1")], pods: changed))
        } else {
            for pod in changed { world.apply(.pod(pod)) }
        }
        #expect(world.wantedPods(of: controller.uid) == 3)
        changed[2].phase = .succeeded
        world.apply(.pod(changed[2]))
        #expect(world.wantedPods(of: controller.uid) == 3)
    }

    @Test("an agreed downtime names it as it names workloads")
    func downtime() {
        let only = pod(1)
        let world = world([only])
        for (agreed, count) in [([], 0), ([ObjectKey("shop", "kafka")], 1)] {
            var governor = Governor(policy: EvictionPolicy(downtime: agreed))
            governor.add(Governor.Candidate(pod: only.reference, node: "n1"), in: world)
            #expect(governor.admit(in: world, at: at).admissions.count == count)
        }
    }

    @Test("verify_drained waits for as many as before, also in a process that never saw them")
    func verified() throws {
        let null = LocatedValue.null(at: Fixture.place)
        let order = Fixture.order(
            waves: [[Fixture.target("n1")]],
            steps: try Fixture.steps([("drain", null), ("verify_drained", null)]))
        let nodes = [Fixture.node("n1"), Fixture.node("n2")]
        let pods = [pod(1), pod(2, on: "n2"), pod(3, on: "n2")]
        var machine = RunMachine(order)
        var events = machine.handle(.synchronized(ClusterSnapshot(nodes: nodes, pods: pods)), at: at).events
        let request = try #require(machine.state.openEvictions.first)
        #expect(request.value == pods[0].reference)
        events += machine.handle(.completed(id: request.key, .cluster(.succeeded)), at: at).events
        let left: [Observation] = [.changed(.podDeleted(pods[0].reference))]
        events += machine.handle(left, at: at).events
        let words = "StrimziPodSet shop/kafka has 2 of 3 Ready pods"
        #expect(machine.state.nodes["n1"]?.waiting == words)

        // All pods are gone meanwhile: the journal tells of them.
        var resumed = RunMachine(order, history: events.map { ($0, at) })
        _ = resumed.handle(.synchronized(ClusterSnapshot(nodes: nodes)), at: at + .seconds(60))
        #expect(resumed.state.nodes["n1"]?.waiting == "StrimziPodSet shop/kafka has 0 of 3 Ready pods")
        let back = (4...6).map { Observation.changed(.pod(pod($0, on: "n2"))) }
        #expect(resumed.handle(back, at: at + .seconds(70)).finished == .done)
    }

    @Test("fewer pods for ten minutes are what is wanted, less what was taken and not replaced", arguments: [0, 2])
    func aged(lost: Int) {
        let pods = (1...8).map { pod($0) }
        var world = world(pods)
        for pod in pods.prefix(4) { world.apply(.podDeleted(pod.reference)) }
        #expect(world.shortStrangers == ["uid-kafka"])
        let ages = [0, 599, 600].map { world.ageStranger("uid-kafka", at: at + .seconds($0), lost: lost) }
        #expect(ages == [false, false, true])
        #expect(world.wantedPods(of: "uid-kafka") == 4 + lost)
    }
}
