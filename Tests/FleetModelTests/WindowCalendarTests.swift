import FleetModel
import Testing

/// Windows over days, midnights, clock changes and blackout dates; times in rows are UTC unless they say otherwise.
struct WindowCalendarTests {
    /// Clocks go forward on 29 March and back on 25 October, both at 01:00 UTC.
    private static let berlin = ZoneOffsets(
        first: 3600,
        changes: [.init(at: utc("2026-03-29 01:00"), offset: 7200), .init(at: utc("2026-10-25 01:00"), offset: 3600)])
    /// Clocks go forward on 8 March and back on 1 November, both at 02:00 local time.
    private static let newYork = ZoneOffsets(
        first: -18_000,
        changes: [
            .init(at: utc("2026-03-08 07:00"), offset: -14_400), .init(at: utc("2026-11-01 06:00"), offset: -18_000),
        ])
    /// Half an hour of summer time, and the date line's side.
    private static let lordHowe = ZoneOffsets(
        first: 39_600,
        changes: [
            .init(at: utc("2026-04-04 15:00"), offset: 37_800), .init(at: utc("2026-10-03 15:30"), offset: 39_600),
        ])
    private static let zones = ["Berlin": berlin, "NewYork": newYork, "LordHowe": lordHowe]

    private static func utc(_ text: String) -> Instant {
        let parts = text.split(separator: " ").map(String.init)
        guard parts.count == 2, let date = CalendarDate(parts[0]), let time = TimeOfDay(parts[1]) else { return .epoch }
        return ZoneOffsets.utc.instant(of: date, minutes: time.minutes)
    }

    private static func window(
        _ days: String, _ from: String, _ to: String, _ zone: String = "UTC", atEnd: MaintenanceWindow.End = .uncordon,
        blackout: [String] = []
    ) -> MaintenanceWindow? {
        guard let days = MaintenanceWindow.Weekday.days(days), let from = TimeOfDay(from), let to = TimeOfDay(to) else {
            return nil
        }
        return MaintenanceWindow(
            days: days, from: from, to: to, timeZone: zone, atEnd: atEnd,
            blackout: Set(blackout.compactMap { CalendarDate($0) }))
    }

    private static var never: MaintenanceWindow? {
        var window = window("sat", "01:00", "02:00")
        window?.days = []
        return window
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var windows: [MaintenanceWindow?]
        var at: String
        /// The span that is open, else the next one; nil when there is none.
        var open: (String, String)?
        var next: (String, String)?

        init(
            _ name: String, _ windows: [MaintenanceWindow?], at: String, open: (String, String)? = nil,
            next: (String, String)? = nil
        ) {
            testDescription = name
            self.windows = windows
            self.at = at
            self.open = open
            self.next = next
        }
    }

