import FleetModel
import FleetPorts
import GRDB

/// What other processes ask of runs.
enum RequestTable {
    static func insert(_ request: RunRequest, of run: RunID, in db: Database) throws {
        try db.execute(
            sql: "INSERT INTO request (run, kind, by, time) VALUES (?, ?, ?, ?)",
            arguments: [run.rawValue, request.kind, request.by, request.time.microseconds]
        )
    }

    static func requests(of run: RunID, after number: Int64, in db: Database) throws -> [RunRequest] {
        let statement = try db.cachedStatement(
            sql: "SELECT number, kind, by, time FROM request WHERE run = ? AND number > ? ORDER BY number")
        return try Row.fetchAll(statement, arguments: [run.rawValue, number]).map { row in
            RunRequest(number: row[0], kind: row[1], by: row[2], time: Instant(microseconds: row[3]))
        }
    }
}
