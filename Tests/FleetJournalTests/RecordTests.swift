import FleetModel
import FleetPorts
import Foundation
import GRDB
import Testing

@testable import FleetJournal

@Suite struct RecordTests {
    private let temporary = TemporaryJournal()

    @Test func `Records come back as they were, in order`() async throws {
        let journal = try temporary.open()
        try await journal.begin(TemporaryJournal.run("r-1"))
        try await journal.append(TemporaryJournal.records(1...3), to: "r-1")
        try await journal.append([TemporaryJournal.record(4)], to: "r-1")
        let odd = JournalRecord(
            sequence: 5, kind: "", version: 7, time: Instant(microseconds: -5), payload: [0, 255, 10]
        )
        try await journal.append([odd], to: "r-1")
        let records = try await journal.records(of: "r-1")
        #expect(records == TemporaryJournal.records(1...4) + [odd])
        let faults = try await journal.verify()
        #expect(faults.isEmpty)
    }

    @Test(arguments: [[2], [1, 3], [2, 1], [0], [1, 1]] as [[Int64]])
    func `Gaps and repetitions are refused whole`(sequences: [Int64]) async throws {
        let journal = try temporary.open()
        try await journal.begin(TemporaryJournal.run("r-1"))
        let refused = await failure { try await journal.append(sequences.map(TemporaryJournal.record), to: "r-1") }
        #expect(refused?.code == .failed)
        let records = try await journal.records(of: "r-1")
        #expect(records.isEmpty)
    }

    @Test func `An append refused leaves the others of its group alone`() async throws {
        let journal = try temporary.open()
        try await journal.begin(TemporaryJournal.run("r-1"))
        try await journal.begin(TemporaryJournal.run("r-2"))
        async let good: Void = journal.append(TemporaryJournal.records(1...2), to: "r-1")
        async let bad = failure { try await journal.append([TemporaryJournal.record(9)], to: "r-2") }
        try await good
        #expect(await bad?.message == "run r-2: record 9 would follow 0")
        let records = try await journal.records(of: "r-1")
        #expect(records.count == 2)
    }

    @Test func `An append that meets a busy database is refused, and the next one is written`() async throws {
        let journal = try temporary.open()
        try await journal.begin(TemporaryJournal.run("r-1"))
        try await journal.queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA busy_timeout = 50") }
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: temporary.path, configuration: configuration)
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        let refused = await failure { try await journal.append(TemporaryJournal.records(1...1), to: "r-1") }
        #expect(refused?.code == .unreachable)
        // Who only reads asks for no lock that a writer holds, and holds none that a writer asks for.
        #expect(try await journal.runs().map(\.id) == ["r-1"])
        #expect(try await journal.verify().isEmpty)
        #expect(try SQLiteJournal(path: temporary.path, fleetVersion: "1.2.3").fileID == journal.fileID)
        try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        try await journal.append(TemporaryJournal.records(1...2), to: "r-1")
        #expect(try await journal.records(of: "r-1") == TemporaryJournal.records(1...2))
    }

    @Test func `Unknown runs are refused`() async throws {
        let journal = try temporary.open()
        #expect(await failure { try await journal.append([TemporaryJournal.record(1)], to: "r-9") }?.code == .notFound)
        #expect(await failure { _ = try await journal.records(of: "r-9") }?.code == .notFound)
        #expect(await failure { try await journal.finish("r-9", result: "done", at: .epoch) }?.code == .notFound)
        #expect(await failure { try await journal.claim("r-9") }?.code == .notFound)
        #expect(await failure { try await journal.begin(TemporaryJournal.run("../r")) }?.code == .notFound)
    }

    @Test func `Runs are listed newest first, with how they ended`() async throws {
        let journal = try temporary.open()
        try await journal.begin(TemporaryJournal.run("r-1", at: 10))
        try await journal.begin(TemporaryJournal.run("r-2", at: 20))
        try await journal.finish("r-1", result: "done", at: Instant(seconds: 30))
        let runs = try await journal.runs()
        #expect(runs.map(\.id) == ["r-2", "r-1"])
        #expect(runs.map(\.result) == [nil, "done"])
        #expect(runs.map(\.finishedAt) == [nil, Instant(seconds: 30)])
        #expect(await failure { try await journal.begin(TemporaryJournal.run("r-1")) }?.code == .failed)
    }

    @Test func `Records can be neither changed nor deleted`() async throws {
        let journal = try temporary.open()
        try await journal.begin(TemporaryJournal.run("r-1"))
        try await journal.append([TemporaryJournal.record(1)], to: "r-1")
        for sql in ["UPDATE record SET kind = 'x'", "DELETE FROM record"] {
            #expect(throws: (any Error).self) { try journal.queue.write { try $0.execute(sql: sql) } }
        }
        let records = try await journal.records(of: "r-1")
        #expect(records == [TemporaryJournal.record(1)])
    }

    @Test func `A thousand appends at once share commits, and each is there when it returns`() async throws {
        let journal = try temporary.open()
        let runs = (1...1000).map { RunID("r-\($0)") }
        for run in runs { try await journal.begin(TemporaryJournal.run(run)) }
        let before = journal.commits
        let missing = await withTaskGroup(of: Int.self) { group in
            for run in runs {
                group.addTask {
                    let refused = await failure {
                        try await journal.append(TemporaryJournal.records(1...2), to: run)
                        let count = try await journal.records(of: run).count
                        if count != 2 { throw JournalFailure(.failed, "\(run) has \(count) records") }
                    }
                    return refused == nil ? 0 : 1
                }
            }
            return await group.reduce(0, +)
        }
        #expect(missing == 0)
        let commits = journal.commits - before
        print("\(commits) commits for 1000 appends")
        #expect((1...250).contains(commits), "\(commits) commits for 1000 appends")
    }

    @Test func `One run's appends from many tasks keep their order`() async throws {
        let journal = try temporary.open()
        try await journal.begin(TemporaryJournal.run("r-1"))
        for start in stride(from: Int64(1), through: 500, by: 5) {
            try await journal.append(TemporaryJournal.records(start...(start + 4)), to: "r-1")
        }
        let records = try await journal.records(of: "r-1")
        #expect(records == TemporaryJournal.records(1...500))
    }

    @Test func `A full disk is told as such, records nothing, and heals`() async throws {
        let journal = try temporary.open()
        try await journal.begin(TemporaryJournal.run("r-1"))
        try await journal.append([TemporaryJournal.record(1)], to: "r-1")
        try limit(journal, pages: 1)
        var big = TemporaryJournal.record(2)
        big.payload = [UInt8](repeating: 7, count: 200_000)
        let full = big
        let refused = await failure { try await journal.append([full], to: "r-1") }
        #expect(refused?.code == .diskFull)
        #expect(refused?.message.contains("fleet resume") == true)
        let kept = try await journal.records(of: "r-1")
        #expect(kept == [TemporaryJournal.record(1)])
        try limit(journal, pages: 1_000_000)
        try await journal.append([full], to: "r-1")
        let records = try await journal.records(of: "r-1")
        #expect(records.count == 2)
    }

    /// SQLite answers as on a full disk when the file may have no more pages.
    private func limit(_ journal: SQLiteJournal, pages: Int) throws {
        try journal.queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = \(pages)") }
    }
}
