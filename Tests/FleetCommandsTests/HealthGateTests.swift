import FleetModel
import FleetSimulation
import FleetSimulationServer
import Foundation
import Testing

/// Health gates, notices, Events on nodes and the audit, with the real binary against the simulated API.
@Suite(.serialized) struct HealthGateTests {
    private func header(_ folder: TemporaryFolder) -> String {
        """
        health:
          - ready_nodes: {within: 2s}
          - command: {run: "test ! -e \(folder.path)/sick", name: smoke, within: 2s}
        notify:
          - command: {run: 'printf "%s %s %s\\n" "$FLEET_KIND" "$FLEET_WAVE" "$FLEET_TEXT" >> \(folder.path)/notices'}
        """
    }

    private func notices(_ folder: TemporaryFolder) -> [String] {
        let text = FileManager.default.contents(atPath: "\(folder.path)/notices").map {
            String(decoding: $0, as: UTF8.self)
        }
        return text?.split(separator: "\n").map(String.init) ?? []
    }

    @Test("a check that fails at the start: nothing is changed, and the run is over")
    func sickAtTheStart() async throws {
        try await SimulatedWorld.with { world in
            _ = try world.folder.write("", to: "sick")
            let playbook = try world.playbook(header: header(world.folder))
            let result = try await world.run("run \(playbook) --yes -l web-02")
            #expect(result.status == 1, "\(result.error)")
            #expect(
                result.error.contains(
                    "nothing was changed; the health checks fail before anything is begun: smoke: exited 1"))
            let snapshot = await world.server.simulation.snapshot()
            #expect(snapshot.nodes.allSatisfy { !$0.isCordoned && $0.taints.isEmpty })
        }
    }

    @Test("worse after wave 1: it stops with 75, tells it, leaves Events and an audit; approved it goes on to the end")
    func worse() async throws {
        try await SimulatedWorld.with { world in
            let steps = ["cordon:", "drain: {delete_emptydir_data: true}", "verify_drained:"]
            let playbook = try world.playbook(steps, header: header(world.folder))
            let run = try RunningFleet(
                ["run", playbook, "--yes", "-v", "-l", "web-02,web-06", "--kubeconfig", world.kubeconfig],
                in: world.folder.path)
            try await run.says("health at the start taken down")
            _ = try world.folder.write("", to: "sick")
            #expect(try await run.status() == 75, "\(run.error.suffix(3000))")
            #expect(
                run.error.contains(
                    "worse than at the start after wave 1: smoke: exited 1; mend it, or accept it with --approve health"
                ))

            let resumed = try await world.run("resume", "--playbook", playbook, "--approve", "health")
            #expect(resumed.status == 0, "\(resumed.error.suffix(3000))")
            #expect(resumed.error.contains("approved: what the health checks found is the new normal"))
            let told = notices(world.folder)
            #expect(told.contains { $0.hasPrefix("wave_done 1 ") } && told.contains { $0.hasPrefix("blocked ") })
            #expect(told.last?.hasPrefix("run_done ") == true, "\(told)")
        }
    }

    private struct Report: Decodable {
        struct Change: Decodable, Equatable {
            var object, field: String
            var before, after: String?
        }
        struct Act: Decodable {
            var title, outcome: String
            var changes: [Change]
        }
        struct Actor: Decodable { var user, machine, version, clusterUser: String }
        struct Audit: Decodable {
            var actors: [Actor]
            var acts: [Act]
        }
        var planDigest: String
        var audit: Audit
    }

    @Test(
        "the nodes' Events say what was done to them, and the report holds who, and every change with before and after")
    func record() async throws {
        try await SimulatedWorld.with { world in
            let playbook = try world.playbook()
            let result = try await world.run("run \(playbook) --yes -l web-02")
            #expect(result.status == 0, "\(result.error.suffix(3000))")
            #expect(!result.error.contains("warning: no Event"), "\(result.error)")

            let events = try await world.events().filter { $0.regarding.name == "web-02" }
            #expect(events.filter { $0.note?.contains("fleet run") == true }.map(\.reason) == ["Deleted"], "\(events)")

            let json = try await world.fleet.run("report", try await runName(world), "--output", "json")
            let report = try JSONDecoder().decode(Report.self, from: Data(json.output.utf8))
            #expect(report.audit.actors.count == 1 && report.audit.actors[0].version.isEmpty == false)
            #expect(report.audit.actors.map(\.clusterUser) == ["tester"])
            let status = try await world.fleet.run("status", try await runName(world))
            #expect(status.output.contains("(tester in the cluster, fleet "), "\(status.output)")
            #expect(report.planDigest.count == 64)
            let changes = report.audit.acts.flatMap(\.changes)
            #expect(
                changes.contains(
                    .init(object: "Node web-02", field: "spec.unschedulable", before: "false", after: "true")))
            #expect(report.audit.acts.allSatisfy { $0.outcome != "unknown" })
            #expect(report.audit.acts.contains { $0.title.hasPrefix("evict ") && $0.changes.first?.before == "web-02" })
        }
    }

    private func runName(_ world: SimulatedWorld) async throws -> String {
        let runs = try await world.fleet.run("runs", "--output", "json")
        let text = runs.output
        let start = try #require(text.range(of: "\"r-"))
        return String(text[text.index(after: start.lowerBound)...].prefix { $0 != "\"" })
    }
}
