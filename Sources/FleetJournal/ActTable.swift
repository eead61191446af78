import FleetModel
import GRDB

/// What operators did beside runs, append-only.
enum ActTable {
    static func insert(_ act: OperatorAct, in db: Database) throws {
        try db.execute(
            sql:
                "INSERT INTO act (cluster, time, by, run, what, subject, outcome, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                act.cluster.rawValue, act.time.microseconds, act.by, act.run?.rawValue, act.what, act.subject,
                act.outcome?.rawValue, act.detail,
            ])
    }

    static func all(in db: Database) throws -> [OperatorAct] {
        try Row.fetchAll(
            db, sql: "SELECT cluster, time, by, run, what, subject, outcome, detail FROM act ORDER BY number DESC"
        ).map { row in
            OperatorAct(
                cluster: ObjectUID(rawValue: row[0]), time: Instant(microseconds: row[1]), by: row[2],
                run: (row[3] as String?).map { RunID($0) }, what: row[4], subject: row[5],
                outcome: (row[6] as String?).flatMap(OperatorAct.Outcome.init(rawValue:)), detail: row[7])
        }
    }

    /// Those of a run, in order.
    static func all(of run: RunID, in db: Database) throws -> [OperatorAct] {
        try all(in: db).filter { $0.run == run }.reversed()
    }
}
