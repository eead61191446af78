import FleetModel

/// The simulation's only source of chance: SplitMix64.
struct RandomSource: Sendable {
    private var state: UInt64
    private var taken: Set<ObjectUID> = []

    /// Mixes the seed first: neighbouring seeds must not give the same stream, shifted.
    init(seed: UInt64) {
        var mixed = seed &+ 0x1234_5678_9ABC_DEF1
        mixed = (mixed ^ (mixed >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        mixed = (mixed ^ (mixed >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        state = mixed ^ (mixed >> 33)
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, but not including, the bound.
    mutating func below(_ bound: Int) -> Int { bound <= 1 ? 0 : Int(next() % UInt64(bound)) }

    /// True in so many cases of a hundred.
    mutating func chance(percent: Int) -> Bool { below(100) < percent }

    /// A duration in a range.
    mutating func duration(_ range: ClosedRange<Duration>) -> Duration {
        let low = range.lowerBound.wholeMicroseconds
        let span = range.upperBound.wholeMicroseconds - low
        return .microseconds(low + Int64(below(Int(span) + 1)))
    }

    /// Characters as Kubernetes puts behind generated names.
    mutating func suffix(_ length: Int) -> String {
        let alphabet = Self.alphabet
        return String(decoding: (0..<length).map { _ in alphabet[below(alphabet.count)] }, as: UTF8.self)
    }

    private static let alphabet = Array("bcdfghjklmnpqrstvwxz2456789".utf8)

    /// Never gives out these UIDs: a snapshot may come from another simulation that drew from the same seed.
    mutating func avoid(_ uids: some Sequence<ObjectUID>) { taken.formUnion(uids) }

    /// A UID in the shape of a random UUID, which nothing in the snapshot had.
    mutating func uid() -> ObjectUID {
        var uid = draw()
        while taken.contains(uid) { uid = draw() }
        return uid
    }

    private mutating func draw() -> ObjectUID {
        var bits = (next(), next())
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for position in 0..<36 {
            if position == 8 || position == 13 || position == 18 || position == 23 {
                text.append(45)
                continue
            }
            if position == 19 { swap(&bits.0, &bits.1) }
            var digit = UInt8(bits.0 & 15)
            bits.0 >>= 4
            if position == 14 { digit = 4 }
            if position == 19 { digit = 8 | digit & 3 }
            text.append(digit < 10 ? 48 + digit : 87 + digit)
        }
        return ObjectUID(String(decoding: text, as: UTF8.self))
    }
}
