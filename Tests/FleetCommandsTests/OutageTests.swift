import FleetModel
import FleetSimulation
import FleetSimulationServer
import Foundation
import Testing

@testable import FleetCommands

/// The API server dies in mid-run, the disk fills up: the real binary goes on, or stops clearly and is taken up again.
@Suite(.serialized) struct OutageTests {
    private static let limit = "web-02,web-06,web-07,web-11"

    private func account() -> Account {
        Account(user: "tester", groups: ["system:authenticated"], token: "secret-token-of-the-test")
    }

    /// The same cluster behind the same port: what a restarted API server is.
    private func restart(_ server: SimulationServer) async throws -> SimulationServer {
        try await SimulationServer.start(
            simulation: await server.simulation, settings: SimulationServer.Settings(accounts: [account()]),
            port: server.port)
    }

    private func expectDone(_ server: SimulationServer, _ evicted: [[ObjectUID: Int]], _ words: String) async {
        let snapshot = await server.simulation.snapshot()
        let gone = Self.limit.split(separator: ",").map(String.init)
        #expect(!snapshot.nodes.contains { gone.contains($0.name.rawValue) }, "\(words)")
        #expect(snapshot.nodes.allSatisfy { !$0.isCordoned && $0.taints.isEmpty }, "\(words)")
        var sum: [ObjectUID: Int] = [:]
        for counts in evicted { sum.merge(counts, uniquingKeysWith: +) }
        #expect(sum.values.allSatisfy { $0 == 1 }, "evicted twice: \(sum.filter { $0.value > 1 })")
    }

    @Test("the API server dies in mid-run, for seconds and for longer than the lock lasts")
    func apiKilled() async { await together(shortOutage, longOutage) }

    /// It is gone for two seconds: the run waits and goes on by itself.
    private func shortOutage() async throws {
        try await SimulatedWorld.with { world in
            let playbook = try world.playbook()
            let run = try RunningFleet(
                ["run", playbook, "--yes", "-v", "-l", Self.limit, "--kubeconfig", world.kubeconfig],
                in: world.folder.path)
            try await run.says("evicts ")
            let before = await world.server.audit.evictedPods
            await world.server.stop()
            let after = await world.server.audit.evictedPods
            try await Task.sleep(for: .seconds(2))
            let second = try await restart(world.server)
            let status = try await run.status()
            #expect(status == 0, "\(run.error.suffix(3000))")
            #expect(after.count >= before.count)
            await expectDone(second, [after, await second.audit.evictedPods], "\(run.error.suffix(3000))")
            await second.stop()
        }
    }

    /// It is gone for longer than the lock lasts: the run stops with 75 and is taken up again.
    private func longOutage() async throws {
        try await SimulatedWorld.with { world in
            let playbook = try world.playbook()
            let run = try RunningFleet(
                ["run", playbook, "--yes", "-v", "-l", Self.limit, "--kubeconfig", world.kubeconfig],
                in: world.folder.path)
            try await run.says("evicts ")
            await world.server.stop()
            let first = await world.server.audit.evictedPods
            #expect(try await run.status() == 75, "\(run.error.suffix(3000))")
            #expect(run.error.contains("go on with: fleet resume"), "\(run.error.suffix(3000))")
            let second = try await restart(world.server)
            let resumed = try await world.run("resume", "--playbook", playbook)
            #expect(resumed.status == 0, "\(resumed.error.suffix(3000))")
            await expectDone(second, [first, await second.audit.evictedPods], resumed.error)
            await second.stop()
        }
    }

    @Test(
        "sshd dies under every connection for some seconds while a script runs: it is followed again, and ran once",
        .needsHosts)
    func sshdKilled() async throws {
        let node = try #require(DemoCluster.snapshot().nodes.first)
        let host = SandboxHost(
            name: node.name.rawValue, machineID: node.machineID, systemUUID: node.systemUUID,
            clusterCertificate: HostWorld.certificate)
        try await HostWorld.with([host]) { world in
            let playbook = try world.folder.playbook([
                "run: {script: 'echo ran >>/var/ran; while [ ! -e /var/go ]; do sleep 0.1; done; echo over >>/var/ran'}"
            ])
            let root = world.hosts.root(of: host.name)
            let run = try RunningFleet(
                [
                    "run", playbook, "-i", try world.inventory(), "-l", host.name, "--yes", "-v", "--kubeconfig",
                    world.kubeconfig,
                ], in: world.folder.path)
            try await world.until { FileManager.default.fileExists(atPath: "\(root)/var/ran") }
            let end = Int(Date.now.timeIntervalSince1970) + 4
            try Data("\(end)".utf8).write(to: URL(fileURLWithPath: "\(root)/var/lib/sandbox/down-until"))
            try await run.says("failed: ")
            try Data().write(to: URL(fileURLWithPath: "\(root)/var/go"))
            #expect(try await run.status() == 0, "\(run.error.suffix(3000))")
            #expect(try String(contentsOfFile: "\(root)/var/ran", encoding: .utf8) == "ran\nover\n")
            #expect(!FileManager.default.fileExists(atPath: "\(root)/var/lib/fleet"))
        }
    }

