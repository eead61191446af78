import FleetExpressions
import FleetModel
import FleetPlanning
import Testing

@testable import FleetRun

/// What is asked of a node's pods as they leave, and proved once it is empty (D6, D9, D10).
struct EmptiedNodeTests {
    private let at = Instant(seconds: 1_000)

    private func machine(_ steps: [(String, VariableValue)]) throws -> RunMachine {
        RunMachine(
            Fixture.order(
                waves: [[Fixture.target("n1")]],
                steps: try Fixture.steps(steps.map { ($0.0, Fixture.located($0.1)) })))
    }

    private func reason(_ machine: RunMachine) -> String? {
        if case .quarantined(_, let reason) = machine.state.nodes["n1"]?.phase { reason } else { nil }
    }

    @Test("grace_period is a ceiling: longer graces are cut, shorter ones kept")
    func grace() throws {
        let set = Fixture.replicaSet("web", replicas: 8)
        var pods = (1...8).map { Fixture.pod("web-\($0)", on: $0 <= 2 ? "n1" : "n2", of: set) }
        (pods[0].gracePeriodSeconds, pods[1].gracePeriodSeconds) = (300, 10)
        var machine = try machine([("drain", ["grace_period": "1m"])])
        let snapshot = ClusterSnapshot(
            nodes: [Fixture.node("n1", cordoned: true), Fixture.node("n2")], pods: pods,
            budgets: [Fixture.budget("web", allowed: 2)], workloads: [set])
        let first = machine.handle(.synchronized(snapshot), at: at)
        #expect(
            Set(first.requests) == [
                .evict(pods[0].reference, gracePeriodSeconds: 60), .evict(pods[1].reference, gracePeriodSeconds: nil),
            ])
    }

    @Test("verify_drained names the workload that has no Ready replacement, with the scheduler's words")
    func replacement() throws {
        let set = Fixture.replicaSet("web", replicas: 2)
        let pods = [Fixture.pod("web-1", on: "n1", of: set), Fixture.pod("web-2", on: "n2", of: set)]
        var machine = try machine([("drain", .null), ("verify_drained", ["timeout": "10m"])])
        let snapshot = ClusterSnapshot(
            nodes: [Fixture.node("n1", cordoned: true), Fixture.node("n2")], pods: pods, workloads: [set])
        let first = machine.handle(.synchronized(snapshot), at: at)
        _ = machine.handle(.completed(id: try #require(first.ids.first), .cluster(.succeeded)), at: at)
        _ = machine.handle(.changed(.podDeleted(pods[0].reference)), at: at)
        var waiting = Fixture.pod("web-3", on: nil, of: set, ready: false, phase: .pending)
        waiting.pendingReason = "0/3 nodes are available: 3 Insufficient cpu."
        _ = machine.handle(.changed(.pod(waiting)), at: at)
        let words = "ReplicaSet shop/web has 1 of 2 Ready pods (0/3 nodes are available: 3 Insufficient cpu.)"
        #expect(machine.state.nodes["n1"]?.waiting == words)
        _ = machine.handle(.tick, at: at + .seconds(601))
        #expect(reason(machine) == "after 10m: \(words)")
    }

    @Test("wait_volumes_detached waits for the attachments, by name, and not for ever")
    func volumes() throws {
        let attachment = VolumeAttachment(name: "csi-1", nodeName: "n1", volumeName: "pvc-7")
        var machine = try machine([("wait_volumes_detached", ["timeout": "5m"])])
        _ = machine.handle(
            .synchronized(ClusterSnapshot(nodes: [Fixture.node("n1")], attachments: [attachment])), at: at)
        #expect(machine.state.nodes["n1"]?.waiting == "volumes to detach: pvc-7")
        var late = machine
        _ = machine.handle(.changed(.attachmentDeleted(name: "csi-1")), at: at + .seconds(9))
        #expect(machine.state.result == .done)
        _ = late.handle(.tick, at: at + .seconds(301))
        #expect(reason(late) == "still attached after 5m: pvc-7")
    }

    @Test("delete_node waits for volumes too, where the playbook does not, and not for ever")
    func volumesBeforeDeletion() throws {
        let attachment = VolumeAttachment(name: "csi-1", nodeName: "n1", volumeName: "pvc-7")
        var machine = try machine([("delete_node", .null)])
        let world = ClusterSnapshot(nodes: [Fixture.node("n1")], attachments: [attachment])
        #expect(machine.handle(.synchronized(world), at: at).requests.isEmpty)
        #expect(machine.state.nodes["n1"]?.waiting == "volumes to detach: pvc-7")
        var late = machine
        let detached = machine.handle(.changed(.attachmentDeleted(name: "csi-1")), at: at + .seconds(9))
        #expect(detached.requests == [.deleteNode("n1", uid: "uid-n1")])
        _ = late.handle(.tick, at: at + .seconds(601))
        #expect(reason(late) == "volumes are still attached after 10m: pvc-7")
    }

    @Test("verify_gone: a Node that registers again is told, one that stays gone is proved")
    func gone() throws {
        var machine = try machine([("verify_gone", ["for": "30s"])])
        _ = machine.handle(.synchronized(ClusterSnapshot(nodes: [Fixture.node("n2")])), at: at)
        #expect(machine.state.nodes["n1"]?.waiting == "Node to stay gone for 30s")
        var other = machine
        var again = Fixture.node("n1")
        again.uid = "uid-again"
        _ = other.handle(.changed(.node(again)), at: at + .seconds(5))
        #expect(reason(other)?.hasPrefix("the Node registered again (UID uid-again)") == true)
        _ = machine.handle(.tick, at: at + .seconds(30))
        #expect(machine.state.result == .done)
    }
}
