import FleetJournal
import FleetModel
import FleetPorts
import FleetSimulation
import FleetSimulationServer
import Foundation
import Testing

@testable import FleetCommands

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A script on a host outlives the fleet that started it, and never starts twice (safety rule 25).
@Suite(.serialized, .needsHosts) struct ScriptCrashTests {
    @Test("fleet is killed while a script runs: resume follows it to its end", .timeLimit(.minutes(2)))
    func killed() async throws {
        let node = try #require(DemoCluster.snapshot().nodes.first)
        let host = SandboxHost(
            name: node.name.rawValue, machineID: node.machineID, systemUUID: node.systemUUID,
            clusterCertificate: HostWorld.certificate)
        try await HostWorld.with([host]) { world in
            let playbook = try world.folder.playbook([
                "run: {script: 'echo ran >>/var/ran; while [ ! -e /var/go ]; do sleep 0.1; done; echo over >>/var/ran'}"
            ])
            let inventory = try world.inventory()
            let process = Process()
            process.executableURL = URL(fileURLWithPath: FleetBinary.path)
            process.arguments = [
                "run", playbook, "-i", inventory, "-l", host.name, "--yes", "--kubeconfig", world.kubeconfig,
            ]
            process.environment = ProcessInfo.processInfo.environment.merging(
                ["FLEET_STATE": "\(world.folder.path)/fleet.sqlite"]) { $1 }
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            let file = world.hosts.root(of: host.name) + "/var/ran"
            try await world.until { FileManager.default.fileExists(atPath: file) }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            try await expectKept(host, from: "another-cluster", playbook, inventory, world)
            try await expectKept(from: "r-other", world) {
                try await world.run("run", playbook, "-i", inventory, "-l", host.name, "--yes")
            }
            try Data().write(to: URL(fileURLWithPath: world.hosts.root(of: host.name) + "/var/go"))

            let resumed = try await world.run("run", playbook, "-i", inventory, "-l", host.name, "--yes")
            #expect(resumed.status == 0, "\(resumed.error)")
            #expect(resumed.error.contains("going on with run"))
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "ran\nover\n")
            let left = FileManager.default.fileExists(atPath: world.hosts.root(of: host.name) + "/var/lib/fleet")
            #expect(!left)
        }
    }

    /// A run that is gone on with may not have it either, while another cluster's run, imported meanwhile, has it in hand.
    private func expectKept(
        from other: RunID, _ world: HostWorld, _ goOn: () async throws -> FleetBinary.Result
    ) async throws {
        let fleet = FleetBinary(directory: world.folder.path)
        let file = "\(world.folder.path)/other.ndjson"
        #expect(try await fleet.run("journal", "export", "r-", "-o", file, "--copy").status == 0)
        var archive = try RunArchive(text: String(contentsOfFile: file, encoding: .utf8), name: file)
        let content = String(decoding: try #require(archive.plan).content, as: UTF8.self)
            .replacingOccurrences(of: archive.run.cluster.rawValue, with: "another-cluster")
        (archive.run.id, archive.run.cluster) = (other, "another-cluster")
        archive.plan?.cluster = "another-cluster"
        archive.plan?.content = Array(content.utf8)
        try archive.text().write(toFile: file, atomically: true, encoding: .utf8)
        #expect(try await fleet.run("journal", "import", file).status == 0)
        let refused = try await goOn()
        #expect(refused.status == 75, "\(refused.error)")
        #expect(refused.error.contains("a host of run \(other) of another cluster"), "\(refused.error)")
        (archive.run.finishedAt, archive.run.result) = (archive.run.startedAt, "aborted")
        try archive.text().write(toFile: file, atomically: true, encoding: .utf8)
        #expect(try await fleet.run("journal", "import", file).status == 0)
    }

    /// The host is in the hands of an unfinished run: another cluster's run that shares the state file may not have it.
    private func expectKept(
        _ host: SandboxHost, from cluster: ObjectUID, _ playbook: String, _ inventory: String, _ world: HostWorld
    ) async throws {
        var snapshot = DemoCluster.snapshot()
        snapshot.clusterUID = cluster
        let account = Account(user: "tester", groups: ["system:masters"], token: "secret-token-of-the-test")
        let server = try await SimulationServer.start(
            simulation: ClusterSimulation(snapshot: snapshot), settings: SimulationServer.Settings(accounts: [account]))
        let kubeconfig = try world.folder.write(server.kubeconfig(), to: "other-kubeconfig")
        let refused = try await FleetBinary(directory: world.folder.path).run(
            "run", playbook, "-i", inventory, "-l", host.name, "--yes", "--kubeconfig", kubeconfig)
        await server.stop()
        #expect(refused.status == 75, "\(refused.error)")
        #expect(refused.error.contains("\(host.name) is, or cannot be told from, a host of run r-"), "\(refused.error)")
    }
}
