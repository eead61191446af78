import FleetPorts
import Foundation
import GRDB

extension JournalFailure {
    /// What a failure of the store means for the run; one that is a `JournalFailure` already stays as it is.
    init(storing error: any Error, _ path: String) {
        if let failure = error as? JournalFailure {
            self = failure
            return
        }
        guard let error = error as? DatabaseError else {
            self.init(.failed, "\(path): \(error)")
            return
        }
        let words = error.message ?? error.resultCode.description
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(.diskFull, Self.words(path, words))
        case .SQLITE_IOERR where JournalFile.lacksRoom(path): self.init(.diskFull, Self.words(path, words))
        case .SQLITE_IOERR: self.init(.unreachable, "\(path): \(words)")
        case .SQLITE_NOTADB, .SQLITE_CANTOPEN, .SQLITE_CORRUPT, .SQLITE_READONLY, .SQLITE_PERM:
            self.init(.unusable, "\(path): \(words)")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.unreachable, "\(path): another process holds the file for longer than 30s: \(words)")
        default: self.init(.failed, "\(path): \(words)")
        }
    }

    /// The disk is full, or the user's share of it.
    init(noRoom path: String, _ number: Int32) {
        self.init(.diskFull, Self.words(path, String(cString: strerror(number))))
    }

    private static func words(_ path: String, _ cause: String) -> String {
        "\(path): \(cause): there is no room on its disk; nothing was recorded: free space, then `fleet resume`"
    }
}
