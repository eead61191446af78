/// The tests' only source of chance: SplitMix64.
///
/// Equal seeds choose equally on every machine.
struct Seed: RandomNumberGenerator {
    private var state: UInt64

    /// Neighbouring seeds start far apart: as multiples of the step their streams would only be shifted.
    init(_ seed: UInt64) {
        state = seed
        state = next() ^ 0x5EED
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number of a range.
    mutating func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

    /// One of several.
    mutating func pick<Element>(_ choices: [Element], otherwise: Element) -> Element {
        choices.randomElement(using: &self) ?? otherwise
    }

    /// True in so many cases of a hundred.
    mutating func chance(_ percent: Int) -> Bool { pick(0...99) < percent }
}
