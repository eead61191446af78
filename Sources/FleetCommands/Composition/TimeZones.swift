import FleetExpressions
import FleetFiles
import FleetModel
import FleetRun
import Foundation

/// Reads time zones from the system's database, as data for the machines.
enum TimeZones {
    /// How far back and ahead offsets are read, in days.
    private static let span = 420

    /// The calendar of a playbook's windows; nil when it has none.
    static func calendar(of header: PlaybookHeader, around now: Instant) -> WindowCalendar? {
        header.windows.isEmpty ? nil : calendar(of: header.windows, around: now)
    }

    /// The narrower windows of a playbook; those of the same pods are one calendar.
    static func narrowWindows(of header: PlaybookHeader, around now: Instant) -> [NarrowWindow] {
        var groups: [[WorkloadWindow]] = []
        for window in header.workloadWindows {
            let place = groups.firstIndex {
                $0.first?.selector == window.selector && $0.first?.namespace == window.namespace
            }
            if let place { groups[place].append(window) } else { groups.append([window]) }
        }
        return groups.compactMap { group in
            guard let first = group.first else { return nil }
            let place = first.namespace.map { "\($0): " } ?? ""
            return NarrowWindow(
                selector: first.selector, namespace: first.namespace,
                calendar: calendar(of: group.map(\.window), around: now), words: "\(place)\(first.words)")
        }
    }

    private static func calendar(of windows: [MaintenanceWindow], around now: Instant) -> WindowCalendar {
        var zones: [String: ZoneOffsets] = [:]
        for name in Set(windows.map(\.timeZone)) {
            zones[name] = TimeZone(identifier: name).map { offsets(of: $0, around: now) }
        }
        return WindowCalendar(windows: windows, zones: zones)
    }

    /// Names that the system does not know are mistakes of the file.
    static func mistakes(of draft: PlaybookDraft) -> [Diagnostic] {
        guard let header = draft.header else { return [] }
        let place = draft.places["window.time_zone"] ?? draft.places["window"]
        return mistakes(in: header.windows, at: place)
            + mistakes(in: header.workloadWindows.map(\.window), at: draft.places["windows"])
    }

    private static func mistakes(in windows: [MaintenanceWindow], at place: SourceLocation?) -> [Diagnostic] {
        guard let place else { return [] }
        let known = TimeZone.knownTimeZoneIdentifiers + ["UTC"]
        return Set(windows.map(\.timeZone)).sorted().filter { TimeZone(identifier: $0) == nil }.map { name in
            Diagnostic(
                "there is no time zone \"\(name)\"", at: place, expected: "a name such as Asia/Shanghai",
                suggestion: Suggestion.sentence(for: name, among: known))
        }
    }

    /// Offsets are sampled every six hours; where two samples differ, the change between them is found to the second.
    static func offsets(of zone: TimeZone, around now: Instant) -> ZoneOffsets {
        let step: Int64 = 6 * 3600
        let middle = now.microseconds / 1_000_000 / step * step
        let first = middle - Int64(span) * 86_400
        var changes: [ZoneOffsets.Change] = []
        var known = offset(of: zone, at: first)
        let start = known
        for second in stride(from: first + step, through: middle + Int64(span) * 86_400, by: Int(step)) {
            let offset = offset(of: zone, at: second)
            guard offset != known else { continue }
            let at = change(in: zone, after: second - step, until: second, from: known)
            changes.append(ZoneOffsets.Change(at: Instant(seconds: at), offset: offset))
            known = offset
        }
        return ZoneOffsets(first: start, changes: changes)
    }

    private static func change(in zone: TimeZone, after early: Int64, until late: Int64, from known: Int) -> Int64 {
        var (early, late) = (early, late)
        while late - early > 1 {
            let middle = (early + late) / 2
            if offset(of: zone, at: middle) == known { early = middle } else { late = middle }
        }
        return late
    }

    private static func offset(of zone: TimeZone, at second: Int64) -> Int {
        zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second)))
    }
}
