import FleetExpressions
import FleetJournal
import FleetKubernetes
import FleetModel
import FleetPlanning
import FleetPorts
import FleetRun
import FleetSimulation
import FleetSimulationServer
import NIOConcurrencyHelpers
import Testing

@testable import FleetCommands
@testable import FleetRuntime

/// A process that stood still for longer than the cluster's lock is good for, with work in flight and more to begin: a
/// lid that was closed, a machine that was suspended.
///
/// The shell, the lock and the client are those of a run; only time is a test's, and the way to the API.
@Suite("a run over a silence", .serialized)
struct SilenceTests {
    /// What became of the lock meanwhile.
    enum Meanwhile: String, CaseIterable, Sendable, CustomTestStringConvertible {
        /// Nobody came.
        case free
        /// Nobody came, and the network is not back yet.
        case cut
        /// Another run took it over.
        case taken

        var testDescription: String { rawValue }
    }

    /// One node's cordon is on its way, another waits for its turn, for as long as somebody keeps a third one cordoned.
    private static let (inHand, next, foreign): (NodeName, NodeName, NodeName) = ("web-02", "web-06", "web-11")

    @Test(
        "nothing is begun before the lock is confirmed; where it is lost, what is in flight settles and the run ends with 75",
        .timeLimit(.minutes(2)), arguments: Meanwhile.allCases)
    func silence(meanwhile: Meanwhile) async throws {
        try await SimulatedWorld.with(Self.snapshot) { world in
            let connection = try Kubeconfig(explicitPath: world.kubeconfig, context: nil).connection()
            try await KubernetesClient.withClient(connection: connection) { client in
                let link = CutLink(client)
                await link.hold(true)
                let play = try await Play(link, world)
                let result = try await withThrowingTaskGroup(of: RunResult?.self) { group in
                    group.addTask { try await play.drive() }
                    group.addTask {
                        try await stand(still: play, link, world, meanwhile)
                        return nil
                    }
                    defer { group.cancelAll() }
                    var result: RunResult?
                    while let ended = try await group.next() { result = ended ?? result }
                    return result
                }
                try await expect(result, of: play, link, world, meanwhile)
            }
        }
    }

    /// Lets two minutes pass without the process, and then something happen for which the next node would be begun.
    private func stand(
        still play: Play, _ link: CutLink, _ world: SimulatedWorld, _ meanwhile: Meanwhile
    ) async throws {
        try await until { await link.sent.contains("patch \(Self.inHand)") }
        #expect(await !link.sent.contains("patch \(Self.next)"))
        if meanwhile == .taken { try await Self.takeOver(world) }
        await link.cut(meanwhile == .cut)
        await link.forget()
        play.leap(by: .seconds(120))
        let uid = try #require(await world.server.simulation.node(Self.foreign)?.uid)
        await world.server.perform(
            .request(.patchNode(Self.foreign, uid: uid, NodePatch(isCordoned: false)), dryRun: false))
        switch meanwhile {
        case .free: try await until { await link.sent.contains("patch \(Self.next)") }
        case .cut:
            try await until { await link.sent.count { $0 == "renew" } >= 5 }
            #expect(await link.sent.allSatisfy { $0 == "renew" })
            await link.cut(false)
            try await until { await link.sent.contains("patch \(Self.next)") }
        case .taken: try await until { try await play.kinds().contains("stop.requested") }
        }
        await link.hold(false)
    }

    private func expect(
        _ result: RunResult?, of play: Play, _ link: CutLink, _ world: SimulatedWorld, _ meanwhile: Meanwhile
    ) async throws {
        let sent = await link.sent
        let cordoned = await world.server.simulation.nodes.filter(\.isCordoned).map(\.name)
        let answers = try await play.kinds().filter { $0 == "operation.finished" }
        guard meanwhile == .taken else {
            #expect(result == .done)
            let confirmed = try #require(sent.firstIndex(of: "renewed"), "\(sent)")
            let begun = try #require(sent.firstIndex(of: "patch \(Self.next)"), "\(sent)")
            #expect(confirmed < begun, "\(sent)")
            #expect(Set(cordoned) == [Self.inHand, Self.next])
            #expect(answers.count == 2)
            return
        }
        #expect(result.map { FleetExit($0).rawValue } == 75)
        #expect(!sent.contains("patch \(Self.next)") && !sent.contains("renewed"), "\(sent)")
        #expect(cordoned == [Self.inHand], "what was in flight is awaited")
        #expect(answers.count == 1)
        let reason = try await play.events().compactMap { event -> String? in
            if case .runFinished(let fact) = event { fact.reason } else { nil }
        }
        #expect(reason == ["the cluster's lock was lost: run r-other of bob@laptop took the cluster over"])
    }

