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
        var cluster = DemoCluster.snapshot()
        for index in cluster.nodes.indices where cluster.nodes[index].name == "web-04" {
            cluster.nodes[index].isCordoned = true
        }
        try await HostWorld.with(Self.hosts, snapshot: cluster) { world in
            // Nothing answers at the address of web-05.
            let inventory = try world.inventory(
                [:],
                more: "racked:\n  hosts:\n    web-05: {ansible_host: 127.0.9.9, ansible_port: \(world.hosts.port)}\n")
            _ = try await world.hosts.read("web-02", "systemctl disable --now kubelet")
            await world.server.perform(.host("web-02", .disableKubelet))
            try await world.until { try await world.snapshot().nodes.first { $0.name == "web-02" }?.isReady == false }
            // Each waits for answers of an API server that the sandbox has no way to.
            async let asText = world.run("diagnose", "web-02", "-i", inventory)
            async let asJSON = world.run("diagnose", "web-02", "-i", inventory, "--output", "json")
            async let ofMissing = world.run("diagnose", "web-05", "-i", inventory)
            let (text, json, missing) = try await (asText, asJSON, ofMissing)
            #expect(text.status == 1)
            #expect(text.output.hasPrefix("Node web-02 is not Ready\n\ncertain: "), "\(text.output)\(text.error)")
            #expect(
                text.output.contains(
                    "certain: the kubelet is inactive and disabled\n    → systemctl enable --now kubelet"))
            let document = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
            #expect(document?["schema"] as? String == "fleet.diagnosis/v1")
            #expect(document?["ready"] as? Bool == false)

            let cordoned = try await world.run("diagnose", "web-04", "--no-host")
            #expect(cordoned.status == 1)
            #expect(
                cordoned.output
                    == "Node web-04 is Ready\n\ncertain: the Node is cordoned: no pods come\n    → kubectl uncordon web-04, if nobody works on it\n"
            )
            #expect(missing.status == 1)
            #expect(
                missing.output.hasPrefix(
                    "Node web-05 is Ready\n\npossible: the host cannot be reached over SSH\n    never started: "),
                "\(missing.output)\(missing.error)")
            let healthy = try await world.run("diagnose", "web-03", "--no-host")
            #expect(healthy.status == 0)
            #expect(healthy.output == "Node web-03 is Ready; nothing stands out\n")
            let unknown = try await world.run("diagnose", "web-99", "--no-host")
            #expect(unknown.status == 64)
            #expect(unknown.error.contains("there is no Node \"web-99\""))
        }
    }

    @Test("Pods that do not come to a Node: what it lacks for each owner, and the scheduler's own words (X2)")
    func waitingPods() async throws {
        var cluster = DemoCluster.snapshot()
        let node = try #require(cluster.nodes.first { $0.name == "web-03" })
        var far = Pod(key: ObjectKey("shop", "far"), uid: "uid-far")
        far.constraints.nodeSelector = ["topology.kubernetes.io/zone": "eu-1z"]
        var huge = Pod(key: ObjectKey("shop", "huge"), uid: "uid-huge")
        huge.requests = Resources(milliCPU: 500_000)
        cluster.pods += [far, huge]
        try await SimulatedWorld.with(cluster) { world in
            var text = try await world.run("diagnose", "web-03", "--no-host")
            let deadline = ContinuousClock.now + .seconds(30)
            while !text.output.contains("12 Insufficient cpu."), ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(200))
                text = try await world.run("diagnose", "web-03", "--no-host")
            }
            #expect(text.status == 1)
            #expect(
                text.output.hasPrefix(
                    """
                    Node web-03 is Ready

                    likely: 2 pods wait for a node and cannot run on this one
                        pod shop/far: wants topology.kubernetes.io/zone=eu-1z, the Node has \(node.zone?.rawValue ?? "")
                        pod shop/huge: lacks cpu: it requests 500,\u{20}
                    """), "\(text.output)\(text.error)")
            #expect(text.output.contains("    the scheduler says: 0/12 nodes are available: 12 Insufficient cpu."))
            #expect(text.output.contains("    → give the Node what they want"))
        }
    }
}
