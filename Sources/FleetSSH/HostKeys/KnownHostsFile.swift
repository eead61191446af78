internal import FleetModel
internal import Foundation

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// A known_hosts file on disk.
enum KnownHostsFile {
    /// Appends a line under an exclusive lock, in one write, unless it is there already.
    ///
    /// Another process that accepts the same host at the same time adds its line once.
    static func append(_ line: String, to path: String) throws(HostRefusal) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw failure(path) }
        }
        let present = (try? String(decoding: Data(contentsOf: URL(filePath: path)), as: UTF8.self)) ?? ""
        let lines = present.utf8.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
        if lines.contains(where: { $0.elementsEqual(line.utf8) }) { return }
        let needsBreak = !present.isEmpty && present.utf8.last != UInt8(ascii: "\n")
        let bytes = Array((needsBreak ? "\n\(line)\n" : "\(line)\n").utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else { throw failure(path) }
    }

    private static func failure(_ path: String) -> HostRefusal {
        let words = strerror(errno).map { String(cString: $0) } ?? "error \(errno)"
        return HostRefusal(.configuration, "the new host key cannot be written to \(path): \(words)")
    }
}
