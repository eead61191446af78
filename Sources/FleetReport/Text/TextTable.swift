/// Rows under headings, in columns two spaces apart, without trailing blanks.
public struct TextTable: Hashable, Sendable {
    /// One cell.
    public struct Cell: Hashable, Sendable, ExpressibleByStringInterpolation {
        /// What it says, on one line and without anything that steers a terminal.
        public let text: String
        /// How it says it.
        public var tone: TextStyle.Tone

        /// A cell; others' line breaks become blanks, their control characters visible.
        public init(_ text: String, _ tone: TextStyle.Tone = .normal) {
            self.text = VisibleText.oneLine(text)
            self.tone = tone
        }

        /// A cell in the normal tone.
        public init(stringLiteral value: String) { self.init(value) }
    }

    private let headings: [String]
    private var rows: [[Cell]] = []

    /// A table without rows.
    public init(_ headings: [String]) { self.headings = headings }

    /// Adds a row.
    public mutating func add(_ row: [Cell]) { rows.append(row) }

    /// How many columns the widest line takes.
    public var width: Int { widths.reduce(0, +) + 2 * max(0, widths.count - 1) }

    /// The table, a heading line first.
    public func text(_ style: TextStyle) -> String {
        let widths = widths
        let lines = [line(headings.map { Cell($0, .faint) }, widths, style)] + rows.map { line($0, widths, style) }
        return lines.joined(separator: "\n")
    }

    private var widths: [Int] {
        headings.indices.map { column in
            rows.reduce(headings[column].count) { max($0, column < $1.count ? $1[column].text.count : 0) }
        }
    }

    private func line(_ row: [Cell], _ widths: [Int], _ style: TextStyle) -> String {
        let last = row.lastIndex { !$0.text.isEmpty } ?? 0
        let cells = row.enumerated().prefix(last + 1).map { column, cell in
            let blanks = column == last ? 0 : max(0, widths[column] - cell.text.count)
            return style(cell.tone, cell.text) + String(repeating: " ", count: blanks)
        }
        return cells.joined(separator: "  ")
    }
}
