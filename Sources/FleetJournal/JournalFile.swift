import FleetPorts
import Foundation
import GRDB

/// Opens the file: nobody else's, nothing newer, private, and durable.
enum JournalFile {
    static func open(
        _ path: String, fleetVersion: String
    ) throws(JournalFailure) -> (queue: DatabaseQueue, fileID: String) {
        do {
            try prepare(path)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try makeDurable(queue, path)
            let fileID = try queue.write { db in
                try JournalSchema.check(db, path: path)
                try JournalSchema.migrate(db, fleetVersion: fleetVersion)
                return try JournalSchema.fileID(in: db)
            }
            return (queue, fileID)
        } catch {
            throw JournalFailure(storing: error, path)
        }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "fleet.journal"
        configuration.busyMode = .timeout(30)
        configuration.journalMode = .wal
        return configuration
    }

    /// Makes directory and file private, and looks into an existing file before anything is written to it.
    private static func prepare(_ path: String) throws {
        // Foundation's own deletingLastPathComponent traps on names of one letter.
        try makeDirectory(path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "")
        let descriptor = Foundation.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw JournalFailure(.unusable, "\(path): \(String(cString: strerror(errno)))") }
        let size = lseek(descriptor, 0, SEEK_END)
        close(descriptor)
        guard size > 0 else { return }
        var reading = configuration
        reading.readonly = true
        reading.journalMode = .default
        try DatabaseQueue(path: path, configuration: reading).read { try JournalSchema.check($0, path: path) }
        chmod(path, 0o600)
    }

    private static func makeDirectory(_ directory: String) throws {
        guard !directory.isEmpty else { return }
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw JournalFailure(.unusable, "\(directory) cannot be made: \(error.localizedDescription)")
        }
    }

    /// GRDB leaves WAL files at `synchronous = NORMAL`, which may lose the last commits when the power fails.
    private static func makeDurable(_ queue: DatabaseQueue, _ path: String) throws {
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = FULL; PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1")
            let mode = try String.fetchOne(db, sql: "PRAGMA journal_mode")
            let level = try Int.fetchOne(db, sql: "PRAGMA synchronous")
            guard mode == "wal", level == 2 else {
                throw JournalFailure(
                    .unusable,
                    "\(path): the filesystem does not permit a durable journal "
                        + "(journal_mode \(mode ?? "?"), synchronous \(level ?? -1))"
                )
            }
        }
    }
}
