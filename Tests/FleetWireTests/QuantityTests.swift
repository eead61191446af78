import FleetWire
import Testing

@Suite struct QuantityTests {
    @Test(arguments: [
        ("0", 0, 0), ("1", 1, 1000), ("1500m", 2, 1500), ("0.5", 1, 500), (".5", 1, 500), ("5.", 5, 5000),
        ("-1.5", -2, -1500), ("1Ki", 1024, 1_024_000), ("64Gi", 68_719_476_736, 68_719_476_736_000),
        ("1.5Gi", 1_610_612_736, 1_610_612_736_000), ("1e3", 1000, 1_000_000), ("1E3", 1000, 1_000_000),
        ("12E-1", 2, 1200), ("1n", 1, 1), ("1u", 1, 1), ("+2k", 2000, 2_000_000),
        ("100M", 100_000_000, 100_000_000_000),
        ("0.0000000001", 1, 1), ("170141183460469231731687303715884105727n", .max, .max),
        ("0.1701411834604692317316873037158841057", 1, 171), ("7Ei", 8_070_450_532_247_928_832, Int64.max),
    ])
    func reads(text: String, value: Int64, milli: Int64) throws {
        let quantity = try #require(Quantity(text))
        #expect(quantity.value == value)
        #expect(quantity.milliValue == milli)
    }

    @Test(arguments: [
        "", "x", "1 ", "1kk", "1.2.3", "--1", "1ki", "e3", "1e", "1e99999", "99999999999999999999999999999999Ei",
        "170141183460469231731687303715884105728",
        "1e9223372036854775807", "1e-9223372036854775808", "170141183460469231731687303715884105727n1",
    ])
    func refuses(text: String) { #expect(Quantity(text) == nil) }

    @Test func prints() {
        #expect(Quantity.text(milli: 1500) == "1500m")
        #expect(Quantity.text(milli: 2000) == "2")
        #expect(Quantity.text(bytes: 64 << 30) == "64Gi")
        #expect(Quantity.text(bytes: 1000) == "1000")
        #expect(Quantity.text(bytes: 0) == "0")
    }
}
