import FleetModel
import FleetPorts
import GRDB

/// What operators did beside runs, append-only.
enum ActTable {
    static func insert(_ act: OperatorAct, in db: Database) throws {
        try db.execute(
            sql: "INSERT INTO act (cluster, time, by, what, detail) VALUES (?, ?, ?, ?, ?)",
            arguments: [act.cluster.rawValue, act.time.microseconds, act.by, act.what, act.detail])
    }

    static func all(in db: Database) throws -> [OperatorAct] {
        try Row.fetchAll(db, sql: "SELECT cluster, time, by, what, detail FROM act ORDER BY number DESC").map { row in
            OperatorAct(
                cluster: ObjectUID(rawValue: row[0]), time: Instant(microseconds: row[1]), by: row[2], what: row[3],
                detail: row[4])
        }
    }
}
