public import FleetModel

extension Instant {
    /// The time of day in UTC, such as `14:02:11Z`.
    public var clockText: String {
        let time = calendar
        return "\(time.hour.padded(2)):\(time.minute.padded(2)):\(time.second.padded(2))Z"
    }

    /// Date and time in UTC to the second, such as `2026-01-02 14:02:11Z`.
    public var dateText: String { "\(calendar.date) \(clockText)" }

    /// RFC 3339 in UTC with milliseconds, such as `2026-01-02T14:02:11.250Z`; what JSON output carries.
    public var timestamp: String {
        let time = calendar
        let clock = "\(time.hour.padded(2)):\(time.minute.padded(2)):\(time.second.padded(2))"
        return "\(time.date)T\(clock).\(time.millisecond.padded(3))Z"
    }

    private struct Calendar {
        var date: String
        var hour, minute, second, millisecond: Int64
    }

    /// The proleptic Gregorian calendar from days since 1970 (Hinnant, "chrono-compatible low-level date algorithms").
    private var calendar: Calendar {
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1000)
        let milliseconds = remainder < 0 ? quotient - 1 : quotient
        let inDay = (milliseconds % 86_400_000 + 86_400_000) % 86_400_000
        let shifted = (milliseconds - inDay) / 86_400_000 + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        return Calendar(
            date: "\(year.padded(4))-\(month.padded(2))-\(day.padded(2))", hour: inDay / 3_600_000,
            minute: inDay / 60_000 % 60, second: inDay / 1000 % 60, millisecond: inDay % 1000
        )
    }
}

extension Int64 {
    fileprivate func padded(_ width: Int) -> String {
        let text = String(self)
        return String(repeating: "0", count: Swift.max(0, width - text.count)) + text
    }
}
