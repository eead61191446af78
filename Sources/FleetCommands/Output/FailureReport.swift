import FleetExpressions
import FleetModel
import FleetPorts
import FleetReport
import FleetRun

/// An error as the operator reads it: what, on which thing, why in the cluster's own words, what to do next.
struct FailureReport: Report {
    /// One mistake or cause.
    struct Item: Hashable, Sendable, Encodable {
        /// A stable word for programs.
        var code: String
        /// What, on which thing, why.
        var message: String
        /// What to do next; nil when the message says it.
        var hint: String?
        /// `file:line:column`; nil when no file is at fault.
        var location: String?

        fileprivate var line: String { location.map { "\($0): \(message)" } ?? message }
    }

    /// `fleet.error/v1`.
    struct Document: Encodable {
        let schema = "fleet.error/v1"
        let exit: Int32
        let errors: [Item]
    }

    /// How the process ends.
    let exit: FleetExit
    /// What went wrong; at least one.
    let items: [Item]

    /// The report of anything thrown.
    init(_ error: any Error) {
        (exit, items) = Self.known(error) ?? (.failed, [Item(code: "failed", message: "\(error)")])
    }

    var document: Document { Document(exit: exit.rawValue, errors: items) }

    func text(_ style: TextStyle) -> String {
        items.map { item in
            let hint = item.hint.map { (item.location == nil ? "\n" : "; ") + $0 } ?? ""
            // A server's second line is no line of fleet's.
            let words = (item.line + hint).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            return "\(style(.bad, "error")): \(words.joined(separator: "\n  "))"
        }.joined(separator: "\n")
    }

    private static func known(_ error: any Error) -> (FleetExit, [Item])? {
        switch error {
        case let error as Diagnostics: (.usage, error.all.filter { $0.severity == .error }.map(item))
        case let error as Diagnostic: (.usage, [item(error)])
        case let error as UsageError: (.usage, [Item(code: "usage", message: error.message, hint: error.hint.nonEmpty)])
        case let error as Refusal:
            (
                error.isResumable ? .blocked : .failed,
                [Item(code: "refused", message: error.message, hint: error.hint.nonEmpty)]
            )
        case let error as LockRefusal:
            (error.end == nil ? .blocked : .failed, [Item(code: "locked", message: error.words, hint: error.hint)])
        case let error as ClusterFailure:
            (.failed, [Item(code: error.code.rawValue, message: error.description, hint: error.hint)])
        case let error as HostRefusal: (.failed, [Item(code: error.code.rawValue, message: error.message)])
        case let error as JournalFailure:
            (error.exit, [Item(code: "journal.\(error.code.rawValue)", message: error.message, hint: error.hint)])
        case let error as RunEvent.UnreadableRecord:
            (.failed, [Item(code: "journal.unreadable", message: error.description)])
        case is CancellationError: (.interrupted, [Item(code: "interrupted", message: "interrupted")])
        default: nil
        }
    }

    private static func item(_ diagnostic: Diagnostic) -> Item {
        var bare = diagnostic
        bare.suggestion = nil
        let prefix = "\(diagnostic.location): "
        let text = bare.description
        return Item(
            code: "invalid-file", message: text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text,
            hint: diagnostic.suggestion, location: diagnostic.location.description
        )
    }
}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}

extension ClusterFailure {
    /// What the operator can do about it; nil when the server's words say it.
    fileprivate var hint: String? {
        switch code {
        case .unauthorized:
            "the cluster does not know these credentials (expired?); log in again, or choose others with --kubeconfig and --context"
        case .forbidden:
            "grant that verb on that resource to the user of this context, or choose another context with --context"
        case .credentials: "look at the user of this context in the kubeconfig"
        case .unreachable: "is this the right cluster (--kubeconfig, --context), and can it be reached from here?"
        default: nil
        }
    }
}

extension LockRefusal {
    /// Who holds the cluster, since when, from where.
    fileprivate var words: String {
        if let end {
            return
                "run \(end.run) is over: \(end.result), by \(end.by), \(end.at.dateText) (Lease kube-system/fleet); this journal holds its beginning only, and nothing was changed"
        }
        guard let claim = lock.claim else {
            return reason == .contended
                ? "the lock of this cluster (Lease kube-system/fleet) changes hands again and again; nothing was changed"
                : "the lock of this cluster (Lease kube-system/fleet) is held by \"\(lock.holder)\", which is no run of fleet's; nothing was changed"
        }
        let since = lock.acquiredAt.map { ", since \($0.dateText)" } ?? ""
        let renewed = lock.renewedAt.map { ", last renewed \($0.dateText) by its clock" } ?? ""
        let state = reason == .alive ? "is being driven right now" : "is unfinished and holds this cluster"
        let place = reason == .sameState ? "" : " from another machine or state file"
        return
            "run \(claim.run) of \(claim.user)@\(claim.machine) \(state)\(place)\(since)\(renewed) (Lease kube-system/fleet); nothing was changed"
    }

    /// The end of the run that is over; nil for every other reason.
    fileprivate var end: EndedRun? { if case .ended(let end) = reason { end } else { nil } }

    /// What the operator can do about it.
    fileprivate var hint: String {
        if let end {
            return
                "take in what was done since: fleet journal export \(end.run) -o FILE there, fleet journal import FILE here; where that journal is lost, close it here: fleet abort \(end.run)"
        }
        guard let run = lock.claim?.run else {
            return "look at it with: kubectl -n kube-system get lease fleet -o yaml"
        }
        switch reason {
        case .sameState: return "go on with it: fleet resume \(run); or end it: fleet abort \(run)"
        case .alive: return "stop it there first: fleet pause \(run)"
        case .otherState, .foreign, .contended, .ended:
            return
                "go on with it or end it there (fleet resume, fleet abort); if that machine is lost: --take-over \(run), then: fleet leftovers"
        }
    }
}

extension JournalFailure {
    fileprivate var exit: FleetExit {
        switch code {
        case .notFound: .usage
        case .locked, .diskFull, .unreachable: .blocked
        case .unusable, .newerVersion, .failed: .failed
        }
    }

    fileprivate var hint: String? {
        switch code {
        case .diskFull: "make room on the disk; everything up to here is recorded and the run can be resumed"
        case .unreachable:
            "see what holds the file, or what the kernel says of its disk; everything up to here is recorded, and a run goes on with: fleet resume"
        case .notFound: "list what there is with: fleet runs"
        case .newerVersion: "use the version of fleet that wrote it"
        case .unusable, .locked, .failed: nil
        }
    }
}
