internal import NIOCore

/// Milliseconds by phase.
struct PhaseClock {
    private(set) var timings: [String: Int] = [:]
    private var since = NIODeadline.now()

    /// Ends a phase that began when the last one ended.
    mutating func end(_ phase: String) {
        let now = NIODeadline.now()
        timings[phase] = Int((now - since).nanoseconds / 1_000_000)
        since = now
    }

    /// Begins anew without naming what passed.
    mutating func restart() { since = .now() }
}
