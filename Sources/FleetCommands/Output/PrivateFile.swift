import FleetPorts
import Foundation

/// A file that its owner alone can read, from its first byte on; complete or not there at all.
enum PrivateFile {
    /// Writes beside the place, brings it to the disk and renames it; throws ``UsageError``.
    static func write(to path: String, _ body: (FileHandle) async throws -> Void) async throws {
        let target = Paths.expanded(path)
        let partial = target + ".partial"
        unlink(partial)
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        do {
            let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            try await body(file)
            try file.synchronize()
            try file.close()
            guard rename(partial, target) == 0 else { throw failure(path) }
        } catch {
            unlink(partial)
            throw error is UsageError || error is Refusal || error is JournalFailure
                ? error : UsageError("\(path) cannot be written: \((error as NSError).localizedDescription)")
        }
    }

    private static func failure(_ path: String) -> UsageError {
        UsageError("\(path) cannot be written: \(String(cString: strerror(errno)))")
    }
}
