import Foundation

/// A file that its owner alone can read, from its first byte on; complete or not there at all.
enum PrivateFile {
    /// Writes beside the place, brings it to the disk and renames it; what the bodies throw goes on.
    ///
    /// - Parameter beforePlacing: done once everything is on the disk, and before it has its name.
    /// - Throws: ``UsageError`` for a place that cannot be written.
    static func write(
        to path: String, beforePlacing: () async throws -> Void = {}, _ body: (FileHandle) throws -> Void
    ) async throws {
        let target = Paths.expanded(path)
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: target, isDirectory: &isDirectory), isDirectory.boolValue {
            throw UsageError("\(path) cannot be written: it is a directory")
        }
        let partial = target + ".partial"
        unlink(partial)
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        do {
            try fill(descriptor, path, body)
            try await beforePlacing()
        } catch {
            unlink(partial)
            throw error
        }
        guard rename(partial, target) == 0 else {
            throw UsageError(
                "\(path) cannot be written: \(String(cString: strerror(errno)))", hint: "it is complete in \(partial)")
        }
        synchronize(directoryOf: target)
    }

    /// The new name is on the disk too.
    private static func synchronize(directoryOf path: String) {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(directory.isEmpty ? "/" : directory, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func fill(_ descriptor: Int32, _ path: String, _ body: (FileHandle) throws -> Void) throws {
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try body(file)
            try file.synchronize()
            try file.close()
        } catch {
            throw UsageError("\(path) cannot be written: \((error as NSError).localizedDescription)")
        }
    }

    private static func failure(_ path: String) -> UsageError {
        UsageError("\(path) cannot be written: \(String(cString: strerror(errno)))")
    }
}
