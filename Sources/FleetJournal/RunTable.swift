import FleetModel
import FleetPorts
import GRDB

/// The runs.
enum RunTable {
    static func exists(_ run: RunID, in db: Database) throws -> Bool {
        let statement = try db.cachedStatement(sql: "SELECT 1 FROM run WHERE id = ?")
        return try Int.fetchOne(statement, arguments: [run.rawValue]) != nil
    }

    static func insert(_ run: StoredRun, in db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO run (id, cluster, playbook, plan_digest, plan_name, started_at, finished_at, result, pin)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                run.id.rawValue, run.cluster.rawValue, run.playbook, run.planDigest, run.planName,
                run.startedAt.microseconds, run.finishedAt?.microseconds, run.result, run.pin,
            ]
        )
    }

    /// Says of which pinned plan a run is: the one that is pinned now under its key and reads the same.
    static func adopt(_ run: RunID, in db: Database) throws {
        try db.execute(
            sql: """
                UPDATE run SET pin = (
                    SELECT plan.pin FROM plan
                    WHERE plan.cluster = run.cluster AND plan.playbook = run.playbook AND plan.name = run.plan_name
                        AND plan.digest = run.plan_digest
                ) WHERE id = ?
                """,
            arguments: [run.rawValue])
    }

    static func finish(_ run: RunID, result: String, at time: Instant, in db: Database) throws {
        try db.execute(
            sql: "UPDATE run SET finished_at = ?, result = ? WHERE id = ?",
            arguments: [time.microseconds, result, run.rawValue]
        )
    }

    static func all(in db: Database) throws -> [StoredRun] {
        let sql = """
            SELECT id, cluster, playbook, plan_digest, plan_name, started_at, finished_at, result, pin FROM run
            ORDER BY started_at DESC, rowid DESC
            """
        return try Row.fetchAll(db, sql: sql).map { row in
            StoredRun(
                id: RunID(rawValue: row[0]), cluster: ObjectUID(rawValue: row[1]), playbook: row[2], planDigest: row[3],
                planName: row[4], startedAt: Instant(microseconds: row[5]),
                finishedAt: (row[6] as Int64?).map(Instant.init(microseconds:)), result: row[7], pin: row[8]
            )
        }
    }
}
