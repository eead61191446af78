/// How text is set off: by escapes on a terminal, not at all elsewhere.
public enum TextStyle: Hashable, Sendable {
    /// No escapes.
    case plain
    /// ANSI colours and weights.
    case ansi

    /// What a piece of text says about the world.
    public enum Tone: Hashable, Sendable, CaseIterable {
        case normal, faint, strong, good, warning, bad

        fileprivate var code: String {
            switch self {
            case .normal: ""
            case .faint: "2"
            case .strong: "1"
            case .good: "32"
            case .warning: "33"
            case .bad: "31"
            }
        }
    }

    /// The text in a tone.
    public func callAsFunction(_ tone: Tone, _ text: String) -> String {
        guard self == .ansi, tone != .normal, !text.isEmpty else { return text }
        return "\u{1B}[\(tone.code)m\(text)\(Self.end)"
    }

    private static let end = "\u{1B}[0m"
    private static let escapes = [end] + Tone.allCases.filter { $0 != .normal }.map { "\u{1B}[\($0.code)m" }

    /// The escape of this style's own that a text begins with.
    func escape(beginning text: Substring.UnicodeScalarView) -> String? {
        guard self == .ansi else { return nil }
        return Self.escapes.first { text.starts(with: $0.unicodeScalars) }
    }

    /// A line of at most `width` characters, escapes not counted; what is cut is shown as an ellipsis.
    static func clip(_ line: String, to width: Int) -> String {
        guard visible(line) > width else { return line }
        var result = ""
        var (seen, isEscape) = (0, false)
        for character in line where isEscape || seen < width - 1 {
            if character == "\u{1B}" { isEscape = true }
            if !isEscape { seen += 1 }
            result.append(character)
            if isEscape, character == "m" { isEscape = false }
        }
        return result + "…" + (line.contains("\u{1B}") ? end : "")
    }

    /// How many characters of a line are seen.
    private static func visible(_ line: String) -> Int {
        var (seen, isEscape) = (0, false)
        for character in line {
            if character == "\u{1B}" { isEscape = true }
            if !isEscape { seen += 1 }
            if isEscape, character == "m" { isEscape = false }
        }
        return seen
    }
}
