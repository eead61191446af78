public import FleetModel

/// Whether a run may have the cluster's lock (safety rule 23).
///
/// The holder of the state file in which the lock's run is kept reclaims it at once. Anybody else is kept out while
/// that run is unfinished, however old the last renewal is; only `--take-over` passes, and only once the holder was
/// seen to be silent for the whole duration that it published.
public struct LockRule: Hashable, Sendable {
    /// For which run the lock is wanted.
    public var claim: LockClaim
    /// The run that the operator wants to take over from; nil unless asked for.
    public var takeOver: RunID?
    /// The unfinished runs of the own state file.
    ///
    /// A lock of any other run of it was left behind by a crash before that run's first record, or after its last.
    public var unfinished: Set<RunID>

    /// A rule for one claim.
    public init(claim: LockClaim, takeOver: RunID? = nil, unfinished: Set<RunID> = []) {
        self.claim = claim
        self.takeOver = takeOver
        self.unfinished = unfinished
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
        guard let lock, !lock.isFree else { return .take }
        guard let holder = lock.claim else { return .refused(.foreign) }
        if holder.stateFile == claim.stateFile {
            let isHeld = holder.run != claim.run && unfinished.contains(holder.run)
            return isHeld ? verdict(onUnfinished: holder, .sameState) : .take
        }
        return verdict(onUnfinished: holder, .otherState)
    }

    private func verdict(onUnfinished holder: LockClaim, _ reason: LockRefusal.Reason) -> Verdict {
        takeOver == holder.run ? .takeWhenSilent : .refused(reason)
    }

    /// Whether a lock is this claim's own.
    public func isOwn(_ lock: ClusterLock) -> Bool {
        guard let holder = lock.claim else { return false }
        return holder.stateFile == claim.stateFile && holder.run == claim.run
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