    private func until(_ condition: () async throws -> Bool) async throws {
        while try await !condition() { try await Task.sleep(for: .milliseconds(10)) }
    }

    // MARK: - The world

    private static var snapshot: ClusterSnapshot {
        var snapshot = DemoCluster.snapshot()
        for index in snapshot.nodes.indices where snapshot.nodes[index].name == foreign {
            snapshot.nodes[index].isCordoned = true
        }
        return snapshot
    }

    /// Somebody passes the run over, as with `--take-over`.
    private static func takeOver(_ world: SimulatedWorld) async throws {
        let other = LockClaim(run: "r-other", planDigest: "d", stateFile: "theirs", user: "bob", machine: "laptop")
        let connection = try Kubeconfig(explicitPath: world.kubeconfig, context: nil).connection()
        try await KubernetesClient.withClient(connection: connection) { client in
            let port = LeaseClient(client: client)
            let seen: ClusterLock? = try await port.read()
            _ = try await port.take(seen: seen, for: other, durationSeconds: 30, at: RuntimeClock().now)
        }
    }
}

private struct NoMachine: LocalPort {
    func perform(_ act: LocalAct) async -> LocalReport { LocalReport(isSuccess: false, code: "none") }
}

/// A run of two cordons by the shell, the lock and the journal of a live one, on a clock that a test moves.
private struct Play {
    private static let run: RunID = "r-silent"
    private let ahead: NIOLockedValueBox<Duration>
    private let journal: SQLiteJournal
    private let shell: RunShell
    private let machine: RunMachine

    init(_ link: CutLink, _ world: SimulatedWorld) async throws {
        let ahead = NIOLockedValueBox(Duration.zero)
        let clock = RuntimeClock { ahead.withLockedValue(\.self) }
        let claim = LockClaim(
            run: Self.run, planDigest: "d", stateFile: "ours", user: "alice", machine: "bastion", process: "p1")
        let lease = try await ClusterLease.take(
            by: { _ in LockRule(claim: claim) }, from: link, timing: LeaseTiming(retryPeriod: .milliseconds(50)),
            clock: clock)
        journal = try SQLiteJournal(path: world.folder.path + "/silence.sqlite", fleetVersion: "1")
        try await journal.begin(
            StoredRun(
                id: Self.run, cluster: "c", playbook: "p", planDigest: "d", planName: "p", startedAt: clock.now))
        shell = RunShell(
            run: Self.run, cluster: link, hosts: NoHosts(), local: NoMachine(), journal: journal, endpoints: [:],
            lease: lease, clock: clock)
        machine = RunMachine(try Self.order(await world.server.simulation.snapshot()))
        self.ahead = ahead
    }

    /// Lets time pass in which nothing of the process runs.
    func leap(by span: Duration) { ahead.withLockedValue { $0 += span } }

    func drive() async throws -> RunResult {
        let (stops, _) = AsyncStream.makeStream(of: String.self)
        return try await shell.drive(machine, stops: stops) { _ in }
    }

    func events() async throws -> [RunEvent] {
        try RunEvent.events(of: await journal.records(of: Self.run)).map(\.event)
    }

    func kinds() async throws -> [String] { try await events().map(\.kind) }

    private static func order(_ snapshot: ClusterSnapshot) throws -> RunOrder {
        let targets = snapshot.nodes.filter { ["web-02", "web-06"].contains($0.name) }.map { node in
            PlanTarget(host: node.name.rawValue, node: node.name, nodeUID: node.uid, zone: node.zone)
        }
        let place = SourceLocation(file: "cordon.yaml")
        let steps = try StepCatalogue.decode([
            PlaybookStep(kind: "cordon", kindLocation: place, arguments: .null(at: place), location: place)
        ])
        return RunOrder(
            waves: [PlannedWave(number: 1, targets: targets)], steps: steps,
            policy: WavePolicy(maxUnavailable: .count(2), maxUnavailablePerZone: .count(2), soak: .zero),
            settings: RunSettings(
                id: run, actor: RunEvent.Actor(user: "alice", machine: "bastion", version: "1"), retiring: [],
                evictions: EvictionPolicy()),
            planDigest: "d", playbook: "p")
    }
}
