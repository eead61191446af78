import FleetModel
import FleetPorts
import Foundation
import Testing

@testable import FleetJournal

/// A run on its way to another machine.
@Suite struct ArchiveTests {
    private let here = TemporaryJournal()
    private let there = TemporaryJournal()

    private func filled(_ count: Int64 = 3) async throws -> SQLiteJournal {
        let journal = try here.open()
        try await journal.pin(TemporaryJournal.plan("d"))
        try await journal.begin(TemporaryJournal.run("r-1"))
        try await journal.append(TemporaryJournal.records(1...count), to: "r-1")
        return journal
    }

    @Test func `A run arrives as it left, with its plan`() async throws {
        let archive = try await filled().archive(of: "r-1")
        let read = try RunArchive(text: archive.text(), name: "run.ndjson")
        #expect(read == archive)
        let other = try there.open()
        #expect(try await other.take(read) == 3)
        #expect(try await other.records(of: "r-1") == TemporaryJournal.records(1...3))
        #expect(try await other.runs() == [TemporaryJournal.run("r-1", pin: "p-1")])
        #expect(try await other.plans() == [TemporaryJournal.plan("d")])
        #expect(try await other.take(read) == 0)
    }

    @Test func `A run that is here already gets what it lacks, unless it went another way`() async throws {
        let journal = try await filled()
        let early = try await journal.archive(of: "r-1")
        let other = try there.open()
        _ = try await other.take(early)
        try await journal.append([TemporaryJournal.record(4)], to: "r-1")
        let late = try await journal.archive(of: "r-1")
        #expect(try await other.take(late) == 1)
        #expect(try await other.records(of: "r-1").count == 4)
        let refused = await failure { _ = try await other.take(early) }
        #expect(refused?.message.contains("has gone another way") == true)
        #expect(try await other.records(of: "r-1").count == 4)
    }

    @Test func `Another plan under the same key is not replaced`() async throws {
        let archive = try await filled().archive(of: "r-1")
        let other = try there.open()
        try await other.pin(TemporaryJournal.plan("another"))
        #expect(await failure { _ = try await other.take(archive) }?.code == .locked)
        #expect(try await other.runs().isEmpty)
    }

    @Test func `A copy whose line breaks were changed on its way is the same run`() async throws {
        let archive = try await filled().archive(of: "r-1")
        let text = try archive.text().replacingOccurrences(of: "\n", with: "\r\n")
        #expect(try RunArchive(text: text, name: "run.ndjson") == archive)
    }

    @Test(arguments: [Int64.max, .min, -1, 253_402_300_800_000_000])
    func `A run of no time is refused`(_ time: Int64) async throws {
        let archive = try await filled().archive(of: "r-1")
        var (begun, ended, pinned) = (archive, archive, archive)
        begun.run.startedAt = Instant(microseconds: time)
        ended.run.finishedAt = Instant(microseconds: time)
        pinned.plan?.pinnedAt = Instant(microseconds: time)
        for broken in [begun, ended, pinned] {
            let text = try broken.text()
            let refused = await failure { _ = try RunArchive(text: text, name: "x") }
            #expect(refused?.message.hasPrefix("x:1: a time outside the years") == true, "\(refused as Any)")
        }
    }

    @Test(arguments: ["", "..", "../r-1", "r 1", "r-1\n", "-r", "$(reboot)", "r/1"])
    func `A run whose name is a path or a command is refused`(_ name: String) async throws {
        var archive = try await filled().archive(of: "r-1")
        archive.run.id = RunID(name)
        let text = try archive.text()
        let refused = await failure { _ = try RunArchive(text: text, name: "x") }
        #expect(refused?.message.contains("is no run's name") == true, "\(refused as Any)")
    }

    @Test
    func `A run counts for the plan that reads the same here, whenever that was pinned, but for no earlier pinning`()
        async throws
    {
        let journal = try await filled()
        let archive = try await journal.archive(of: "r-1")
        let other = try there.open()
        try await other.pin(TemporaryJournal.plan("d", at: 9999, pin: "p-later"))
        _ = try await other.take(archive)
        #expect(try await other.runs().map(\.pin) == ["p-later"])

        // Pinnings of the fleet before had no name: there the clock told.
        for (seconds, pin) in [(Int64(100), "p-9"), (0, nil)] {
            var old = archive
            (old.run.pin, old.run.startedAt) = (nil, Instant(seconds: seconds))
            old.plan?.pin = nil
            let third = TemporaryJournal()
            let elsewhere = try third.open()
            try await elsewhere.pin(TemporaryJournal.plan("d", at: 9999, pin: "p-9"))
            _ = try await elsewhere.take(old)
            #expect(try await elsewhere.runs().map(\.pin) == [pin])
        }

        // Dropped and pinned anew, the plan begins anew, whatever the clocks say.
        try await journal.drop(cluster: "c", playbook: "decommission", name: "decommission")
        try await journal.pin(TemporaryJournal.plan("d", at: 2, pin: "p-2"))
        try await journal.begin(TemporaryJournal.run("r-2", at: 1))
        #expect(
            Dictionary(uniqueKeysWithValues: try await journal.runs().map { ($0.id, $0.pin) }) == [
                "r-1": "p-1", "r-2": "p-2",
            ])
        let mixed = try await journal.archive(of: "r-1")
        let last = TemporaryJournal()
        let lastJournal = try last.open()
        _ = try await lastJournal.take(mixed)
        #expect(try await lastJournal.runs().map(\.pin) == ["p-1"])
    }

    @Test func `A copy that was cut off or edited is refused`() async throws {
        let text = try await filled().archive(of: "r-1").text()
        let lines = text.split(separator: "\n")
        let cut = lines.dropLast().joined(separator: "\n")
        let shortened = (lines.prefix(2) + lines.suffix(1)).joined(separator: "\n")
        let edited = text.replacingOccurrences(of: "node.cordoned", with: "node.deleted!")
        let newer = text.replacingOccurrences(of: "fleet.journal/v1", with: "fleet.journal/v2")
        for broken in [cut, shortened, edited, "", "hello\nworld\n"] {
            #expect(throws: JournalFailure.self) { try RunArchive(text: broken, name: "run.ndjson") }
        }
        let failure = #expect(throws: JournalFailure.self) { try RunArchive(text: newer, name: "run.ndjson") }
        #expect(failure?.code == .newerVersion)
    }

    @Test func `What is asked of a run is seen by another process, once, and in order`() async throws {
        let journal = try await filled()
        let other = try here.open()
        let request = RunRequest(kind: "pause", by: "alice@bastion", time: Instant(seconds: 5))
        try await other.ask(request, of: "r-1")
        try await other.ask(RunRequest(kind: "abort", by: "bob@laptop", time: Instant(seconds: 6)), of: "r-1")
        let seen = try await journal.requests(of: "r-1", after: 0)
        #expect(seen.map(\.kind) == ["pause", "abort"])
        #expect(seen.first?.by == "alice@bastion")
        #expect(try await journal.requests(of: "r-1", after: seen[0].number).map(\.kind) == ["abort"])
        #expect(await failure { try await other.ask(request, of: "r-9") }?.code == .notFound)
    }

    @Test func `Whether another process holds a run is told without taking it`() async throws {
        let journal = try await filled()
        let other = try here.open()
        #expect(other.isClaimedElsewhere("r-1"))
        #expect(!journal.isClaimedElsewhere("r-1"))
        #expect(!other.isClaimedElsewhere("r-2"))
        try other.reserve("r-2")
        #expect(journal.isClaimedElsewhere("r-2"))
        other.release("r-2")
        try journal.reserve("r-2")
    }
}
