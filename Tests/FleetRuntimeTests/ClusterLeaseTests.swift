import FleetModel
import FleetPorts
import FleetRun
import NIOConcurrencyHelpers
import Testing

@testable import FleetRuntime

/// A Lease in memory, with versions as the API server keeps them.
private final class FakeLock: LockPort {
    private struct State {
        var lock: ClusterLock?
        var version = 0
        var failure: ClusterFailure?
        var renewals = 0
        var reads = 0
        var attempts = 0
    }

    private let state = NIOLockedValueBox(State())

    /// Whether its holder renews it between any two looks.
    private let isRenewed: Bool

    init(_ lock: ClusterLock? = nil, isRenewed: Bool = false) {
        self.isRenewed = isRenewed
        if let lock { write(lock) }
    }

    var lock: ClusterLock? { state.withLockedValue(\.lock) }
    var renewals: Int { state.withLockedValue(\.renewals) }
    var reads: Int { state.withLockedValue(\.reads) }
    /// Renewals, whether they succeeded or not.
    var attempts: Int { state.withLockedValue(\.attempts) }

    /// Writes the record as somebody else would.
    @discardableResult
    func write(_ lock: ClusterLock) -> ClusterLock {
        state.withLockedValue { state in
            state.version += 1
            var lock = lock
            lock.version = "\(state.version)"
            state.lock = lock
            return lock
        }
    }

    func delete() { state.withLockedValue { $0.lock = nil } }
    func fail(_ failure: ClusterFailure?) { state.withLockedValue { $0.failure = failure } }

    private func check() throws(ClusterFailure) {
        if let failure = state.withLockedValue(\.failure) { throw failure }
    }

    func read() async throws(ClusterFailure) -> ClusterLock? {
        state.withLockedValue { $0.reads += 1 }
        try check()
        if isRenewed, let lock { write(lock) }
        return lock
    }

    func take(
        seen: ClusterLock?, for claim: LockClaim, durationSeconds: Int64, at now: Instant
    ) async throws(ClusterFailure) -> ClusterLock {
        try check()
        guard seen?.version == lock?.version else {
            throw ClusterFailure(seen == nil ? .alreadyExists : .conflict, message: "the object has been modified")
        }
        return write(
            ClusterLock(
                holder: claim.holder, durationSeconds: durationSeconds, acquiredAt: now, renewedAt: now,
                annotations: claim.annotations))
    }

    func renew(_ held: ClusterLock, at now: Instant) async throws(ClusterFailure) -> ClusterLock {
        state.withLockedValue { $0.attempts += 1 }
        try check()
        guard let lock else { throw ClusterFailure(.notFound, message: "leases \"fleet\" not found") }
        guard held.version == lock.version else { throw ClusterFailure(.conflict, message: "modified") }
        state.withLockedValue { $0.renewals += 1 }
        var renewed = held
        renewed.renewedAt = now
        return write(renewed)
    }

    func release(_ held: ClusterLock, of ended: EndedRun?, at now: Instant) async throws(ClusterFailure) {
        try check()
        guard held.version == lock?.version else { throw ClusterFailure(.conflict, message: "modified") }
        write(ClusterLock(durationSeconds: 1, annotations: ended.map { EndedRun.annotations([:], adding: $0) } ?? [:]))
    }
}

/// Why a lock was lost, as its keeper tells it.
private final class Loss: Sendable {
    private let told = NIOLockedValueBox<String?>(nil)

    var reason: String? { told.withLockedValue(\.self) }
    func tell(_ reason: String) { told.withLockedValue { $0 = reason } }
}

struct ClusterLeaseTests {
    /// Generous where time is not what is tested: a slow machine must not lose a lock by being slow.
    private let timing = LeaseTiming(
        duration: .seconds(1), renewDeadline: .seconds(3600), renewPeriod: .milliseconds(20),
        retryPeriod: .milliseconds(20))

    private func claim(_ run: RunID, _ stateFile: String = "mine", process: String = "p1") -> LockClaim {
        LockClaim(
            run: run, planDigest: "d", stateFile: stateFile, user: "alice", machine: "bastion", process: process)
    }

