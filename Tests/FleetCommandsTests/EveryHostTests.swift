import FleetCommands
import FleetModel
import FleetSimulation
import FleetSimulationServer
import Foundation
import Testing

/// `playbooks/hosts.yaml` and `playbooks/diagnose.yaml` as they are shipped, through the binary.
@Suite("fleet run hosts, diagnose", .serialized, .needsHosts)
struct EveryHostTests {
    private static let names: [NodeName] = ["web-02", "web-06"]

    /// A control-plane host and its Node.
    private static let control = SandboxHost(
        name: "cp-1", role: .controlPlane, internalIP: "10.0.1.1", clusterCertificate: HostWorld.certificate)

    private static func cluster() throws -> ClusterSnapshot {
        var snapshot = DemoCluster.snapshot()
        var node = try #require(snapshot.nodes.first)
        (node.name, node.uid, node.machineID, node.systemUUID) = ("cp-1", "cp-1", control.machineID, control.systemUUID)
        node.internalAddresses = [control.internalIP]
        node.labels = [
            "kubernetes.io/hostname": "cp-1", "node-role.kubernetes.io/control-plane": "",
            "topology.kubernetes.io/zone": "eu-1a",
        ]
        node.taints = [Taint(key: "node-role.kubernetes.io/control-plane", effect: .noSchedule)]
        snapshot.nodes.append(node)
        return snapshot
    }

    @Test(
        "hosts: one block, the same on every host, control plane included; who left the inventory leaves it; twice changes nothing",
        .timeLimit(.minutes(5)))
    func hostsEntries() async throws {
        let hosts = HostWorld.hosts(of: Self.names) + [Self.control]
        try await HostWorld.with(hosts, snapshot: try Self.cluster()) { world in
            let playbook = HostWorld.shipped("hosts")
            let group =
                "kube_control_plane:\n  hosts:\n    cp-1:\nk8s_cluster:\n  children:\n    kube_control_plane:\n    kube_node:\n"
            let inventory = try world.inventory(more: group)
            let dry = try await world.run("run", playbook, "-i", inventory, "--dry-run")
            #expect(dry.status == 0, "\(dry.error)")
            #expect(dry.output.matches(of: /would write the block/).count == 3, "\(dry.output)")

            let first = try await world.run("run", playbook, "-i", inventory, "--yes", "--output", "json")
            #expect(first.status == 0, "\(first.error)")
            #expect(
                first.steps.map { "\($0.node) \($0.changed)" }.sorted() == ["cp-1 true", "web-02 true", "web-06 true"])
            let all = hosts.map { "\($0.internalIP) \($0.name)" }.sorted()
            for host in hosts {
                let block = try await world.block(on: host.name)
                #expect(block == all, "\(host.name)")
            }
            #expect(try await world.unpermitted(by: playbook) == [])

            let again = try await world.run(
                "run", playbook, "-i", inventory, "--plan", "again", "--yes", "--output", "json")
            #expect(again.steps.map(\.changed) == [false, false, false], "\(again.error)\(again.output)")

            // One host less.
            let text = try String(contentsOfFile: inventory, encoding: .utf8)
            let fewer = try world.folder.write(
                text.split(separator: "\n").filter { !$0.contains("web-06:") }.joined(separator: "\n") + "\n",
                to: "fewer.yaml")
            let third = try await world.run("run", playbook, "-i", fewer, "--plan", "fewer", "--yes")
            #expect(third.status == 0, "\(third.error)")
            for name in ["cp-1", "web-02"] {
                let block = try await world.block(on: name)
                #expect(block == all.filter { !$0.hasSuffix(" web-06") })
            }
        }
    }

    @Test(
        "diagnose: every host is asked, the ill ones are named with cause and mend, and nothing is changed anywhere",
        .timeLimit(.minutes(5)))
    func diagnose() async throws {
        try await HostWorld.with(HostWorld.hosts(of: Self.names)) { world in
            let inventory = try world.inventory()
            _ = try await world.hosts.read("web-02", "systemctl disable --now kubelet")
            await world.server.perform(.host("web-02", .disableKubelet))
            try await world.until { try await world.snapshot().nodes.first { $0.name == "web-02" }?.isReady == false }
            let before = try await Self.pictures(of: world)
            let nodes = await world.server.simulation.nodes.map(\.labels)

            let playbook = HostWorld.shipped("diagnose")
            let result = try await world.run("run", playbook, "-i", inventory, "--yes", "--output", "json")
            #expect(result.status == 2, "\(result.error)\(result.output.suffix(1500))")
            let reason = result.output.split(separator: "\n").first { $0.contains("node.quarantined") } ?? ""
            #expect(reason.contains("web-02") && reason.contains("the kubelet is inactive and disabled"), "\(reason)")
            #expect(reason.contains("systemctl enable --now kubelet"), "\(reason)")
            // The sandbox has no way to an API server: that is said of a Node that is Ready, and is no reason to set it aside.
            #expect(result.steps.map { "\($0.node) \($0.step) \($0.changed)" } == ["web-06 diagnose false"])
            #expect(
                result.steps.first?.detail.contains("the host cannot reach the API server") == true, "\(result.steps)")

            #expect(try await Self.pictures(of: world) == before)
            #expect(await world.server.simulation.nodes.map(\.labels) == nodes)
            let writes = await world.server.audit.counts.keys.filter { $0.agent == "fleet" && $0.resource == "nodes" }
            #expect(Set(writes.map(\.verb)).isSubset(of: ["list", "watch"]))
            #expect(try await world.unpermitted(by: playbook) == [])
        }
    }

    private static func pictures(of world: HostWorld) async throws -> [String] {
        var pictures: [String] = []
        for name in names { pictures.append(try await world.picture(of: name.rawValue)) }
        return pictures
    }
}

extension HostWorld {
    /// The lines between the marks of fleet's block of /etc/hosts, sorted.
    fileprivate func block(on host: String) async throws -> [String] {
        let script = "sed -n '/BEGIN fleet/,/END fleet/p' /etc/hosts | grep -v '^#'; exit 0"
        return try await hosts.read(host, script).output.split(separator: "\n").map(String.init).sorted()
    }
}
