import FleetCommands
import FleetModel
import FleetSimulation
import Foundation
import Testing

/// `replace_with: {provider: …}`: a command makes the new hosts and deletes the old ones, neither of them twice (R3).
@Suite("fleet run replace with a provider", .serialized, .needsHosts)
struct ProviderTests {
    static let successors = [
        ("web-02", "web-02-r1"), ("web-02-r1", "web-02-r2"), ("web-r9", "web-r10"),
        ("a.b.example.com", "a-r1.b.example.com"),
        ("a-r1.example.com", "a-r2.example.com"), ("x-r", "x-r-r1"),
    ]

    @Test("what comes in for a host has its name with the next number", arguments: successors)
    func successor(_ old: String, _ new: String) {
        #expect(HostProvider.successor(of: old) == new)
    }

    /// Keeps its hosts in a file, and every call in another; `create` fails once where a file says so.
    private static let script = #"""
        #!/bin/sh
        # Usage: hosts.sh ADDRESS create|list|delete
        set -eu
        input=$(cat)
        echo "$2 $input" >>calls
        names() { printf '%s' "$input" | grep -o '"name":"[^"]*"' | cut -d '"' -f 4; }
        case $2 in
            create)
                for name in $(names); do
                    if grep -q -x "$name" made; then echo "$name is there already" >&2; exit 1; fi
                    echo "$name" >>made
                done
                if [ -e break ]; then rm break; echo "the cloud went away" >&2; exit 7; fi ;;
            delete) for name in $(names); do sed -i "/^$name\$/d" made; done; exit 0 ;;
        esac
        printf '{"hosts": ['
        first=
        while read -r name; do printf '%s{"name": "%s", "address": "%s"}' "$first" "$name" "$1"; first=,; done <made
        echo ']}'
        """#

    private static func playbook(_ address: String) -> String {
        """
        name: replace
        hosts: kube_node
        require_limit: true
        replace_with: {provider: [./hosts.sh, \(address)], delete: true, timeout: 1m}
        waves: {canary: 1, size: 1, max_unavailable: 50%, max_unavailable_per_zone: 2, soak: 1s}
        bring_in:
          - swap: off
          - kernel_module: [overlay, br_netfilter]
          - sysctl: {settings: {net.ipv4.ip_forward: 1}}
          - packages: containerd
          - containerd:
          - packages: [kubelet, kubeadm, kubectl]
          - join: {timeout: 1m}
          - label: {role: worker}
          - wait_ready: {timeout: 1m}
        steps:
          - cordon:
          - surge_single_replicas:
          - drain: {delete_emptydir_data: true}
          - verify_drained:
          - service: {name: kubelet, state: stopped, enabled: false}
          - delete_node:
          - cleanup:
        """
    }

    @Test(
        "hosts are made after planning, once, over a failure in between; old machines go at the end",
        .timeLimit(.minutes(6)))
    func replace() async throws {
        let old = try #require(DemoCluster.snapshot().nodes.first { $0.name == "web-02" })
        let zone = try #require(old.zone?.rawValue)
        let hosts = [
            SandboxHost(
                name: "web-02", machineID: old.machineID, systemUUID: old.systemUUID,
                internalIP: old.internalAddresses.first ?? "10.0.0.10", clusterCertificate: HostWorld.certificate),
            SandboxHost(
                name: "web-02-r1", role: .fresh, internalIP: "10.9.0.1", clusterCertificate: HostWorld.certificate),
        ]
        try await HostWorld.with(hosts) { world in
            let all = world.hosts.inventory(["web-02": ["tier: gold", "labels: {tier: gold}"]])
            let inventory = try world.folder.write(
                all.split(separator: "\n").filter { !$0.contains("web-02-r1:") }.joined(separator: "\n") + "\n",
                to: "inventory.yaml")
            let address = try #require(world.hosts.hosts.first { $0.name == "web-02-r1" }?.address)
            let playbook = try world.folder.write(Self.playbook(address), to: "replace.yaml")
            let script = try world.folder.write(Self.script, to: "hosts.sh")
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
            _ = try world.folder.write("web-02\n", to: "made")
            _ = try world.folder.write("", to: "break")

            let plan = try await world.run("plan", playbook, "-i", inventory, "-l", "web-02")
            #expect(plan.status == 0, "\(plan.output)\(plan.error)")
            #expect(plan.output.contains("web-02-r1"), "\(plan.output)")
            #expect(!FileManager.default.fileExists(atPath: world.folder.path + "/calls"))

            // The provider makes the host and fails all the same: nothing was begun, and the next run finds the host.
            let broken = try await world.run("run", playbook, "-i", inventory, "-l", "web-02", "--yes")
            #expect(broken.status == 1)
            #expect(broken.error.contains("the cloud went away"), "\(broken.error)")

            let result = try await world.linked {
                try await world.run("run", playbook, "-i", inventory, "-l", "web-02", "--yes", "--output", "json")
            }
            #expect(result.status == 0, "\(result.error)\n\(result.output.suffix(2000))")
            let calls = try String(contentsOfFile: world.folder.path + "/calls", encoding: .utf8).split(separator: "\n")
            #expect(
                calls.map { $0.prefix { $0 != " " } } == ["list", "create", "list", "list", "delete"],
                "\(calls.joined(separator: "\n"))")
            #expect(calls.dropFirst().first?.contains("\"replaces\":\"web-02\"") == true)
            #expect(calls.dropFirst().first?.contains("\"zone\":\"\(zone)\"") == true)
            #expect(try String(contentsOfFile: world.folder.path + "/made", encoding: .utf8) == "web-02-r1\n")
            let nodes = try await world.snapshot().nodes
            #expect(nodes.first { $0.name == "web-02" } == nil)
            let new = try #require(nodes.first { $0.name == "web-02-r1" })
            #expect(new.isReady && new.zone?.rawValue == zone && new.labels["tier"] == "gold")
        }
    }
}
