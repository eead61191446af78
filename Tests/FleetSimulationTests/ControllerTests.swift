import FleetModel
import FleetSimulation
import Testing

@Suite struct ControllerTests {
    @Test func cordonTaintsAndKeepsPodsAway() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        let node = try #require(scenario.simulation.nodes.first)
        let before = scenario.simulation.pods(on: node.name).count
        let patch = ClusterRequest.patchNode(node.name, uid: node.uid, NodePatch(isCordoned: true))
        #expect(scenario.perform(.request(patch, dryRun: false)).outcome == .succeeded)
        scenario.wait(.seconds(1))
        let taint = Taint(key: "node.kubernetes.io/unschedulable", effect: .noSchedule)
        #expect(scenario.simulation.node(node.name)?.taints == [taint])
        #expect(scenario.simulation.pods(on: node.name).count == before)
        for pod in scenario.simulation.pods(on: node.name) where pod.key.namespace == "shop" {
            scenario.perform(.delete(ObjectIdentity(.pod, pod.key), DeleteOptions()))
        }
        scenario.wait(.seconds(5))
        #expect(scenario.simulation.pods(on: node.name).allSatisfy { $0.key.namespace != "shop" })

        let undo = ClusterRequest.patchNode(node.name, uid: node.uid, NodePatch(isCordoned: false))
        scenario.perform(.request(undo, dryRun: false))
        scenario.wait(.seconds(1))
        #expect(scenario.simulation.node(node.name)?.taints == [])
    }

    @Test func patchWithoutEffectChangesNothing() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        scenario.wait(.seconds(1))
        let node = try #require(scenario.simulation.nodes.first)
        let patch = ClusterRequest.patchNode(node.name, uid: node.uid, NodePatch(isCordoned: false))
        #expect(scenario.perform(.request(patch, dryRun: false)).changes.isEmpty)
        let stale = ClusterRequest.patchNode(node.name, uid: "other", NodePatch(isCordoned: true))
        guard case .failed(let failure) = scenario.perform(.request(stale, dryRun: false)).outcome else {
            Issue.record("a stale UID was accepted")
            return
        }
        #expect(failure.code == .replaced && failure.status == 409)
    }

    @Test func statefulSetReusesTheNameOnlyAfterTheOldPodIsGone() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        scenario.wait(.seconds(1))
        let old = try #require(scenario.simulation.pod(ObjectKey("pay", "ledger-1")))
        var changes = scenario.perform(.evict(old.key, DeleteOptions())).changes
        changes += scenario.wait(.seconds(5))
        let own = changes.filter { $0.stored.identity == ObjectIdentity(.pod, old.key) }
        let gone = try #require(own.firstIndex { $0.event == .deleted })
        let reborn = try #require(own.firstIndex { $0.event == .added })
        #expect(gone < reborn)
        let new = try #require(scenario.simulation.pod(old.key))
        #expect(new.uid != old.uid && new.isReady && new.volumes == old.volumes)
        let zone = { (name: NodeName?) in name.flatMap { scenario.simulation.node($0)?.zone } }
        #expect(zone(new.nodeName) == zone(old.nodeName))
    }

    @Test func volumeIsDetachedAfterThePodHasGone() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        scenario.wait(.seconds(1))
        let pod = try #require(scenario.simulation.pod(ObjectKey("pay", "ledger-0")))
        let node = try #require(pod.nodeName.flatMap { scenario.simulation.node($0) })
        #expect(node.volumesInUse.count == 1)
        scenario.perform(.request(.patchNode(node.name, uid: node.uid, NodePatch(isCordoned: true)), dryRun: false))
        scenario.perform(.evict(pod.key, DeleteOptions()))
        scenario.wait(.seconds(5))
        #expect(scenario.simulation.node(node.name)?.volumesInUse == [])
        let attachments = scenario.simulation.snapshot().attachments
        #expect(attachments.count == 3 && attachments.allSatisfy { $0.nodeName != node.name })
        #expect(scenario.simulation.pod(pod.key)?.isReady == true)
    }

    @Test func aSnapshotTakenWhileAPodMovesComesToRest() throws {
        var first = Scenario(DemoCluster.snapshot())
        first.wait(.seconds(1))
        let pod = try #require(first.simulation.pod(ObjectKey("pay", "ledger-0")))
        let node = try #require(pod.nodeName.flatMap { first.simulation.node($0) })
        first.perform(.request(.patchNode(node.name, uid: node.uid, NodePatch(isCordoned: true)), dryRun: false))
        first.perform(.evict(pod.key, DeleteOptions()))
        var midway = first.simulation.snapshot()
        for _ in 0..<2_000 {
            first.wait(.milliseconds(5))
            midway = first.simulation.snapshot()
            let member = midway.pods.first { $0.key == pod.key }
            if member?.uid != pod.uid, member?.nodeName != nil, member?.isReady == false { break }
        }
        #expect(midway.attachments.contains { $0.nodeName == node.name }, "the volume is still at the old node")
        var second = Scenario(midway)
        second.wait(.seconds(60))
        #expect(second.simulation.pod(pod.key)?.isReady == true)
        #expect(second.simulation.snapshot().attachments.allSatisfy { $0.nodeName != node.name })
    }

    /// A snapshot of `fleet simulate` holds UIDs that its own seed gave, and a rehearsal draws from the same seed.
    @Test func noUIDOfTheSnapshotIsGivenAgain() throws {
        func replace(in snapshot: ClusterSnapshot) throws -> (pods: [Pod], new: Pod) {
            var scenario = Scenario(snapshot)
            let old = try #require(scenario.pods("shop", app: "cart").min { $0.key < $1.key })
            scenario.perform(.evict(old.key, DeleteOptions()))
            scenario.wait(.seconds(60))
            let known = Set(snapshot.pods.map(\.key))
            return (scenario.simulation.pods, try #require(scenario.simulation.pods.first { !known.contains($0.key) }))
        }
        var snapshot = DemoCluster.snapshot()
        let drawn = try replace(in: snapshot).new.uid
        let other = try #require(snapshot.pods.firstIndex { $0.labels["app"] == "frontend" })
        snapshot.pods[other].uid = drawn
        let again = try replace(in: snapshot)
        #expect(again.new.uid != drawn)
        #expect(Set(again.pods.map(\.uid)).count == snapshot.pods.count)
    }

    @Test func deletedNodeStaysGoneUntilItsKubeletRestarts() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        scenario.wait(.seconds(1))
        let node = try #require(scenario.simulation.nodes.first)
        scenario.perform(.request(.deleteNode(node.name, uid: node.uid), dryRun: false))
        scenario.wait(.seconds(600))
        #expect(scenario.simulation.node(node.name) == nil)
        #expect(scenario.simulation.pods(on: node.name).isEmpty)
        scenario.perform(.host(node.name, .startKubelet))
        scenario.wait(.seconds(10))
        let again = try #require(scenario.simulation.node(node.name))
        #expect(again.uid != node.uid && again.machineID == node.machineID)
        #expect(again.isReady && !again.isCordoned && again.taints.isEmpty)
        #expect(scenario.simulation.pods(on: node.name).count { $0.isDaemon && $0.isReady } == 2)
    }

    @Test func podsOfADeletedNodeGoAfter40To80Seconds() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        scenario.wait(.seconds(1))
        let node = try #require(scenario.simulation.nodes.first)
        let count = scenario.simulation.pods(on: node.name).count
        scenario.perform(.request(.deleteNode(node.name, uid: node.uid), dryRun: false))
        scenario.wait(.seconds(40))
        #expect(scenario.simulation.pods(on: node.name).count == count)
        let changes = scenario.wait(.seconds(41))
        #expect(scenario.simulation.pods(on: node.name).isEmpty)
        #expect(changes.contains { $0.stored.detail.disruptionReason == "DeletionByPodGC" && $0.event == .deleted })
    }

    @Test func deadKubeletMakesTheNodeUnknownAndHoldsItsPods() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        scenario.wait(.seconds(1))
        let pod = try #require(scenario.pods("shop", app: "search").first)
        let name = try #require(pod.nodeName)
        scenario.perform(.host(name, .stopKubelet))
        scenario.perform(.evict(pod.key, DeleteOptions()))
        scenario.wait(.seconds(45))
        #expect(scenario.simulation.node(name)?.readiness == .ready)
        scenario.wait(.seconds(10))
        let node = try #require(scenario.simulation.node(name))
        #expect(node.readiness == .unknown)
        #expect(node.taints.map(\.key) == Array(repeating: "node.kubernetes.io/unreachable", count: 2))
        #expect(scenario.simulation.pods(on: name).allSatisfy { !$0.isReady })
        scenario.wait(.seconds(280))
        #expect(scenario.simulation.pods(on: name).count { $0.isTerminating } == 1)
        scenario.wait(.seconds(400))
        #expect(scenario.simulation.pod(pod.key)?.isTerminating == true)
        #expect(scenario.simulation.pods(on: name).allSatisfy { $0.isDaemon || $0.isTerminating })

        scenario.perform(.host(name, .startKubelet))
        scenario.wait(.seconds(5))
        #expect(scenario.simulation.pod(pod.key) == nil)
        #expect(scenario.simulation.node(name)?.taints == [])
    }

    @Test func joiningHostRegistersAndGetsItsDaemons() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        let size = Resources(milliCPU: 4000, memory: 16 << 30, pods: 110)
        let node = Node(name: "web-99", uid: "", capacity: size, allocatable: size, machineID: "m99")
        scenario.perform(.addHost(HostState(node: node, kubelet: .stopped, isJoined: false)))
        scenario.perform(.host("web-99", .startKubelet))
        scenario.wait(.seconds(5))
        #expect(scenario.simulation.node("web-99") == nil)
        scenario.perform(.host("web-99", .join))
        scenario.wait(.seconds(5))
        #expect(scenario.simulation.node("web-99")?.isReady == true)
        #expect(scenario.simulation.pods(on: "web-99").filter(\.isDaemon).count == 2)
    }

    @Test func unschedulablePodSaysWhyAndGoesWhenThereIsRoom() throws {
        var scenario = Scenario(DemoCluster.snapshot(nodeCount: 3))
        scenario.wait(.seconds(1))
        let deployment = ObjectIdentity(.deployment, ObjectKey("shop", "search"))
        scenario.perform(.scale(deployment, replicas: 40, WriteOptions()))
        scenario.wait(.seconds(5))
        let pending = try #require(scenario.pods("shop", app: "search").first { $0.nodeName == nil })
        #expect(pending.pendingReason == "0/3 nodes are available: 3 Insufficient cpu.")
        scenario.perform(.scale(deployment, replicas: 2, WriteOptions()))
        scenario.wait(.seconds(60))
        #expect(scenario.pods("shop", app: "search").count == 2)
    }

    @Test func newTemplateRollsTheDeployment() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        scenario.wait(.seconds(1))
        let identity = ObjectIdentity(.deployment, ObjectKey("shop", "cart"))
        guard case .workload(var workload)? = scenario.simulation.stored(identity)?.object else {
            Issue.record("no Deployment shop/cart")
            return
        }
        let old = Set(scenario.pods("shop", app: "cart").map(\.uid))
        workload.template?.annotations["kubectl.kubernetes.io/restartedAt"] = "now"
        scenario.perform(.replace(.workload(workload), WriteOptions()))
        var fewest = 6
        for _ in 0..<300 {
            scenario.wait(.milliseconds(10))
            fewest = min(fewest, scenario.pods("shop", app: "cart").count { $0.isReady && !$0.isTerminating })
        }
        let pods = scenario.pods("shop", app: "cart")
        #expect(pods.count == 6 && pods.allSatisfy { $0.isReady && !old.contains($0.uid) })
        #expect(fewest >= 5)
    }

    @Test func finalizerHoldsAPodAfterItsContainersEnded() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        var pod = try #require(scenario.pods("shop", app: "search").first)
        pod.finalizers = ["example.com/hold"]
        scenario.perform(.replace(.pod(pod), WriteOptions()))
        scenario.perform(.evict(pod.key, DeleteOptions()))
        scenario.wait(.seconds(60))
        let held = try #require(scenario.simulation.pod(pod.key))
        #expect(held.isTerminating && held.isFinished)
        scenario.perform(.fault(.releaseFinalizers(pod.key)))
        #expect(scenario.simulation.pod(pod.key) == nil)
    }

    @Test func containersThatIgnoreSignalsEndWithTheGracePeriod() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        let pod = try #require(scenario.pods("shop", app: "search").first)
        scenario.perform(.fault(.ignoresTermination(pod.key)))
        scenario.perform(.evict(pod.key, DeleteOptions(gracePeriodSeconds: 20)))
        scenario.wait(.seconds(19))
        #expect(scenario.simulation.pod(pod.key)?.isTerminating == true)
        scenario.wait(.seconds(2))
        #expect(scenario.simulation.pod(pod.key) == nil)
    }

    @Test func scriptedAnswersAreGivenOnceEach() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        let pod = try #require(scenario.pods("shop", app: "search").first)
        scenario.perform(.fault(.answer(RequestPattern(.evict), .throttled(retryAfterSeconds: 3), count: 1)))
        scenario.perform(.fault(.answer(RequestPattern(.evict), .connectionLost(lands: true), count: 1)))
        let throttled = try #require(scenario.evict(pod.key).refusal)
        #expect(throttled.isPlainText && throttled.retryAfterSeconds == 3 && throttled.code == .throttled)
        #expect(scenario.evict(pod.key) == .lost)
        #expect(scenario.simulation.pod(pod.key)?.isTerminating == true)
        #expect(scenario.evict(pod.key).isDone)
    }

    @Test func pausedControllerCatchesUp() throws {
        var scenario = Scenario(DemoCluster.snapshot())
        scenario.wait(.seconds(1))
        let pod = try #require(scenario.pods("shop", app: "cart").first)
        scenario.perform(.fault(.controller(.disruption, isPaused: true)))
        #expect(scenario.evict(pod.key).isDone)
        scenario.wait(.seconds(10))
        #expect(scenario.simulation.budget(ObjectKey("shop", "cart"))?.disruptionsAllowed == 0)
        scenario.perform(.fault(.controller(.disruption, isPaused: false)))
        scenario.wait(.seconds(1))
        #expect(scenario.simulation.budget(ObjectKey("shop", "cart"))?.disruptionsAllowed == 1)
    }
}
