import FleetCommands
import FleetModel
import FleetSimulation
import Foundation
import Testing

/// `cleanup: {etcd: true}` on a control-plane host, with another one that is asked for etcd's members (D11, safety rule 3).
@Suite("fleet run cleanup of a control-plane host", .serialized, .needsHosts)
struct ControlPlaneCleanupTests {
    private static let hosts = (1...2).map { number in
        SandboxHost(
            name: "cp-\(number)", role: .controlPlane, internalIP: "10.0.1.\(number)",
            clusterCertificate: HostWorld.certificate)
    }

    private static func cluster() throws -> ClusterSnapshot {
        var snapshot = DemoCluster.snapshot()
        for host in hosts {
            var node = try #require(snapshot.nodes.first)
            (node.name, node.uid) = (NodeName(host.name), ObjectUID(host.name))
            (node.machineID, node.systemUUID) = (host.machineID, host.systemUUID)
            node.internalAddresses = [host.internalIP]
            node.labels = [
                "kubernetes.io/hostname": host.name, "node-role.kubernetes.io/control-plane": "",
                "topology.kubernetes.io/zone": "eu-1a",
            ]
            node.taints = [Taint(key: "node-role.kubernetes.io/control-plane", effect: .noSchedule)]
            snapshot.nodes.append(node)
        }
        return snapshot
    }

    private static let playbook = """
        name: retire-control-plane
        hosts: kube_control_plane
        control_plane: true
        require_limit: true
        waves: {soak: 0s, max_unavailable: 50%}
        steps:
          - etcd_quorum: {without_host: true, timeout: 1s}
          - cordon:
          - drain: {delete_emptydir_data: true}
          - service: {name: kubelet, state: stopped, enabled: false}
          - cleanup: {etcd: true}

        """

    @Test(
        "it is reset only where etcd keeps its quorum, and /var/lib/etcd goes only after its member",
        .timeLimit(.minutes(3)))
    func etcd() async throws {
        try await HostWorld.with(Self.hosts, snapshot: try Self.cluster()) { world in
            let inventory = try world.inventory(more: "kube_control_plane:\n  hosts:\n    cp-1:\n    cp-2:\n")
            let playbook = try world.folder.write(Self.playbook, to: "retire.yaml")
            try world.etcd(members: [1, 2], healthy: [2])
            let refused = try await world.linked {
                try await world.run("run", playbook, "-i", inventory, "-l", "cp-2", "--yes")
            }
            #expect(refused.status == 1)
            #expect(
                refused.error.contains(
                    "after 1s: of the 1 other members of etcd 0 are healthy, and 1 must be"), "\(refused.error)")
            #expect(!refused.error.contains("cordoned cp-2"))
            #expect(!world.hosts.calls(on: "cp-2").contains { $0.hasPrefix("kubeadm reset") })

            try world.etcd(members: [1, 2], healthy: [1, 2])
            let result = try await world.linked {
                try await withThrowingTaskGroup(of: FleetBinary.Result?.self) { group in
                    // What kubeadm reset does to etcd, the other member sees.
                    group.addTask {
                        while !world.hosts.calls(on: "cp-2").contains(where: { $0.hasPrefix("kubeadm reset") }) {
                            try await Task.sleep(for: .milliseconds(10))
                        }
                        try world.etcd(members: [1], healthy: [1])
                        return nil
                    }
                    group.addTask {
                        try await world.run(
                            "run", playbook, "-i", inventory, "-l", "cp-2", "--plan", "again", "--yes")
                    }
                    defer { group.cancelAll() }
                    while let result = try await group.next() { if let result { return result } }
                    throw CancellationError()
                }
            }
            #expect(result.status == 0, "\(result.error)")
            let left = try await world.hosts.read("cp-2", "ls -d /var/lib/etcd /etc/kubernetes 2>/dev/null; exit 0")
            #expect(left.output == "")
            #expect(try await world.hosts.read("cp-1", "ls /var/lib/etcd").output == "member\n")
        }
    }
}

extension HostWorld {
    /// What etcd on cp-1 says: its members and the healthy ones, by their hosts' numbers.
    fileprivate func etcd(members: [Int], healthy: [Int]) throws {
        let state = hosts.root(of: "cp-1") + "/var/lib/sandbox"
        let lines = members.map {
            "8e9e05c52164694\($0), started, cp-\($0), https://10.0.1.\($0):2380, https://10.0.1.\($0):2379, false\n"
        }
        try Data(lines.joined().utf8).write(to: URL(fileURLWithPath: state + "/etcd-members"), options: .atomic)
        let health = healthy.map {
            "https://10.0.1.\($0):2379 is healthy: successfully committed proposal: took = 2ms\n"
        }
        try Data(health.joined().utf8).write(to: URL(fileURLWithPath: state + "/etcd-health"), options: .atomic)
    }
}
