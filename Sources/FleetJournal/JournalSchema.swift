import FleetPorts
import GRDB

/// The tables and their history.
///
/// A shipped version is frozen: later changes are migrations of their own.
enum JournalSchema {
    /// `FLET`: marks the file as a journal of fleet's.
    static let applicationID: Int32 = 0x464C_4554
    /// The version that this fleet writes, and the newest that it reads.
    static let version = 5

    /// One a version, from an empty file on.
    static let migrations: [String] = [
        """
        CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
        INSERT INTO about VALUES ('file_id', lower(hex(randomblob(16))));
        CREATE TABLE run (
            id TEXT PRIMARY KEY, cluster TEXT NOT NULL, playbook TEXT NOT NULL, plan_digest TEXT NOT NULL,
            plan_name TEXT NOT NULL, started_at INTEGER NOT NULL, finished_at INTEGER, result TEXT
        ) STRICT;
        CREATE TABLE record (
            run TEXT NOT NULL REFERENCES run (id), sequence INTEGER NOT NULL CHECK (sequence > 0), kind TEXT NOT NULL,
            version INTEGER NOT NULL, time INTEGER NOT NULL, payload BLOB NOT NULL, PRIMARY KEY (run, sequence)
        ) STRICT, WITHOUT ROWID;
        CREATE TRIGGER record_is_never_changed BEFORE UPDATE ON record
            BEGIN SELECT raise(ABORT, 'records are append-only'); END;
        CREATE TRIGGER record_is_never_deleted BEFORE DELETE ON record
            BEGIN SELECT raise(ABORT, 'records are append-only'); END;
        CREATE TABLE plan (
            cluster TEXT NOT NULL, playbook TEXT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL,
            pinned_at INTEGER NOT NULL, content BLOB NOT NULL, PRIMARY KEY (cluster, playbook, name)
        ) STRICT;
        """,
        """
        CREATE TABLE request (
            number INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL REFERENCES run (id), kind TEXT NOT NULL,
            by TEXT NOT NULL, time INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX request_of_run ON request (run, number);
        """,
        // Before, a run belonged to a plan that was pinned before it began, by the clock.
        """
        ALTER TABLE plan ADD COLUMN pin TEXT;
        ALTER TABLE run ADD COLUMN pin TEXT;
        UPDATE plan SET pin = lower(hex(randomblob(8)));
        UPDATE run SET pin = (
            SELECT plan.pin FROM plan
            WHERE plan.cluster = run.cluster AND plan.playbook = run.playbook AND plan.name = run.plan_name
                AND plan.digest = run.plan_digest AND run.started_at >= plan.pinned_at
        );
        """,
        """
        CREATE TABLE act (
            number INTEGER PRIMARY KEY AUTOINCREMENT, cluster TEXT NOT NULL, time INTEGER NOT NULL, by TEXT NOT NULL,
            what TEXT NOT NULL, detail TEXT NOT NULL
        ) STRICT;
        CREATE TRIGGER act_is_never_changed BEFORE UPDATE ON act BEGIN SELECT raise(ABORT, 'acts are append-only'); END;
        CREATE TRIGGER act_is_never_deleted BEFORE DELETE ON act BEGIN SELECT raise(ABORT, 'acts are append-only'); END;
        """,
        """
        ALTER TABLE act ADD COLUMN run TEXT;
        ALTER TABLE act ADD COLUMN subject TEXT;
        ALTER TABLE act ADD COLUMN outcome TEXT;
        """,
    ]

    /// Refuses files that are not fleet's, or too new; reads only.
    static func check(_ db: Database, path: String) throws {
        let application = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let found = try version(of: db)
        let isEmpty = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0
        if isEmpty, application == 0, found == 0 { return }
        guard application == applicationID else {
            throw JournalFailure(
                .unusable,
                "\(path) is an SQLite file of another program (application_id \(application)); choose another --state"
            )
        }
        guard found > version else { return }
        let writer = try String.fetchOne(db, sql: "SELECT value FROM about WHERE key = 'fleet_version'") ?? "newer"
        throw JournalFailure(
            .newerVersion,
            "\(path) has format \(found), written by fleet \(writer); this fleet reads up to format \(version): use fleet \(writer)"
        )
    }

    /// Brings the file up to date.
    static func migrate(_ db: Database, fleetVersion: String) throws {
        let found = try version(of: db)
        guard found < version else { return }
        for step in found..<version { try db.execute(sql: migrations[step]) }
        try db.execute(
            sql: "INSERT INTO about VALUES ('fleet_version', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            arguments: [fleetVersion]
        )
        try db.execute(sql: "PRAGMA application_id = \(applicationID)")
        try db.execute(sql: "PRAGMA user_version = \(version)")
    }

    /// Whether the file is a journal of fleet's as this fleet writes it.
    static func isCurrent(_ db: Database) throws -> Bool {
        try Int32.fetchOne(db, sql: "PRAGMA application_id") == applicationID && version(of: db) == version
    }

    static func fileID(in db: Database) throws -> String {
        try String.fetchOne(db, sql: "SELECT value FROM about WHERE key = 'file_id'") ?? ""
    }

    private static func version(of db: Database) throws -> Int { try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0 }
}
