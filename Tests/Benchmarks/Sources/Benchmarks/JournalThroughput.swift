import FleetJournal
import FleetModel
import FleetPorts
import Foundation

/// How many facts a second the journal puts on disk, beside what the disk can do at all: a write and an fsync at a time.
struct JournalThroughput {
    private static let turns = 300
    /// Facts of one turn of a run, which go in one append.
    private static let facts = 10
    /// Runs that append at once.
    private static let runs = 32

    private let folder: String

    init() throws {
        folder = FileManager.default.currentDirectoryPath + "/fleet-bench-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    /// Prints the rates, and fails where a second holds less than a thousand durable facts.
    func measure() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let bare = try bareSyncs()
        let journal = try SQLiteJournal(path: "\(folder)/fleet.sqlite", fleetVersion: "benchmark")
        let alone = try await rate(runs: 1, journal)
        let together = try await rate(runs: Self.runs, journal)
        print("journal: the disk alone does \(Int(bare)) writes with fsync a second")
        print("journal: one run \(Int(alone)) durable facts a second, in appends of \(Self.facts)")
        print("journal: \(Self.runs) runs at once \(Int(together)) durable facts a second")
        guard together >= 1000 else { throw Failure("missed: 1000 durable facts a second") }
    }

    private func rate(runs: Int, _ journal: SQLiteJournal) async throws -> Double {
        let ids = (0..<runs).map { RunID("r-\(runs)-\($0)") }
        for id in ids {
            try await journal.begin(
                StoredRun(id: id, cluster: "c", playbook: "p", planDigest: "d", planName: "p", startedAt: .epoch))
        }
        let turns = max(20, Self.turns / runs)
        let begun = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for id in ids {
                group.addTask {
                    for turn in 0..<turns { try await journal.append(Self.records(of: turn), to: id) }
                }
            }
            try await group.waitForAll()
        }
        return Double(runs * turns * Self.facts) / ((ContinuousClock.now - begun) / .seconds(1))
    }

    /// What a drained node's turn looks like.
    private static func records(of turn: Int) -> [JournalRecord] {
        (0..<facts).map { place in
            JournalRecord(
                sequence: Int64(turn * facts + place + 1), kind: "node.waiting", version: 1,
                time: Instant(seconds: Int64(turn)),
                payload: Array(
                    #"{"node":"web-0123","reason":"PodDisruptionBudget shop/cart needs 3 healthy pods and has 3","step":"drain"}"#
                        .utf8))
        }
    }

    private func bareSyncs() throws -> Double {
        let descriptor = open("\(folder)/bare", O_RDWR | O_CREAT, 0o600)
        guard descriptor >= 0 else { throw Failure("\(folder) cannot be written") }
        defer { close(descriptor) }
        let page = [UInt8](repeating: 7, count: 4096)
        let begun = ContinuousClock.now
        for _ in 0..<Self.turns {
            guard write(descriptor, page, page.count) == page.count, fsync(descriptor) == 0 else {
                throw Failure("\(folder) cannot be written")
            }
        }
        return Double(Self.turns) / ((ContinuousClock.now - begun) / .seconds(1))
    }
}
