/// Text of others on the operator's terminal: what would steer the terminal is shown, not done.
enum VisibleText {
    /// The lines of a text, by line feeds alone ("\r\n" would be one Character); what follows the last one only when
    /// there is something.
    static func lines(of text: String) -> [Substring] {
        var lines = text.utf8.split(separator: 10, omittingEmptySubsequences: false).map { Substring($0) }
        if lines.last?.isEmpty ?? false { lines.removeLast() }
        return lines
    }

    /// The text with control characters in caret notation, tabs aside; a carriage return at its end is dropped.
    static func line(_ text: some StringProtocol) -> String {
        let isPlain = !text.unicodeScalars.contains { isControl($0) }
        guard !isPlain else { return String(text) }
        var result = String.UnicodeScalarView()
        var scalars = text.unicodeScalars[...]
        if scalars.last == "\r" { scalars.removeLast() }
        for scalar in scalars {
            guard isControl(scalar) else {
                result.append(scalar)
                continue
            }
            result.append(contentsOf: caret(scalar).unicodeScalars)
        }
        return String(result)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        (scalar.value < 0x20 && scalar != "\t") || (0x7f...0x9f).contains(scalar.value)
    }

    private static func caret(_ scalar: Unicode.Scalar) -> String {
        guard scalar.value < 0x80 else { return "\\u{\(String(scalar.value, radix: 16))}" }
        return "^" + String(Unicode.Scalar(UInt8(scalar.value ^ 0x40)))
    }
}
