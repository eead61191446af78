/// A time zone as data: its offset from UTC, and when that changes.
///
/// The shell reads it from the system's time zone database once, so that the machines reckon without a clock and
/// without a database.
public struct ZoneOffsets: Hashable, Sendable {
    /// One change of the offset.
    public struct Change: Hashable, Sendable {
        /// From when it holds.
        public var at: Instant
        /// Seconds east of UTC.
        public var offset: Int

        /// A change.
        public init(at: Instant, offset: Int) {
            self.at = at
            self.offset = offset
        }
    }

    /// Seconds east of UTC before the first change.
    public let first: Int
    /// The changes, in order.
    public let changes: [Change]

    /// A zone; without changes its offset holds for ever.
    public init(first: Int, changes: [Change] = []) {
        self.first = first
        self.changes = changes.sorted { $0.at < $1.at }
    }

    /// UTC.
    public static let utc = ZoneOffsets(first: 0)

    /// Seconds east of UTC at an instant.
    public func offset(at instant: Instant) -> Int { changes.last { $0.at <= instant }?.offset ?? first }

    /// The local date at an instant.
    public func date(at instant: Instant) -> CalendarDate {
        let local = Int(instant.microseconds.flooredSeconds) + offset(at: instant)
        return CalendarDate(day: local >= 0 ? local / 86_400 : (local - 86_399) / 86_400)
    }

    /// The instant of a local time.
    ///
    /// A time that comes twice, when clocks are set back, is its first occurrence. A time that never comes, when they
    /// are set forward, is the instant of the jump.
    public func instant(of date: CalendarDate, minutes: Int) -> Instant {
        let local = Int64(date.day) * 86_400 + Int64(minutes) * 60
        var offset = first
        for change in changes {
            let seconds = change.at.microseconds / 1_000_000
            // Before the change the wall shows seconds + offset at most; after it, seconds + change.offset at least.
            if local < seconds + Int64(offset) { break }
            if local < seconds + Int64(change.offset) { return change.at }
            offset = change.offset
        }
        return Instant(seconds: local - Int64(offset))
    }
}

extension Int64 {
    /// Whole seconds of microseconds, rounded down.
    fileprivate var flooredSeconds: Int64 { self >= 0 ? self / 1_000_000 : (self - 999_999) / 1_000_000 }
}
