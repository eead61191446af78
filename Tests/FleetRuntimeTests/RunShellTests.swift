import FleetModel
import FleetPorts
import FleetRun
import NIOConcurrencyHelpers
import Testing

@testable import FleetRuntime

/// A cluster that never answers: what is asked of a run by its operator must be heard all the same.
private struct SilentCluster: ClusterPort {
    func snapshot() async throws(ClusterFailure) -> ClusterSnapshot {
        throw ClusterFailure(.unreachable, message: "silent")
    }
    func health(of node: NodeName) async throws(ClusterFailure) -> NodeHealth? { nil }
    func watch() -> AsyncStream<ClusterObservation> { AsyncStream { _ in } }
    func perform(_ request: ClusterRequest) async -> ClusterOutcome {
        .failed(ClusterFailure(.unreachable, message: "silent"))
    }
}

private struct NoHosts: HostPort {
    func run(_ command: HostCommand, on endpoint: HostEndpoint) async -> HostReport {
        HostReport(outcome: .neverStarted("no host"))
    }
}

private struct NoMachine: LocalPort {
    func perform(_ act: LocalAct) async -> LocalReport { LocalReport(isSuccess: false, code: "none") }
}

/// A journal in memory that holds requests and counts records.
private final class RequestJournal: JournalPort {
    private let requests: [RunRequest]
    private let kept = NIOLockedValueBox<[JournalRecord]>([])

    init(_ requests: [RunRequest]) { self.requests = requests }

    var kinds: [String] { kept.withLockedValue { $0.map(\.kind) } }

    func begin(_ run: StoredRun) async throws(JournalFailure) {}
    func append(_ records: [JournalRecord], to run: RunID) async throws(JournalFailure) {
        kept.withLockedValue { $0 += records }
    }
    func records(of run: RunID, after sequence: Int64) async throws(JournalFailure) -> [JournalRecord] { [] }
    func finish(_ run: RunID, result: String, at time: Instant) async throws(JournalFailure) {}
    func ask(_ request: RunRequest, of run: RunID) async throws(JournalFailure) {}
    func requests(of run: RunID, after number: Int64) async throws(JournalFailure) -> [RunRequest] {
        requests.filter { $0.number > number }
    }
    func runs() async throws(JournalFailure) -> [StoredRun] { [] }
    func pin(_ plan: StoredPlan) async throws(JournalFailure) {}
    func plan(cluster: ObjectUID, playbook: String, name: String) async throws(JournalFailure) -> StoredPlan? { nil }
    func plans() async throws(JournalFailure) -> [StoredPlan] { [] }
    func drop(cluster: ObjectUID, playbook: String, name: String) async throws(JournalFailure) {}
}

/// What other processes ask of a run.
struct RunShellTests {
    private static let pause = RunRequest(number: 7, kind: "pause", by: "bob@laptop", time: .epoch)

    private func shell(_ journal: RequestJournal) -> RunShell {
        RunShell(
            run: "r-1", cluster: SilentCluster(), hosts: NoHosts(), local: NoMachine(), journal: journal, endpoints: [:]
        )
    }

    private var machine: RunMachine {
        let actor = RunEvent.Actor(user: "alice", machine: "bastion", version: "1")
        return RunMachine(
            RunOrder(
                waves: [], steps: [], policy: WavePolicy(),
                settings: RunSettings(id: "r-1", actor: actor, retiring: [], evictions: EvictionPolicy()),
                planDigest: "d",
                playbook: "p"))
    }

    @Test("what was asked after the run was claimed is heard, though it was before the run was driven")
    func earlyRequest() async throws {
        let journal = RequestJournal([Self.pause])
        let (stops, _) = AsyncStream.makeStream(of: String.self)
        let result = try await shell(journal).drive(machine, heard: 6, stops: stops) { _ in }
        #expect(result == .paused)
        #expect(journal.kinds.contains("stop.requested"))
    }

    @Test("what was asked before that is void")
    func lateRequest() async throws {
        let journal = RequestJournal([Self.pause])
        let (stops, stop) = AsyncStream.makeStream(of: String.self)
        let result = try await withThrowingTaskGroup(of: RunResult?.self) { group in
            group.addTask { try await shell(journal).drive(machine, heard: 7, stops: stops) { _ in } }
            group.addTask {
                try await Task.sleep(for: .seconds(2))
                stop.yield("SIGINT")
                return nil
            }
            var found: RunResult?
            for try await result in group { found = result ?? found }
            return found
        }
        #expect(result == .interrupted)
    }
}
