import FleetModel
import FleetPorts
import Foundation
import Testing

@testable import FleetJournal

/// A directory of its own for each test, removed when the test ends.
final class TemporaryJournal {
    let directory = NSTemporaryDirectory() + "fleet-journal-\(UUID().uuidString)"
    var path: String { directory + "/state/fleet.sqlite" }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func open() throws -> SQLiteJournal { try SQLiteJournal(path: path, fleetVersion: "1.2.3") }

    /// Copies the file and its write-ahead log as they are on disk now: what a machine that loses power leaves.
    func crash(to name: String) throws -> String {
        let copy = directory + "/\(name)"
        try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + "/fleet.sqlite" + suffix)
        }
        return copy + "/fleet.sqlite"
    }

    static func run(_ id: RunID, at seconds: Int64 = 100, pin: String? = nil) -> StoredRun {
        StoredRun(
            id: id, cluster: "c", playbook: "decommission", planDigest: "d", planName: "decommission",
            startedAt: Instant(seconds: seconds), pin: pin
        )
    }

    static func record(_ sequence: Int64) -> JournalRecord {
        JournalRecord(
            sequence: sequence, kind: "node.cordoned", version: 1, time: Instant(seconds: sequence),
            payload: Array("{\"n\":\(sequence)}".utf8)
        )
    }

    static func records(_ range: ClosedRange<Int64>) -> [JournalRecord] { range.map(record) }

    static func plan(
        _ digest: String, name: String = "decommission", at seconds: Int64 = 1, pin: String = "p-1"
    ) -> StoredPlan {
        StoredPlan(
            cluster: "c", playbook: "decommission", name: name, digest: digest, pinnedAt: Instant(seconds: seconds),
            content: Array("{}".utf8), pin: pin
        )
    }
}

/// The failure that something throws; nil when it throws none.
func failure(of body: () async throws -> Void) async -> JournalFailure? {
    do {
        try await body()
        return nil
    } catch {
        return error as? JournalFailure ?? JournalFailure(.failed, "another error: \(error)")
    }
}
