import FleetCommands
import FleetModel
import FleetSimulation
import Foundation
import Testing

/// `playbooks/replace.yaml` as it is shipped: a new host comes in, then the old node of its zone goes.
@Suite("fleet run replace", .serialized, .needsHosts)
struct ReplaceTests {
    @Test("The new Node is Ready before the old one is touched; the old host is clean", .timeLimit(.minutes(6)))
    func replace() async throws {
        let old = try #require(DemoCluster.snapshot().nodes.first { $0.name == "web-02" })
        let zone = try #require(old.zone?.rawValue)
        let hosts = [
            SandboxHost(
                name: "web-02", machineID: old.machineID, systemUUID: old.systemUUID,
                internalIP: old.internalAddresses.first ?? "10.0.0.10", clusterCertificate: HostWorld.certificate),
            SandboxHost(name: "new-1", role: .fresh, internalIP: "10.9.0.1", clusterCertificate: HostWorld.certificate),
        ]
        try await HostWorld.with(hosts) { world in
            let inventory = try world.inventory(
                ["web-02": ["zone: \(zone)"], "new-1": ["zone: \(zone)"]], group: ["kubernetes_version: 1.36.0"],
                more: "new_nodes:\n  hosts:\n    new-1:\n")
            let prepared = try await world.run(
                "run", HostWorld.shipped("prepare-node"), "-i", inventory, "-l", "new_nodes", "--yes")
            #expect(prepared.status == 0, "\(prepared.error)")
            let playbook = try world.quickened("replace")
            let plan = try await world.run("plan", playbook, "-i", inventory, "-l", "web-02")
            #expect(plan.status == 0, "\(plan.output)\(plan.error)")
            #expect(plan.output.contains("1 in") && plan.output.contains("1 out"))
            let result = try await world.linked {
                try await world.run("run", playbook, "-i", inventory, "-l", "web-02", "--yes", "--output", "json")
            }
            #expect(result.status == 0, "\(result.error)\n\(result.output.suffix(1500))")
            let steps = result.steps.map { "\($0.node) \($0.step)" }
            let ready = try #require(steps.firstIndex(of: "new-1 wait_ready"))
            let cordon = try #require(steps.firstIndex(of: "web-02 cordon"))
            #expect(ready < cordon)
            #expect(try await world.unpermitted(by: playbook) == [])
            #expect(!steps.contains { $0.hasPrefix("new-1 cordon") || $0.hasPrefix("web-02 join") })
            let nodes = try await world.snapshot().nodes
            #expect(nodes.first { $0.name == "web-02" } == nil)
            #expect(nodes.first { $0.name == "new-1" }?.isReady == true)
            #expect(nodes.first { $0.name == "new-1" }?.zone?.rawValue == zone)
            #expect(try await world.hosts.read("web-02", "ls -A /etc/kubernetes 2>/dev/null; exit 0").output == "")

            // Nothing could come in for another node: the plan says so.
            let short = try await world.run("plan", playbook, "-i", inventory, "-l", "new-1", "--plan", "short")
            #expect(short.status != 0)
        }
    }
}
