import FleetModel
import FleetPlanning
import FleetRun
import Testing

@testable import FleetRehearsal
@testable import FleetSimulation

/// A workload of one replica is never without a Ready pod, whatever owns it and however the run ends, and is set back
/// afterwards (D8, safety rules 13 and 21).
struct DowntimeTests {
    /// Who decides how many pods there are.
    enum Owner: String, CaseIterable, CustomTestStringConvertible {
        case deployment = "a Deployment"
        case statefulSet = "a StatefulSet whose owner permits a second member"
        case autoscaler = "a Deployment that an autoscaler scales"
        case gitOps = "a Deployment that Argo CD owns"
        var testDescription: String { rawValue }
    }

    private let snapshot: ClusterSnapshot
    private let order: RunOrder
    private let home: NodeName
    private let start: ClusterSimulation

    init() throws { try self.init(.deployment) }

    private init(_ owner: Owner, timeout: Duration = .seconds(1800)) throws {
        var builder = ClusterBuilder(seed: 5, at: Instant(seconds: 1_767_225_600))
        for number in 1...6 { builder.addNode("node-\(number)", zone: Zone("zone-\(number % 3)"), number: number) }
        builder.addDaemonSet("kube-system", "proxy", milliCPU: 50)
        if owner == .statefulSet {
            builder.addStatefulSet("shop", "only", replicas: 1, milliCPU: 100, claim: nil)
        } else {
            builder.addDeployment("shop", "only", replicas: 1, milliCPU: 100)
        }
        builder.addDeployment("shop", "cart", replicas: 4, milliCPU: 100)
        if owner == .autoscaler {
            builder.add(
                PodAutoscaler(
                    key: ObjectKey("shop", "only"), uid: "hpa", targetKind: "Deployment", targetName: "only",
                    minReplicas: 1, maxReplicas: 5))
        }
        var snapshot = builder.snapshot()
        for index in snapshot.workloads.indices where snapshot.workloads[index].reference.key.name == "only" {
            if owner == .statefulSet { snapshot.workloads[index].annotations[SurgeRule.annotation] = "true" }
            if owner == .gitOps { snapshot.workloads[index].labels["argocd.argoproj.io/instance"] = "shop" }
        }
        self.snapshot = snapshot
        let home = try #require(snapshot.pods.first { $0.labels["app"] == "only" }?.nodeName)
        let other = try #require(snapshot.nodes.first { $0.name != home }?.name)
        self.home = home
        order = try Decommission.order(
            [[home], [other]], in: snapshot,
            policy: WavePolicy(maxUnavailable: .percent(50), maxUnavailablePerZone: .count(2), soak: .seconds(5)),
            steps: try Decommission.steps(repeatable: true), evictions: EvictionPolicy(timeout: timeout))
        start = ClusterSimulation(snapshot: snapshot)
    }

    // MARK: - Looking

    /// Plays to the end, looking at every instant at which something happens; returns the least number of Ready pods.
    private func play(
        _ rehearsal: inout Rehearsal, _ meanwhile: (inout Rehearsal) -> Void = { _ in }
    ) -> (result: RunResult?, least: Int) {
        var least = ready(rehearsal.simulation)
        let end = rehearsal.time + .seconds(6 * 3600)
        while rehearsal.result == nil, rehearsal.time < end, rehearsal.step() {
            least = min(least, ready(rehearsal.simulation))
            meanwhile(&rehearsal)
        }
        let result = rehearsal.result
        for _ in 0..<60 {
            rehearsal.settle(for: .seconds(1))
            least = min(least, ready(rehearsal.simulation))
        }
        return (result, least)
    }

    private func ready(_ simulation: ClusterSimulation) -> Int {
        simulation.pods.count { $0.labels["app"] == "only" && $0.isReady && !$0.isTerminating }
    }

    /// Replicas, the autoscaler's minimum, and what fleet left on either.
    private struct State: Equatable {
        var replicas: Int?
        var minimum: Int?
        var notes: [String]
    }

    private func state(_ simulation: ClusterSimulation) -> State {
        let snapshot = simulation.snapshot()
        let workload = snapshot.workloads.first { $0.reference.key.name == "only" && $0.controller == nil }
        let autoscaler = snapshot.autoscalers.first
        return State(
            // What an autoscaler makes of its minimum is its own affair.
            replicas: autoscaler == nil ? workload?.replicas : nil, minimum: autoscaler?.minReplicas,
            notes: LeftoverSearch().leftovers(in: snapshot).filter {
                $0.kind == .replicas || $0.kind == .minimumReplicas
            }
            .map { "\($0.object)" })
    }

    private static func raised(_ events: [(event: RunEvent, time: Instant)]) -> Bool {
        events.contains {
            if case .compensationOwed(let owed) = $0.event { owed.compensation.temporary == 2 } else { false }
        }
    }

    // MARK: - Ends

