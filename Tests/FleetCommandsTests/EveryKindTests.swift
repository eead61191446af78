import FleetCommands
import FleetModel
import FleetSimulation
import FleetSimulationServer
import Foundation
import Testing

/// The kinds of steps that no shipped playbook runs on hosts: each really works there, and a second time changes nothing.
@Suite("Every kind really runs, twice", .serialized, .needsHosts)
struct EveryKindTests {
    private static let names: [NodeName] = ["web-02", "web-06"]

    private static let steps = [
        "cordon:",
        "drain: {delete_emptydir_data: true}",
        "kubelet_config: {settings: {maxPods: 99, systemReserved: {cpu: 500m}}}",
        "upload: {path: /etc/motd, content: \"welcome to {{ inventory_hostname }}\\n\", mode: \"0640\"}",
        "upload: {path: /etc/site.conf, template: files/site.conf}",
        "upload: {path: /usr/local/bin/check, file: files/check, mode: \"0755\"}",
        "upload: {path: /opt/app, directory: files/app}",
        "lines_in_file: {path: /etc/limits, marker: limits, lines: [\"{{ rack }} soft\", hard]}",
        "label: {labels: {tier: gold}, remove: [acme/old]}",
        "taint: {taints: ['dedicated=gpu:NoSchedule'], remove: ['acme/old:NoSchedule']}",
        "soak: 2s",
    ]

    /// The demo's cluster, whose Nodes have a label and a taint that are to go.
    private static func snapshot() -> ClusterSnapshot {
        var snapshot = DemoCluster.snapshot()
        for index in snapshot.nodes.indices where names.contains(snapshot.nodes[index].name) {
            snapshot.nodes[index].labels["acme/old"] = "yes"
            snapshot.nodes[index].taints.append(Taint(key: "acme/old", value: "yes", effect: .noSchedule))
        }
        return snapshot
    }

    @Test("Steps whose effects are watched for a while, on hosts and on a dead node", .timeLimit(.minutes(5)))
    func watched() async { await together(twice, hostOff) }

    /// Kubelets take settings one wave at a time, files and lines are there, labels and taints too; then nothing changes.
    private func twice() async throws {
        let snapshot = Self.snapshot()
        try await HostWorld.with(HostWorld.hosts(of: Self.names, in: snapshot), snapshot: snapshot) { world in
            let inventory = try world.inventory(["web-02": ["rack: r7"], "web-06": ["rack: r9"]])
            try world.writeFiles()

            // Under running pods nothing of the kubelet's is touched (safety rule 9).
            let settings = try world.folder.write(
                "name: settings\nhosts: kube_node\nwaves: {soak: 0s}\nsteps:\n  - kubelet_config: {settings: {maxPods: 99}}\n",
                to: "settings.yaml")
            let refused = try await world.run("run", settings, "-i", inventory, "-l", "web-02", "--yes")
            #expect(refused.status == 1)
            #expect(refused.error.contains("under pods that run here"), "\(refused.error)")
            #expect(
                try await world.hosts.read("web-02", "cat /var/lib/kubelet/config.yaml \(Self.starts); exit 0").output
                    == "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\ncgroupDriver: systemd\n")

            let playbook = try world.folder.playbook(Self.steps)
            let first = try await world.run(
                "run", playbook, "-i", inventory, "-l", "web-02,web-06", "--yes", "--output", "json")
            #expect(first.status == 0, "\(first.error)\n\(first.output.suffix(2000))")
            let changed = Dictionary(grouping: first.steps.filter(\.changed), by: \.node).mapValues { $0.map(\.step) }
            let kinds = Self.steps.map { String($0.prefix { $0 != ":" }) }.filter { $0 != "soak" }
            #expect(changed["web-06"] == kinds, "\(changed)")
            // The refused run set it aside, and left it cordoned.
            #expect(changed["web-02"] == Array(kinds.dropFirst()) || changed["web-02"] == kinds, "\(changed)")
            #expect(
                first.steps.filter { $0.step == "soak" }.map(\.detail)
                    == Array(repeating: "stayed Ready for 2s", count: 2))
            try await world.expectState("web-02", rack: "r7")
            try await world.expectState("web-06", rack: "r9")
            let nodes = try await world.snapshot().nodes.filter { Self.names.contains($0.name) }
            for node in nodes {
                #expect(node.labels["tier"] == "gold" && node.labels["acme/old"] == nil)
                let keys = node.taints.map { "\($0.key)=\($0.value)" }
                #expect(keys.contains("dedicated=gpu") && !keys.contains("acme/old=yes"), "\(keys)")
            }

            // Each kubelet was started once, and its settings were watched for 15 s before the other's.
            let since = try await Self.names.asyncMap { name in
                try await world.hosts.read(name.rawValue, "cat \(Self.starts) /var/lib/sandbox/units/kubelet.since")
                    .output
            }.map { $0.split(separator: "\n").compactMap { Int64($0) } }
            #expect(since.allSatisfy { $0.count == 2 && $0[0] == 1 }, "\(since)")
            let moments = since.compactMap(\.last).sorted()
            #expect(moments.count == 2 && moments[1] - moments[0] >= 15_000_000, "\(moments)")