    static let rows: [Row] = [
        // 2026-03-07 is a Saturday.
        Row(
            "a Saturday morning", [window("sat", "01:00", "05:00")], at: "2026-03-07 02:00",
            open: ("2026-03-07 01:00", "2026-03-07 05:00"), next: ("2026-03-14 01:00", "2026-03-14 05:00")),
        Row(
            "its end is not part of it", [window("sat", "01:00", "05:00")], at: "2026-03-07 05:00",
            next: ("2026-03-14 01:00", "2026-03-14 05:00")),
        Row(
            "its start is", [window("sat", "01:00", "05:00")], at: "2026-03-07 01:00",
            open: ("2026-03-07 01:00", "2026-03-07 05:00"), next: ("2026-03-14 01:00", "2026-03-14 05:00")),
        Row(
            "overnight, seen before midnight", [window("sat", "22:00", "04:00")], at: "2026-03-07 23:00",
            open: ("2026-03-07 22:00", "2026-03-08 04:00"), next: ("2026-03-14 22:00", "2026-03-15 04:00")),
        Row(
            "overnight, seen after midnight: it belongs to the day on which it opened",
            [window("sat", "22:00", "04:00")],
            at: "2026-03-08 03:59", open: ("2026-03-07 22:00", "2026-03-08 04:00"),
            next: ("2026-03-14 22:00", "2026-03-15 04:00")),
        Row(
            "Sunday alone does not open it at midnight", [window("sun", "22:00", "04:00")], at: "2026-03-08 03:00",
            next: ("2026-03-08 22:00", "2026-03-09 04:00")),
        Row(
            "to the day's end", [window("sat", "20:00", "24:00")], at: "2026-03-07 23:59",
            open: ("2026-03-07 20:00", "2026-03-08 00:00"), next: ("2026-03-14 20:00", "2026-03-15 00:00")),
        Row(
            "two windows that touch at midnight are one",
            [window("sat", "20:00", "24:00"), window("sun", "00:00", "06:00")],
            at: "2026-03-07 21:00", open: ("2026-03-07 20:00", "2026-03-08 06:00"),
            next: ("2026-03-14 20:00", "2026-03-15 06:00")),
        Row(
            "two windows that overlap are one", [window("sat", "01:00", "05:00"), window("sat", "04:00", "08:00")],
            at: "2026-03-07 02:00", open: ("2026-03-07 01:00", "2026-03-07 08:00"),
            next: ("2026-03-14 01:00", "2026-03-14 08:00")),
        Row(
            "several windows: the next is whichever comes first",
            [window("sat", "01:00", "05:00"), window("wed", "02:00", "03:00")], at: "2026-03-07 12:00",
            next: ("2026-03-11 02:00", "2026-03-11 03:00")),
        Row(
            "windows in two zones",
            [window("sat", "01:00", "02:00", "Berlin"), window("sat", "01:00", "02:00", "NewYork")],
            at: "2026-03-07 00:30", open: ("2026-03-07 00:00", "2026-03-07 01:00"),
            next: ("2026-03-07 06:00", "2026-03-07 07:00")),
        // Clocks forward: 02:00–03:00 does not come.
        Row(
            "the lost hour shortens a window over it", [window("sun", "01:00", "05:00", "Berlin")],
            at: "2026-03-29 00:30",
            open: ("2026-03-29 00:00", "2026-03-29 03:00"), next: ("2026-04-04 23:00", "2026-04-05 03:00")),
        Row(
            "a window inside the lost hour does not open", [window("sun", "02:15", "02:45", "Berlin")],
            at: "2026-03-29 00:59", next: ("2026-04-05 00:15", "2026-04-05 00:45")),
        Row(
            "a start inside the lost hour is the jump", [window("sun", "02:30", "05:00", "Berlin")],
            at: "2026-03-29 01:00",
            open: ("2026-03-29 01:00", "2026-03-29 03:00"), next: ("2026-04-05 00:30", "2026-04-05 03:00")),
        Row(
            "an end inside the lost hour is the jump", [window("sun", "01:00", "02:30", "Berlin")],
            at: "2026-03-29 00:30",
            open: ("2026-03-29 00:00", "2026-03-29 01:00"), next: ("2026-04-04 23:00", "2026-04-05 00:30")),
        Row(
            "overnight into the lost hour", [window("sat", "23:00", "04:00", "NewYork")], at: "2026-03-08 06:59",
            open: ("2026-03-08 04:00", "2026-03-08 08:00"), next: ("2026-03-15 03:00", "2026-03-15 08:00")),
        // Clocks back: 02:00–03:00 comes twice.
        Row(
            "the doubled hour lengthens a window over it", [window("sun", "01:00", "05:00", "Berlin")],
            at: "2026-10-25 01:30", open: ("2026-10-24 23:00", "2026-10-25 04:00"),
            next: ("2026-11-01 00:00", "2026-11-01 04:00")),
        Row(
            "a window inside the doubled hour opens once, the first time", [window("sun", "02:15", "02:45", "Berlin")],
            at: "2026-10-25 00:30", open: ("2026-10-25 00:15", "2026-10-25 00:45"),
            next: ("2026-11-01 01:15", "2026-11-01 01:45")),
        Row(
            "and not the second time", [window("sun", "02:15", "02:45", "Berlin")], at: "2026-10-25 01:30",
            next: ("2026-11-01 01:15", "2026-11-01 01:45")),
        Row(
            "an end in the doubled hour is its first occurrence", [window("sun", "00:30", "01:30", "NewYork")],
            at: "2026-11-01 05:29", open: ("2026-11-01 04:30", "2026-11-01 05:30"),
            next: ("2026-11-08 05:30", "2026-11-08 06:30")),
        Row(
            "half an hour of summer time", [window("sun", "01:00", "03:00", "LordHowe")], at: "2026-04-04 14:30",
            open: ("2026-04-04 14:00", "2026-04-04 16:30"), next: ("2026-04-11 14:30", "2026-04-11 16:30")),
        // Blackout dates.
        Row(
            "a blackout date does not open", [window("sat", "01:00", "05:00", blackout: ["2026-03-07"])],
            at: "2026-03-07 02:00", next: ("2026-03-14 01:00", "2026-03-14 05:00")),
        Row(
            "a window that reaches into a blackout date ends at midnight",
            [window("sat", "22:00", "04:00", blackout: ["2026-03-08"])], at: "2026-03-07 23:00",
            open: ("2026-03-07 22:00", "2026-03-08 00:00"), next: ("2026-03-14 22:00", "2026-03-15 04:00")),
        Row(
            "one that opens on a blackout date begins at midnight",
            [window("sat", "22:00", "04:00", blackout: ["2026-03-07"])], at: "2026-03-07 23:00",
            next: ("2026-03-08 00:00", "2026-03-08 04:00")),
        Row(
            "a blackout date is a local date", [window("sun", "01:00", "05:00", "Berlin", blackout: ["2026-03-08"])],
            at: "2026-03-08 00:30", next: ("2026-03-15 00:00", "2026-03-15 04:00")),
        Row(
            "months of blackout are looked over",
            [
                window(
                    "sat", "01:00", "02:00",
                    blackout: (0..<60).map { "\(CalendarDate(day: 20_519 + $0))" })
            ], at: "2026-03-07 12:00", next: ("2026-05-09 01:00", "2026-05-09 02:00")),
        Row("no day at all", [never], at: "2026-03-07 12:00"),
    ]

