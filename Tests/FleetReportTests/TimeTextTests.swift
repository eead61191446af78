import FleetModel
import FleetReport
import Testing

/// Instants and durations as people read them.
struct TimeTextTests {
    @Test(
        "a duration shows its two largest units",
        arguments: [
            (0, "0s"), (400, "<1s"), (1_000, "1s"), (59_900, "59s"), (60_000, "1m"), (250_000, "4m10s"),
            (3_600_000, "1h"), (3_840_000, "1h4m"), (3_605_000, "1h"), (90_000_000, "1d1h"), (86_400_000, "1d"),
        ] as [(Int, String)]
    )
    func durations(milliseconds: Int, text: String) {
        #expect(Duration.milliseconds(milliseconds).short == text)
    }

    @Test(
        "an instant is a UTC date",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_767_362_531_250, "2026-01-02T14:02:11.250Z"), (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ] as [(Int64, String)]
    )
    func timestamps(milliseconds: Int64, text: String) {
        #expect(Instant(microseconds: milliseconds * 1000).timestamp == text)
    }

    @Test("no instant is beyond words", arguments: [Int64.min, .min + 1, .max])
    func extremes(microseconds: Int64) {
        #expect(Instant(microseconds: microseconds).timestamp.hasSuffix("Z"))
    }

    @Test("the clock text is the time of day")
    func clock() {
        let instant = Instant(microseconds: 1_767_362_531_250_000)
        #expect(instant.clockText == "14:02:11Z")
        #expect(instant.dateText == "2026-01-02 14:02:11Z")
    }
}
