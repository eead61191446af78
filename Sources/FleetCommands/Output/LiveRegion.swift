import NIOConcurrencyHelpers

/// Lines at the foot of the terminal that are drawn anew in place; what is told scrolls above them.
///
/// Nothing else may write to the terminal meanwhile. The cursor stays visible, and a killed process leaves lines, no mess.
final class LiveRegion: Sendable {
    private struct State {
        var lines: [String] = []
        /// What was told while somebody was asked; nil while nobody is.
        var waiting: String?
    }

    private let state = NIOLockedValueBox(State())

    /// Writes a text above the lines.
    func tell(_ text: String) {
        state.withLockedValue { state in
            if state.waiting != nil {
                state.waiting? += text
            } else {
                StandardStream.error.write(Self.erasing(state.lines) + text + Self.drawing(state.lines))
            }
        }
    }

    /// Replaces the lines; none leaves nothing behind.
    func draw(_ lines: [String]) {
        state.withLockedValue { state in
            guard state.waiting == nil, state.lines != lines else { return }
            StandardStream.error.write(Self.erasing(state.lines) + Self.drawing(lines))
            state.lines = lines
        }
    }

    /// Leaves the terminal to a question; what is told meanwhile follows the answer.
    func asking<Answer>(_ ask: () -> Answer) -> Answer {
        state.withLockedValue { state in
            StandardStream.error.write(Self.erasing(state.lines))
            state = State(waiting: "")
        }
        defer {
            state.withLockedValue { state in
                StandardStream.error.write(state.waiting ?? "")
                state.waiting = nil
            }
        }
        return ask()
    }

    /// Up to the first line, then clear to the end of the screen.
    private static func erasing(_ lines: [String]) -> String { lines.isEmpty ? "" : "\r\u{1B}[\(lines.count)A\u{1B}[J" }

    private static func drawing(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }
}
