import FleetModel
import FleetPlanning
import FleetRun
import FleetSimulation
import Testing

@testable import FleetRehearsal

/// `evictions.stuck: [{selector, action: delete}]`: the only way past a budget (safety rule 11).
struct StuckTests {
    private static let timeout = Duration.seconds(300)
    private static let policy = WavePolicy(
        canary: .count(0), maxUnavailable: .percent(100), maxUnavailablePerZone: .percent(100), soak: .zero,
        maxFailures: 5)

    private static let app = LabelSelector(matchLabels: ["app": "app0"])

    /// One Deployment on four nodes, under a budget that never permits an eviction.
    private static func cluster(grace: Int64 = 20) throws -> ClusterSnapshot {
        let clusters = (1...50).lazy.map { RandomCluster.snapshot(seed: $0, nodes: 4, workloads: 1) }
        var snapshot = try #require(
            clusters.first { $0.workloads.contains { $0.reference.kind == .deployment && $0.replicas > 2 } })
        let deployment = try #require(snapshot.workloads.first { $0.reference.kind == .deployment })
        let replicas = deployment.replicas
        snapshot.budgets = [
            PodDisruptionBudget(
                key: deployment.reference.key, uid: "never", selector: app, minAvailable: .count(replicas),
                generation: 1, observedGeneration: 1, disruptionsAllowed: 0, currentHealthy: replicas,
                desiredHealthy: replicas, expectedPods: replicas)
        ]
        for index in snapshot.pods.indices { snapshot.pods[index].gracePeriodSeconds = grace }
        for index in snapshot.workloads.indices { snapshot.workloads[index].template?.gracePeriodSeconds = grace }
        return snapshot
    }

    private static func order(
        _ snapshot: ClusterSnapshot, selector: LabelSelector = app, permitted: Bool = true
    ) throws -> RunOrder {
        let node = try #require(snapshot.pods.first { app.matches($0.labels) }?.nodeName)
        let stuck = StuckPolicy(rules: [StuckPolicy.Rule(selector: selector, action: .delete)])
        var order = try Decommission.order(
            [[node]], in: snapshot, policy: policy, steps: try Decommission.maintenance(),
            evictions: EvictionPolicy(timeout: timeout, stuck: stuck))
        order.settings.permitsBudgetOverride = permitted
        return order
    }

    private static func played(_ order: RunOrder, _ snapshot: ClusterSnapshot) -> Rehearsal {
        var rehearsal = Rehearsal(order, in: ClusterSimulation(snapshot: snapshot))
        rehearsal.invariants = Invariants(order, before: snapshot)
        rehearsal.play(atMost: .seconds(7200))
        return rehearsal
    }

    @Test("permitted and named, the pod is deleted when its time is over, with its own grace; the journal says why")
    func deleted() throws {
        let snapshot = try Self.cluster()
        let order = try Self.order(snapshot)
        let rehearsal = Self.played(order, snapshot)
        #expect(rehearsal.result == .done, "\(rehearsal.machine.state.reason)")
        #expect(rehearsal.invariants?.violations == [])

        let passes = rehearsal.passes
        let node = order.waves[0].targets[0].node
        let onNode = snapshot.pods.filter { Self.app.matches($0.labels) && $0.nodeName == node }
        #expect(Set(passes.map(\.pass.request.pod)) == Set(onNode.map(\.reference)))
        for (pass, time) in passes {
            #expect(pass.reason.hasPrefix("PodDisruptionBudget \(snapshot.budgets[0].key) needs "))
            #expect(pass.waitedSeconds >= Self.timeout.inSeconds)
            #expect(time - snapshot.takenAt < Self.timeout + .seconds(5))
        }
        let deletions = rehearsal.deeds.compactMap { deed -> Int64?? in
            if case .cluster(.deletePod(_, let grace)) = deed.operation { .some(grace) } else { nil }
        }
        #expect(deletions.count == onNode.count && deletions.allSatisfy { $0 == nil })
    }

    @Test(
        "not permitted, not named, or with grace 0 the node is set aside and nothing is deleted",
        arguments: [
            (permitted: false, app: "app0", grace: 20, words: "with --allow budget-override"),
            (permitted: true, app: "other", grace: 20, words: "healthy pods and has"),
            (permitted: true, app: "app0", grace: 0, words: "its grace period is 0"),
        ] as [(permitted: Bool, app: String, grace: Int64, words: String)])
    func kept(permitted: Bool, app: String, grace: Int64, words: String) throws {
        let snapshot = try Self.cluster(grace: grace)
        let order = try Self.order(snapshot, selector: LabelSelector(matchLabels: ["app": app]), permitted: permitted)
        let rehearsal = Self.played(order, snapshot)
        #expect(rehearsal.result == .quarantined, "\(rehearsal.machine.state.reason)")
        #expect(rehearsal.invariants?.violations == [])
        #expect(rehearsal.passes.isEmpty)
        let reasons = rehearsal.events.compactMap {
            if case .nodeQuarantined(let fact) = $0.event { fact.reason } else { nil }
        }
        #expect(reasons.count == 1 && reasons[0].contains(words), "\(reasons)")
    }

    @Test("killed after every fact of the deletion, the run goes on and deletes nothing twice")
    func crashes() throws {
        let snapshot = try Self.cluster()
        let order = try Self.order(snapshot)
        let whole = Self.played(order, snapshot)
        let first = try #require(whole.events.firstIndex { if case .budgetPassed = $0.event { true } else { false } })
        for count in first...(first + 4) {
            for performing in [false, true] {
                var rehearsal = Rehearsal(order, in: ClusterSimulation(snapshot: snapshot))
                guard let wreck = rehearsal.crash(afterFacts: count, performing: performing) else { continue }
                var next = Rehearsal(order, after: wreck)
                next.play(atMost: .seconds(7200))
                #expect(next.result == .done, "\(count) \(performing): \(next.machine.state.reason)")
                let deleted = (wreck.deeds + next.deeds).compactMap { deed -> ObjectUID? in
                    guard case .cluster(.deletePod(let pod, _)) = deed.operation, deed.answer.result.isSuccess else {
                        return nil
                    }
                    return pod.uid
                }
                #expect(Set(deleted).count == deleted.count)
            }
        }
    }
}

extension Rehearsal {
    fileprivate var passes: [(pass: RunEvent.BudgetPassed, time: Instant)] {
        events.compactMap { if case .budgetPassed(let pass) = $0.event { (pass, $0.time) } else { nil } }
    }
}
