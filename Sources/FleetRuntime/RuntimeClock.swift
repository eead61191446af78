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
        epoch = Self.wallTime
    }

    /// What the machine's clock shows now.
    private static var wallTime: Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    /// By how much the machine's clock was set since this one was anchored, in whole seconds; 0 for what a daemon slews.
    public var setBy: Duration {
        let seconds = (Self.wallTime - now).inSeconds.rounded()
        return abs(seconds) < 5 ? .zero : .seconds(seconds)
    }

    /// The time.
    public var now: Instant { epoch + anchor.duration(to: .now) }

    /// Sleeps until an instant; throws when the task is cancelled.
    public func sleep(until instant: Instant) async throws {
        try await ContinuousClock().sleep(until: anchor + (instant - epoch))
    }
}
