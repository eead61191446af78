import FleetModel
import FleetWire
import Testing

@Suite struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2026-01-02T03:04:05Z", 1_767_323_045_000_000),
        ("2026-01-02T03:04:05.000001Z", 1_767_323_045_000_001), ("2026-01-02T03:04:05.5Z", 1_767_323_045_500_000),
        ("2026-01-02T11:04:05+08:00", 1_767_323_045_000_000), ("2024-02-29T23:59:59.123456789Z", 1_709_251_199_123_456),
        ("1969-12-31T23:59:59Z", -1_000_000),
    ])
    func reads(text: String, microseconds: Int64) {
        #expect(Timestamp.parse(text)?.microseconds == microseconds)
    }

    @Test(arguments: [
        "", "2026-01-02", "2026-01-02T03:04:05", "2026-13-02T03:04:05Z", "2026-01-02T25:04:05Z",
        "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05+8",
    ])
    func refuses(text: String) { #expect(Timestamp.parse(text) == nil) }

    @Test(arguments: [
        "1970-01-01T00:00:00Z", "2026-01-02T03:04:05Z", "2000-02-29T12:00:00Z", "1969-12-31T23:59:59Z",
        "2100-12-31T23:59:59Z",
    ])
    func roundTrip(text: String) throws {
        let instant = try #require(Timestamp.parse(text))
        #expect(Timestamp.text(instant) == text)
        #expect(Timestamp.microText(instant) == text.dropLast() + ".000000Z", "MicroTime demands six digits")
    }
}