    @Test(
        "the disk is full: nothing is done without a record, the exit says 75, and with room it goes on",
        .needsSmallDisk)
    func fullDisk() async throws {
        try await SimulatedWorld.with { world in
            let told = world.folder.path + "/told"
            let notify = "notify: [{command: {run: 'echo \"$FLEET_KIND $FLEET_TEXT\" >>\(told)', on: [blocked]}}]"
            let playbook = try world.playbook(header: notify)
            let words = try await expectSurvived(
                ["run", playbook, "--yes", "-v", "-l", Self.limit, "--kubeconfig", world.kubeconfig],
                fillingAt: "evicts ", in: world.folder)
            let notice = FileManager.default.contents(atPath: told).map { String(decoding: $0, as: UTF8.self) }
            #expect(notice?.hasPrefix("blocked ") == true, "\(notice ?? "nobody was told")")
            await expectDone(world.server, [await world.server.audit.evictedPods], words)
        }
    }

    @Test("the disk is full while a host joins: it joins once, and its token is gone in the end", .needsHosts)
    func fullDiskOnHosts() async throws {
        let playbook = KilledPlaybook.expansion
        try await playbook.inWorld { world in
            let words = try await expectSurvived(
                playbook.arguments(in: world, isFirst: true), fillingAt: "join begins", in: world.folder)
            let end = try await WorldEnd.of(world)
            #expect(end.joins == [1, 1, 1] && end.scripts == Array(repeating: "ran\nover\n", count: 3), "\(words)")
            #expect(end.tokens.isEmpty && end.remains.isEmpty && end.unready.isEmpty && end.lockHolder.isEmpty)
            #expect(playbook.targets.allSatisfy { end.nodes.contains($0) } && end.notes.isEmpty, "\(words)")
        }
    }

    /// Runs fleet on a file system of two megabytes inside bubblewrap, which fills up once a word was said.
    ///
    /// It stops, says why, and goes on when there is room. Returns what was said.
    private func expectSurvived(
        _ arguments: [String], fillingAt word: String, in folder: TemporaryFolder
    ) async throws -> String {
        let disk = "\(folder.path)/disk"
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        let log = "\(folder.path)/run.log"
        let script = """
            export FLEET_STATE=\(disk)/fleet.sqlite NO_COLOR=1
            \(FleetBinary.path) \(arguments.joined(separator: " ")) 2>\(log) &
            fleet=$!
            while kill -0 $fleet 2>/dev/null && ! grep -q '\(word)' \(log); do sleep 0.05; done
            cat /dev/zero >\(disk)/filler 2>/dev/null
            wait $fleet
            echo "first $?"
            cat /dev/zero >\(disk)/filler.more 2>/dev/null
            \(FleetBinary.path) status >/dev/null 2>>\(log)
            echo "status $?"
            \(FleetBinary.path) resume 2>\(log).full
            echo "full $?"
            rm -f \(disk)/filler \(disk)/filler.more
            \(FleetBinary.path) resume -v 2>>\(log)
            echo "second $?"
            \(FleetBinary.path) journal verify 2>>\(log) >/dev/null
            echo "verify $?"
            """
        let said = try await FleetBinary.tool(
            "bwrap",
            ["--dev-bind", "/", "/", "--size", "2000000", "--tmpfs", disk, "--die-with-parent", "sh", "-c", script])
        let words = FileManager.default.contents(atPath: log).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let results = said.split(separator: "\n").filter {
            ["first", "status", "full", "second", "verify"].contains($0.split(separator: " ").first ?? "")
        }
        #expect(results == ["first 75", "status 0", "full 75", "second 0", "verify 0"], "\(words.suffix(4000))")
        #expect(words.contains("make room on the disk"), "\(words.suffix(4000))")
        let full = FileManager.default.contents(atPath: log + ".full").map { String(decoding: $0, as: UTF8.self) }
        #expect(full?.contains("make room on the disk") == true, "\(full ?? "")")
        return words
    }
}

extension Trait where Self == ConditionTrait {
    /// bubblewrap can make a small file system; on a laptop without it the test is skipped visibly, in CI it fails.
    fileprivate static var needsSmallDisk: Self {
        let isCI = ProcessInfo.processInfo.environment["CI"] != nil
        return .enabled(if: FleetBinary.isInstalled("bwrap") || isCI, "needs bwrap")
    }
}
