import FleetCommands
import FleetModel
import Foundation
import Testing

/// `playbooks/prepare-node.yaml` as it is shipped, through the binary, on fresh hosts of both families.
@Suite("fleet run prepare-node", .serialized, .needsHosts)
struct PrepareNodeTests {
    private static let hosts = [
        SandboxHost(name: "new-1", role: .fresh, internalIP: "10.9.0.1", clusterCertificate: HostWorld.certificate),
        SandboxHost(
            name: "new-2", role: .fresh, family: .redhat, internalIP: "10.9.0.2",
            clusterCertificate: HostWorld.certificate),
    ]

    @Test(
        "A dry run says what would change, the first run changes it, the second changes nothing",
        .timeLimit(.minutes(5)))
    func twice() async throws {
        try await HostWorld.with(Self.hosts) { world in
            let inventory = try world.inventory([:], group: ["kubernetes_version: 1.36.0"])
            let playbook = HostWorld.shipped("prepare-node")
            let unlimited = try await world.run("run", playbook, "-i", inventory, "--yes")
            #expect(unlimited.status == 64)

            let dry = try await world.run("run", playbook, "-i", inventory, "-l", "all", "--dry-run")
            #expect(dry.status == 0, "\(dry.error)")
            for words in [
                "would turn swap off (/swap.img)", "would load module br_netfilter",
                "would install kubelet=1.36.0 kubeadm=1.36.0",
                "would hold kubectl", "nothing to do: the host name is new-1",
                "would write the block \"fleet: hosts of the cluster\"",
            ] { #expect(dry.output.contains(words), "\(words)\n\(dry.output)") }
            #expect(
                try await world.hosts.read("new-1", "cat /proc/swaps; ls /etc/containerd").output.contains("/swap.img"))

            let first = try await world.run("run", playbook, "-i", inventory, "-l", "all", "--yes", "--output", "json")
            #expect(first.status == 0, "\(first.error)")
            let changed = Dictionary(grouping: first.steps.filter(\.changed), by: \.node).mapValues { $0.map(\.step) }
            let expected = ["hosts_entries", "swap", "kernel_module", "sysctl", "packages", "containerd", "packages"]
            #expect(changed == ["new-1": expected, "new-2": expected], "\(first.output)")
            for name in ["new-1", "new-2"] {
                let seen = try await world.hosts.read(
                    name,
                    """
                    grep -c ^/ /proc/swaps; /usr/sbin/sysctl -n net.ipv4.ip_forward; sysctl -n net.bridge.bridge-nf-call-iptables
                    grep SystemdCgroup /etc/containerd/config.toml; systemctl is-active containerd
                    sed -n '/BEGIN fleet/,/END fleet/p' /etc/hosts; exit 0
                    """)
                #expect(
                    seen.output == """
                        0
                        1
                        1
                          SystemdCgroup = true
                        active
                        # BEGIN fleet: hosts of the cluster
                        10.9.0.1 new-1
                        10.9.0.2 new-2
                        # END fleet: hosts of the cluster

                        """)
            }

            let finished = try await world.run("run", playbook, "-i", inventory, "-l", "all", "--yes")
            #expect(finished.error.contains("nothing to do"))
            #expect(try await world.run("plan", playbook, "-i", inventory, "-l", "all", "--drop").status == 0)
            let second = try await world.run("run", playbook, "-i", inventory, "-l", "all", "--yes", "--output", "json")
            #expect(second.status == 0, "\(second.error)")
            #expect(second.steps.count == first.steps.count)
            #expect(try await world.unpermitted(by: playbook) == [])
            #expect(second.steps.filter(\.changed).map { "\($0.node) \($0.step): \($0.detail)" } == [])
        }
    }
}
