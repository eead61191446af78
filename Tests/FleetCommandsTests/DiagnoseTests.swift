import FleetCommands
import FleetModel
import FleetSimulation
import FleetSimulationServer
import Foundation
import Testing

/// `fleet diagnose` as an operator types it.
@Suite("fleet diagnose", .serialized, .needsHosts)
struct DiagnoseTests {
    private static var hosts: [SandboxHost] {
        DemoCluster.snapshot().nodes.filter { $0.name == "web-02" }.map { node in
            SandboxHost(
                name: node.name.rawValue, machineID: node.machineID, systemUUID: node.systemUUID,
                internalIP: node.internalAddresses.first ?? "10.0.0.10", clusterCertificate: HostWorld.certificate)
        }
    }

    @Test(
        "A stopped kubelet, a cordoned Node, a host that is not there, a name that nobody knows",
        .timeLimit(.minutes(5)))
    func diagnose() async throws {
        try await HostWorld.with(Self.hosts) { world in
            let inventory = try world.inventory([:])
            _ = try await world.hosts.read("web-02", "systemctl disable --now kubelet")
            await world.server.perform(.host("web-02", .disableKubelet))
            try await world.until { try await world.snapshot().nodes.first { $0.name == "web-02" }?.isReady == false }
            let text = try await world.run("diagnose", "web-02", "-i", inventory)
            #expect(text.status == 1)
            #expect(text.output.hasPrefix("Node web-02 is not Ready\n\ncertain: "), "\(text.output)\(text.error)")
            #expect(
                text.output.contains(
                    "certain: the kubelet is inactive and disabled\n    → systemctl enable --now kubelet"))
            let json = try await world.run("diagnose", "web-02", "-i", inventory, "--output", "json")
            let document = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
            #expect(document?["schema"] as? String == "fleet.diagnosis/v1")
            #expect(document?["ready"] as? Bool == false)

            let healthy = try await world.run("diagnose", "web-03", "--no-host")
            #expect(healthy.status == 0)
            #expect(healthy.output == "Node web-03 is Ready; nothing stands out\n")
            let unknown = try await world.run("diagnose", "web-99", "--no-host")
            #expect(unknown.status == 64)
            #expect(unknown.error.contains("there is no Node \"web-99\""))
        }
    }
}
