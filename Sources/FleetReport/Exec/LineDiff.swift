/// What lines differ from other lines, as `diff -U1` shows it.
public struct LineDiff: Hashable, Sendable {
    /// One line of the comparison.
    public enum Line: Hashable, Sendable {
        /// In both.
        case same(Substring)
        /// In the other text only.
        case missing(Substring)
        /// In this text only.
        case added(Substring)
    }

    /// The whole comparison, in order.
    public let lines: [Line]

    /// Lines beyond which a comparison is not worth its time, after what is equal at both ends.
    private static let limit = 2000
    /// Lines of context around a difference.
    private static let context = 1

    /// Compares a text with another; nil when less than half of the longer one's lines are in both, or when both are
    /// too long: then the text itself says more.
    public init?(of text: String, from other: String) {
        let (new, old) = (VisibleText.lines(of: text), VisibleText.lines(of: other))
        guard let lines = Self.compare(new, old) else { return nil }
        let same = lines.count { if case .same = $0 { true } else { false } }
        guard same * 2 >= max(new.count, old.count), same > 0 else { return nil }
        self.lines = lines
    }

    /// The differences with a line of context around each; `…` stands for what is left out.
    public var hunks: [String] {
        let changed = lines.indices.filter { if case .same = lines[$0] { false } else { true } }
        let shown = Set(changed.flatMap { ($0 - Self.context)...($0 + Self.context) })
        var result: [String] = []
        for (position, line) in lines.enumerated() {
            if shown.contains(position) {
                result.append(Self.text(line))
            } else if result.last != "…" {
                result.append("…")
            }
        }
        return result
    }

    private static func text(_ line: Line) -> String {
        switch line {
        case .same(let text): "  \(text)"
        case .missing(let text): "- \(text)"
        case .added(let text): "+ \(text)"
        }
    }

    private static func compare(_ new: [Substring], _ old: [Substring]) -> [Line]? {
        let head = zip(new, old).prefix { $0 == $1 }.count
        let tail = zip(new[head...].reversed(), old[head...].reversed()).prefix { $0 == $1 }.count
        let (newPart, oldPart) = (Array(new[head..<(new.count - tail)]), Array(old[head..<(old.count - tail)]))
        guard newPart.count + oldPart.count <= limit else { return nil }
        return new[..<head].map(Line.same) + middle(newPart, oldPart) + new[(new.count - tail)...].map(Line.same)
    }

    private static func middle(_ new: [Substring], _ old: [Substring]) -> [Line] {
        let difference = new.difference(from: old)
        var removed: Set<Int> = []
        var inserted: Set<Int> = []
        for change in difference {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var lines: [Line] = []
        var (at, position) = (0, 0)
        while at < old.count || position < new.count {
            if removed.contains(at), at < old.count {
                lines.append(.missing(old[at]))
                at += 1
            } else if inserted.contains(position), position < new.count {
                lines.append(.added(new[position]))
                position += 1
            } else {
                lines.append(.same(old[at]))
                at += 1
                position += 1
            }
        }
        return lines
    }
}
