import FleetModel
import FleetSimulation
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
            try Data().write(to: URL(fileURLWithPath: world.hosts.root(of: host.name) + "/var/go"))

            let resumed = try await world.run("run", playbook, "-i", inventory, "-l", host.name, "--yes")
            #expect(resumed.status == 0, "\(resumed.error)")
            #expect(resumed.error.contains("going on with run"))
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "ran\nover\n")
            let left = FileManager.default.fileExists(atPath: world.hosts.root(of: host.name) + "/var/lib/fleet")
            #expect(!left)
        }
    }
}
