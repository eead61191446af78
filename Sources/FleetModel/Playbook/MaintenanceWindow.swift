/// When work may start: days of the week and hours of the day in a time zone.
public struct MaintenanceWindow: Hashable, Sendable {
    /// A day of the week; the raw value is its name in files.
    public enum Weekday: String, CaseIterable, Hashable, Sendable {
        case monday = "mon"
        case tuesday = "tue"
        case wednesday = "wed"
        case thursday = "thu"
        case friday = "fri"
        case saturday = "sat"
        case sunday = "sun"
    }

    /// What happens to nodes in hand when the window ends (safety rule 21).
    public enum End: String, CaseIterable, Hashable, Sendable {
        /// Nodes not yet past `delete_node` are uncordoned.
        case uncordon
        /// They stay cordoned until the next window.
        case hold
    }

    /// The days on which it opens.
    public var days: Set<Weekday>
    /// When it opens.
    public var from: TimeOfDay
    /// When it closes; not later than `from` means on the next day.
    public var to: TimeOfDay
    /// The IANA name of the time zone, such as `Asia/Shanghai`.
    public var timeZone: String
    /// What happens to nodes in hand when it ends.
    public var atEnd: End
    /// Local dates on which no work is done, whatever the days say; a window that reaches into one ends at midnight.
    public var blackout: Set<CalendarDate>

    /// A window; every day, UTC, without blackout dates, and uncordoning at its end unless said otherwise.
    public init(
        days: Set<Weekday> = Set(Weekday.allCases), from: TimeOfDay, to: TimeOfDay, timeZone: String = "UTC",
        atEnd: End = .uncordon, blackout: Set<CalendarDate> = []
    ) {
        self.blackout = blackout
        self.days = days
        self.from = from
        self.to = to
        self.timeZone = timeZone
        self.atEnd = atEnd
    }
}

/// A window of their own for the pods of some workloads, inside which alone they may be moved (D4).
public struct WorkloadWindow: Hashable, Sendable {
    /// The pods.
    public var selector: LabelSelector
    /// The selector as it was written, for messages.
    public var words: String
    /// Their namespace; nil means any.
    public var namespace: String?
    /// When they may be moved.
    public var window: MaintenanceWindow

    /// A window of some pods.
    public init(selector: LabelSelector, words: String, namespace: String? = nil, window: MaintenanceWindow) {
        self.selector = selector
        self.words = words
        self.namespace = namespace
        self.window = window
    }
}

extension MaintenanceWindow.Weekday {
    /// Reads `sat`, `saturday`, ranges such as `fri-mon`, and lists of both separated by commas; nil for anything else.
    public static func days(_ text: String) -> Set<Self>? {
        var days: Set<Self> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let bounds = part.split(separator: "-", omittingEmptySubsequences: false).map { Self(name: String($0)) }
            guard bounds.count <= 2, let first = bounds.first ?? nil, let last = bounds.last ?? nil else { return nil }
            days.formUnion(Self.range(from: first, through: last))
        }
        return days
    }

    private init?(name: String) {
        let name = name.filter { $0 != " " }.lowercased()
        guard let day = Self.allCases.first(where: { "\($0)" == name || $0.rawValue == name }) else { return nil }
        self = day
    }

    private static func range(from first: Self, through last: Self) -> [Self] {
        guard let start = allCases.firstIndex(of: first), let end = allCases.firstIndex(of: last) else { return [] }
        let length = (end - start + allCases.count) % allCases.count
        return (0...length).map { allCases[(start + $0) % allCases.count] }
    }
}

/// A time of the day without seconds, printed `01:00`.
public struct TimeOfDay: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Minutes since midnight: 0–1440, where 1440 (`24:00`) is the day's end.
    public let minutes: Int

    /// A time; nil outside 0–1440 minutes.
    public init?(minutes: Int) {
        guard (0...1440).contains(minutes) else { return nil }
        self.minutes = minutes
    }

    /// Reads `1:00`, `01:00` … `24:00`; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...2).contains(parts[0].count), parts[1].count == 2,
            let hour = Int(parts[0]), let minute = Int(parts[1]), hour >= 0, (0..<60).contains(minute)
        else { return nil }
        self.init(minutes: hour * 60 + minute)
    }

    /// Orders by time.
    public static func < (left: TimeOfDay, right: TimeOfDay) -> Bool { left.minutes < right.minutes }

    /// `01:00`.
    public var description: String {
        let digits = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
        return "\(digits(minutes / 60)):\(digits(minutes % 60))"
    }
}