            let pictures = try await Self.names.asyncMap { try await world.picture(of: $0.rawValue) }
            let second = try await world.run(
                "run", playbook, "-i", inventory, "-l", "web-02,web-06", "--plan", "again", "--yes", "--output", "json")
            #expect(second.status == 0, "\(second.error)")
            #expect(second.steps.count == first.steps.count)
            #expect(second.steps.filter(\.changed).map { "\($0.node) \($0.step): \($0.detail)" } == [])
            #expect(try await Self.names.asyncMap { try await world.picture(of: $0.rawValue) } == pictures)
            #expect(try await world.unpermitted(by: playbook) == [])

            // Other contents of the template are another playbook, and another file on the host.
            _ = try world.folder.write("{{ rack }} anew\n", to: "files/site.conf")
            let edited = try await world.run("plan", playbook, "-i", inventory, "--plan", "again")
            #expect((edited.output + edited.error).contains("playbook"), "\(edited.output)\(edited.error)")
            let third = try await world.run(
                "run", playbook, "-i", inventory, "-l", "web-06", "--plan", "third", "--yes", "--output", "json")
            #expect(third.steps.filter(\.changed).map(\.step) == ["upload"], "\(third.error)")
            #expect(try await world.hosts.read("web-06", "cat /etc/site.conf").output == "r9 anew\n")
        }
    }

    /// host_off: nothing before the proof; then what the dead kubelet never ends has ended, and the taint goes.
    private func hostOff() async throws {
        let node: NodeName = "web-03"
        try await SimulatedWorld.with { world in
            await world.server.perform(.host(node, .powerOff))
            let playbook = try world.playbook([
                "cordon:", "host_off: {command: 'test -e \(world.folder.path)/off', timeout: 2m}",
                "drain: {delete_emptydir_data: true}",
            ])
            let run = try RunningFleet(
                ["run", playbook, "-l", node.rawValue, "--yes", "-v", "--kubeconfig", world.kubeconfig],
                in: world.folder.path)
            try await run.says("does not prove")
            #expect(
                await world.server.simulation.nodes.first { $0.name == node }?.taints.contains {
                    $0.key.hasSuffix("out-of-service")
                } == false)
            _ = try world.folder.write("", to: "off")
            #expect(try await run.status() == 0, "\(run.error)")
            let simulation = await world.server.simulation
            let left = simulation.pods.filter { $0.nodeName == node && $0.controller?.kind != "DaemonSet" }
            #expect(left.map(\.key.name) == [])
            let dead = try #require(simulation.nodes.first { $0.name == node })
            #expect(!dead.isReady && dead.isCordoned && dead.taints.allSatisfy { !$0.key.hasSuffix("out-of-service") })
        }
    }

    private static let starts = "/var/lib/sandbox/units/kubelet.starts 2>/dev/null"
}

extension Sequence {
    fileprivate func asyncMap<Result>(_ transform: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}

extension HostWorld {
    /// What the playbook uploads, beside it.
    fileprivate func writeFiles() throws {
        for name in ["files", "files/app", "files/app/bin"] {
            try FileManager.default.createDirectory(atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
        }
        _ = try folder.write(
            "# of {{ inventory_hostname }}\nrack = {{ rack | default(\"none\") }}\n", to: "files/site.conf")
        _ = try folder.write("#!/bin/sh\necho '{{ not a template }}'\n", to: "files/check")
        _ = try folder.write("a = 1\n", to: "files/app/a.conf")
        let program = try folder.write("#!/bin/sh\n", to: "files/app/bin/serve")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
    }

    /// What the playbook leaves on a host.
    fileprivate func expectState(_ host: String, rack: String) async throws {
        let seen = try await hosts.read(
            host,
            """
            cat /var/lib/kubelet/config.yaml /etc/motd /etc/site.conf /etc/limits /opt/app/a.conf; check
            stat -c '%a %n' /etc/motd /etc/site.conf /usr/local/bin/check /opt/app/a.conf /opt/app/bin/serve
            """)
        #expect(
            seen.output == """
                apiVersion: kubelet.config.k8s.io/v1beta1
                kind: KubeletConfiguration
                cgroupDriver: systemd
                maxPods: 99
                systemReserved:
                  cpu: "500m"
                welcome to \(host)
                # of \(host)
                rack = \(rack)
                # BEGIN limits
                \(rack) soft
                hard
                # END limits
                a = 1
                {{ not a template }}
                640 /etc/motd
                644 /etc/site.conf
                755 /usr/local/bin/check
                644 /opt/app/a.conf
                755 /opt/app/bin/serve

                """, "\(seen.error)")
    }
}
