/// A point in time: microseconds since 1970-01-01T00:00:00Z.
///
/// The live shell derives it from a monotonic clock anchored once to the wall clock, so that it never runs backwards;
/// rehearsal and tests move it by hand.
@frozen public struct Instant: Hashable, Comparable, Sendable, Codable {
    /// Microseconds since the Unix epoch.
    public let microseconds: Int64

    /// Wraps microseconds since the Unix epoch.
    @inlinable public init(microseconds: Int64) { self.microseconds = microseconds }

    /// Wraps whole seconds since the Unix epoch; beyond the years ±292,277 the end of the range.
    @inlinable public init(seconds: Int64) { self.init(microseconds: seconds.multipliedSaturated(by: 1_000_000)) }

    /// 1970-01-01T00:00:00Z.
    public static let epoch = Instant(microseconds: 0)

    /// Orders by time.
    @inlinable public static func < (left: Instant, right: Instant) -> Bool { left.microseconds < right.microseconds }

    /// The instant a duration later, or the end of time.
    @inlinable public static func + (instant: Instant, duration: Duration) -> Instant {
        Instant(microseconds: instant.microseconds.addingSaturated(duration.wholeMicroseconds))
    }

    /// The instant a duration earlier, or the beginning of time.
    @inlinable public static func - (instant: Instant, duration: Duration) -> Instant {
        Instant(microseconds: instant.microseconds.subtractingSaturated(duration.wholeMicroseconds))
    }

    /// The time between two instants; negative when the left one is earlier.
    @inlinable public static func - (left: Instant, right: Instant) -> Duration {
        .microseconds(left.microseconds.subtractingSaturated(right.microseconds))
    }
}

extension Duration {
    /// The duration in microseconds, rounded towards zero; the end of the range where they do not fit.
    @inlinable public var wholeMicroseconds: Int64 {
        components.seconds.multipliedSaturated(by: 1_000_000)
            .addingSaturated(components.attoseconds / 1_000_000_000_000)
    }

    /// Seconds that others wrote, such as a journal from another machine: within ten years either way; what is no
    /// number is none.
    public init(bounded seconds: Double) {
        let limit = 10.0 * 365 * 86_400
        self = .milliseconds(seconds.isNaN ? 0 : Int64(Swift.min(limit, Swift.max(-limit, seconds)) * 1000))
    }

    /// The duration in seconds with fractions.
    @inlinable public var inSeconds: Double { Double(wholeMicroseconds) / 1_000_000 }
}
