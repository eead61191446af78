import Foundation

/// The time that this process' threads spent on processors.
enum ProcessorTime {
    /// What a body takes, in seconds.
    static func of(_ body: () -> Void) -> Double {
        let before = now
        body()
        return now - before
    }

    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
