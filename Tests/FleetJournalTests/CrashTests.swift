import FleetModel
import FleetPorts
import Foundation
import Testing

@testable import FleetJournal

@Suite struct CrashTests {
    private let temporary = TemporaryJournal()

    @Test func `What was appended survives the loss of the process`() async throws {
        let journal = try temporary.open()
        try await journal.begin(TemporaryJournal.run("r-1"))
        for sequence in Int64(1)...20 { try await journal.append([TemporaryJournal.record(sequence)], to: "r-1") }
        let copy = try SQLiteJournal(path: temporary.crash(to: "copy"), fleetVersion: "1.2.3")
        let records = try await copy.records(of: "r-1")
        #expect(records == TemporaryJournal.records(1...20))
        try await copy.append([TemporaryJournal.record(21)], to: "r-1")
        let faults = try await copy.verify()
        #expect(faults.isEmpty)
        #expect(copy.fileID == journal.fileID)
    }

    @Test(arguments: [1, 100, 4096, 5000])
    func `A torn log loses whole appends from its end, and nothing before`(tornBytes: Int) async throws {
        let journal = try temporary.open()
        try await journal.begin(TemporaryJournal.run("r-1"))
        for group in Int64(0)..<10 {
            try await journal.append(TemporaryJournal.records((group * 3 + 1)...(group * 3 + 3)), to: "r-1")
        }
        let path = try temporary.crash(to: "torn\(tornBytes)")
        let log = try FileHandle(forUpdating: URL(fileURLWithPath: path + "-wal"))
        let size = try log.seekToEnd()
        try log.truncate(atOffset: size - UInt64(tornBytes))
        try log.close()
        let copy = try SQLiteJournal(path: path, fleetVersion: "1.2.3")
        let records = try await copy.records(of: "r-1")
        #expect(records.count % 3 == 0 && records.count >= 24 && records.count < 30)
        #expect(records == Array(TemporaryJournal.records(1...30).prefix(records.count)))
        try await copy.append([TemporaryJournal.record(Int64(records.count) + 1)], to: "r-1")
    }

    @Test func `Two journals on one file see each other's work`() async throws {
        let (one, two) = (try temporary.open(), try temporary.open())
        try await one.begin(TemporaryJournal.run("r-1"))
        try await two.begin(TemporaryJournal.run("r-2"))
        try await one.append([TemporaryJournal.record(1)], to: "r-1")
        try await two.append([TemporaryJournal.record(1)], to: "r-2")
        let seen = try await (one.records(of: "r-2"), two.records(of: "r-1"))
        #expect(seen.0.count == 1 && seen.1.count == 1)
    }
}
