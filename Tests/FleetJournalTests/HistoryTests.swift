import FleetJournal
import FleetModel
import FleetPlanning
import FleetPorts
import FleetRun
import Foundation
import Testing

/// Journals as released versions of fleet wrote them: every build must read them, and fold them to the same state.
@Suite struct HistoryTests {
    struct History: Sendable, CustomTestStringConvertible {
        /// The file's name.
        let file: String
        let records: Int
        let result: RunResult
        /// What became of the nodes, by phase.
        let finished: [NodeName]
        /// How often a later process took the run up again.
        let resumptions: Int
        /// Accepted ones.
        let evictions: Int

        var testDescription: String { file }
    }

    static let histories = [
        History(
            file: "0.1.0-killed-and-resumed.ndjson", records: 98, result: .done, finished: ["web-02", "web-06"],
            resumptions: 2, evictions: 6),
        History(
            file: "0.1.0-rolled-back.ndjson", records: 47, result: .rolledBack, finished: [], resumptions: 1,
            evictions: 4),
    ]

    private static func archive(_ file: String) throws -> RunArchive {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
        let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
        return try RunArchive(text: text, name: file)
    }

    @Test("a released history is read and folded as it always was", arguments: histories)
    func replay(history: History) throws {
        let archive = try Self.archive(history.file)
        #expect(archive.records.count == history.records)
        let events = try archive.records.map { (event: try RunEvent($0), time: $0.time) }
        let plan = try JSONDecoder().decode(Plan.self, from: Data(try #require(archive.plan).content))
        var state = RunState(waves: plan.waves)
        for (event, time) in events { state.apply(event, at: time) }
        #expect(state.result == history.result)
        #expect(archive.run.result == history.result.rawValue)
        #expect(state.nodes.values.filter { $0.phase == .finished }.map(\.target.node).sorted() == history.finished)
        #expect(state.compensations.isEmpty)
        #expect(state.open.isEmpty && state.openEvictions.isEmpty)
        #expect(events.count { if case .runResumed = $0.event { true } else { false } } == history.resumptions)
        #expect(
            events.count { if case .evictionAnswered(let fact) = $0.event { fact.isAccepted } else { false } }
                == history.evictions)
    }

    @Test("a released history is gone on with from every fact, and knows what is in doubt there", arguments: histories)
    func resumed(history: History) throws {
        let archive = try Self.archive(history.file)
        let events = try RunEvent.events(of: archive.records)
        let plan = try JSONDecoder().decode(Plan.self, from: Data(try #require(archive.plan).content))
        let actor = RunEvent.Actor(user: "alice", machine: "bastion", version: "9.0.0")
        let order = RunOrder(
            waves: plan.waves, steps: [], policy: plan.policy,
            settings: RunSettings(id: archive.run.id, actor: actor, retiring: [], evictions: EvictionPolicy()),
            planDigest: plan.digest, playbook: plan.playbook)
        let nodes = plan.targets.map { Node(name: $0.node, uid: $0.nodeUID ?? "u", readiness: .ready) }
        for count in 1..<events.count {
            let known = Array(events.prefix(count))
            var state = RunState(waves: plan.waves)
            for (event, time) in known { state.apply(event, at: time) }
            // Without steps it can be ended only: that is what `fleet abort` does.
            var machine = RunMachine(order, history: known, stop: .init(by: "test", kind: .abort))
            let first = machine.handle(
                [.synchronized(ClusterSnapshot(nodes: nodes))], at: known[count - 1].time + .seconds(3600))
            let inDoubt = Set(state.open.keys).union(state.openEvictions.keys)
            guard case .runResumed(let fact)? = first.events.first else {
                Issue.record("after \(count) facts it begins with \(first.events.first?.kind ?? "nothing")")
                continue
            }
            #expect(Set(fact.inDoubt).isSubset(of: inDoubt) && Set(state.open.keys).isSubset(of: fact.inDoubt))
        }
    }

    @Test("what is read is written again byte by byte", arguments: histories)
    func rewritten(history: History) throws {
        for record in try Self.archive(history.file).records {
            let again = try RunEvent(record).record(sequence: record.sequence, at: record.time)
            #expect(again == record)
        }
    }

    @Test("every checked-in history is replayed")
    func complete() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".ndjson") }
        #expect(files.sorted() == Self.histories.map(\.file).sorted())
    }
}
