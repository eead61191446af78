/// When work may be done: the spans of several windows, in their time zones, without their blackout dates.
public struct WindowCalendar: Hashable, Sendable {
    /// One stretch of time in which work may be done.
    public struct Span: Hashable, Sendable {
        /// When it opens.
        public var start: Instant
        /// When it closes; not part of it.
        public var end: Instant
        /// What happens to nodes in hand when it closes.
        public var atEnd: MaintenanceWindow.End

        /// A span.
        public init(start: Instant, end: Instant, atEnd: MaintenanceWindow.End) {
            self.start = start
            self.end = end
            self.atEnd = atEnd
        }

        /// Its length.
        public var length: Duration { end - start }

        /// Whether an instant lies in it.
        public func contains(_ instant: Instant) -> Bool { start <= instant && instant < end }
    }

    /// The windows; work may be done in any of them.
    public let windows: [MaintenanceWindow]
    /// Their time zones by name; a missing one counts as UTC.
    public let zones: [String: ZoneOffsets]

    /// A calendar of windows and of the zones that they name.
    public init(windows: [MaintenanceWindow], zones: [String: ZoneOffsets]) {
        self.windows = windows
        self.zones = zones
    }

    /// How far ahead a next span is looked for: whatever recurs, recurs within a year, blackout dates included.
    private static let horizon = 400

    /// The span that is open at an instant; nil when none is.
    public func span(at instant: Instant) -> Span? {
        spans(around: instant, days: 9).first { $0.contains(instant) }
    }

    /// The first span that opens after an instant; nil when none does within 400 days.
    public func next(after instant: Instant) -> Span? {
        for days in [9, 40, Self.horizon] {
            if let span = spans(around: instant, days: days).first(where: { $0.start > instant }) { return span }
        }
        return nil
    }

    /// The longest span that opens within the next 40 days, or is open; nil when there is none.
    public func longest(from instant: Instant) -> Duration? {
        spans(around: instant, days: 40).filter { $0.end > instant }.map(\.length).max()
    }

    /// The spans of the days from a week before an instant to so many days after it, joined and in order.
    private func spans(around instant: Instant, days: Int) -> [Span] {
        let all = windows.flatMap { window in
            let zone = zones[window.timeZone] ?? .utc
            let today = zone.date(at: instant).day
            return (today - 8...today + days).flatMap { spans(of: window, on: CalendarDate(day: $0), zone) }
        }
        return Self.joined(all.sorted { ($0.start, $0.end) < ($1.start, $1.end) })
    }

    /// What opens on a day, without the blackout dates that it reaches into.
    private func spans(of window: MaintenanceWindow, on date: CalendarDate, _ zone: ZoneOffsets) -> [Span] {
        guard window.days.contains(date.weekday) else { return [] }
        let isOvernight = window.to <= window.from
        let last = CalendarDate(day: date.day + (isOvernight ? 1 : 0))
        let start = zone.instant(of: date, minutes: window.from.minutes)
        let end = zone.instant(of: last, minutes: window.to.minutes)
        var rest = [Span(start: start, end: end, atEnd: window.atEnd)]
        for day in [date, last] where window.blackout.contains(day) {
            let dark = zone.instant(of: day, minutes: 0)..<zone.instant(of: CalendarDate(day: day.day + 1), minutes: 0)
            rest = rest.flatMap { $0.without(dark) }
        }
        return rest.filter { $0.start < $0.end }
    }

    /// Spans that touch or overlap are one, with the end of the one that ends last.
    private static func joined(_ spans: [Span]) -> [Span] {
        var result: [Span] = []
        for span in spans {
            guard let last = result.last, span.start <= last.end else {
                result.append(span)
                continue
            }
            if span.end > last.end {
                result[result.count - 1] = Span(start: last.start, end: span.end, atEnd: span.atEnd)
            }
        }
        return result
    }
}

extension WindowCalendar.Span {
    /// What is left of it beside a stretch of darkness.
    fileprivate func without(_ dark: Range<Instant>) -> [Self] {
        [
            Self(start: start, end: min(end, dark.lowerBound), atEnd: atEnd),
            Self(start: max(start, dark.upperBound), end: end, atEnd: atEnd),
        ].filter { $0.start < $0.end }
    }
}
