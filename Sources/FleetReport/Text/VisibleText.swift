/// Text of others on the operator's terminal: what would steer the terminal is shown, not done.
///
/// Control characters (C0, DEL, C1) and the marks that turn the direction of writing count as steering; tabs do not.
public enum VisibleText {
    /// The lines of a text, by line feeds alone ("\r\n" would be one Character); what follows the last one only when
    /// there is something.
    static func lines(of text: String) -> [Substring] {
        var lines = text.utf8.split(separator: 10, omittingEmptySubsequences: false).map { Substring($0) }
        if lines.last?.isEmpty ?? false { lines.removeLast() }
        return lines
    }

    /// The text with control characters in caret notation; a carriage return at its end is dropped.
    static func line(_ text: some StringProtocol) -> String {
        guard text.utf8.contains(where: isSuspect) else { return String(text) }
        var scalars = Substring(text).unicodeScalars
        if scalars.last == "\r" { scalars.removeLast() }
        return visible(scalars) { _ in nil }
    }

    /// The text on one line: what ends lines becomes a blank, so that nobody's words pass for a line of fleet's.
    public static func oneLine(_ text: String) -> String {
        guard text.utf8.contains(where: isSuspect) else { return text }
        return visible(text.unicodeScalars[...]) { rest in
            guard let first = rest.first, first == "\r" || endsLine(first) else { return nil }
            return (" ", first == "\r" && rest.dropFirst().first == "\n" ? 2 : 1)
        }
    }

    /// A text of several lines as it may go to a terminal or a pipe: its line feeds and, where the style has them,
    /// fleet's own escapes stay; nothing else steers.
    public static func screen(_ text: String, _ style: TextStyle) -> String {
        guard text.utf8.contains(where: { $0 != 10 && isSuspect($0) }) else { return text }
        return visible(text.unicodeScalars[...]) { rest in
            if rest.first == "\n" { return ("\n", 1) }
            return style.escape(beginning: rest).map { ($0, $0.unicodeScalars.count) }
        }
    }

    /// A JSON text without the control characters that JSON itself lets stand in strings.
    public static func json(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 >= 0x7F && isSuspect($0) }) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            guard scalar.value >= 0x7F, isSteering(scalar) else {
                result.append(scalar)
                continue
            }
            let digits = String(scalar.value, radix: 16)
            let zeros = String(repeating: "0", count: max(0, 4 - digits.count))
            result.append(contentsOf: "\\u\(zeros)\(digits)".unicodeScalars)
        }
        return String(result)
    }

    // MARK: - Scalars

    /// What steers, shown, unless `instead` has another text for the beginning of the rest, and how long that was.
    private static func visible(
        _ scalars: Substring.UnicodeScalarView, instead: (Substring.UnicodeScalarView) -> (String, Int)?
    ) -> String {
        var result = String.UnicodeScalarView()
        var rest = scalars
        while let scalar = rest.first {
            guard isSteering(scalar) || endsLine(scalar) else {
                result.append(scalar)
                rest.removeFirst()
                continue
            }
            let (text, length) = instead(rest) ?? (isSteering(scalar) ? shown(scalar) : String(scalar), 1)
            result.append(contentsOf: text.unicodeScalars)
            rest.removeFirst(length)
        }
        return String(result)
    }

    /// Whether a byte may begin what steers; the others, which are nearly all, need no closer look.
    private static func isSuspect(_ byte: UInt8) -> Bool {
        (byte < 0x20 && byte != 9) || byte == 0x7F || byte == 0xC2 || byte == 0xE2
    }

    private static func isSteering(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 9: false
        case ..<0x20, 0x7F...0x9F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    private static func endsLine(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "\n" || scalar == "\u{85}" || scalar == "\u{2028}" || scalar == "\u{2029}"
    }

    /// Caret notation below 128, else the code.
    private static func shown(_ scalar: Unicode.Scalar) -> String {
        guard scalar.value < 0x80 else { return "\\u{\(String(scalar.value, radix: 16))}" }
        return "^" + String(Unicode.Scalar(UInt8(scalar.value ^ 0x40)))
    }
}
