import FleetModel
import FleetPorts
import Foundation
import NIOConcurrencyHelpers

/// One writer a run: a lock on a side file, which the kernel drops when the process ends, however it ends.
final class RunLocks: Sendable {
    private let directory: String
    private let held = NIOLockedValueBox<[RunID: Int32]>([:])

    init(directory: String) { self.directory = directory }

    deinit { for descriptor in held.withLockedValue(\.values) { close(descriptor) } }

    /// A digest of boot, device and inode of the directory; empty where they cannot be told.
    ///
    /// No other directory has the same, and neither has its copy, nor this one on a machine that was started from a copy.
    var place: String {
        mkdir(directory, 0o700)
        var status = stat()
        guard stat(directory, &status) == 0,
            let boot = FileManager.default.contents(atPath: "/proc/sys/kernel/random/boot_id"), !boot.isEmpty
        else { return "" }
        let text = "\(String(decoding: boot, as: UTF8.self)) \(status.st_dev) \(status.st_ino)"
        return String(ContentDigest.sha256(text).prefix(32))
    }

    /// Takes the run's lock, unless it is held already.
    func claim(_ run: RunID) throws(JournalFailure) {
        // Who only looks whether it is held keeps it for some microseconds.
        for attempt in 1... {
            guard let failure = tryToClaim(run) else { return }
            guard failure.code == .locked, attempt < 4 else { throw failure }
            usleep(5000)
        }
    }

    private func tryToClaim(_ run: RunID) -> JournalFailure? {
        held.withLockedValue { held in
            guard held[run] == nil else { return nil }
            switch open(run) {
            case .success(let descriptor):
                held[run] = descriptor
                return nil
            case .failure(let failure): return failure
            }
        }
    }

    /// Whether another process holds the run's lock; nothing is made, and nothing kept.
    func isHeldElsewhere(_ run: RunID) -> Bool {
        guard held.withLockedValue({ $0[run] == nil }), Self.isPlain(run.rawValue) else { return false }
        let descriptor = Foundation.open(path(of: run), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    /// Gives the lock back; the side file goes with it.
    func release(_ run: RunID) {
        held.withLockedValue { held in
            guard let descriptor = held.removeValue(forKey: run) else { return }
            unlink(path(of: run))
            close(descriptor)
        }
    }

    private func path(of run: RunID) -> String { "\(directory)/\(run).lock" }

    private func open(_ run: RunID) -> Result<Int32, JournalFailure> {
        guard Self.isPlain(run.rawValue) else {
            return .failure(JournalFailure(.notFound, "\(run) is no run's name"))
        }
        mkdir(directory, 0o700)
        while true {
            let descriptor = Foundation.open(path(of: run), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { return .failure(Self.systemFailure(path(of: run))) }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                defer { close(descriptor) }
                return .failure(errno == EWOULDBLOCK ? refusal(run, descriptor) : Self.systemFailure(path(of: run)))
            }
            if Self.isLinked(descriptor) {
                Self.sign(descriptor)
                return .success(descriptor)
            }
            close(descriptor)
        }
    }

    /// Whether it can be a file's name.
    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
    }

    /// Whether the file was not removed by its last holder between opening and locking it.
    private static func isLinked(_ descriptor: Int32) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_nlink > 0
    }

    private static func sign(_ descriptor: Int32) {
        let text = "\(getpid())\n"
        ftruncate(descriptor, 0)
        _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
    }

    private func refusal(_ run: RunID, _ descriptor: Int32) -> JournalFailure {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        let holder = String(decoding: bytes.prefix(max(0, count)).prefix { $0 != 10 }, as: UTF8.self)
        let name = holder.isEmpty ? "another process" : "process \(holder)"
        return JournalFailure(.locked, "run \(run) is being written by \(name); see `fleet status \(run)`")
    }

    private static func systemFailure(_ path: String) -> JournalFailure {
        JournalFailure(
            JournalFile.isNoRoom(errno) ? .diskFull : .failed, "\(path): \(String(cString: strerror(errno)))")
    }
}
