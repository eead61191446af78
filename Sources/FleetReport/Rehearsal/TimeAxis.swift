/// A scale of time across a chart: seconds to places, and round marks.
struct TimeAxis {
    /// Where labels end and bars begin.
    let left: Double
    /// The chart's width.
    let width: Double
    private let end: Double

    init(until end: Double, left: Double, width: Double) {
        self.end = max(end, 1)
        self.left = left
        self.width = width
    }

    /// The place of a second.
    func x(_ second: Double) -> Double { left + (width - left - Self.margin) * min(second, end) / end }

    private static let margin = 12.0
    private static let steps: [Double] = [
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800,
    ]

    /// Round seconds, about eight of them.
    var marks: [Double] {
        let step = Self.steps.first { end / $0 <= 9 } ?? 604_800
        return Array(stride(from: 0, through: end, by: step))
    }

    /// Lines and labels at the marks, over a height.
    func svg(height: Double) -> String {
        marks.map { mark in
            let place = Self.text(x(mark))
            return "<line class=\"grid\" x1=\"\(place)\" y1=\"16\" x2=\"\(place)\" y2=\"\(Self.text(height))\"/>"
                + "<text class=\"faint\" x=\"\(place)\" y=\"11\" text-anchor=\"middle\">\(RehearsalText.time(mark))</text>"
        }.joined(separator: "\n")
    }

    /// A bar between two seconds; at least half a unit wide, so that nothing vanishes.
    func bar(_ style: String, from: Double, to: Double, y: Double, height: Double, title: String) -> String {
        let start = x(from)
        let width = max(0.5, x(to) - start)
        return "<rect class=\"\(style)\" x=\"\(Self.text(start))\" y=\"\(Self.text(y))\" width=\"\(Self.text(width))\" "
            + "height=\"\(Self.text(height))\"><title>\(title.escaped)</title></rect>"
    }

    /// A number with one digit after the point.
    static func text(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(abs(tenths % 10))"
    }
}
