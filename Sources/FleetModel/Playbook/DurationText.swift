extension Duration {
    /// Reads `45s`, `10m`, `2m30s`, `1h`, `2d12h`, `500ms`: whole numbers with units in falling order.
    ///
    /// `0` needs none. Nil for anything else, and for what exceeds 10,000 days.
    public init?(text: String) {
        if text == "0" {
            self = .zero
            return
        }
        var rest = text[...]
        var total: Int64 = 0
        var units = Self.units[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            let name = rest.prefix { $0.isLetter }
            guard digits.count <= 9, let number = Int64(digits) else { return nil }
            guard let position = units.firstIndex(where: { $0.name == name }) else { return nil }
            total += number * units[position].milliseconds
            units = units[(position + 1)...]
            rest = rest.dropFirst(name.count)
        }
        guard !text.isEmpty, total <= 10_000 * 86_400_000 else { return nil }
        self = .milliseconds(total)
    }

    /// The duration as it is written in files, such as `2m30s`.
    ///
    /// `0s` for none. Fractions of a millisecond are dropped.
    public var text: String {
        var rest = components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
        guard rest > 0 else { return "0s" }
        var result = ""
        for unit in Self.units where rest >= unit.milliseconds {
            result += "\(rest / unit.milliseconds)\(unit.name)"
            rest %= unit.milliseconds
        }
        return result
    }

    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]
}
