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
        "run: {repeatable: true, script: 'echo ran >>/var/ran; sleep 1; echo over >>/var/ran'}",
        "service: {name: kubelet, state: stopped, enabled: false}", "delete_node:", "cleanup:", "verify_gone:",
    ]

    /// What is left when everything is over, as far as two runs can be compared.
    private struct End: Equatable, Sendable {
        var nodes: [NodeName]
        var marked: [NodeName]
        var notes: [String]
        var replicas: [String: Int]
        var unready: [String]
        var lockHolder: String
        /// What the script wrote on each host, and what fleet left there.
        var scripts: [String]
        var remains: [String]
        /// What Kubernetes left on each host: files, network rules, the kubelet's state.
        var traces: [String]
    }

    private static let traces = """
        for path in /etc/cni/net.d /var/lib/cni /var/lib/kubelet /etc/kubernetes /run/fleet; do
            [ ! -e "$path" ] || ls -A "$path"
        done
        iptables-save | grep -c -e '^-A KUBE' -e '^:KUBE' -e cali-; iptables-save | grep -c ACME-INPUT
        systemctl is-active kubelet; systemctl is-enabled kubelet; exit 0
        """

    /// SplitMix64, so that instants can be told again.
    private struct Chance: Sendable {
        var state: UInt64

        mutating func next(below bound: UInt64) -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return (mixed ^ (mixed >> 31)) % bound
        }
    }

    /// A run that was killed again and again until it was done.
    private struct Played: Sendable {
        var end: End
        var instants: [String] = []
        var evictedTwice: [String] = []
        var chance: Chance
    }

    @Test("killed twenty times, the run ends as if nothing had happened, and no pod was evicted twice")
    func killed() async throws {
        let clock = ContinuousClock()
        let begun = clock.now
        let expected = try await inWorld { world in try await play(world, Chance(state: 0), kills: 0) }.end
        print("uninterrupted: \(clock.now - begun)")
        #expect(expected.notes.isEmpty && expected.marked.isEmpty && expected.unready.isEmpty)
        #expect(expected.remains.isEmpty && expected.scripts == Self.targets.map { _ in "ran\nover\n" })
        #expect(expected.traces == Self.targets.map { _ in "0\n3\ninactive\ndisabled\n" })

        var chance = Chance(state: Self.seed)
        var kills = 0
        var worlds = 0
        while kills < Self.kills {
            worlds += 1
            let played = try await inWorld { [chance, kills] world in
                try await play(world, chance, kills: Self.kills - kills)
            }
            (kills, chance) = (kills + played.instants.count, played.chance)
            #expect(played.end == expected, "killed at \(played.instants)")
            #expect(played.evictedTwice.isEmpty, "\(played.evictedTwice), killed at \(played.instants)")
        }
        print("\(kills) kills in \(worlds) runs, seed \(Self.seed)")
    }

    /// Kills the run at random instants, at most so often, takes it up again, and looks at the end.
    private func play(_ world: HostWorld, _ chance: Chance, kills: Int) async throws -> Played {
        var chance = chance
        var instants: [String] = []
        var isFirst = true
        while true {
            let run = try launch(world, isFirst: isFirst)
            let pause = 300 + Int(chance.next(below: 2700))
            guard instants.count < kills, try await isKilled(run, after: .milliseconds(pause)) else {
                #expect(try await run.status() == 0, "killed at \(instants): \(run.error.suffix(3000))")
                break
            }
            instants.append("\(pause)ms")
            isFirst = try await FleetBinary(directory: world.folder.path).run("runs").output.contains("no runs yet")
        }
        let twice = await world.server.audit.evictedPods.filter { $0.value > 1 }
        return Played(
            end: try await end(of: world), instants: instants, evictedTwice: twice.map { "\($0.key)" }, chance: chance)
    }

    /// A cluster, and the hosts of the nodes that go; what happens to their kubelets happens to their Nodes.
    private func inWorld<Result: Sendable>(
        _ body: @escaping @Sendable (HostWorld) async throws -> Result
    ) async throws -> Result {
        let snapshot = DemoCluster.snapshot()
        var result: Result?
        try await HostWorld.with(HostWorld.hosts(of: Self.targets, in: snapshot), snapshot: snapshot) { world in
            result = try await world.linked { try await body(world) }
        }
        return try #require(result)
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
            remains: Self.targets.flatMap { entries("var/lib/fleet", of: $0, in: world) },
            traces: try await Self.traces(in: world))
    }

    private static func traces(in world: HostWorld) async throws -> [String] {
        var found: [String] = []
        for target in targets { found.append(try await world.hosts.read(target.rawValue, traces).output) }
        return found
    }

    private func file(_ path: String, of node: NodeName, in world: HostWorld) -> String? {
        try? String(contentsOfFile: "\(world.hosts.root(of: node.rawValue))/\(path)", encoding: .utf8)
    }

    private func entries(_ path: String, of node: NodeName, in world: HostWorld) -> [String] {
        let all = try? FileManager.default.contentsOfDirectory(atPath: "\(world.hosts.root(of: node.rawValue))/\(path)")
        return (all ?? []).map { "\(node): \($0)" }
    }
}
