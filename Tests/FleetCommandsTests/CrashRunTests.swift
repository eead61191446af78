import FleetCommands
import FleetModel
import FleetRun
import FleetSimulation
import FleetSimulationServer
import Foundation
import Testing

/// The real binary over real sshd, killed at random instants and taken up again, or ended, by the next one.
///
/// `FLEET_CRASHES=500` kills more often, each test a fifth of that; `FLEET_SEED=17` begins with another seed.
@Suite(.serialized, .needsHosts) struct CrashRunTests {
    /// How often each of the five tests kills.
    private static let kills = max(1, number("FLEET_CRASHES", 20) / 5)
    private static let seed = number("FLEET_SEED", 1)

    private static func number(_ name: String, _ usual: Int) -> Int {
        ProcessInfo.processInfo.environment[name].flatMap(Int.init) ?? usual
    }

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

        mutating func milliseconds(_ range: Range<Int>) -> Int {
            range.lowerBound + Int(next(below: UInt64(range.count)))
        }
    }

    /// A run in a world of its own, which begins with a seed, and what was done to it.
    private struct Played: Sendable {
        var end: WorldEnd
        var evictedTwice: [String]
        var blows: [String] = []
        /// Whether a command ended the run, before it was done.
        var isUndone = false
        /// How it is played again.
        var replay = ""

        init(_ world: HostWorld) async throws {
            end = try await WorldEnd.of(world)
            evictedTwice = await world.server.audit.evictedPods.filter { $0.value > 1 }.map { "\($0.key)" }
        }
    }

    private func replay(_ test: String, seed: Int, _ blows: [String]) -> String {
        let kills = 5 * max(1, blows.count { $0.hasPrefix("killed") })
        let words = blows.isEmpty ? "" : "\(blows.joined(separator: ", ")); "
        return
            "\(words)replay: FLEET_CRASHES=\(kills) FLEET_SEED=\(seed) swift test --filter FleetCommandsTests.CrashRunTests/\(test)"
    }

    // MARK: - Taken up again

    @Test("nodes that go: the run ends as if nothing had happened, and no pod was evicted twice")
    func decommission() async throws {
        let end = try await checkResumed(.decommission)
        #expect(end.nodes.allSatisfy { !KilledPlaybook.decommission.targets.contains($0) } && end.nodes.count == 8)
        #expect(end.traces == KilledPlaybook.decommission.targets.map { _ in "0\n3\ninactive\ndisabled\n" })
    }

    @Test("nodes that come back: the same, and each host booted once")
    func maintenance() async throws {
        let end = try await checkResumed(.maintenance)
        #expect(end.nodes == DemoCluster.snapshot().nodes.map(\.name).sorted())
        #expect(end.traces.allSatisfy { $0.hasSuffix("\nactive\nenabled\n") }, "\(end.traces)")
    }

    @Test("hosts that join: the same, each joined once, and no token is left")
    func expansion() async throws {
        let end = try await checkResumed(.expansion)
        #expect(KilledPlaybook.expansion.targets.allSatisfy { end.nodes.contains($0) } && end.nodes.count == 15)
        #expect(end.traces.allSatisfy { $0.hasSuffix("\nactive\nenabled\n") }, "\(end.traces)")
    }

    /// Plays a playbook whole, with outages under it, and killed so often as is asked: it ends the same way.
    private func checkResumed(_ playbook: KilledPlaybook) async throws -> WorldEnd {
        async let undisturbed = playbook.inWorld { world in
            let run = try RunningFleet(playbook.arguments(in: world, isFirst: true), in: world.folder.path)
            #expect(try await run.status() == 0, "\(run.error.suffix(3000))")
            return try await Played(world)
        }
        async let disturbed = playbook.inWorld { try await outlast(playbook, $0) }
        let runs = try await killed(playbook.name) { seed, kills in
            try await playbook.inWorld { try await play(playbook, $0, seed: seed, kills: kills) }
        }
        let expected = try await undisturbed.end
        #expect(expected.notes.isEmpty && expected.unready.isEmpty && expected.marked.isEmpty)
        #expect(expected.tokens.isEmpty && expected.remains.isEmpty && expected.lockHolder.isEmpty)
        #expect(expected.replicas == WorldEnd.replicas(in: DemoCluster.snapshot()))
        #expect(expected.scripts == playbook.targets.map { _ in "ran\nover\n" })
        #expect(expected.boots == playbook.targets.map { _ in playbook.boots })
        #expect(expected.joins == playbook.targets.map { _ in playbook.joins })
        let all = try await runs + [disturbed]
        for played in all {
            #expect(played.end == expected, "\(played.replay)")
            #expect(played.evictedTwice.isEmpty, "\(played.replay)")
        }
        return expected
    }

    /// Plays worlds of growing seeds until fleet was killed as often as is asked.
    private func killed(
        _ test: String, _ play: (_ seed: Int, _ kills: Int) async throws -> Played
    ) async throws -> [Played] {
        var all: [Played] = []
        var kills = 0
        while kills < Self.kills {
            let seed = Self.seed + all.count
            var played = try await play(seed, Self.kills - kills)
            played.replay = replay(test, seed: seed, played.blows)
            all.append(played)
            kills += played.blows.count
        }
        print("\(test): \(kills) kills in \(all.count) runs, seed \(Self.seed)")
        return all
    }

    /// Kills the run at random instants, at most so often, takes it up again, and looks at the end.
    private func play(_ playbook: KilledPlaybook, _ world: HostWorld, seed: Int, kills: Int) async throws -> Played {
        var chance = Chance(state: UInt64(seed))
        var blows: [String] = []
        var run = try RunningFleet(playbook.arguments(in: world, isFirst: true), in: world.folder.path)
        while blows.count < kills, try await isKilled(run, after: chance.milliseconds(300..<3000), &blows) {
            run = try RunningFleet(
                playbook.arguments(in: world, isFirst: try await !hasBegun(in: world)), in: world.folder.path)
        }
        let status = try await run.status()
        #expect(status == 0, "\(replay(playbook.name, seed: seed, blows))\n\(run.error.suffix(3000))")
        var played = try await Played(world)
        played.blows = blows
        return played
    }

    /// Kills it after a while; false when it ended before.
    private func isKilled(_ run: RunningFleet, after pause: Int, _ blows: inout [String]) async throws -> Bool {
        try await ContinuousClock().sleep(for: .milliseconds(pause))
        guard run.isRunning else { return false }
        run.kill()
        guard try await run.status() != 0 else { return false }
        blows.append("killed after \(pause)ms")
        return true
    }

    private func hasBegun(in world: HostWorld) async throws -> Bool {
        try await !FleetBinary(directory: world.folder.path).run("runs").output.contains("no runs yet")
    }

    // MARK: - The world fails, not fleet

    /// The hosts' sshd and the API server die for two seconds each, in turns, while one process drives the run to its end.
    private func outlast(_ playbook: KilledPlaybook, _ world: HostWorld) async throws -> Played {
        var chance = Chance(state: UInt64(Self.seed))
        var blows: [String] = []
        let run = try RunningFleet(playbook.arguments(in: world, isFirst: true), in: world.folder.path)
        try await run.says(" begins")
        while blows.count < 4 {
            let pause = chance.milliseconds(200..<2000)
            try await ContinuousClock().sleep(for: .milliseconds(pause))
            guard run.isRunning else { break }
            if blows.count.isMultiple(of: 2) {
                blows.append("no sshd after \(pause)ms")
                try world.endLogins(for: 2)
            } else {
                blows.append("no API after \(pause)ms")
                try await world.endAPI(for: .seconds(2))
            }
        }
        let status = try await run.status()
        #expect(status == 0, "\(replay(playbook.name, seed: Self.seed, blows))\n\(run.error.suffix(3000))")
        #expect(blows.count >= 2, "the run was over before sshd and the API server were both away once")
        var played = try await Played(world)
        played.blows = blows
        played.replay = replay(playbook.name, seed: Self.seed, blows)
        return played
    }

    // MARK: - Ended instead

    @Test("aborted after a crash, or two: what is temporary is undone, cordons stay and are named")
    func aborted() async throws { try await checkEnded(.abort, named: "aborted") }

    @Test("rolled back after a crash, or two: what was not drained takes pods again")
    func rolledBack() async throws { try await checkEnded(.rollback, named: "rolledBack") }

    private func checkEnded(_ kind: StopKind, named test: String) async throws {
        let playbooks: [KilledPlaybook] = [.decommission, .expansion, .maintenance]
        let all = try await killed(test) { seed, kills in
            let playbook = playbooks[abs(seed - 1) % playbooks.count]
            return try await playbook.inWorld { try await end(kind, playbook, $0, seed: seed, kills: kills, test) }
        }
        #expect(all.contains { $0.isUndone }, "every run was done before it could be ended")
        for played in all {
            #expect(played.evictedTwice.isEmpty, "\(played.replay)")
            #expect(
                played.end.scripts.allSatisfy { ["never ran", "ran\n", "ran\nover\n"].contains($0) }, "\(played.replay)"
            )
            #expect(
                played.end.boots.allSatisfy { $0 <= 1 } && played.end.joins.allSatisfy { $0 <= 1 }, "\(played.replay)")
            #expect(played.end.tokens.isEmpty && played.end.lockHolder.isEmpty, "\(played.replay)")
            #expect(played.end.unready.isEmpty, "\(played.replay)")
            #expect(played.end.replicas == WorldEnd.replicas(in: DemoCluster.snapshot()), "\(played.replay)")
        }
    }

    /// Kills a run, perhaps takes it up and kills it again, and ends it by a command, whose process is killed as well.
    private func end(
        _ kind: StopKind, _ playbook: KilledPlaybook, _ world: HostWorld, seed: Int, kills: Int, _ test: String
    ) async throws -> Played {
        var chance = Chance(state: UInt64(seed))
        var blows: [String] = []
        let wanted = min(kills, 1 + Int(chance.next(below: 2)))
        while true {
            let run = try RunningFleet(
                playbook.arguments(in: world, isFirst: try await !hasBegun(in: world)), in: world.folder.path)
            guard try await isKilled(run, after: chance.milliseconds(500..<4000), &blows) else {
                let status = try await run.status()
                #expect(status == 0, "\(replay(test, seed: seed, blows))\n\(run.error.suffix(3000))")
                break
            }
            if blows.count >= wanted, try await hasBegun(in: world) { break }
        }
        let words = [kind.rawValue, "r-", "--kubeconfig", world.kubeconfig]
        if blows.count < kills {
            let first = try RunningFleet(words, in: world.folder.path)
            _ = try await isKilled(first, after: chance.milliseconds(50..<600), &blows)
        }
        let last = try RunningFleet(words, in: world.folder.path)
        let status = try await last.status()
        let runs = try await FleetBinary(directory: world.folder.path).run("runs", "--output", "json").output
        let replay = self.replay(test, seed: seed, blows)
        // A run that was over before is not ended again, and says so.
        let isOver = last.error.contains("was over already: ") || last.error.contains(" has ended: ")
        #expect(status == 0 || isOver, "\(replay)\n\(last.error)")
        var played = try await Played(world)
        played.blows = blows
        played.isUndone = runs.contains("\"\(kind.result.rawValue)\"")
        if played.isUndone {
            try await expectUndone(kind, playbook, world, played.end, replay)
        } else {
            #expect(isOver && runs.contains("\"done\""), "\(replay)\n\(runs)\n\(last.error)")
        }
        return played
    }

    /// What safety rule 21 says of an abort and of a rollback; what stays is told.
    private func expectUndone(
        _ kind: StopKind, _ playbook: KilledPlaybook, _ world: HostWorld, _ end: WorldEnd, _ replay: String
    ) async throws {
        let snapshot = await world.server.simulation.snapshot()
        let cordoned = snapshot.nodes.filter(\.isCordoned).map(\.name).sorted()
        let report = try await FleetBinary(directory: world.folder.path).run("report", "r-").output
        #expect(end.notes == cordoned.map { "Node \($0) cordon" }, "\(replay)\n\(report)")
        #expect(cordoned.allSatisfy { playbook.targets.contains($0) }, "\(replay)")
        #expect(!snapshot.nodes.flatMap(\.taints).contains { $0.key.hasPrefix("fleet.run/") }, "\(replay)")
        let labels = Set(snapshot.nodes.flatMap(\.labels.keys))
        #expect(!labels.contains { $0.contains("exclude-from-external") }, "\(replay)")
        let stays = told("still cordoned by this run", in: report)
        #expect(cordoned.map(\.rawValue).allSatisfy { stays.contains($0) }, "\(replay)\n\(report)")
        let midway = told("left in the middle of a step, look there", in: report)
        let hosts = end.remains.map { String($0.prefix { $0 != ":" }) }
        #expect(hosts.allSatisfy { midway.contains($0) }, "\(end.remains) \(replay)\n\(report)")
        guard kind == .rollback else { return }
        let undrained = snapshot.pods.filter {
            guard let node = $0.nodeName, cordoned.contains(node) else { return false }
            return $0.controller?.kind != "DaemonSet" && !$0.isFinished && !$0.isMirror
        }
        #expect(undrained.isEmpty, "\(replay): \(undrained.map(\.key)) on cordoned nodes\n\(report)")
    }

    /// What a report says after some words, up to the next clause.
    private func told(_ words: String, in report: String) -> String {
        let rest = report.components(separatedBy: words + ": ").dropFirst().first ?? ""
        return String(rest.prefix { $0 != ";" })
    }
}

extension HostWorld {
    /// For so many seconds no host lets anybody in, and what is connected is cut off at its next command.
    fileprivate func endLogins(for seconds: Int) throws {
        let end = Int(Date.now.timeIntervalSince1970) + seconds
        for host in hosts.hosts {
            try Data("\(end)".utf8).write(
                to: URL(fileURLWithPath: hosts.root(of: host.name) + "/var/lib/sandbox/down-until"))
        }
    }

    /// For a while every connection to the API server breaks; what was on its way may have been done.
    fileprivate func endAPI(for time: Duration) async throws {
        await server.inject(WireFault(.cut(lands: true), count: 2))
        await server.inject(WireFault(.cut(lands: false), count: 1_000_000))
        await server.endWatches()
        try await ContinuousClock().sleep(for: time)
        await server.clearFaults()
    }
}
