import FleetModel
import Foundation
import Testing

@testable import FleetPlanning

@Suite struct PlanTests {
    private func world() -> PlanningWorld {
        var world = PlanningWorld()
        world.addNodes("old", 4, areTargets: true)
        world.addNodes("new", 6)
        world.addWorkload(.deployment, "cart", on: ["old1", "old2", "new1", "new2"])
        return world
    }

    @Test func `A plan survives JSON`() throws {
        let plan = world().plan
        #expect(!plan.findings.isEmpty)
        let data = try JSONEncoder().encode(plan)
        let decoded = try JSONDecoder().decode(Plan.self, from: data)
        #expect(decoded == plan)
    }

    @Test func `The policy is written as files have it`() throws {
        var policy = WavePolicy(order: .zoneByZone, canary: .count(2), size: .percent(15), soak: .seconds(90))
        policy.maxFailures = 3
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let data = try encoder.encode(policy)
        let text = String(decoding: data, as: UTF8.self)
        #expect(
            text
                == #"{"canary":"2","maxFailures":3,"maxUnavailable":"10%","maxUnavailablePerZone":"1","order":"zone-by-zone","#
                + #""parallelism":10,"size":"15%","soak":"1m30s"}"#
        )
        let decoded = try JSONDecoder().decode(WavePolicy.self, from: Data(text.utf8))
        #expect(decoded == policy)
        let wrong = Data(text.replacingOccurrences(of: "15%", with: "115%").utf8)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(WavePolicy.self, from: wrong) }
    }

    @Test func `The digest is the content's, whatever the cluster's weather`() {
        let plan = world().plan
        #expect(plan.digest.count == 64)
        var weather = world()
        weather.snapshot.takenAt = Instant(seconds: 99)
        weather.change("old1") { $0.isCordoned = true }
        weather.addPod("bare", on: "old1")
        #expect(weather.plan.findings != plan.findings)
        #expect(weather.plan.digest == plan.digest)
    }

    enum Change: CaseIterable { case cluster, playbook, node, zone, host, waves }

    @Test(arguments: Change.allCases)
    func `What a plan is made of changes its digest`(change: Change) {
        let digest = world().plan.digest
        var world = world()
        var request = world.request
        switch change {
        case .cluster: request.snapshot.clusterUID = "other"
        case .playbook: request.playbookDigest = "p2"
        case .node:
            world.change("old1") { $0.uid = "again" }
            request = world.request
        case .zone:
            world.change("old1") { $0.labels["topology.kubernetes.io/zone"] = "z" }
            request = world.request
        case .host: request.hosts.removeLast()
        case .waves: request.playbook.waves.size = .count(3)
        }
        #expect(Planner.plan(request).digest != digest)
    }

    @Test func `A pinned plan is reviewed wave by wave without changing it`() {
        var world = world()
        let pinned = world.plan
        world.addPod("bare", on: "old3")
        let wave = pinned.waves.first { $0.targets.contains { $0.host == "old3" } }?.number ?? 0
        let reviewed = Planner.review(pinned, world.request, waves: wave...wave)
        #expect(reviewed.waves == pinned.waves && reviewed.digest == pinned.digest)
        #expect(reviewed.blockers.map(\.code) == [.barePod])
        let other = pinned.waves.first { $0.number != wave }?.number ?? 0
        #expect(Planner.review(pinned, world.request, waves: other...other).blockers.isEmpty)
    }

    @Test func `Drift is said in sentences`() {
        var world = world()
        let pinned = world.plan
        #expect(PlanDrift.differences(from: pinned, to: world.plan).isEmpty)
        world.change("old2") { $0.uid = "again" }
        world.hosts.removeFirst()
        let lines = PlanDrift.differences(from: pinned, to: world.plan)
        #expect(lines.contains("old1 is no longer a target"))
        #expect(lines.contains("Node old2 was deleted and registered again"))
    }
}
