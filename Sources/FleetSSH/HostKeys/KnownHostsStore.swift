internal import Foundation
internal import NIOConcurrencyHelpers

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// Reads known_hosts files once and again when they change; every session shares the same index.
///
/// A lock rather than an actor: it is asked once for each connection, and a hop between threads costs more than the look.
final class KnownHostsStore: Sendable {
    private struct Stamp: Hashable {
        var inode: UInt64
        var size: Int64
        var seconds: Int
        var nanoseconds: Int
    }

    private let indexes = NIOLockedValueBox<[[String]: (stamps: [Stamp?], index: KnownHostsIndex)]>([:])
    private let warn: @Sendable (String) -> Void

    init(warn: @escaping @Sendable (String) -> Void) { self.warn = warn }

    /// The index of these files, in their order; a file that is not there counts as empty.
    func index(of files: [String]) -> KnownHostsIndex {
        let (index, isNew) = indexes.withLockedValue { indexes in
            let stamps = files.map(Self.stamp)
            if let known = indexes[files], known.stamps == stamps { return (known.index, false) }
            let index = Self.read(files)
            indexes[files] = (stamps, index)
            return (index, true)
        }
        if isNew { index.warnings.forEach(warn) }
        return index
    }

    private static func read(_ files: [String]) -> KnownHostsIndex {
        var index = KnownHostsIndex()
        for file in files {
            guard let data = try? Data(contentsOf: URL(filePath: file)) else { continue }
            index.add(String(decoding: data, as: UTF8.self), file: file)
        }
        return index
    }

    private static func stamp(_ file: String) -> Stamp? {
        var status = stat()
        guard stat(file, &status) == 0 else { return nil }
        #if canImport(Glibc)
        let modified = status.st_mtim
        #else
        let modified = status.st_mtimespec
        #endif
        return Stamp(
            inode: UInt64(status.st_ino), size: Int64(status.st_size), seconds: Int(modified.tv_sec),
            nanoseconds: Int(modified.tv_nsec))
    }
}
