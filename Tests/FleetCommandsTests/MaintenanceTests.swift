import FleetCommands
import FleetModel
import FleetSimulation
import Foundation
import Testing

/// `playbooks/maintenance.yaml` and `playbooks/cleanup-node.yaml` as they are shipped, on nodes of a simulated cluster.
@Suite("fleet run maintenance, cleanup-node", .serialized, .needsHosts)
struct MaintenanceTests {
    private static let names: [NodeName] = ["web-02", "web-06"]

    private static var hosts: [SandboxHost] { HostWorld.hosts(of: names) }

    @Test("Drained, worked on, rebooted where the host asks for it, Ready, uncordoned", .timeLimit(.minutes(5)))
    func maintenance() async throws {
        try await HostWorld.with(Self.hosts) { world in
            let inventory = try world.inventory([:])
            let bootID = "cat /proc/sys/kernel/random/boot_id"
            let before = try await world.hosts.read("web-02", bootID).output
            let other = try await world.hosts.read("web-06", bootID).output
            _ = try await world.hosts.read("web-02", "touch /run/reboot-required")
            let playbook = try world.quickened("maintenance")
            let result = try await world.linked {
                try await world.run(
                    "run", playbook, "-i", inventory, "-e", "update=echo done >/srv/worked", "--yes", "--output", "json"
                )
            }
            #expect(result.status == 0, "\(result.error)\n\(result.output.suffix(2000))")
            #expect(try await world.unpermitted(by: playbook) == [])
            #expect(try await world.hosts.read("web-02", bootID).output != before)
            #expect(try await world.hosts.read("web-06", bootID).output == other)
            #expect(
                result.steps.filter { $0.step == "reboot" }.map { "\($0.node) \($0.changed)" }.sorted() == [
                    "web-02 true", "web-06 false",
                ])
            for name in ["web-02", "web-06"] {
                #expect(
                    try await world.hosts.read(name, "cat /srv/worked; systemctl is-active kubelet").output
                        == "done\nactive\n")
            }
            let nodes = try await world.snapshot().nodes.filter { Self.names.contains($0.name) }
            #expect(nodes.allSatisfy { $0.isReady && !$0.isCordoned && $0.taints.isEmpty })
        }
    }

    @Test("A cleaned host has nothing of Kubernetes left; its Node stays, cordoned", .timeLimit(.minutes(5)))
    func cleanup() async throws {
        try await HostWorld.with(Self.hosts) { world in
            let inventory = try world.inventory([:])
            let playbook = try world.quickened("cleanup-node")
            let result = try await world.linked {
                try await world.run("run", playbook, "-i", inventory, "-l", "web-02", "--yes")
            }
            #expect(result.status == 0, "\(result.error)")
            #expect(try await world.unpermitted(by: playbook) == [])
            let left = try await world.hosts.read(
                "web-02",
                "ls -A /etc/kubernetes /var/lib/kubelet /etc/cni/net.d 2>/dev/null | grep -v :; iptables-save | sed 's/\"[^\"]*\"//g' | grep -c KUBE-; exit 0"
            )
            #expect(left.output.split(separator: "\n").last == "0", "\(left.output)")
            let node = try await world.snapshot().nodes.first { $0.name == "web-02" }
            #expect(node?.isReady == false && node?.isCordoned == true)
        }
    }

    @Test(
        "A clean-up that failed half-way is run again, still knows whose the host is, and ends clean",
        .timeLimit(.minutes(5)))
    func cleanupAgain() async throws {
        try await HostWorld.with(HostWorld.hosts(of: ["web-02"])) { world in
            let inventory = try world.inventory([:])
            let playbook = try world.quickened("cleanup-node")
            _ = try await world.hosts.read(
                "web-02",
                """
                printf '#!/bin/sh\\n[ "$1" != destroy ] || { echo busy >&2; exit 1; }\\nexec /usr/sbin/ipset "$@"\\n' >/usr/local/sbin/ipset
                chmod 755 /usr/local/sbin/ipset
                """)
            let left = """
                ls -A /etc/kubernetes /var/lib/kubelet /etc/cni/net.d 2>/dev/null | grep -v :
                ls -d /var/lib/fleet/cleaning /var/lib/fleet/*/rules 2>/dev/null
                iptables-save | sed 's/"[^"]*"//g' | grep -c KUBE-; /usr/sbin/ipset -n list | grep -c -e KUBE- -e cali; exit 0
                """
            let mark = "cat /var/lib/fleet/cleaning | wc -c; exit 0"
            let (failed, again) = try await world.linked {
                let failed = try await world.run("run", playbook, "-i", inventory, "-l", "web-02", "--yes")
                #expect(
                    try await world.hosts.read("web-02", "ls -d /etc/kubernetes 2>/dev/null; \(mark)").output == "65\n")
                _ = try await world.hosts.read("web-02", "rm /usr/local/sbin/ipset")
                return (
                    failed,
                    try await world.run("run", playbook, "-i", inventory, "-l", "web-02", "--plan", "again", "--yes")
                )
            }
            #expect(failed.status == 1 && failed.error.contains("busy"), "\(failed.error)")
            #expect(again.status == 0, "\(again.error)")
            #expect(try await world.hosts.read("web-02", left).output == "0\n0\n")
            let node = try await world.snapshot().nodes.first { $0.name == "web-02" }
            #expect(node?.isReady == false && node?.isCordoned == true)
        }
    }

    @Test(
        "A host that nobody can log in to after its rules went gets them back by itself, and its node is set aside",
        .timeLimit(.minutes(5)))
    func cutOff() async throws {
        try await HostWorld.with(HostWorld.hosts(of: ["web-02"])) { world in
            let inventory = try world.inventory([:])
            let playbook = try world.quickened("cleanup-node")
            // From the removal of the sets on nobody gets in any more; the timer's seconds are quarters.
            _ = try await world.hosts.read(
                "web-02",
                """
                printf '#!/bin/sh\n[ "$1" != destroy ] || echo 9999999999 >/var/lib/sandbox/down-until\nexec /usr/sbin/ipset "$@"\n' >/usr/local/sbin/ipset
                printf '#!/bin/sh\nexec /bin/sleep 0.25\n' >/usr/local/bin/sleep
                chmod 755 /usr/local/sbin/ipset /usr/local/bin/sleep
                """)
            let rules = "\(Self.rules); exit 0"
            let before = try await world.hosts.read("web-02", rules).output
            let result = try await world.linked {
                try await world.run("run", playbook, "-i", inventory, "-l", "web-02", "--yes")
            }
            #expect(result.status == 1)
            #expect(result.error.contains("confirm the network rules"), "\(result.error)")
            try FileManager.default.removeItem(atPath: world.hosts.root(of: "web-02") + "/var/lib/sandbox/down-until")
            try await world.until {
                try await world.hosts.read("web-02", "cat /var/lib/fleet/*/rules/restored").status == 0
            }
            #expect(before.contains("-A PREROUTING") && before.contains("KUBE-SERVICES"))
            #expect(try await world.hosts.read("web-02", rules).output == before)
            let node = try await world.snapshot().nodes.first { $0.name == "web-02" }
            #expect(node?.isCordoned == true)
            #expect(node?.labels["fleet.run/quarantined"] != nil, "\(node?.labels ?? [:])")
            let reason = node?.annotations["fleet.run/quarantine-reason"] ?? ""
            #expect(reason.contains("confirm the network rules"), "\(node?.annotations ?? [:])")
        }
    }

    @Test(
        "flush: all takes the rules and paths of others too, and is refused under a policy of DROP, nothing removed",
        .timeLimit(.minutes(5)))
    func flushed() async throws {
        try await HostWorld.with(Self.hosts) { world in
            let inventory = try world.inventory([:])
            let shipped = try String(contentsOfFile: try world.quickened("cleanup-node"), encoding: .utf8)
            let text = shipped.replacing(
                "cleanup: {network: kubernetes-only, cni: auto}",
                with: "cleanup: {flush: all, paths: [/srv/site/cache]}")
            #expect(text != shipped)
            let playbook = try world.folder.write(text, to: "flush.yaml")
            for name in ["web-02", "web-06"] {
                _ = try await world.hosts.read(name, "mkdir -p /srv/site/cache && echo x >/srv/site/cache/a")
            }
            _ = try await world.hosts.read("web-06", "iptables -P FORWARD DROP")
            let left = "ls -d /srv/site/cache /etc/kubernetes 2>/dev/null; iptables-save | grep -c '^-A'; exit 0"
            let before = try await world.hosts.read("web-06", left).output
            let (flushed, refused) = try await world.linked {
                (
                    try await world.run("run", playbook, "-i", inventory, "-l", "web-02", "--yes"),
                    try await world.run("run", playbook, "-i", inventory, "-l", "web-06", "--plan", "refused", "--yes")
                )
            }
            #expect(flushed.status == 0, "\(flushed.error)")
            #expect(try await world.hosts.read("web-02", left).output == "0\n")
            #expect(refused.status == 1 && refused.error.contains("DROP policy"), "\(refused.error)")
            #expect(before.hasPrefix("/etc/kubernetes\n/srv/site/cache\n") && !before.hasSuffix("\n0\n"), "\(before)")
            #expect(try await world.hosts.read("web-06", left).output == before)
        }
    }

    /// IPv4's rules without their counters, and the sets' names.
    private static let rules =
        "iptables-save | grep -v '^#' | sed 's/ \\[[0-9]*:[0-9]*]$//'; /usr/sbin/ipset -n list | sort"
}
