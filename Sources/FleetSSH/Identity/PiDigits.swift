/// The fraction of pi in words of 32 bits, from which Blowfish takes its tables.
///
/// Computed when first needed (Machin's formula in fixed point): 1,042 words are easier to trust computed than copied.
enum PiDigits {
    /// The first 1,042 words.
    static let words: [UInt32] = {
        let guardWords = 4
        let count = 1042 + guardWords
        var sum = arctangent(of: 5, scaledBy: 16, words: count)
        subtract(arctangent(of: 239, scaledBy: 4, words: count), from: &sum)
        // Word 0 is the integer part, 3.
        return Array(sum[1...1042])
    }()

    /// `scale * arctan(1 / divisor)`: alternating terms, each divided by the odd numbers.
    private static func arctangent(of divisor: UInt64, scaledBy scale: UInt32, words: Int) -> [UInt32] {
        var power = [UInt32](repeating: 0, count: words + 1)
        power[0] = scale
        divide(&power, by: divisor, from: 0)
        var sum = power
        var (odd, isAdded, first) = (UInt64(3), false, 0)
        while first < power.count {
            divide(&power, by: divisor * divisor, from: first)
            while first < power.count, power[first] == 0 { first += 1 }
            var term = power
            divide(&term, by: odd, from: first)
            if isAdded { add(term, to: &sum) } else { subtract(term, from: &sum) }
            odd += 2
            isAdded.toggle()
        }
        return sum
    }

    private static func divide(_ number: inout [UInt32], by divisor: UInt64, from first: Int) {
        number.withUnsafeMutableBufferPointer { digits in
            var remainder: UInt64 = 0
            for place in first..<digits.count {
                let value = remainder << 32 | UInt64(digits[place])
                digits[place] = UInt32(truncatingIfNeeded: value / divisor)
                remainder = value % divisor
            }
        }
    }

    private static func add(_ term: [UInt32], to sum: inout [UInt32]) {
        var carry: UInt64 = 0
        for place in stride(from: sum.count - 1, through: 0, by: -1) {
            let value = UInt64(sum[place]) + UInt64(term[place]) + carry
            sum[place] = UInt32(truncatingIfNeeded: value)
            carry = value >> 32
        }
    }

    private static func subtract(_ term: [UInt32], from sum: inout [UInt32]) {
        var borrow: Int64 = 0
        for place in stride(from: sum.count - 1, through: 0, by: -1) {
            let value = Int64(sum[place]) - Int64(term[place]) - borrow
            sum[place] = UInt32(truncatingIfNeeded: value)
            borrow = value < 0 ? 1 : 0
        }
    }
}
