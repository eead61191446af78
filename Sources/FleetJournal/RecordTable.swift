import FleetModel
import FleetPorts
import Foundation
import GRDB

/// The append-only records.
enum RecordTable {
    static func insert(_ record: JournalRecord, of run: RunID, in db: Database) throws {
        let statement = try db.cachedStatement(
            sql: "INSERT INTO record (run, sequence, kind, version, time, payload) VALUES (?, ?, ?, ?, ?, ?)"
        )
        try statement.execute(
            arguments: [
                run.rawValue, record.sequence, record.kind, record.version, record.time.microseconds,
                Data(record.payload),
            ]
        )
    }

    /// Why records may not be appended: no such run, or not in order.
    static func refusal(of records: [JournalRecord], to run: RunID, in db: Database) throws -> JournalFailure? {
        guard try RunTable.exists(run, in: db) else {
            return JournalFailure(.notFound, "the journal has no run \(run); see `fleet runs`")
        }
        var last = try lastSequence(of: run, in: db)
        for record in records {
            guard record.sequence == last + 1 else {
                return JournalFailure(.failed, "run \(run): record \(record.sequence) would follow \(last)")
            }
            last = record.sequence
        }
        return nil
    }

    static func records(of run: RunID, after sequence: Int64 = 0, in db: Database) throws -> [JournalRecord] {
        let sql = """
            SELECT sequence, kind, version, time, payload FROM record WHERE run = ? AND sequence > ? ORDER BY sequence
            """
        return try Row.fetchAll(db, sql: sql, arguments: [run.rawValue, sequence]).map { row in
            JournalRecord(
                sequence: row[0], kind: row[1], version: row[2], time: Instant(microseconds: row[3]),
                payload: [UInt8](row[4] as Data)
            )
        }
    }

    /// Runs whose records do not count from 1 without gaps.
    static func gaps(in db: Database) throws -> [String] {
        let sql = """
            SELECT run, count(*), min(sequence), max(sequence) FROM record GROUP BY run
            HAVING min(sequence) <> 1 OR max(sequence) <> count(*) ORDER BY run
            """
        return try Row.fetchAll(db, sql: sql).map { row in
            "run \(row[0] as String): \(row[1] as Int) records, numbered \(row[2] as Int64) to \(row[3] as Int64)"
        }
    }

    private static func lastSequence(of run: RunID, in db: Database) throws -> Int64 {
        let statement = try db.cachedStatement(sql: "SELECT max(sequence) FROM record WHERE run = ?")
        return try Int64.fetchOne(statement, arguments: [run.rawValue]) ?? 0
    }
}
