import FleetKubernetes
import FleetModel
import FleetRun
import FleetSimulation
import FleetSimulationServer
import Foundation
import Testing

@testable import FleetCommands

/// The real binary over real sshd, killed at random instants and taken up again, until the run is done.
///
/// `FLEET_CRASHES=500` kills more often, `FLEET_SEED=17` begins with another seed.
@Suite(.serialized, .needsHosts) struct CrashRunTests {
    private static let kills = ProcessInfo.processInfo.environment["FLEET_CRASHES"].flatMap(Int.init) ?? 20
    private static let seed = ProcessInfo.processInfo.environment["FLEET_SEED"].flatMap(UInt64.init) ?? 1
    private static let targets: [NodeName] = ["web-02", "web-06", "web-07", "web-11"]
    /// The script is repeatable where it never began; that it runs once is what the host tells.
    private static let steps = [
        "cordon:", "surge_single_replicas:", "exclude_from_load_balancers:", "drain: {delete_emptydir_data: true}",
        "verify_drained:", "wait_volumes_detached:",
        "run: {repeatable: true, script: 'echo ran >>/var/ran; sleep 1; echo over >>/var/ran'}", "delete_node:",
    ]

    /// What is left when everything is over, as far as two runs can be compared.
    private struct End: Equatable {
        var nodes: [NodeName]
        var marked: [NodeName]
        var notes: [String]
        var replicas: [String: Int]
        var unready: [String]
        var lockHolder: String
        /// What the script wrote on each host, and what fleet left there.
        var scripts: [String]
        var remains: [String]
    }

    /// SplitMix64, so that instants can be told again.
    private struct Chance {
        var state: UInt64

        mutating func next(below bound: UInt64) -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return (mixed ^ (mixed >> 31)) % bound
        }
    }

    @Test("killed twenty times, the run ends as if nothing had happened, and no pod was evicted twice")
    func killed() async throws {
        var whole: End?
        try await inWorld { world in
            let clock = ContinuousClock()
            let begun = clock.now
            let run = try launch(world, isFirst: true)
            #expect(try await run.status() == 0, "\(run.error.suffix(2000))")
            whole = try await end(of: world)
            print("uninterrupted: \(clock.now - begun)")
        }
        let expected = try #require(whole)
        #expect(expected.notes.isEmpty && expected.marked.isEmpty && expected.unready.isEmpty)
        #expect(expected.remains.isEmpty && expected.scripts == Self.targets.map { _ in "ran\nover\n" })

        var chance = Chance(state: Self.seed)
        var kills = 0
        var worlds = 0
        while kills < Self.kills {
            worlds += 1
            var instants: [String] = []
            try await inWorld { world in
                var isFirst = true
                while true {
                    let run = try launch(world, isFirst: isFirst)
                    let pause = 300 + Int(chance.next(below: 2700))
                    guard kills < Self.kills, try await isKilled(run, after: .milliseconds(pause)) else {
                        #expect(try await run.status() == 0, "killed at \(instants): \(run.error.suffix(3000))")
                        break
                    }
                    instants.append("\(pause)ms")
                    kills += 1
                    isFirst = try await FleetBinary(directory: world.folder.path).run("runs").output
                        .contains("no runs yet")
                }
                let found = try await end(of: world)
                #expect(found == expected, "killed at \(instants)")
                let twice = await world.server.audit.evictedPods.filter { $0.value > 1 }
                #expect(twice.isEmpty, "evicted twice, killed at \(instants): \(twice)")
            }
        }
        print("\(kills) kills in \(worlds) runs, seed \(Self.seed)")
    }

    /// A cluster, and the hosts of the nodes that go.
    private func inWorld(_ body: (HostWorld) async throws -> Void) async throws {
        let snapshot = DemoCluster.snapshot()
        let hosts = snapshot.nodes.filter { Self.targets.contains($0.name) }.map {
            SandboxHost(
                name: $0.name.rawValue, machineID: $0.machineID, systemUUID: $0.systemUUID,
                clusterCertificate: HostWorld.certificate)
        }
        try await HostWorld.with(hosts, snapshot: snapshot, body)
    }

    private func launch(_ world: HostWorld, isFirst: Bool) throws -> RunningFleet {
        let playbook = try world.folder.playbook(Self.steps)
        let limit = isFirst ? ["-l", Self.targets.map(\.rawValue).joined(separator: ",")] : []
        return try RunningFleet(
            ["run", playbook, "-i", try world.inventory(), "--yes", "-v", "--kubeconfig", world.kubeconfig] + limit,
            in: world.folder.path)
    }

    /// Kills it after a while; false when it ended before.
    private func isKilled(_ run: RunningFleet, after pause: Duration) async throws -> Bool {
        try await ContinuousClock().sleep(for: pause)
        guard run.isRunning else { return false }
        run.kill()
        return try await run.status() != 0
    }

    /// Lets the cluster settle, and looks at it.
    private func end(of world: HostWorld) async throws -> End {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(30)
        var found = try await look(at: world)
        while !found.unready.isEmpty, clock.now < deadline {
            try await clock.sleep(for: .milliseconds(100))
            found = try await look(at: world)
        }
        return found
    }

    private func look(at world: HostWorld) async throws -> End {
        let snapshot = await world.server.simulation.snapshot()
        let connection = try Kubeconfig(explicitPath: world.kubeconfig, context: nil).connection()
        let holder = try await KubernetesClient.withClient(connection: connection) { client in
            let lock: ClusterLock? = try await LeaseClient(client: client).read()
            return lock?.holder ?? ""
        }
        let controllers = snapshot.workloads.filter { $0.controller == nil && $0.reference.kind != .daemonSet }
        let leftovers = LeftoverSearch().leftovers(in: snapshot).map { "\($0.object) \($0.kind.rawValue)" }
        return End(
            nodes: snapshot.nodes.map(\.name).sorted(),
            marked: snapshot.nodes.filter { $0.isCordoned || !$0.taints.isEmpty }.map(\.name).sorted(),
            notes: leftovers.sorted(),
            replicas: Dictionary(
                controllers.map { ("\($0.reference)", $0.replicas) }, uniquingKeysWith: { first, _ in first }),
            unready: snapshot.pods.filter { !$0.isReady && !$0.isFinished }.map { "\($0.key)" }.sorted(),
            lockHolder: holder, scripts: Self.targets.map { file("var/ran", of: $0, in: world) ?? "never ran" },
            remains: Self.targets.flatMap { entries("var/lib/fleet", of: $0, in: world) })
    }

    private func file(_ path: String, of node: NodeName, in world: HostWorld) -> String? {
        try? String(contentsOfFile: "\(world.hosts.root(of: node.rawValue))/\(path)", encoding: .utf8)
    }

    private func entries(_ path: String, of node: NodeName, in world: HostWorld) -> [String] {
        let all = try? FileManager.default.contentsOfDirectory(atPath: "\(world.hosts.root(of: node.rawValue))/\(path)")
        return (all ?? []).map { "\(node): \($0)" }
    }
}
