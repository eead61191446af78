import FleetCommands
import FleetKubernetes
import FleetModel
import FleetSimulationServer
import Foundation
import Testing

/// `playbooks/prepare-node.yaml` and `playbooks/expand.yaml` as they are shipped: fresh hosts become Nodes.
@Suite("fleet run expand", .serialized, .needsHosts)
struct ExpandTests {
    private static let hosts = ["a", "b", "c"].enumerated().map { number, zone in
        SandboxHost(
            name: "new-\(zone)", role: .fresh, internalIP: "10.9.0.\(number + 1)",
            clusterCertificate: HostWorld.certificate)
    }

    @Test(
        "A control-plane host, the second when the first is down, makes the token where fleet's user has no Secrets; it is revoked at the end and on abort; the pod network is checked",
        .timeLimit(.minutes(5)))
    func tokenFromHost() async throws {
        let hosts = [
            Self.hosts[0], Self.hosts[1],
            SandboxHost(
                name: "cp-1", role: .controlPlane, internalIP: "10.9.0.9", clusterCertificate: HostWorld.certificate),
        ]
        let noSecrets = Account.Rule(verbs: ["*"], resources: ["secrets"])
        try await HostWorld.with(hosts, denied: [noSecrets]) { world in
            // The first host of the control plane is down.
            let control =
                "kube_control_plane:\n  hosts:\n    cp-0: {ansible_host: 127.0.9.9, ansible_port: \(world.hosts.port)}\n    cp-1:\n"
            let nodes = try world.inventory(group: ["kubernetes_version: 1.36.0", "zone: eu-1a"])
            let inventory = try world.folder.write(
                control + String(contentsOfFile: nodes, encoding: .utf8), to: "inventory.yaml")
            let prepared = try await world.run(
                "run", HostWorld.shipped("prepare-node"), "-i", inventory, "-l", "new-a,new-b", "--yes")
            #expect(prepared.status == 0, "\(prepared.error)")

            let forbidden = try await world.run(
                "run", try world.quickened("expand"), "-i", inventory, "-l", "new-a,new-b", "--yes")
            #expect(forbidden.status == 1)
            #expect(forbidden.error.contains("may not: create secrets in kube-system"), "\(forbidden.error)")

            let playbook = try world.folder.write(
                """
                name: join
                hosts: kube_node
                waves: {soak: 0s}
                steps:
                  - join: {token_from: control_plane_host}
                  - wait_ready: {timeout: 1m}
                  - check_pod_network: {nodes: 2, timeout: 3s}
                """, to: "join.yaml")
            // Aborted while the Node is awaited, which comes to nothing here: the token is revoked all the same.
            let waiting = try RunningFleet(
                ["run", playbook, "-i", inventory, "-l", "new-b", "--yes", "-v", "--kubeconfig", world.kubeconfig],
                in: world.folder.path)
            try await world.until { world.hosts.joinedNode(on: "new-b") != nil || !waiting.isRunning }
            let first = try await world.token()
            let run = try #require(waiting.error.firstMatch(of: /r-\d+-\d+-[a-z]+/)?.0)
            let aborted = try await world.run("abort", String(run))
            #expect(aborted.status == 0, "\(aborted.error)")
            #expect(try await waiting.status() == 1)
            #expect(waiting.error.contains("on the host of cp-0"), "\(waiting.error)")
            #expect(try await world.token() == nil)
            #expect(
                try await world.hosts.read("cp-1", "cat /var/lib/sandbox/tokens-deleted").output
                    == "\(first?.id ?? "?")\n")

            let result = try await world.linked {
                try await world.run(
                    "run", playbook, "-i", inventory, "-l", "new-a", "--plan", "again", "--yes", "--output", "json")
            }
            // Nothing routes to the pods of the simulated cluster: the last step must see that.
            #expect(result.status != 0)
            #expect(result.steps.map(\.step) == ["join", "wait_ready"], "\(result.error)\(result.output.suffix(1500))")
            #expect(result.output.contains("no pod answers on"), "\(result.output.suffix(1500))")

            let state = "/var/lib/sandbox"
            let created = try await world.hosts.read("cp-1", "cat \(state)/tokens-created").output
            let tokens = created.split(separator: "\n").compactMap {
                $0.wholeMatch(of: /([a-z0-9]{6})\.([a-z0-9]{16})\s.*/)
            }
            #expect(tokens.map { String($0.1) } == [first?.id, tokens.last.map { String($0.1) }], "\(created)")
            let made = try #require(tokens.last)
            #expect(try await world.token() == nil)
            #expect(
                try await world.hosts.read("cp-1", "tail -n 1 \(state)/tokens-deleted").output == "\(made.1)\n")
            let secret = String(made.2)
            #expect(!(world.hosts.calls(on: "cp-1") + world.hosts.calls(on: "new-a")).contains { $0.contains(secret) })
            for name in ["fleet.sqlite", "fleet.sqlite-wal"] {
                let data = (try? Data(contentsOf: URL(fileURLWithPath: world.folder.path + "/" + name))) ?? Data()
                #expect(data.range(of: Data(secret.utf8)) == nil)
            }
            #expect(!result.output.contains(secret) && !result.error.contains(secret))
            #expect(try await world.unpermitted(by: playbook) == [])

