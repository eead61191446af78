import FleetPorts
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
            self.init(.diskFull, "\(path): \(words); nothing was recorded: free space, then `fleet resume`")
        case .SQLITE_NOTADB, .SQLITE_CANTOPEN, .SQLITE_CORRUPT, .SQLITE_READONLY, .SQLITE_PERM:
            self.init(.unusable, "\(path): \(words)")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.failed, "\(path): another process holds the file for longer than 30s: \(words)")
        default: self.init(.failed, "\(path): \(words)")
        }
    }
}
