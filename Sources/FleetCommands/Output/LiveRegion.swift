import Synchronization

/// Lines at the foot of the terminal that are drawn anew in place; what is told scrolls above them.
///
/// Nothing else may write to the terminal meanwhile. The cursor stays visible, and a killed process leaves lines, no mess.
final class LiveRegion: Sendable {
    private let drawn = Mutex<[String]>([])

    /// Writes a text above the lines.
    func tell(_ text: String) {
        drawn.withLock { lines in
            StandardStream.error.write(Self.erasing(lines) + text + Self.drawing(lines))
        }
    }

    /// Replaces the lines; none leaves nothing behind.
    func draw(_ new: [String]) {
        drawn.withLock { lines in
            guard lines != new else { return }
            StandardStream.error.write(Self.erasing(lines) + Self.drawing(new))
            lines = new
        }
    }

    /// Up to the first line, then clear to the end of the screen.
    private static func erasing(_ lines: [String]) -> String { lines.isEmpty ? "" : "\r\u{1B}[\(lines.count)A\u{1B}[J" }

    private static func drawing(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }
}
