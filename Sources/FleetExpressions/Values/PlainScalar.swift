public import FleetModel

/// Types plain scalars by YAML 1.1's rules as PyYAML, and so Ansible, applies them.
public enum PlainScalar {
    /// The value of an unquoted scalar: `yes` is true, `0x1F` and `010` are 31 and 8, `1:30` is 90, `1e5` is a string.
    ///
    /// Dates stay strings; whole numbers beyond 64 bits become numbers with fractions.
    public static func value(of text: String) -> VariableValue {
        guard let first = text.utf8.first else { return .null }
        if let word = words[text] { return word }
        guard numberStarts.contains(first) else { return .string(text) }
        return integer(text) ?? float(text) ?? .string(text)
    }

    private static let numberStarts = Set("+-.0123456789".utf8)

    private static let words: [String: VariableValue] = {
        var words: [String: VariableValue] = ["~": .null]
        let spellings: [(String, VariableValue)] = [
            ("null", .null), ("yes", true), ("no", false), ("true", true), ("false", false), ("on", true),
            ("off", false),
        ]
        for (word, value) in spellings {
            words[word] = value
            words[word.prefix(1).uppercased() + word.dropFirst()] = value
            words[word.uppercased()] = value
        }
        for word in [".inf", ".Inf", ".INF"] {
            words[word] = .float(.infinity)
            words["+" + word] = .float(.infinity)
            words["-" + word] = .float(-.infinity)
        }
        for word in [".nan", ".NaN", ".NAN"] { words[word] = .float(.nan) }
        return words
    }()

    // MARK: - Whole numbers

    private static func integer(_ text: String) -> VariableValue? {
        let (sign, body) = signed(text)
        guard let first = body.first, first.isASCII, first.isNumber else { return nil }
        if body.contains(":") { return sexagesimal(body).map { .int(sign * $0) } }
        let digits = body.filter { $0 != "_" }
        if body.hasPrefix("0b") { return number(digits.dropFirst(2), radix: 2, sign: sign) }
        if body.hasPrefix("0x") { return number(digits.dropFirst(2), radix: 16, sign: sign) }
        if digits.count > 1, first == "0" { return number(digits.dropFirst(), radix: 8, sign: sign) }
        return number(digits[...], radix: 10, sign: sign)
    }

    private static func number(_ digits: Substring, radix: Int, sign: Int) -> VariableValue? {
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.hexDigitValue.map { $0 < radix } ?? false }) else {
            return nil
        }
        if let magnitude = Int(digits, radix: radix) { return .int(sign * magnitude) }
        return radix == 10 ? Double(digits).map { .float(Double(sign) * $0) } : nil
    }

    private static func sexagesimal(_ body: Substring) -> Int? {
        let parts = body.split(separator: ":", omittingEmptySubsequences: false)
        guard let head = parts.first, head.first != "0", let start = Int(head.filter { $0 != "_" }) else { return nil }
        return parts.dropFirst().reduce(start as Int?) { total, part in
            guard let total, (1...2).contains(part.count), let digit = Int(part), (0..<60).contains(digit) else {
                return nil
            }
            let (minutes, overflow) = total.multipliedReportingOverflow(by: 60)
            let (sum, carries) = minutes.addingReportingOverflow(digit)
            return overflow || carries ? nil : sum
        }
    }

    // MARK: - Numbers with fractions

    private static func float(_ text: String) -> VariableValue? {
        let (sign, body) = signed(text)
        guard body.contains("."), !body.contains(":") else { return nil }
        guard body.first != "." || text == body else { return nil }
        let digits = body.filter { $0 != "_" }
        let mantissa = digits.prefix { $0 != "e" && $0 != "E" }
        guard mantissa != ".", mantissa.allSatisfy({ $0 == "." || ($0.isASCII && $0.isNumber) }) else { return nil }
        guard mantissa.count(where: { $0 == "." }) == 1, isExponent(digits.dropFirst(mantissa.count)) else {
            return nil
        }
        let padded = mantissa.first == "." ? "0" + digits : digits.replacing(/\.(?![0-9])/, with: ".0")
        return Double(padded).map { .float(Double(sign) * $0) }
    }

    /// YAML 1.1 asks for a sign in the exponent: `1.5e+3`.
    private static func isExponent(_ text: Substring) -> Bool {
        if text.isEmpty { return true }
        let digits = text.dropFirst(2)
        return text.dropFirst().first.map { "+-".contains($0) } ?? false && !digits.isEmpty
            && digits.allSatisfy { $0.isASCII && $0.isNumber }
    }

    private static func signed(_ text: String) -> (sign: Int, body: Substring) {
        if text.hasPrefix("-") { return (-1, text.dropFirst()) }
        return (1, text.hasPrefix("+") ? text.dropFirst() : text[...])
    }
}
