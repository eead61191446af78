import FleetModel
import Foundation
import Testing

@testable import FleetCommands

/// The offsets that windows reckon with are those of the system's database of time zones.
struct TimeZoneTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var zone: String
        /// An hour before, and at, a change of clocks, RFC 3339 in UTC.
        var change: String
        var before: Int
        var after: Int
        var testDescription: String { "\(zone) at \(change)" }
    }

    static let rows = [
        Row(zone: "Europe/Berlin", change: "2026-03-29T01:00:00Z", before: 3600, after: 7200),
        Row(zone: "Europe/Berlin", change: "2026-10-25T01:00:00Z", before: 7200, after: 3600),
        Row(zone: "America/New_York", change: "2026-03-08T07:00:00Z", before: -18_000, after: -14_400),
        // Half an hour.
        Row(zone: "Australia/Lord_Howe", change: "2026-04-04T15:00:00Z", before: 39_600, after: 37_800),
        Row(zone: "Asia/Shanghai", change: "2026-06-01T00:00:00Z", before: 28_800, after: 28_800),
    ]

    @Test("offsets before and after the clocks change", arguments: rows)
    func offsets(_ row: Row) throws {
        let date = try Date(row.change, strategy: .iso8601)
        let change = Instant(seconds: Int64(date.timeIntervalSince1970))
        var window = MaintenanceWindow(from: try #require(TimeOfDay("01:00")), to: try #require(TimeOfDay("05:00")))
        window.timeZone = row.zone
        var header = PlaybookHeader(name: "p", hosts: "all")
        header.windows = [window]
        let calendar = try #require(TimeZones.calendar(of: header, around: change - .seconds(30 * 86_400)))
        let zone = try #require(calendar.zones[row.zone])
        #expect(zone.offset(at: change - .seconds(1)) == row.before)
        #expect(zone.offset(at: change) == row.after)
    }
}
