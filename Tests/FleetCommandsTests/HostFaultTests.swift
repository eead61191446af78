import FleetCommands
import FleetModel
import FleetSimulation
import FleetSimulationServer
import Foundation
import Testing

/// What is wrong with hosts is found before anything is changed, and said with the host's name (safety rules 2 and 6).
@Suite(.serialized, .needsSandboxedHosts) struct HostFaultTests {
    @Test("hosts that are as they should be pass: the same files without a fault")
    func faultless() async throws {
        try await WorkerHosts.with { world in
            let run = try await world.run("--dry-run")
            #expect(run.status == 0, "\(run.error)")
            #expect(run.output.contains("would remove /var/lib/kubelet"))
            try await world.expectUntouched()
        }
    }

    @Test("an unknown host key is refused, with its fingerprint")
    func unknownHostKey() async throws {
        try await WorkerHosts.with { world in
            try Data().write(to: URL(fileURLWithPath: world.hosts.knownHosts))
            let run = try await world.run("--yes")
            #expect(run.status == 1)
            #expect(run.error.contains("web-02") && run.error.contains("SHA256:"), "\(run.error)")
            #expect(run.error.contains("known_hosts"))
            try await world.expectUntouched()
        }
    }

    @Test("a refused login names host, user and key")
    func authenticationRefused() async throws {
        try await WorkerHosts.with { world in
            let key = "\(world.cluster.folder.path)/other_key"
            _ = try await FleetBinary.tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
            let run = try await world.run("--yes", inventory: try world.inventory(key: key))
            #expect(run.status == 1)
            #expect(run.error.contains("web-02") && run.error.contains(world.hosts.user), "\(run.error)")
            #expect(run.error.contains(key))
            try await world.expectUntouched()
        }
    }

    @Test("a host that is down is named, and the others are not begun")
    func hostDown() async throws {
        try await WorkerHosts.with { world in
            let run = try await world.run("--yes", inventory: try world.inventory(addresses: ["web-06": "127.0.9.9"]))
            #expect(run.status == 1)
            #expect(run.error.contains("web-06"), "\(run.error)")
            #expect(run.error.contains("127.0.9.9"))
            try await world.expectUntouched()
        }
    }

    @Test("hosts of another cluster are refused: their kubelets trust another CA")
    func otherCluster() async throws {
        try await WorkerHosts.with(ofAnotherCluster: true) { world in
            let run = try await world.run("--yes")
            #expect(run.status == 1)
            #expect(run.error.contains("web-02") && run.error.contains("belongs to another cluster"), "\(run.error)")
            try await world.expectUntouched()
        }
    }

    @Test("a host that is another machine than its Node is refused, with both ids")
    func otherMachine() async throws {
        try await WorkerHosts.with { world in
            let own = try #require(world.hosts.endpoint(of: "web-10")?.address)
            let run = try await world.run("--yes", inventory: try world.inventory(addresses: ["web-02": own]))
            #expect(run.status == 1)
            #expect(run.error.contains("web-02") && run.error.contains("it is another machine"), "\(run.error)")
            try await world.expectUntouched()
        }
    }
}

extension WorkerHosts {
    /// Runs the playbook of the faults on two nodes.
    fileprivate func run(_ option: String, inventory: String? = nil) async throws -> FleetBinary.Result {
        let steps = ["cordon:", "drain: {delete_emptydir_data: true}", "delete_node:", "cleanup:"]
        let playbook = try cluster.playbook(steps)
        return try await cluster.run(
            "run", playbook, "-i", try inventory ?? self.inventory(), "-l", "web-02,web-06", option)
    }

    /// No Node is changed, and nothing ran on a host but looks.
    fileprivate func expectUntouched() async throws {
        let nodes = await cluster.server.simulation.nodes
        #expect(nodes.count == 12)
        #expect(nodes.allSatisfy { !$0.isCordoned && $0.taints.isEmpty && $0.annotations.isEmpty })
        #expect(await cluster.server.audit.evictions == 0)
        for host in hosts.hosts { #expect(hosts.calls(on: host.name).allSatisfy { !$0.hasPrefix("kubeadm reset") }) }
    }
}
