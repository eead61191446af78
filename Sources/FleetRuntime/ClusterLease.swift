public import FleetModel
public import FleetPorts
public import FleetRun
import NIOConcurrencyHelpers

/// How a Lease is kept, in client-go's terms (semantics 8): duration > renewDeadline > renewPeriod > 1.2 × retryPeriod.
public struct LeaseTiming: Hashable, Sendable {
    /// How long a renewal is good for; whole seconds.
    public var duration: Duration
    /// A holder that could not renew it for so long has lost it.
    public var renewDeadline: Duration
    /// The pause between renewals that succeed.
    public var renewPeriod: Duration
    /// The pause after a renewal that failed, and between looks at somebody else's.
    public var retryPeriod: Duration

    /// Twice client-go's duration and deadline, 30 s and 20 s: nothing waits for a lock to change hands but `--take-over`.
    ///
    /// So a renewal every 10 s is early enough, and tried again every 2 s where it fails; a kubelet renews its own as often.
    public init(
        duration: Duration = .seconds(30), renewDeadline: Duration = .seconds(20),
        renewPeriod: Duration = .seconds(10), retryPeriod: Duration = .seconds(2)
    ) {
        self.duration = duration
        self.renewDeadline = renewDeadline
        self.renewPeriod = renewPeriod
        self.retryPeriod = retryPeriod
    }
}

/// The cluster's lock, held for a run (safety rule 23).
///
/// It is kept when the run ends unfinished, so that nobody else begins one meanwhile; only `release` gives it back.
public final class ClusterLease: Sendable {
    private struct Held {
        var lock: ClusterLock
        var renewedAt: Instant
        /// What the last requests said when they were sent, answered or not.
        var sent: [Instant]
    }

    private let port: any LockPort
    private let rule: LockRule
    private let timing: LeaseTiming
    private let clock: RuntimeClock
    private let held: NIOLockedValueBox<Held>

    private init(
        _ lock: ClusterLock, _ port: any LockPort, _ rule: LockRule, _ timing: LeaseTiming, _ clock: RuntimeClock
    ) {
        self.port = port
        self.rule = rule
        self.timing = timing
        self.clock = clock
        held = NIOLockedValueBox(Held(lock: lock, renewedAt: clock.now, sent: lock.renewedAt.map { [$0] } ?? []))
    }

    // MARK: - Taking it

    /// Takes the lock for a run.
    ///
    /// - Parameters:
    ///   - rule: What decides, given the lock as it stands.
    ///   - waiting: Is told when a holder must be watched first, and for how long.
    /// - Throws: `LockRefusal` when somebody else holds it, `ClusterFailure` when it cannot be read or written,
    ///   `CancellationError`.
    public static func take(
        by rule: (ClusterLock?) async throws -> LockRule, from port: any LockPort,
        timing: LeaseTiming = LeaseTiming(), clock: RuntimeClock = RuntimeClock(),
        waiting: (ClusterLock, Duration) -> Void = { _, _ in }
    ) async throws -> ClusterLease {
        for _ in 0..<5 {
            let seen = try await port.read()
            let rule = try await rule(seen)
            switch rule.verdict(on: seen) {
            case .take: break
            case .takeWhenSilent:
                if let seen { try await watch(seen, port, timing, clock, waiting) }
            case .refused(let reason): throw LockRefusal(reason, seen ?? ClusterLock())
            }
            do throws(ClusterFailure) {
                let lock = try await port.take(
                    seen: seen, for: rule.claim, durationSeconds: timing.duration.components.seconds, at: clock.now)
                return ClusterLease(lock, port, rule, timing, clock)
            } catch {
                guard error.code == .conflict || error.code == .alreadyExists else { throw error }
            }
        }
        throw LockRefusal(.contended, try await port.read() ?? ClusterLock())
    }

    /// Returns once the holder was silent for its whole duration, counted from now: remote times are never compared.
    private static func watch(
        _ seen: ClusterLock, _ port: any LockPort, _ timing: LeaseTiming, _ clock: RuntimeClock,
        _ waiting: (ClusterLock, Duration) -> Void
    ) async throws {
        let span = Duration.seconds(max(1, seen.durationSeconds))
        waiting(seen, span)
        let end = clock.now + span
        while clock.now < end {
            try await clock.sleep(until: min(end, clock.now + timing.retryPeriod))
            guard let now = try await port.read(), now.version == seen.version else {
                throw LockRefusal(.alive, try await port.read() ?? seen)
            }
        }
    }

    // MARK: - Keeping it

