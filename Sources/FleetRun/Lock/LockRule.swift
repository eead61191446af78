public import FleetModel

/// Whether a run may have the cluster's lock (safety rule 23).
///
/// The holder of the state file in which the lock's run is kept reclaims it: at once where its file locks prove that the
/// process that took it is gone, else, since a state file may have been copied, once the lock was seen to be silent for
/// the whole duration that its holder published. Anybody else is kept out while that run is unfinished, however old the
/// last renewal is; only `--take-over` passes, and only after the same silence. A run that ended elsewhere is refused.
public struct LockRule: Hashable, Sendable {
    /// For which run the lock is wanted; its process holds the run's file lock.
    public var claim: LockClaim
    /// The run that the operator wants to take over from; nil unless asked for.
    public var takeOver: RunID?
    /// The unfinished runs of the own state file, and those that a process beside this one is about to begin.
    ///
    /// A lock of any other run of it was left behind by a crash before that run's first record, or after its last.
    public var unfinished: Set<RunID>
    /// The runs of the own state file that are over.
    public var ended: Set<RunID>

    /// A rule for one claim.
    public init(
        claim: LockClaim, takeOver: RunID? = nil, unfinished: Set<RunID> = [], ended: Set<RunID> = []
    ) {
        self.claim = claim
        self.takeOver = takeOver
        self.unfinished = unfinished
        self.ended = ended
    }

    /// What to do about a lock as it stands.
    public enum Verdict: Hashable, Sendable {
        /// Take it at once.
        case take
        /// Take it once its holder has not renewed it for the duration that it published.
        case takeWhenSilent
        /// Leave it.
        case refused(LockRefusal.Reason)
    }

    /// Judges a lock; nil means that there is none yet.
    public func verdict(on lock: ClusterLock?) -> Verdict {
        guard let lock else { return .take }
        if let end = lock.ended.first(where: { $0.run == claim.run }) { return .refused(.ended(end)) }
        guard !lock.isFree else { return .take }
        guard let holder = lock.claim else { return .refused(.foreign) }
        guard holder.stateFile == claim.stateFile else { return verdict(onUnfinished: holder, .otherState) }
        if holder.run == claim.run { return isGone(holder) ? .take : .takeWhenSilent }
        if unfinished.contains(holder.run) { return verdict(onUnfinished: holder, .sameState) }
        if isGone(holder) { return .take }
        // A run that is not known here is a copy's, and may be unfinished there.
        return ended.contains(holder.run) ? .takeWhenSilent : verdict(onUnfinished: holder, .otherState)
    }

    /// Whether the process that took the lock is this one, or provably ended: it would hold a file lock that is free.
    private func isGone(_ holder: LockClaim) -> Bool {
        if !claim.process.isEmpty, holder.process == claim.process { return true }
        return !claim.place.isEmpty && holder.place == claim.place
    }

    private func verdict(onUnfinished holder: LockClaim, _ reason: LockRefusal.Reason) -> Verdict {
        takeOver == holder.run ? .takeWhenSilent : .refused(reason)
    }

    /// Whether a lock is this very process' own.
    public func isOwn(_ lock: ClusterLock) -> Bool {
        guard let holder = lock.claim else { return false }
        return holder.stateFile == claim.stateFile && holder.run == claim.run && holder.process == claim.process
    }
}

/// Why a run may not have the cluster's lock: who holds it, since when, from where.
public struct LockRefusal: Error, Hashable, Sendable {
    /// The cause.
    public enum Reason: Hashable, Sendable {
        /// Another run of the same state file is unfinished.
        case sameState
        /// A run kept in another state file is unfinished.
        case otherState
        /// It is to be taken over, but its holder still renews it.
        case alive
        /// What holds it is no fleet.
        case foreign
        /// The run is over: it was gone on with, and ended, elsewhere.
        case ended(EndedRun)
        /// Somebody else was quicker, again and again.
        case contended
    }

    /// The cause.
    public var reason: Reason
    /// The lock as it stands.
    public var lock: ClusterLock

    /// A refusal.
    public init(_ reason: Reason, _ lock: ClusterLock) {
        self.reason = reason
        self.lock = lock
    }
}
