import FleetModel
import FleetSimulation
import FleetSimulationServer
import Foundation
import Testing

@testable import FleetCommands

/// What is wrong with hosts is found before anything is changed, and said with the host's name (safety rules 2 and 6).
@Suite(.serialized, .needsHosts) struct HostFaultTests {
    @Test("hosts that are as they should be pass: the same files without a fault")
    func faultless() async throws {
        try await HostWorld.with(Self.hosts()) { world in
            let run = try await world.retire("--dry-run")
            #expect(run.status == 0, "\(run.error)")
            #expect(run.output.contains("would remove /var/lib/kubelet"))
            try await world.expectUntouched()
        }
    }

    @Test("an unknown host key is refused, with its fingerprint")
    func unknownHostKey() async throws {
        try await HostWorld.with(Self.hosts()) { world in
            try Data().write(to: URL(fileURLWithPath: world.hosts.knownHosts))
            let run = try await world.retire("--yes")
            #expect(run.status == 1)
            #expect(run.error.contains("web-02") && run.error.contains("SHA256:"), "\(run.error)")
            #expect(run.error.contains("known_hosts"))
            try await world.expectUntouched()
        }
    }

    @Test("a refused login names host, user and key")
    func authenticationRefused() async throws {
        try await HostWorld.with(Self.hosts()) { world in
            let key = "\(world.folder.path)/other_key"
            _ = try await FleetBinary.tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
            let run = try await world.retire("--yes", group: ["ansible_ssh_private_key_file: \(key)"])
            #expect(run.status == 1)
            #expect(run.error.contains("web-02") && run.error.contains(world.hosts.user), "\(run.error)")
            #expect(run.error.contains(key))
            try await world.expectUntouched()
        }
    }

    @Test("a host that is down is named, and the others are not begun")
    func hostDown() async throws {
        try await HostWorld.with(Self.hosts()) { world in
            let run = try await world.retire("--yes", ["web-06": ["ansible_host: 127.0.9.9"]])
            #expect(run.status == 1)
            #expect(run.error.contains("web-06") && run.error.contains("127.0.9.9"), "\(run.error)")
            try await world.expectUntouched()
        }
    }

    @Test("hosts of another cluster are refused: their kubelets trust another CA")
    func otherCluster() async throws {
        let authority = try await FleetBinary.tool(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
            "/dev/null", "-subj", "/CN=another-ca", "-days", "30")
        try await HostWorld.with(Self.hosts(trusting: authority)) { world in
            let run = try await world.retire("--yes")
            #expect(run.status == 1)
            #expect(run.error.contains("web-02") && run.error.contains("belongs to another cluster"), "\(run.error)")
            try await world.expectUntouched()
        }
    }

    @Test("a host that is another machine than its Node is refused, with both ids")
    func otherMachine() async throws {
        try await HostWorld.with(Self.hosts()) { world in
            let other = try #require(world.hosts.endpoint(of: "web-10")?.address)
            let run = try await world.retire("--yes", ["web-02": ["ansible_host: \(other)"]])
            #expect(run.status == 1)
            #expect(run.error.contains("web-02") && run.error.contains("it is another machine"), "\(run.error)")
            try await world.expectUntouched()
        }
    }

    @Test("a node that is still at work is not cleaned, cordoned or not: nothing runs on its host but looks")
    func atWork() async throws {
        try await HostWorld.with(Self.hosts()) { world in
            for (name, steps) in [("ready", ["cleanup:"]), ("cordoned", ["cordon:", "cleanup:"])] {
                let before = try await world.picture(of: "web-02")
                let run = try await world.run(
                    "run", try world.folder.playbook(steps), "-i", try world.inventory(), "-l", "web-02", "--plan",
                    name, "--yes")
                #expect(run.status == 1, "\(name)")
                #expect(
                    run.error.contains("Node web-02 is still in the cluster and Ready; nothing was removed"),
                    "\(name): \(run.error)")
                #expect(try await world.picture(of: "web-02") == before)
            }
            for host in world.hosts.hosts {
                let calls = world.hosts.calls(on: host.name)
                #expect(calls.allSatisfy { !$0.hasPrefix("kubeadm reset") && !$0.hasPrefix("systemctl stop") })
            }
            #expect(await world.server.audit.evictions == 0)
        }
    }

    /// Three hosts of the demo's cluster, as their Nodes say they are.
    private static func hosts(trusting authority: String = HostWorld.certificate) -> [SandboxHost] {
        HostWorld.hosts(of: ["web-02", "web-06", "web-10"], trusting: authority)
    }
}

extension HostWorld {
    /// Retires two nodes and cleans their hosts.
    fileprivate func retire(
        _ option: String, _ variables: [String: [String]] = [:], group: [String] = []
    ) async throws -> FleetBinary.Result {
        let playbook = try folder.playbook([
            "cordon:", "drain: {delete_emptydir_data: true}", "delete_node:", "cleanup:",
        ])
        return try await run(
            "run", playbook, "-i", try inventory(variables, group: group), "-l", "web-02,web-06", option)
    }

    /// No Node is changed, and nothing ran on a host but looks.
    fileprivate func expectUntouched() async throws {
        let nodes = await server.simulation.nodes
        #expect(nodes.count == 12)
        #expect(nodes.allSatisfy { !$0.isCordoned && $0.taints.isEmpty && $0.annotations.isEmpty })
        #expect(await server.audit.evictions == 0)
        for host in hosts.hosts { #expect(hosts.calls(on: host.name).allSatisfy { !$0.hasPrefix("kubeadm reset") }) }
    }
}