    @Test("a run that succeeds: never down, and set back", arguments: Owner.allCases)
    func success(_ owner: Owner) throws {
        let scene = try DowntimeTests(owner)
        var rehearsal = Rehearsal(scene.order, in: scene.start)
        let (result, least) = scene.play(&rehearsal)
        #expect(result == .done, "\(rehearsal.machine.state.reason)")
        #expect(least >= 1 && Self.raised(rehearsal.events))
        #expect(scene.state(rehearsal.simulation) == scene.state(scene.start))
        #expect(rehearsal.simulation.node(scene.home) == nil)
    }

    @Test("a run that fails while the second pod runs: never down, and set back", arguments: Owner.allCases)
    func failure(_ owner: Owner) throws {
        let scene = try DowntimeTests(owner, timeout: .seconds(120))
        var rehearsal = Rehearsal(scene.order, in: scene.start)
        rehearsal.disturb(.fault(.answer(RequestPattern(.evict), .serverError(500, "no"), count: 1_000_000)))
        let (result, least) = scene.play(&rehearsal)
        #expect(result == .failed)
        #expect(least >= 1 && Self.raised(rehearsal.events))
        #expect(scene.state(rehearsal.simulation) == scene.state(scene.start))
    }

    @Test("killed after any fact, before or after its acts: never down, and set back", arguments: Owner.allCases)
    func crash(_ owner: Owner) throws {
        let scene = try DowntimeTests(owner)
        var whole = Rehearsal(scene.order, in: scene.start)
        #expect(whole.play() == .done)
        // Before the second pod was asked for and after it was given back there is nothing to lose.
        let owed = try #require(whole.events.firstIndex { $0.event.kind == "compensation.owed" })
        let settled = try #require(
            whole.events.firstIndex { $0.event.kind == "node.finished" && $0.time > whole.events[owed].time })
        var crashes = 0
        for count in max(1, owed - 3)...(settled + 3) {
            for performing in [false, true] {
                var first = Rehearsal(scene.order, in: scene.start)
                guard var wreck = first.crash(afterFacts: count, performing: performing) else { continue }
                crashes += 1
                var least = scene.ready(wreck.simulation)
                for _ in 0..<(count % 5) * 10 {
                    _ = wreck.simulation.advance(to: wreck.simulation.now + .seconds(1))
                    least = min(least, scene.ready(wreck.simulation))
                }
                var second = Rehearsal(scene.order, after: wreck)
                let (result, later) = scene.play(&second)
                #expect(result == .done, "after \(count) facts: \(second.machine.state.reason)")
                #expect(min(least, later) >= 1, "after \(count) facts")
                #expect(scene.state(second.simulation) == scene.state(scene.start), "after \(count) facts")
            }
        }
        #expect(crashes > settled - owed)
    }

    @Test("ended at any moment: never down, and set back", arguments: Owner.allCases, [StopKind.abort, .rollback])
    func ended(_ owner: Owner, _ kind: StopKind) throws {
        let scene = try DowntimeTests(owner)
        var whole = Rehearsal(scene.order, in: scene.start)
        #expect(whole.play() == .done)
        let length = (whole.time - scene.start.now).components.seconds
        var surged = 0
        for second in stride(from: 0, to: length, by: Int(max(1, length / 20))) {
            var rehearsal = Rehearsal(scene.order, in: scene.start)
            let moment = rehearsal.time + .seconds(second)
            var isAsked = false
            let (result, least) = scene.play(&rehearsal) { rehearsal in
                guard !isAsked, rehearsal.time >= moment else { return }
                isAsked = true
                rehearsal.requestStop(kind)
            }
            #expect(result == kind.result, "after \(second)s")
            #expect(least >= 1, "after \(second)s")
            #expect(scene.state(rehearsal.simulation) == scene.state(scene.start), "after \(second)s")
            if Self.raised(rehearsal.events) { surged += 1 }
        }
        #expect(surged > 5)
    }

    @Test("a tool that sets the replicas back meanwhile costs the run its node, and the workload nothing")
    func gitOpsHeals() throws {
        let scene = try DowntimeTests(.gitOps, timeout: .seconds(120))
        let only = try #require(scene.snapshot.workloads.first { $0.reference.key.name == "only" }).reference
        let identity = ObjectIdentity(.deployment, only.key)
        var rehearsal = Rehearsal(scene.order, in: scene.start)
        let (result, least) = scene.play(&rehearsal) { rehearsal in
            let replicas = rehearsal.simulation.workloads.first { $0.reference == only }?.replicas
            if replicas == 2 { rehearsal.disturb(.scale(identity, replicas: 1, WriteOptions())) }
        }
        #expect(result == .failed)
        #expect(least >= 1)
        #expect(rehearsal.evictions.accepted.allSatisfy { !$0.key.name.hasPrefix("only") })
        #expect(scene.state(rehearsal.simulation) == scene.state(scene.start))
    }
}
