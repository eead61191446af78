/// What a clean-up did or found, as ``NodeScript/cleanup(_:)`` answers.
public struct CleanupReport: Hashable, Sendable {
    /// How the whole clean-up ended.
    public enum Result: String, Hashable, Sendable {
        /// Something was removed.
        case changed
        /// There was nothing to remove.
        case unchanged
        /// A dry run came to its end.
        case dryRun = "dry-run"
        /// Verified: nothing is there any more.
        case gone
        /// Verified: something is still there.
        case left
        /// An item could not be removed.
        case failed
        /// A condition did not hold; no file and no rule was removed.
        case refused
    }

    /// How it ended; nil where the answer broke off.
    public let result: Result?
    /// Items that were removed.
    public let changed: [String]
    /// Items that were not there.
    public let unchanged: [String]
    /// Items that a dry run would remove.
    public let pending: [String]
    /// Items found by the verification.
    public let left: [String]
    /// Items that the verification did not find.
    public let gone: [String]
    /// Items that could not be removed, each with the last words of the command.
    public let failed: [String]
    /// Items left alone, each with the reason.
    public let kept: [String]
    /// Why it was refused.
    public let refusal: String?
    /// Seconds until the host restores its rules unless confirmed; nil where no rule was changed.
    public let restoreAfterSeconds: Int?

    /// Reads the answer.
    public init(_ answer: NodeAnswer) {
        result = answer.last("result").flatMap(Result.init(rawValue:))
        changed = answer.all("changed")
        unchanged = answer.all("unchanged")
        pending = answer.all("pending")
        left = answer.all("left")
        gone = answer.all("gone")
        failed = answer.all("failed")
        kept = answer.all("kept")
        refusal = answer.last("refused")
        restoreAfterSeconds = answer.last("restore_after_seconds").flatMap(Int.init)
    }
}
