import FleetCommands
import FleetModel
import FleetRun
import FleetSimulation
import FleetSimulationServer
import Foundation
import Testing

/// `--dry-run`, kind by kind: each says what would change on a real host and in the API, and changes nothing.
@Suite("fleet run --dry-run", .serialized, .needsHosts)
struct DryRunTests {
    /// A step as a playbook has it, and how its line begins, or lines begin, on a drained-to-be worker of the demo's cluster.
    struct Row {
        var step: String
        var lines: [String]

        init(_ step: String, _ lines: String...) {
            self.step = step
            self.lines = lines
        }

        var kind: String { String(step.prefix { $0 != ":" }) }
    }

    /// What takes a node out and works on it.
    static let rows = [
        Row("cordon:", "would cordon"),
        Row("surge_single_replicas:", "would raise to 2: Deployment shop/coupons"),
        Row("exclude_from_load_balancers:", "would label it node.kubernetes.io/exclude-from-external-load-balancers"),
        Row("wait_for_connections: {ports: [443]}", "would wait for connections"),
        Row("adjust_budget: {budgets: [shop/cart], max_unavailable: 1}", "nothing to do: none of the budgets"),
        Row("http: {url: 'http://127.0.0.1:9/drain', method: POST}", "would send one POST request from the host"),
        Row(
            "packages: {names: [jq]}",
            "would be refused where it changes anything, unless the node was drained: pods run here",
            "would install jq"),
        Row("etcd_quorum", "would ask nothing: no control-plane host"),
        Row("host_off: ./is-off.sh", "would ask whether the host is off, then taint the Node"),
        Row(
            "reboot:", "would be refused where it changes anything, unless the node was drained: pods run here",
            "would reboot"),
        Row("drain: {delete_emptydir_data: true}", "would evict"),
        Row("verify_drained:", "would wait for every evicted pod's replacement"),
        Row("wait_volumes_detached:", "no volume attached"),
        Row("remove_daemon_pods:", "would leave, since they tolerate the taint: kube-system/calico-node"),
        Row("packages: {names: [jq], hold: true}", "would install jq", "would hold jq"),
        Row("containerd:", "would set SystemdCgroup = true in /etc/containerd/config.toml"),
        Row(
            "kubelet_config: {settings: {maxPods: 99}}",
            "would write the settings into /var/lib/kubelet/config.yaml and restart the kubelet"),
        Row("host_name: somebody-else", "would be refused: "),
        Row("hosts_entries:", "would write the block \"fleet: hosts of the cluster\""),
        Row("lines_in_file: {path: /etc/limits, marker: m, lines: [a]}", "would write the block \"m\""),
        Row("swap: off", "would comment"),
        Row("kernel_module: [overlay]", "would load module overlay"),
        Row("sysctl: {settings: {net.ipv4.ip_forward: 1}}", "would set net.ipv4.ip_forward"),
        Row("upload: {path: /etc/motd, content: hello}", "would write /etc/motd"),
        Row("run: {script: 'touch /srv/touched'}", "would run a script"),
        Row("reboot:", "would reboot"),
        Row("label: {labels: {tier: gold}}", "would label it tier=gold"),
        Row("taint: {taints: ['dedicated=gpu:NoSchedule']}", "would taint it dedicated=gpu:NoSchedule"),
        Row("verify: {script: 'true', within: 5s}", "would verify by a script, at most 5s long"),
        Row("diagnose:", "would ask the host what may be wrong"),
        Row("soak: 1m", "would watch the Node for 1m"),
        Row("approve: {name: go-on}", "would wait for --approve go-on"),
        Row("wait_ready:", "would wait for the Node to be Ready"),
        Row("check_pod_network:", "would reach pods on"),
        Row("uncordon:", "would uncordon"),
        Row(
            "service: {name: kubelet, state: stopped, enabled: false}", "would see to it",
            "would run systemctl stop kubelet"),
        Row("delete_node:", "would delete Node"),
        Row("cleanup:", "would clean up the host", "would remove /var/lib/kubelet"),
        Row("verify_gone:", "would watch for"),
    ]

    @Test("every kind that works on a node says what it would do, and nothing is changed", .timeLimit(.minutes(2)))
    func everyKind() async throws {
        #expect(Set(Self.rows.map(\.kind)).union(["join"]) == Set(StepCatalogue.kinds.map { $0.kind }))
        let node = try #require(DemoCluster.snapshot().pods.first { $0.key.name.hasPrefix("coupons") }?.nodeName)
        try await HostWorld.with(HostWorld.hosts(of: [node])) { world in
            let playbook = try world.folder.playbook(Self.rows.map(\.step))
            let found = try await world.dryRun(playbook, node.rawValue)
            #expect(found.map(\.step) == Self.rows.map(\.kind))
            for (row, step) in zip(Self.rows, found) {
                for line in row.lines {
                    #expect(step.would.contains { $0.hasPrefix(line) }, "\(row.step): \(step.would)")
                }
            }
        }
    }

    @Test("a host that would join says so, without a token", .timeLimit(.minutes(2)))
    func join() async throws {
        let host = SandboxHost(
            name: "new-1", role: .fresh, internalIP: "10.9.0.1", clusterCertificate: HostWorld.certificate)
        try await HostWorld.with([host]) { world in
            let found = try await world.dryRun(
                try world.folder.playbook(["join:", "label: {role: worker}", "wait_ready:"]), "new-1")
            #expect(found.map(\.step) == ["join", "label", "wait_ready"])
            #expect(found.first?.would.first == "would join as new-1", "\(found)")
        }
    }
}

extension HostWorld {
    /// A step of `fleet.dry-run/v1`.
    fileprivate struct Step: Decodable {
        var step: String
        var would: [String]
    }

    /// Runs a playbook dry on one host; neither the host nor the cluster may be another afterwards.
    fileprivate func dryRun(_ playbook: String, _ host: String) async throws -> [Step] {
        struct Document: Decodable {
            struct Node: Decodable { var steps: [Step] }
            var nodes: [Node]
        }
        let before = try await picture(of: host)
        let nodes = await server.simulation.nodes.map { [$0.labels, $0.annotations] }
        let result = try await run(
            "run", playbook, "-i", try inventory(), "-l", host, "--dry-run", "--output", "json")
        #expect(result.status == 0, "\(result.error)")
        #expect(try await picture(of: host) == before)
        #expect(await server.simulation.nodes.map { [$0.labels, $0.annotations] } == nodes)
        let reading: Set<String> = ["get", "list", "watch"]
        let writes = await server.audit.counts.keys.filter {
            $0.agent == "fleet" && !reading.contains($0.verb) && !$0.resource.hasPrefix("selfsubject")
        }
        #expect(writes.map { "\($0.verb) \($0.resource)" } == [])
        #expect(try await FleetBinary(directory: folder.path).run("runs").output.contains("no runs yet"))
        // With --output json the plan comes first.
        let last = try #require(result.output.split(separator: "\n").last)
        return try JSONDecoder().decode(Document.self, from: Data(last.utf8)).nodes.flatMap(\.steps)
    }
}
