public import FleetModel

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The live clock: monotonic, anchored once to the wall clock, so that a stepped wall clock never moves a run's time.
public struct RuntimeClock: Sendable {
    private let anchor: ContinuousClock.Instant
    private let epoch: Instant

    /// A clock anchored now.
    public init() {
        anchor = .now
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        epoch = Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    /// The time.
    public var now: Instant { epoch + anchor.duration(to: .now) }

    /// Sleeps until an instant; throws when the task is cancelled.
    public func sleep(until instant: Instant) async throws {
        try await ContinuousClock().sleep(until: anchor + (instant - epoch))
    }
}