    private func held(_ run: RunID, _ stateFile: String = "theirs") -> ClusterLock {
        let claim = claim(run, stateFile)
        return ClusterLock(holder: claim.holder, durationSeconds: 1, annotations: claim.annotations)
    }

    private func take(
        _ port: FakeLock, process: String = "p1", takeOver: RunID? = nil, timing: LeaseTiming? = nil
    ) async throws -> ClusterLease {
        let rule = LockRule(claim: claim("r-1", process: process), takeOver: takeOver)
        return try await ClusterLease.take(by: { _ in rule }, from: port, timing: timing ?? self.timing)
    }

    /// Waits for a condition, by turns and not by the clock: where everything is slow, this is slow too.
    private func wait(for condition: () -> Bool) async throws {
        for _ in 0..<4000 where !condition() { try await ContinuousClock().sleep(for: .milliseconds(5)) }
        #expect(condition())
    }

    @Test("made, renewed again and again, and given back")
    func wholeLife() async throws {
        let port = FakeLock()
        let lease = try await take(port)
        #expect(port.lock?.claim == claim("r-1"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await lease.keep { reason in Issue.record("lost: \(reason)") } }
            try await wait { port.renewals >= 5 }
            group.cancelAll()
        }
        try await lease.release()
        #expect(port.lock?.isFree == true)
    }

    @Test("another run's is refused with who holds it, and left as it is")
    func refused() async throws {
        let port = FakeLock(held("r-0"))
        let before = port.lock
        let refusal = await #expect(throws: LockRefusal.self) { try await take(port) }
        #expect(refusal?.reason == .otherState)
        #expect(refusal?.lock.claim?.run == "r-0")
        #expect(port.lock == before)
    }

    @Test("taken over only from a holder that is silent for its whole duration")
    func takenOver() async throws {
        let port = FakeLock(held("r-0"))
        let clock = ContinuousClock()
        let start = clock.now
        _ = try await take(port, takeOver: "r-0")
        #expect(clock.now - start >= .seconds(1))
        #expect(port.lock?.claim?.run == "r-1")
    }

    @Test("a holder that still renews is not taken over from")
    func alive() async throws {
        let port = FakeLock(held("r-0"), isRenewed: true)
        let refusal = await #expect(throws: LockRefusal.self) { try await take(port, takeOver: "r-0") }
        #expect(refusal?.reason == .alive)
        #expect(port.lock?.claim?.run == "r-0")
    }

    @Test(
        "a copy of the state file waits for the silence of the process that drives the run, which then knows that it lost it"
    )
    func copied() async throws {
        let busy = FakeLock(held("r-1", "mine"), isRenewed: true)
        let refusal = await #expect(throws: LockRefusal.self) { try await take(busy, process: "p2") }
        #expect(refusal?.reason == .alive)
        let port = FakeLock()
        let first = try await take(port)
        let clock = ContinuousClock()
        let start = clock.now
        let second = try await take(port, process: "p2")
        #expect(clock.now - start >= .seconds(1))
        #expect(await first.confirm() == "run r-1 of alice@bastion took the cluster over")
        #expect(await second.confirm() == nil)
        try await first.release()
        #expect(port.lock?.claim?.process == "p2")
    }

    @Test("of a process that was cloned with its machine one learns that the other renews the lock")
    func cloned() async throws {
        let port = FakeLock()
        let first = try await take(port)
        let second = try await take(port)
        #expect(await second.confirm() == nil)
        #expect(await first.confirm() == "a copy of this process renews it")
        #expect(await second.confirm() == nil)
    }

    @Test("a run that ended elsewhere is not taken up again, and the lock is left as it is")
    func ended() async throws {
        let port = FakeLock()
        let lease = try await take(port)
        let end = EndedRun(run: "r-1", result: "done", by: "bob@laptop", at: Instant(seconds: 5))
        try await lease.release(of: end)
        let before = port.lock
        let refusal = await #expect(throws: LockRefusal.self) { try await take(port, takeOver: "r-1") }
        #expect(refusal?.reason == .ended(end))
        #expect(port.lock == before)
    }

    @Test("403 is told in the server's words")
    func forbidden() async throws {
        let port = FakeLock()
        let failure = ClusterFailure(.forbidden, message: "cannot get resource \"leases\"")
        port.fail(failure)
        let thrown = await #expect(throws: ClusterFailure.self) { try await take(port) }
        #expect(thrown == failure)
    }

    @Test("taken by somebody else: lost at once, with the name")
    func lost() async throws {
        let port = FakeLock()
        let lease = try await take(port)
        let loss = Loss()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await lease.keep { loss.tell($0) } }
            port.write(held("r-2"))
            try await wait { loss.reason != nil }
            group.cancelAll()
        }
        #expect(loss.reason == "run r-2 of alice@bastion took the cluster over")
        try await lease.release()
        #expect(port.lock?.claim?.run == "r-2")
    }

    @Test("read once to be taken, and renewed as rarely as it may be; a renewal that failed is tried again soon")
    func rare() async throws {
        let port = FakeLock(ClusterLock(durationSeconds: 1))
        let seldom = LeaseTiming(
            duration: .seconds(7200), renewDeadline: .seconds(3600), renewPeriod: .milliseconds(400),
            retryPeriod: .milliseconds(20))
        let clock = ContinuousClock()
        let start = clock.now
        let lease = try await take(port, timing: seldom)
        let taken = RuntimeClock().now
        #expect(!lease.isDoubtful(at: taken + seldom.duration / 2))
        #expect(lease.isDoubtful(at: taken + seldom.duration))
        #expect(port.reads == 1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await lease.keep { reason in Issue.record("lost: \(reason)") } }
            try await wait { port.renewals >= 2 }
            #expect(clock.now - start >= .milliseconds(700))
            port.fail(ClusterFailure(.unreachable, message: "connection refused"))
            let tried = port.attempts
            try await wait { port.attempts >= tried + 4 }
            group.cancelAll()
        }
        #expect(LeaseTiming().duration > LeaseTiming().renewDeadline)
        #expect(LeaseTiming().renewDeadline >= LeaseTiming().renewPeriod * 2)
    }

    @Test("an API that does not answer: lost after the deadline, not before")
    func unreachable() async throws {
        let port = FakeLock()
        let hasty = LeaseTiming(
            duration: .seconds(1), renewDeadline: .milliseconds(600), renewPeriod: .milliseconds(20),
            retryPeriod: .milliseconds(20))
        let lease = try await take(port, timing: hasty)
        let loss = Loss()
        let clock = ContinuousClock()
        let start = clock.now
        port.fail(ClusterFailure(.unreachable, message: "connection refused"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await lease.keep { loss.tell($0) } }
            try await wait { loss.reason != nil }
            group.cancelAll()
        }
        #expect(clock.now - start >= .milliseconds(500))
        #expect(loss.reason?.hasPrefix("it could not be renewed for") == true)
    }

    @Test(
        "after a time in which nobody renewed: ours once a renewal lands, lost to whoever came, or for want of an answer"
    )
    func confirmed() async throws {
        let hasty = LeaseTiming(
            duration: .seconds(1), renewDeadline: .milliseconds(600), renewPeriod: .milliseconds(20),
            retryPeriod: .milliseconds(20))
        let port = FakeLock()
        let lease = try await take(port, timing: hasty)
        #expect(await lease.confirm() == nil)
        #expect(port.renewals == 1)
        port.fail(ClusterFailure(.unreachable, message: "network is unreachable"))
        #expect(await lease.confirm()?.hasPrefix("it could not be renewed for") == true)
        #expect(port.attempts > 1)
        port.fail(nil)
        port.write(held("r-2"))
        #expect(await lease.confirm() == "run r-2 of alice@bastion took the cluster over")
    }

    @Test("touched by somebody else, or deleted, it is kept while it says that it is ours")
    func touched() async throws {
        let port = FakeLock()
        let lease = try await take(port)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await lease.keep { reason in Issue.record("lost: \(reason)") } }
            try await wait { port.renewals >= 2 }
            if var lock = port.lock {
                lock.annotations["example.com/note"] = "hello"
                port.write(lock)
            }
            let seen = port.renewals
            try await wait { port.renewals >= seen + 2 }
            #expect(port.lock?.annotations["example.com/note"] == "hello")
            port.delete()
            try await wait { port.lock?.claim?.run == "r-1" }
            let remade = port.renewals
            try await wait { port.renewals >= remade + 2 }
            group.cancelAll()
        }
    }
}
