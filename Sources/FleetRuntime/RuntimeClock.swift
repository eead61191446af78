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
    private let leap: @Sendable () -> Duration

    /// A clock anchored now.
    public init() { self.init { .zero } }

    /// A clock that is ahead by what a test says: as after a time in which the process did not run, sleeps that are under
    /// way end no earlier for it.
    init(ahead leap: @escaping @Sendable () -> Duration) {
        anchor = .now
        epoch = Self.wallTime
        self.leap = leap
    }

    /// What the machine's clock shows now.
    private static var wallTime: Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    /// By how much the machine's clock was set since this one was anchored, in whole seconds; 0 for what a daemon slews.
    public var setBy: Duration {
        let seconds = (Self.wallTime + leap() - now).inSeconds.rounded()
        return abs(seconds) < 5 ? .zero : .seconds(seconds)
    }

    /// The time.
    public var now: Instant { epoch + anchor.duration(to: .now) + leap() }

    /// Sleeps until an instant; throws when the task is cancelled.
    public func sleep(until instant: Instant) async throws {
        try await ContinuousClock().sleep(until: anchor + (instant - epoch - leap()))
    }
}