    @Test("which span is open, and which opens next", arguments: rows)
    func spans(row: Row) {
        let windows = row.windows.compactMap(\.self)
        #expect(windows.count == row.windows.count)
        let calendar = WindowCalendar(windows: windows, zones: Self.zones)
        let at = Self.utc(row.at)
        let open = calendar.span(at: at)
        #expect(open?.start == row.open.map { Self.utc($0.0) })
        #expect(open?.end == row.open.map { Self.utc($0.1) })
        let next = calendar.next(after: at)
        #expect(next?.start == row.next.map { Self.utc($0.0) })
        #expect(next?.end == row.next.map { Self.utc($0.1) })
    }

    @Test("of windows that are joined, the one that ends last says what happens at the end")
    func joinedEnd() throws {
        let first = try #require(Self.window("sat", "20:00", "24:00", atEnd: .hold))
        let second = try #require(Self.window("sun", "00:00", "06:00", atEnd: .uncordon))
        let calendar = WindowCalendar(windows: [first, second], zones: [:])
        #expect(calendar.span(at: Self.utc("2026-03-07 21:00"))?.atEnd == .uncordon)
        #expect(calendar.longest(from: Self.utc("2026-03-03 00:00")) == .seconds(10 * 3600))
    }

    @Test("a local time is found again, through a whole year", arguments: ["Berlin", "NewYork", "LordHowe"])
    func roundTrip(name: String) throws {
        let zone = try #require(Self.zones[name])
        var wrong: [String] = []
        for day in 20_454..<20_819 {
            for minutes in stride(from: 0, to: 1440, by: 15) {
                let date = CalendarDate(day: day)
                let instant = zone.instant(of: date, minutes: minutes)
                let local = Int(instant.microseconds / 1_000_000) + zone.offset(at: instant)
                let isSame = local == day * 86_400 + minutes * 60
                let isJump = zone.changes.contains { $0.at == instant }
                if !isSame, !isJump { wrong.append("\(date) \(minutes)") }
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test(
        "dates are read and written, and days that do not exist are refused",
        arguments: [
            ("1970-01-01", 0), ("2026-03-07", 20_519), ("2024-02-29", 19_782), ("2000-02-29", 11_016),
        ])
    func dates(text: String, day: Int) {
        #expect(CalendarDate(text)?.day == day)
        #expect(CalendarDate(day: day).description == text)
    }

    @Test(
        "what is no date",
        arguments: ["2026-02-29", "2026-13-01", "2026-1-01", "1900-02-29", "today", "2026-04-31", ""])
    func noDates(text: String) {
        #expect(CalendarDate(text) == nil)
    }

    @Test("the day of the week")
    func weekdays() {
        #expect(CalendarDate("1970-01-01")?.weekday == .thursday)
        #expect(CalendarDate("2026-03-07")?.weekday == .saturday)
        #expect(CalendarDate("2024-02-29")?.weekday == .thursday)
        #expect(CalendarDate(day: -1).weekday == .wednesday)
    }
}