    /// Renews the lock while something is done before a run drives it; a lock that is lost cancels that.
    ///
    /// - Throws: What the body throws; `LockRefusal` when the lock was lost meanwhile.
    public func keeping<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                await self.keep { _ in }
                return nil
            }
            defer { group.cancelAll() }
            if let value = try await group.next() ?? nil { return value }
            try Task.checkCancellation()
            throw LockRefusal(.contended, try await port.read() ?? ClusterLock())
        }
    }

    /// Renews the lock until the task is cancelled or the lock is lost, which is told once, with the reason.
    func keep(lost: @escaping @Sendable (String) -> Void) async {
        await withTaskGroup(of: String?.self) { group in
            group.addTask { await self.renew() }
            group.addTask { await self.watchDeadline() }
            if let reason = await group.next() ?? nil, !Task.isCancelled { lost(reason) }
            group.cancelAll()
        }
    }

    /// Renews again and again; why it was lost, or nil when the task was cancelled.
    private func renew() async -> String? {
        while (try? await clock.sleep(until: nextRenewal)) != nil {
            if let reason = await renewOnce() { return reason }
        }
        return nil
    }

    private var nextRenewal: Instant {
        max(held.withLockedValue(\.renewedAt) + timing.renewPeriod, clock.now + timing.retryPeriod)
    }

    private func renewOnce() async -> String? {
        let lock = held.withLockedValue(\.lock)
        do throws(ClusterFailure) {
            note(try await port.renew(lock, at: send()))
            return nil
        } catch {
            switch error.code {
            case .conflict: return await reclaim()
            case .notFound: return await remake()
            default: return nil
            }
        }
    }

    /// Somebody wrote the record: it is lost, unless it still says that it is ours.
    ///
    /// A process that was cloned with its machine has the same name; but it was not this one that sent its renewals.
    private func reclaim() async -> String? {
        guard let lock = try? await port.read() else { return nil }
        guard rule.isOwn(lock) else { return "\(lock.words) took the cluster over" }
        guard let time = lock.renewedAt, held.withLockedValue({ $0.sent.contains(time) }) else {
            return "a copy of this process renews it"
        }
        held.withLockedValue { $0.lock = lock }
        return await renewAgain(lock)
    }

    private func renewAgain(_ lock: ClusterLock) async -> String? {
        if let renewed = try? await port.renew(lock, at: send()) { note(renewed) }
        return nil
    }

    /// The record was deleted: it is made again, unless somebody else was quicker.
    private func remake() async -> String? {
        let seconds = timing.duration.components.seconds
        do throws(ClusterFailure) {
            note(try await port.take(seen: nil, for: rule.claim, durationSeconds: seconds, at: send()))
            return nil
        } catch {
            return error.code == .alreadyExists ? await reclaim() : nil
        }
    }

    private func note(_ lock: ClusterLock) {
        held.withLockedValue { ($0.lock, $0.renewedAt) = (lock, clock.now) }
    }

    /// The time of a request that is about to be sent.
    private func send() -> Instant {
        let now = clock.now
        held.withLockedValue { $0.sent = ($0.sent + [now]).suffix(16) }
        return now
    }

    /// A renewal that hangs is as bad as one that fails; why it was lost, or nil when the task was cancelled.
    private func watchDeadline() async -> String? {
        while true {
            let end = held.withLockedValue(\.renewedAt) + timing.renewDeadline
            if clock.now >= end {
                guard clock.now - end > timing.retryPeriod else { return overdue }
                if let reason = await confirm() { return reason }
                if Task.isCancelled { return nil }
                continue
            }
            guard (try? await clock.sleep(until: end)) != nil else { return nil }
        }
    }

    /// Renews it after a time in which this process did not run; why it is lost, or nil while it is not.
    ///
    /// A renewal under the seen version proves that nobody came meanwhile. A network that is not back yet has as long
    /// as a holder's renewals have.
    func confirm() async -> String? {
        let begun = clock.now
        while clock.now < begun + timing.renewDeadline {
            if let reason = await renewOnce() { return reason }
            if held.withLockedValue(\.renewedAt) >= begun { return nil }
            guard (try? await clock.sleep(until: clock.now + timing.retryPeriod)) != nil else { return nil }
        }
        return overdue
    }

    /// Whether it is so long since a renewal that somebody may have taken it meanwhile: nothing is begun before it is
    /// confirmed.
    ///
    /// A process that runs gives it up by itself before that; one that stood still did not.
    func isDoubtful(at now: Instant) -> Bool {
        now >= held.withLockedValue(\.renewedAt) + timing.duration - timing.retryPeriod
    }

    private var overdue: String { "it could not be renewed for \(timing.renewDeadline.components.seconds)s" }

    // MARK: - Giving it back

    /// Gives the lock back, unless it is somebody else's by now; it remembers the run that ended, if one did.
    public func release(of ended: EndedRun? = nil) async throws(ClusterFailure) {
        do throws(ClusterFailure) {
            try await port.release(held.withLockedValue(\.lock), of: ended, at: clock.now)
        } catch {
            guard error.code == .conflict, let lock = try await port.read(), rule.isOwn(lock) else {
                if error.code == .conflict || error.code == .notFound { return }
                throw error
            }
            try await port.release(lock, of: ended, at: clock.now)
        }
    }
}

extension ClusterLock {
    /// Who holds it, in a few words.
    var words: String { claim.map { "run \($0.run) of \($0.user)@\($0.machine)" } ?? (isFree ? "nobody" : holder) }
}
