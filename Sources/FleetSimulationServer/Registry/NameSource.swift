import FleetModel

/// Makes UIDs and the suffixes of generated names; the same seed makes the same.
struct NameSource: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// A UID in the form of a random UUID.
    mutating func uid() -> ObjectUID {
        let digits = Array(hex(next()) + hex(next()))
        let parts = [digits[0..<8], digits[8..<12], ["4"] + digits[13..<16], ["8"] + digits[17..<20], digits[20..<32]]
        return ObjectUID(parts.map { String($0) }.joined(separator: "-"))
    }

    /// Five letters and digits (`~/apimachinery/pkg/util/rand`).
    mutating func suffix() -> String {
        let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")
        var value = next()
        return String(
            (0..<5).map { _ in
                defer { value /= 27 }
                return alphabet[Int(value % 27)]
            })
    }

    private func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// SplitMix64.
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
