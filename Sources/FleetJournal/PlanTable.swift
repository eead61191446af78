import FleetModel
import FleetPorts
import Foundation
import GRDB

/// The pinned plans, one under each key (safety rule 24).
enum PlanTable {
    private static let columns = "cluster, playbook, name, digest, pinned_at, content, pin"

    static func insert(_ plan: StoredPlan, in db: Database) throws {
        try db.execute(
            sql: "INSERT INTO plan (\(columns)) VALUES (?, ?, ?, ?, ?, ?, coalesce(?, lower(hex(randomblob(8)))))",
            arguments: [
                plan.cluster.rawValue, plan.playbook, plan.name, plan.digest, plan.pinnedAt.microseconds,
                Data(plan.content), plan.pin,
            ]
        )
    }

    static func plan(_ cluster: ObjectUID, _ playbook: String, _ name: String, in db: Database) throws -> StoredPlan? {
        let sql = "SELECT \(columns) FROM plan WHERE cluster = ? AND playbook = ? AND name = ?"
        return try Row.fetchOne(db, sql: sql, arguments: [cluster.rawValue, playbook, name]).map(plan)
    }

    static func all(in db: Database) throws -> [StoredPlan] {
        try Row.fetchAll(db, sql: "SELECT \(columns) FROM plan ORDER BY pinned_at DESC, rowid DESC").map(plan)
    }

    static func delete(_ cluster: ObjectUID, _ playbook: String, _ name: String, in db: Database) throws {
        try db.execute(
            sql: "DELETE FROM plan WHERE cluster = ? AND playbook = ? AND name = ?",
            arguments: [cluster.rawValue, playbook, name]
        )
    }

    private static func plan(_ row: Row) -> StoredPlan {
        StoredPlan(
            cluster: ObjectUID(rawValue: row[0]), playbook: row[1], name: row[2], digest: row[3],
            pinnedAt: Instant(microseconds: row[4]), content: [UInt8](row[5] as Data), pin: row[6]
        )
    }
}
