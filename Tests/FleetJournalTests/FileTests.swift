import FleetModel
import FleetPorts
import Foundation
import GRDB
import Testing

@testable import FleetJournal

@Suite struct FileTests {
    private let temporary = TemporaryJournal()

    @Test func `Commits are durable: write-ahead log and synchronous FULL`() throws {
        let journal = try temporary.open()
        let (mode, level) = try journal.queue.writeWithoutTransaction { db in
            (try String.fetchOne(db, sql: "PRAGMA journal_mode"), try Int.fetchOne(db, sql: "PRAGMA synchronous"))
        }
        #expect(mode == "wal")
        #expect(level == 2)
    }

    @Test func `Directory and files are their owner's only`() async throws {
        let journal = try temporary.open()
        try await journal.begin(TemporaryJournal.run("r-1"))
        #expect(try permissions(temporary.directory + "/state") == 0o700)
        #expect(try permissions(temporary.path + ".locks") == 0o700)
        for suffix in ["", "-wal", "-shm", ".locks/r-1.lock"] {
            #expect(try permissions(temporary.path + suffix) == 0o600, "\(suffix)")
        }
    }

    @Test func `A file that others could read is made private`() throws {
        try temporary.open().queue.close()
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: temporary.path)
        _ = try temporary.open()
        #expect(try permissions(temporary.path) == 0o600)
    }

    @Test func `The file keeps its identity, and says whose it is`() throws {
        let first = try temporary.open()
        #expect(first.fileID.count == 32)
        #expect(try temporary.open().fileID == first.fileID)
        let marks = try first.queue.read { db in
            (try Int32.fetchOne(db, sql: "PRAGMA application_id"), try Int.fetchOne(db, sql: "PRAGMA user_version"))
        }
        #expect(marks.0 == JournalSchema.applicationID)
        #expect(marks.1 == JournalSchema.version)
    }

    @Test func `A newer file is refused, and names the version that reads it`() async throws {
        let journal = try temporary.open()
        try await journal.queue.write { db in
            try db.execute(
                sql: "PRAGMA user_version = 99; UPDATE about SET value = '7.1.0' WHERE key = 'fleet_version'")
        }
        let refused = await failure { _ = try temporary.open() }
        #expect(refused?.code == .newerVersion)
        #expect(
            refused?.message.hasSuffix(
                "written by fleet 7.1.0; this fleet reads up to format \(JournalSchema.version): use fleet 7.1.0")
                == true)
    }

    /// `Fixtures/format-1.sqlite` is a journal as fleet 0.1.0 made it, with a plan, a run of it, and one of an earlier pinning.
    @Test func `A file of the first format is brought up to date, and nothing of it is lost`() async throws {
        try makeDirectory()
        let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/format-1.sqlite").path
        try FileManager.default.copyItem(atPath: fixture, toPath: temporary.path)
        let journal = try temporary.open()
        #expect(journal.fileID == "00112233445566778899aabbccddeeff")
        let plan = try #require(try await journal.plans().first)
        #expect(plan.pin?.count == 16)
        #expect(plan == TemporaryJournal.plan("d", at: 50, pin: plan.pin ?? ""))
        var done = TemporaryJournal.run("r-1", at: 100, pin: plan.pin)
        (done.finishedAt, done.result) = (Instant(seconds: 120), "done")
        var earlier = TemporaryJournal.run("r-0", at: 40)
        (earlier.finishedAt, earlier.result) = (Instant(seconds: 45), "done")
        #expect(try await journal.runs() == [done, earlier])
        #expect(try await journal.records(of: "r-1") == TemporaryJournal.records(1...2))
        try await journal.ask(RunRequest(kind: "pause", by: "alice@bastion", time: .epoch), of: "r-1")
        #expect(try await journal.verify().isEmpty)
        let marks = try await journal.queue.read { db in
            (
                try Int.fetchOne(db, sql: "PRAGMA user_version"),
                try String.fetchOne(db, sql: "SELECT value FROM about WHERE key = 'fleet_version'")
            )
        }
        #expect(marks == (JournalSchema.version, "1.2.3"))
    }

    @Test func `Another program's file is refused and left alone`() async throws {
        try makeDirectory()
        let foreign = try DatabaseQueue(path: temporary.path)
        try await foreign.write { try $0.execute(sql: "CREATE TABLE note (text)") }
        try foreign.close()
        let before = FileManager.default.contents(atPath: temporary.path)
        let refused = await failure { _ = try temporary.open() }
        #expect(refused?.code == .unusable)
        #expect(refused?.message.contains("another program") == true)
        #expect(FileManager.default.contents(atPath: temporary.path) == before)
    }

    @Test func `A file that is no database is refused and left alone`() async throws {
        try makeDirectory()
        let text = Data(String(repeating: "not a database\n", count: 100).utf8)
        try text.write(to: URL(fileURLWithPath: temporary.path))
        #expect(await failure { _ = try temporary.open() }?.code == .unusable)
        #expect(FileManager.default.contents(atPath: temporary.path) == text)
    }

    @Test func `A place that cannot be written is unusable`() async throws {
        let refused = await failure { _ = try SQLiteJournal(path: "/proc/nowhere/fleet.sqlite", fleetVersion: "1.2.3") }
        #expect(refused?.code == .unusable)
        #expect(refused?.message.contains("/proc/nowhere") == true)
    }

    private func makeDirectory() throws {
        try FileManager.default.createDirectory(
            atPath: temporary.directory + "/state", withIntermediateDirectories: true
        )
    }

    private func permissions(_ path: String) throws -> Int {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int ?? -1
    }

    #if os(Linux)
    @Test func `Opening it twice in a process leaves the first its locks, so that no other process resets the log`()
        throws
    {
        func isLocked() throws -> Bool {
            var facts = stat()
            try #require(stat(temporary.path, &facts) == 0)
            let locks = try String(contentsOfFile: "/proc/locks", encoding: .utf8)
            return locks.split(separator: "\n").contains {
                $0.contains(" \(getpid()) ") && $0.contains(":\(facts.st_ino) ")
            }
        }
        let first = try temporary.open()
        #expect(try isLocked())
        let second = try temporary.open()
        #expect(try isLocked())
        withExtendedLifetime((first, second)) {}
    }
    #endif

    /// What a version made is on somebody's disk: whoever needs another table adds a version.
    @Test func `No migration is ever changed`() {
        let digests = JournalSchema.migrations.map { String(ContentDigest.sha256($0).prefix(16)) }
        #expect(
            digests == [
                "1fd1e73e2923116f",
                "f86f7b413dbd32d1",
                "1567c64020ca5645",
                "11b461da90861ad8",
                "a09e355a4c27e078",
            ])
        #expect(digests.count == JournalSchema.version)
    }

    @Test(arguments: 1..<JournalSchema.version)
    func `A file of an older format is brought up to date, whichever it is`(version: Int) async throws {
        try makeDirectory()
        let queue = try DatabaseQueue(path: temporary.path)
        try await queue.write { db in
            for step in 0..<version { try db.execute(sql: JournalSchema.migrations[step]) }
            try db.execute(sql: "PRAGMA application_id = \(JournalSchema.applicationID)")
            try db.execute(sql: "PRAGMA user_version = \(version)")
            try db.execute(
                sql: """
                    INSERT INTO run (id, cluster, playbook, plan_digest, plan_name, started_at)
                    VALUES ('r-1', 'c', 'p', 'd', 'p', 1)
                    """)
        }
        try queue.close()
        let journal = try temporary.open()
        #expect(try await journal.runs().map(\.id) == ["r-1"])
        let act = OperatorAct(
            cluster: "c", time: .epoch, by: "a@b", run: "r-1", what: "provider create", subject: "m", outcome: .asked,
            detail: "")
        try await journal.note([act])
        #expect(try await journal.acts() == [act])
        #expect(try await journal.archive(of: "r-1").acts == [act])
    }
}