            // With a way to the pods the check passes: a refusal is an answer.
            let pods = try await world.snapshot().pods.map(\.address).filter { !$0.isEmpty }
            #expect(pods.count > 10)
            _ = try await world.hosts.read(
                "new-a", "ip link set lo up; for a in \(pods.joined(separator: " ")); do ip addr add $a/32 dev lo; done"
            )
            let check = try world.folder.write(
                "name: check\nhosts: kube_node\nsteps:\n  - check_pod_network: {timeout: 20s}\n", to: "check.yaml")
            let checked = try await world.run(
                "run", check, "-i", inventory, "-l", "new-a", "--yes", "--output", "json")
            #expect(checked.status == 0, "\(checked.error)\(checked.output.suffix(1500))")
            #expect(checked.steps.first?.detail.hasSuffix("were reached") == true, "\(checked.steps)")
            // Pods are reached, and a peer of Calico's is down all the same.
            let peer = "| 10.0.0.2 | node-to-node mesh | start | 09:12:11 | Connect |"
            _ = try await world.hosts.read(
                "new-a",
                "mkdir -p /var/lib/calico; echo new-a >/var/lib/calico/nodename; echo '\(peer)' >\(state)/calico-status"
            )
            let quick = try world.folder.write(
                "name: peers\nhosts: kube_node\nsteps:\n  - check_pod_network: {timeout: 2s}\n", to: "peers.yaml")
            let down = try await world.run("run", quick, "-i", inventory, "-l", "new-a", "--yes")
            #expect(down.status == 1, "\(down.error)")
            #expect(down.error.contains("the network plugin is not well: BGP peer 10.0.0.2 is start"), "\(down.error)")
        }
    }

    @Test(
        "Hosts join with tokens that are revoked and never recorded, and become Nodes with labels, taints and zones",
        .timeLimit(.minutes(5)))
    func expand() async throws {
        try await HostWorld.with(Self.hosts) { world in
            let inventory = try world.inventory(
                [
                    "new-a": ["zone: eu-1a", "labels: {tier: web}"], "new-b": ["zone: eu-1b"],
                    "new-c": ["zone: eu-1c", "taints: ['dedicated=gpu:NoSchedule']"],
                ], group: ["kubernetes_version: 1.36.0", "capacity: {cpu: 8, memory: 32Gi}"])
            let prepared = try await world.run(
                "run", HostWorld.shipped("prepare-node"), "-i", inventory, "-l", "all", "--yes")
            #expect(prepared.status == 0, "\(prepared.error)")

            let playbook = try world.quickened("expand")
            let dry = try await world.run("run", playbook, "-i", inventory, "-l", "all", "--dry-run")
            #expect(dry.output.contains("would join as new-a"), "\(dry.output)\(dry.error)")
            let first = try await world.linked {
                try await world.run("run", playbook, "-i", inventory, "-l", "all", "--wave", "1", "--yes")
            }
            #expect(first.status == 0, "\(first.error)")
            // The first wave's host has a Node now: the pinned plan still fits.
            let rest = try await world.linked {
                try await world.run("run", playbook, "-i", inventory, "--yes", "--output", "json")
            }
            #expect(rest.status == 0, "\(rest.error)")
            let balance = rest.steps.filter { $0.step == "wait_ready" }.map(\.detail).last
            #expect(balance?.contains("Ready workers by zone: eu-1a 5, eu-1b 5, eu-1c 5") == true, "\(rest.steps)")

            let snapshot = try await world.snapshot()
            let nodes = Dictionary(
                uniqueKeysWithValues: snapshot.nodes.filter { $0.name.rawValue.hasPrefix("new-") }.map { ($0.name, $0) }
            )
            #expect(nodes.values.allSatisfy { $0.isReady } && nodes.count == 3)
            #expect(nodes["new-a"]?.zone == "eu-1a" && nodes["new-a"]?.labels["tier"] == "web")
            #expect(nodes["new-b"]?.labels["node-role.kubernetes.io/worker"] == "")
            #expect(nodes["new-c"]?.taints.contains(Taint(key: "dedicated", value: "gpu", effect: .noSchedule)) == true)

            // Each host had a token of its own; none of them is anywhere but in kubeadm's hands.
            let tokens = try Self.hosts.map { host in
                let file = world.hosts.root(of: host.name) + "/var/lib/sandbox/join-config"
                let line = try #require(
                    try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").first {
                        $0.contains("token:")
                    })
                return line.split(separator: "\"")[1].split(separator: ".").map(String.init)
            }
            #expect(Set(tokens.map { $0[0] }).count == 3)
            // Each was good for something: kubeadm held the cluster's own signature against it.
            for (host, token) in zip(Self.hosts, tokens) {
                let file = world.hosts.root(of: host.name) + "/var/lib/sandbox/discovered"
                #expect(try String(contentsOfFile: file, encoding: .utf8) == token[0] + "\n")
            }
            #expect(await world.server.clusterInfo.keys.sorted() == ["kubeconfig"])
            let journal =
                try Data(contentsOf: URL(fileURLWithPath: world.folder.path + "/fleet.sqlite"))
                + ((try? Data(contentsOf: URL(fileURLWithPath: world.folder.path + "/fleet.sqlite-wal"))) ?? Data())
            for token in tokens {
                #expect(journal.range(of: Data(token[0].utf8)) != nil)
                #expect(journal.range(of: Data(token[1].utf8)) == nil)
                for text in [first.output, first.error, rest.output, rest.error] { #expect(!text.contains(token[1])) }
                #expect(
                    try await world.status(of: "/api/v1/namespaces/kube-system/secrets/bootstrap-token-\(token[0])")
                        == 404)
            }

            let again = try await world.linked {
                try await world.run(
                    "run", playbook, "-i", inventory, "-l", "all", "--plan", "again", "--yes", "--output", "json")
            }
            #expect(again.status == 0, "\(again.error)")
            #expect(try await world.unpermitted(by: playbook) == [])
            #expect(again.steps.filter(\.changed).map { "\($0.node) \($0.step): \($0.detail)" } == [])
            // Whoever describes a new Node reads where it came from, once.
            let events = try await ListedEvent.all(of: world.server).filter {
                $0.note?.contains("by fleet run") == true
            }
            #expect(
                events.map { "\($0.reason) \($0.regarding.name) \($0.regarding.uid)" }.sorted()
                    == nodes.values.map { "Joined \($0.name) \($0.uid)" }.sorted(), "\(events)")
            #expect(events.allSatisfy { $0.note?.hasPrefix("joined the cluster") == true }, "\(events)")
        }
    }

    @Test(
        "A host whose kubelet crashes over swap is set aside with the unit's own words; the report has the findings (X4)",
        .timeLimit(.minutes(5)))
    func crashingKubelet() async throws {
        try await HostWorld.with([Self.hosts[0]]) { world in
            let inventory = try world.inventory(group: ["kubernetes_version: 1.36.0", "zone: eu-1a"])
            let prepared = try await world.run(
                "run", HostWorld.shipped("prepare-node"), "-i", inventory, "-l", "new-a", "--yes")
            #expect(prepared.status == 0, "\(prepared.error)")
            // Somebody turns it on again in between.
            _ = try await world.hosts.read("new-a", "swapon -a")
            let result = try await world.run(
                "run", try world.quickened("expand"), "-i", inventory, "-l", "new-a", "--yes")
            #expect(result.status == 1)
            let words = "failed to run Kubelet: running with swap on is not supported, please disable swap"
            let line = try #require(
                result.error.split(separator: "\n").first { $0.contains("quarantined in join") }, "\(result.error)")
            #expect(line.contains("join the cluster: "), "\(line)")
            #expect(line.contains("swap is on, and the kubelet does not start with it: in use: /swap.img"), "\(line)")
            #expect(line.contains("the kubelet starts and ends again ("), "\(line)")
            #expect(line.contains(words) && line.contains("fleet run prepare-node -l new-a"), "\(line)")

            struct Report: Decodable {
                struct Finding: Decodable { var code, likelihood, message, mend: String, evidence: [String] }
                struct Node: Decodable { var name: String, diagnosis: [Finding]? }
                var nodes: [Node]
            }
            let run = try #require(result.error.firstMatch(of: /r-\d+-\d+-[a-z]+/)?.0)
            let told = try await FleetBinary(directory: world.folder.path).run(
                "report", String(run), "--output", "json")
            let report = try JSONDecoder().decode(Report.self, from: Data(told.output.utf8))
            let findings = report.nodes.first { $0.name == "new-a" }?.diagnosis ?? []
            #expect(findings.prefix(2).map(\.code) == ["swap-on", "kubelet-crashes"], "\(told.output)")
            #expect(findings.prefix(2).allSatisfy { $0.likelihood == "certain" && !$0.mend.isEmpty })
            #expect(findings.dropFirst().first?.evidence.first?.contains(words) == true)
            #expect(try await world.unpermitted(by: try world.quickened("expand")) == [])
        }
    }
}

extension HostWorld {
    /// The token that cp-1 has made and not revoked; nil where there is none.
    fileprivate func token() async throws -> (id: String, secret: String)? {
        let text = try await hosts.read("cp-1", "cat /var/lib/sandbox/tokens 2>/dev/null; exit 0").output
        return text.firstMatch(of: /([a-z0-9]{6})\.([a-z0-9]{16})/).map { (String($0.1), String($0.2)) }
    }
}
