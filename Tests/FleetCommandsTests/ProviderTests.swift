import FleetCommands
import FleetModel
import FleetSimulation
import Foundation
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

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

    /// Keeps its hosts in a file, every call in another, and what it really did in a third.
    ///
    /// `create` is refused once where a file says so; where another does, a call waits to be killed before or after it did
    /// something.
    private static let script = #"""
        #!/bin/sh
        # Usage: hosts.sh ADDRESS create|list|delete
        set -eu
        input=$(cat)
        echo "$2 $input" >>calls
        names() { printf '%s' "$input" | grep -o '"name":"[^"]*"' | cut -d '"' -f 4; }
        hang() {
            [ -e "hang-$1" ] || return 0
            rm "hang-$1"
            echo $$ >hanging.new && mv hanging.new hanging
            while :; do sleep 0.2; done
        }
        case $2 in
            create)
                if [ -e break ]; then rm break; echo "the cloud went away" >&2; exit 7; fi
                for name in $(names); do
                    if grep -q -x "$name" made; then echo "$name is there already" >&2; exit 1; fi
                    echo "$name" >>made
                    echo "made $name" >>deeds
                done
                hang create ;;
            delete)
                hang delete
                if [ -e keep ]; then rm keep; echo "the machine is locked" >&2; exit 8; fi
                for name in $(names); do sed -i "/^$name\$/d" made; echo "deleted $name" >>deeds; done
                hang deleted
                exit 0 ;;
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
        "hosts are made after planning, once, and deleted once, wherever fleet is killed between the calls",
        .timeLimit(.minutes(6)))
    func replace() async throws {
        let old = try #require(DemoCluster.snapshot().nodes.first { $0.name == "web-02" })
        let zone = try #require(old.zone?.rawValue)
        let fresh = SandboxHost(
            name: "web-02-r1", role: .fresh, internalIP: "10.9.0.1", clusterCertificate: HostWorld.certificate)
        try await HostWorld.with(HostWorld.hosts(of: ["web-02"]) + [fresh]) { world in
            let all = world.hosts.inventory(["web-02": ["tier: gold", "labels: {tier: gold}"]])
            let inventory = try world.folder.write(
                all.split(separator: "\n").filter { !$0.contains("web-02-r1:") }.joined(separator: "\n") + "\n",
                to: "inventory.yaml")
            let address = try #require(world.hosts.hosts.first { $0.name == "web-02-r1" }?.address)
            let playbook = try world.folder.write(Self.playbook(address), to: "replace.yaml")
            let script = try world.folder.write(Self.script, to: "hosts.sh")
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
            _ = try world.folder.write("web-02\n", to: "made")
            let own = [playbook, "-i", inventory, "-l", "web-02", "--kubeconfig", world.kubeconfig]

            let plan = try await world.run("plan", playbook, "-i", inventory, "-l", "web-02")
            #expect(plan.status == 0, "\(plan.output)\(plan.error)")
            #expect(plan.output.contains("web-02-r1"), "\(plan.output)")
            let rehearsed = try await world.run("rehearse", playbook, "-i", inventory, "-l", "web-02")
            #expect(rehearsed.status == 0, "\(rehearsed.output)\(rehearsed.error)")
            #expect(rehearsed.output.contains("web-02-r1") && rehearsed.output.contains("done after"))
            #expect(!FileManager.default.fileExists(atPath: world.folder.path + "/calls"))

            // The provider refuses: nothing was begun.
            _ = try world.folder.write("", to: "break")
            let broken = try await world.run("run", playbook, "-i", inventory, "-l", "web-02", "--yes")
            #expect(broken.status == 1)
            #expect(broken.error.contains("the cloud went away"), "\(broken.error)")

            // Killed when the machine is there and nobody knows; then while the new node joins.
            try await world.killed(in: "create", ["run"] + own + ["--yes"])
            let begun = try RunningFleet(["run"] + own + ["--yes", "-v"], in: world.folder.path)
            try await begun.says("join begins")
            begun.kill()
            _ = try await begun.status()
            // Killed before the old machine is deleted; then the provider refuses.
            try await world.linked {
                try await world.killed(in: "delete", ["resume", "--kubeconfig", world.kubeconfig])
            }
            _ = try world.folder.write("", to: "keep")
            let result = try await world.run("resume")
            #expect(result.status == 75, "\(result.error)\n\(result.output.suffix(2000))")
            #expect(result.error.contains("the machine is locked") && result.error.contains("to try again"))
            // 75 means that a resume goes on: it asks again, and has nothing else to do; killed when it is deleted and
            // nobody knows.
            _ = try world.folder.write("", to: "keep")
            let kept = try await world.run("resume")
            #expect(kept.status == 75 && kept.error.contains("the machine is locked"), "\(kept.error)")
            try await world.killed(in: "deleted", ["resume", "--kubeconfig", world.kubeconfig])
            let again = ["run", playbook, "-i", inventory, "-l", "web-02", "--yes", "--kubeconfig", world.kubeconfig]
            let binary = FleetBinary(directory: world.folder.path)
            for made in ["web-02-r1\n", "web-02-r1\nweb-02\n"] {
                // Whatever has the name later is another machine.
                _ = try world.folder.write(made, to: "made")
                let over = try await binary.run(list: again)
                #expect(over.status == 0 && !over.error.contains("deleting"), "\(over.error)")
            }
            #expect(try await world.run("resume").error.contains("no run is unfinished"))
            _ = try world.folder.write("web-02-r1\n", to: "made")

            let acts = try await binary.run("journal", "acts", "--output", "json")
            #expect(acts.output.contains("\"for web-02\"") && acts.output.contains("\"asked\""), "\(acts.output)")
            let report = try await binary.run("report", "r-", "--output", "json")
            #expect(
                report.output.contains("\"what\":\"provider delete\"")
                    && report.output.contains("\"outcome\":\"failed\""),
                "\(report.output.suffix(3000))")

            let deeds = try String(contentsOfFile: world.folder.path + "/deeds", encoding: .utf8)
            #expect(deeds == "made web-02-r1\ndeleted web-02\n")
            #expect(try String(contentsOfFile: world.folder.path + "/made", encoding: .utf8) == "web-02-r1\n")
            let calls = try String(contentsOfFile: world.folder.path + "/calls", encoding: .utf8).split(separator: "\n")
            let asked = try #require(calls.first { $0.hasPrefix("create ") })
            #expect(asked.contains("\"replaces\":\"web-02\"") && asked.contains("\"zone\":\"\(zone)\""), "\(asked)")
            let nodes = try await world.snapshot().nodes
            #expect(nodes.first { $0.name == "web-02" } == nil)
            let new = try #require(nodes.first { $0.name == "web-02-r1" })
            #expect(new.isReady && new.zone?.rawValue == zone && new.labels["tier"] == "gold")
        }
    }
}

extension HostWorld {
    /// Runs fleet until its provider hangs in a call, and kills both, fleet first.
    fileprivate func killed(in call: String, _ arguments: [String]) async throws {
        _ = try folder.write("", to: "hang-\(call)")
        let fleet = try RunningFleet(arguments, in: folder.path)
        let mark = folder.path + "/hanging"
        try await until { FileManager.default.fileExists(atPath: mark) || !fleet.isRunning }
        try #require(FileManager.default.fileExists(atPath: mark), "\(fleet.error)")
        fleet.kill()
        #expect(try await fleet.status() == 128 + SIGKILL)
        let text = try String(contentsOfFile: mark, encoding: .utf8)
        let provider = try #require(Int32(text.split(separator: "\n").first ?? ""))
        kill(provider, SIGKILL)
        try FileManager.default.removeItem(atPath: mark)
    }
}
