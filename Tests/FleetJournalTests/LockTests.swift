import FleetModel
import FleetPorts
import Foundation
import Testing

@testable import FleetJournal

@Suite struct LockTests {
    private let temporary = TemporaryJournal()
    private static let tool = "/usr/bin/flock"

    @Test func `A run is written by one journal at a time`() async throws {
        let (one, two) = (try temporary.open(), try temporary.open())
        try await one.begin(TemporaryJournal.run("r-1"))
        try await one.append([TemporaryJournal.record(1)], to: "r-1")
        let refused = await failure { try await two.append([TemporaryJournal.record(2)], to: "r-1") }
        #expect(refused?.code == .locked)
        #expect(refused?.message == "run r-1 is being written by process \(getpid()); see `fleet status r-1`")
        #expect(await failure { try await two.claim("r-1") }?.code == .locked)
        #expect(await failure { try await two.finish("r-1", result: "done", at: .epoch) }?.code == .locked)
        let readable = try await two.records(of: "r-1")
        #expect(readable.count == 1)
    }

    @Test func `The claim goes with the journal, and with the run's end`() async throws {
        var one: SQLiteJournal? = try temporary.open()
        try await one?.begin(TemporaryJournal.run("r-1"))
        let two = try temporary.open()
        #expect(await failure { try await two.claim("r-1") }?.code == .locked)
        one = nil
        try await two.claim("r-1")
        try await two.append([TemporaryJournal.record(1)], to: "r-1")
        try await two.finish("r-1", result: "done", at: .epoch)
        let three = try temporary.open()
        try await three.claim("r-1")
    }

    @Test(
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: tool) || ProcessInfo.processInfo.environment["CI"] != nil))
    func `The claim dies with the process that held it`() async throws {
        let journal = try temporary.open()
        try await journal.begin(TemporaryJournal.run("r-1"))
        try await journal.finish("r-1", result: "paused", at: .epoch)
        let holder = Process()
        let output = Pipe()
        holder.executableURL = URL(fileURLWithPath: Self.tool)
        holder.arguments = [
            "--no-fork", "-x", temporary.path + ".locks/r-1.lock", "sh", "-c", "echo held; exec sleep 60",
        ]
        holder.standardOutput = output
        try holder.run()
        let line = output.fileHandleForReading.availableData
        #expect(String(decoding: line, as: UTF8.self) == "held\n")
        #expect(await failure { try await journal.claim("r-1") }?.code == .locked)
        kill(holder.processIdentifier, SIGKILL)
        holder.waitUntilExit()
        try await journal.claim("r-1")
    }
}
