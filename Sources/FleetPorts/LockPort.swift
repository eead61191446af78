public import FleetModel

/// The Lease in the cluster by which one run at a time works on it, as the runtime sees it (semantics 8).
public protocol LockPort: Sendable {
    /// The lock as it stands; nil when nobody ever took it.
    ///
    /// - Throws: `forbidden` with the verb and the resource that are missing.
    func read() async throws(ClusterFailure) -> ClusterLock?

    /// Takes the lock: makes it when none was seen, else replaces exactly the record that was seen.
    ///
    /// Whether the seen one may be taken is the caller's judgement.
    ///
    /// - Throws: `conflict` or `alreadyExists` when somebody else was quicker.
    func take(
        seen: ClusterLock?, for claim: LockClaim, durationSeconds: Int64, at now: Instant
    ) async throws(ClusterFailure) -> ClusterLock

    /// Renews a held lock.
    ///
    /// - Throws: `conflict` when somebody else wrote it meanwhile, `notFound` when it was deleted.
    func renew(_ held: ClusterLock, at now: Instant) async throws(ClusterFailure) -> ClusterLock

    /// Gives a held lock back: no holder, one second; it remembers the run that ended, if one did.
    func release(_ held: ClusterLock, of ended: EndedRun?, at now: Instant) async throws(ClusterFailure)
}
