import FleetModel

/// The virtual time, driven by real time at a constant speed.
struct VirtualClock: Sendable {
    private let start: Instant
    private let realStart: ContinuousClock.Instant
    private let speed: Double

    /// A clock that shows `start` now.
    init(start: Instant, speed: Double) {
        self.start = start
        self.speed = speed
        realStart = ContinuousClock.now
    }

    /// The virtual time.
    var now: Instant {
        let passed = realStart.duration(to: ContinuousClock.now).inSeconds * speed
        return start + .microseconds(Int64(passed * 1_000_000))
    }

    /// How long until a virtual instant in real time; zero when it has passed.
    func realTime(until instant: Instant) -> Duration { realTime(for: instant - now) }

    /// How long a virtual duration lasts in real time; never negative.
    func realTime(for duration: Duration) -> Duration {
        max(.zero, .microseconds(Int64(duration.inSeconds / speed * 1_000_000)))
    }
}
