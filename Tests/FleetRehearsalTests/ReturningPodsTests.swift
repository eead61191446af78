import FleetModel
import FleetPlanning
import FleetRun
import FleetSimulation
import Testing

@testable import FleetRehearsal

/// Pods that tolerate the cordon come back to the node that they were evicted from.
struct ReturningPodsTests {
    private static let policy = WavePolicy(
        canary: .count(0), maxUnavailable: .percent(100), maxUnavailablePerZone: .percent(100), soak: .zero,
        maxFailures: 5)

    /// Two nodes that alone may run an app of two replicas; its pods tolerate everything where `tolerates` says so.
    private static func cluster(tolerates: Bool) -> ClusterSnapshot {
        var snapshot = PoolCluster.snapshot(poolNodes: 2, otherNodes: 1, apps: 1)
        guard tolerates else { return snapshot }
        for index in snapshot.pods.indices {
            snapshot.pods[index].constraints.tolerations.append(Toleration(exists: true))
        }
        for index in snapshot.workloads.indices {
            snapshot.workloads[index].template?.constraints.tolerations.append(Toleration(exists: true))
        }
        return snapshot
    }

    @Test("they are evicted twice at most, then the node waits, and says why")
    func held() throws {
        let snapshot = Self.cluster(tolerates: true)
        let order = try Decommission.order(
            [["infra-1", "infra-2"]], in: snapshot, policy: Self.policy, steps: try Decommission.maintenance(),
            evictions: EvictionPolicy(timeout: .seconds(300)))
        var rehearsal = Rehearsal(order, in: ClusterSimulation(snapshot: snapshot))
        rehearsal.invariants = Invariants(order, before: snapshot)
        #expect(rehearsal.play(atMost: .seconds(7200)) == .quarantined, "\(rehearsal.machine.state.reason)")
        #expect(rehearsal.invariants?.violations == [])
        let originals = snapshot.pods.count { !$0.isDaemon }
        let accepted = rehearsal.evictions.accepted
        #expect(accepted.count > originals && accepted.count <= 2 * originals, "\(accepted.count) of \(originals)")
        let reasons = rehearsal.events.compactMap {
            if case .nodeQuarantined(let fact) = $0.event { fact.reason } else { nil }
        }
        #expect(!reasons.isEmpty)
        for reason in reasons {
            #expect(
                reason.contains(
                    "Deployment shop/app1 comes back to the cordoned node: it tolerates the cordon ({operator: Exists})"
                ), "\(reason)")
        }
    }

    @Test("a process that takes the run up goes on counting")
    func crashes() throws {
        let snapshot = Self.cluster(tolerates: true)
        let order = try Decommission.order(
            [["infra-1", "infra-2"]], in: snapshot, policy: Self.policy, steps: try Decommission.maintenance(),
            evictions: EvictionPolicy(timeout: .seconds(300)))
        let start = ClusterSimulation(snapshot: snapshot)
        for count in stride(from: 4, to: 40, by: 5) {
            var first = Rehearsal(order, in: start)
            guard let wreck = first.crash(afterFacts: count, performing: true) else { continue }
            var second = Rehearsal(order, after: wreck)
            #expect(second.play(atMost: .seconds(7200)) == .quarantined, "\(second.machine.state.reason)")
            let evictions = (wreck.deeds + second.deeds).count { deed in
                if case .cluster(.evict) = deed.operation { deed.answer.result.isSuccess } else { false }
            }
            let originals = snapshot.pods.count { !$0.isDaemon }
            // What raced with the crash may have been taken for an original.
            #expect(evictions <= 3 * originals, "after \(count) facts: \(evictions)")
        }
    }
}
