import FleetPorts
import Foundation
import GRDB

/// Opens the file: nobody else's, nothing newer, private, and durable.
enum JournalFile {
    static func open(
        _ path: String, fleetVersion: String, isReading: Bool
    ) throws(JournalFailure) -> (queue: DatabaseQueue, fileID: String) {
        do {
            try prepare(path)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try makeDurable(queue, path)
            if try !queue.read(JournalSchema.isCurrent) {
                try queue.write { db in
                    try JournalSchema.check(db, path: path)
                    try JournalSchema.migrate(db, fleetVersion: fleetVersion)
                }
            }
            return (queue, try queue.read(JournalSchema.fileID))
        } catch {
            let failure = JournalFailure(storing: error, path)
            guard isReading, failure.code == .diskFull, let alone = try? openAlone(path) else { throw failure }
            return alone
        }
    }

    /// Opens an existing file where there is no room for the shared memory of several processes: this one keeps its own.
    ///
    /// Where another process has the file open, its shared memory is there, and this is not needed.
    private static func openAlone(_ path: String) throws -> (queue: DatabaseQueue, fileID: String) {
        var alone = configuration
        alone.journalMode = .default
        alone.busyMode = .timeout(1)
        alone.prepareDatabase { try $0.execute(sql: "PRAGMA locking_mode = EXCLUSIVE") }
        let queue = try DatabaseQueue(path: path, configuration: alone)
        guard try queue.read(JournalSchema.isCurrent) else {
            throw JournalFailure(.unusable, "\(path) is of an older format")
        }
        return (queue, try queue.read(JournalSchema.fileID))
    }

    /// Whether nothing can be written beside the file for want of room, be it the disk's or the user's share of it.
    static func lacksRoom(_ path: String) -> Bool {
        var name = Array("\(directory(of: path))/.fleet-room-XXXXXX".utf8CString)
        let descriptor = mkstemp(&name)
        guard descriptor >= 0 else { return isNoRoom(errno) }
        defer { close(descriptor) }
        unlink(name)
        let bytes = [UInt8](repeating: 1, count: 1 << 16)
        guard write(descriptor, bytes, bytes.count) == bytes.count else { return true }
        return fsync(descriptor) != 0 && isNoRoom(errno)
    }

    /// Whether a system call failed for want of room.
    static func isNoRoom(_ number: Int32) -> Bool { number == ENOSPC || number == EDQUOT }

    private static func directory(of path: String) -> String {
        // Foundation's own deletingLastPathComponent traps on names of one letter.
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
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
        try makeDirectory(directory(of: path))
        guard try size(of: path) > 0 else { return }
        var reading = configuration
        reading.readonly = true
        reading.journalMode = .default
        try DatabaseQueue(path: path, configuration: reading).read { try JournalSchema.check($0, path: path) }
        chmod(path, 0o600)
    }

    /// The size of a file, which is made where there is none.
    ///
    /// A file that is there is not opened: closing any descriptor of it would drop the locks that SQLite holds on it for
    /// another connection of this process (sqlite.org/howtocorrupt.html, section 2.2).
    private static func size(of path: String) throws -> Int64 {
        var facts = stat()
        if stat(path, &facts) == 0 { return Int64(facts.st_size) }
        let descriptor = Foundation.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            close(descriptor)
            return 0
        }
        if errno == EEXIST, stat(path, &facts) == 0 { return Int64(facts.st_size) }
        if isNoRoom(errno) { throw JournalFailure(noRoom: path, errno) }
        throw JournalFailure(.unusable, "\(path): \(String(cString: strerror(errno)))")
    }

    private static func makeDirectory(_ directory: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700]
            )
        } catch CocoaError.fileWriteOutOfSpace {
            throw JournalFailure(noRoom: directory, ENOSPC)
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
