/// A Kubernetes quantity, such as `1500m`, `2Gi` or `1e3`, exact to a billionth.
public struct Quantity: Hashable, Comparable, Sendable {
    /// The amount in billionths.
    public let nanos: Int128

    /// Wraps billionths.
    public init(nanos: Int128) { self.nanos = nanos }

    /// Parses the forms of `~/apimachinery/pkg/api/resource/quantity.go`; nil for anything else.
    ///
    /// More digits than billionths round away from zero, as the API server does.
    public init?(_ text: String) {
        guard let parts = Parts(text), let scale = Self.scale(of: parts.suffix) else { return nil }
        var digits: Int128 = 0
        for digit in parts.digits {
            let (tens, overflows) = digits.multipliedReportingOverflow(by: 10)
            let (sum, carries) = tens.addingReportingOverflow(Int128(digit))
            guard !overflows, !carries else { return nil }
            digits = sum
        }
        var power = scale.decimal + 9 - parts.fractionDigits
        var (value, overflow) = digits.multipliedReportingOverflow(by: scale.binary)
        while power > 0, value != 0, !overflow {
            (value, overflow) = value.multipliedReportingOverflow(by: 10)
            power -= 1
        }
        guard !overflow else { return nil }
        while power < 0, value > 1 {
            value = value / 10 + (value % 10 > 0 ? 1 : 0)
            power += 1
        }
        nanos = parts.isNegative ? -value : value
    }

    /// The amount in whole units, rounded away from zero.
    public var value: Int64 { rounded(to: 1_000_000_000) }

    /// The amount in thousandths, rounded away from zero.
    public var milliValue: Int64 { rounded(to: 1_000_000) }

    private func rounded(to unit: Int128) -> Int64 {
        let magnitude = (nanos.magnitude + UInt128(unit) - 1) / UInt128(unit)
        let clamped = Int64(clamping: magnitude)
        return nanos < 0 ? -clamped : clamped
    }

    /// Orders by amount.
    public static func < (left: Quantity, right: Quantity) -> Bool { left.nanos < right.nanos }

    /// `1500m`, or `2` for whole units: the form of CPU.
    public static func text(milli: Int64) -> String { milli % 1000 == 0 ? "\(milli / 1000)" : "\(milli)m" }

    /// The shortest exact form with a binary suffix, such as `64Gi`: the form of memory.
    public static func text(bytes: Int64) -> String {
        var amount = bytes
        var power = 0
        while amount != 0, amount % 1024 == 0, power < 6 {
            amount /= 1024
            power += 1
        }
        return "\(amount)\(["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"][power])"
    }

    private static func scale(of suffix: Substring) -> (decimal: Int, binary: Int128)? {
        if let known = scales[String(suffix)] { return known }
        guard let first = suffix.first, first == "e" || first == "E", let power = Int(suffix.dropFirst()),
            (-63...63).contains(power)
        else { return nil }
        return (power, 1)
    }

    private static let scales: [String: (decimal: Int, binary: Int128)] = [
        "": (0, 1), "n": (-9, 1), "u": (-6, 1), "m": (-3, 1), "k": (3, 1), "M": (6, 1), "G": (9, 1), "T": (12, 1),
        "P": (15, 1), "E": (18, 1), "Ki": (0, 1 << 10), "Mi": (0, 1 << 20), "Gi": (0, 1 << 30), "Ti": (0, 1 << 40),
        "Pi": (0, 1 << 50), "Ei": (0, 1 << 60),
    ]

    /// Sign, digits and suffix of a quantity's text.
    private struct Parts {
        var isNegative = false
        var digits: [UInt8] = []
        var fractionDigits = 0
        var suffix: Substring

        init?(_ text: String) {
            var rest = Substring(text)
            if let sign = rest.first, sign == "-" || sign == "+" {
                isNegative = sign == "-"
                rest = rest.dropFirst()
            }
            var seenPoint = false
            while let byte = rest.utf8.first, (0x30...0x39).contains(byte) || (byte == 0x2E && !seenPoint) {
                if byte == 0x2E {
                    seenPoint = true
                } else {
                    digits.append(byte - 0x30)
                    fractionDigits += seenPoint ? 1 : 0
                }
                rest = rest.dropFirst()
            }
            guard !digits.isEmpty else { return nil }
            suffix = rest
        }
    }
}
