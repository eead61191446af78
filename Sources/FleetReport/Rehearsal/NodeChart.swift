import FleetModel

/// Bars of nodes by wave: what is done with each node when.
struct NodeChart {
    private static let width = 1140.0
    private static let head = 24.0
    /// With more nodes than this the bars are thin and only waves are named.
    private static let named = 240
    private static let labels = 210.0

    private let summary: RehearsalSummary
    private let axis: TimeAxis
    private let row: Double
    private let isNamed: Bool

    init(_ summary: RehearsalSummary) {
        self.summary = summary
        isNamed = summary.bars.count <= Self.named
        row = isNamed ? 16 : summary.bars.count > 2_000 ? 2 : 4
        axis = TimeAxis(until: summary.duration, left: Self.labels, width: Self.width)
    }

    var html: String {
        guard !summary.bars.isEmpty else { return "" }
        let byWave = Dictionary(grouping: summary.bars, by: \.wave)
        var bands: [String] = []
        var rows: [String] = []
        var y = Self.head
        for (place, wave) in byWave.keys.sorted().enumerated() {
            let bars = byWave[wave] ?? []
            let height = self.height(of: bars.count)
            if place % 2 == 0 { bands.append(band(y, height)) }
            rows.append("<text class=\"wave\" x=\"4\" y=\"\(TimeAxis.text(y + 12))\">wave \(wave)</text>")
            for (number, bar) in bars.enumerated() { rows.append(svg(bar, y + 3 + row * Double(number))) }
            y += height
        }
        let view = "0 0 \(TimeAxis.text(Self.width)) \(TimeAxis.text(y))"
        let content = (bands + [axis.svg(height: y)] + rows).joined(separator: "\n")
        return
            "<svg viewBox=\"\(view)\" role=\"img\" aria-label=\"What is done with each node when\">\n\(content)\n</svg>"
    }

    private func height(of nodes: Int) -> Double { max(18, row * Double(nodes) + 6) }

    private func band(_ y: Double, _ height: Double) -> String {
        "<rect class=\"band\" x=\"0\" y=\"\(TimeAxis.text(y))\" width=\"\(TimeAxis.text(Self.width))\" height=\"\(TimeAxis.text(height))\"/>"
    }

    private func svg(_ bar: RehearsalSummary.Bar, _ y: Double) -> String {
        let height = isNamed ? 11.0 : row
        var parts = bar.stretches.map { stretch in
            axis.bar(
                "w-\(stretch.work.rawValue)", from: stretch.from, to: stretch.to, y: y, height: height,
                title:
                    "\(bar.node) \(stretch.step): \(RehearsalText.time(stretch.to - stretch.from)), from +\(RehearsalText.time(stretch.from))"
            )
        }
        if bar.phase == .quarantined, let last = bar.stretches.last {
            let title = "\(bar.node) set aside: \(bar.reason)"
            parts.append(
                axis.bar(
                    "aside", from: last.to, to: last.to + summary.duration / 150, y: y, height: height, title: title))
        }
        if isNamed {
            let name = Self.clipped(bar.node.rawValue)
            parts.append(
                "<text class=\"faint\" x=\"\(TimeAxis.text(Self.labels - 6))\" y=\"\(TimeAxis.text(y + 9.5))\" text-anchor=\"end\">\(name.escaped)</text>"
            )
        }
        return parts.joined()
    }

    /// The end of a long name tells more than its start.
    private static func clipped(_ name: String) -> String { name.count > 15 ? "…" + name.suffix(14) : name }
}

/// Strips of budgets: how many more pods each permits to go, over time.
struct BudgetChart {
    private static let width = 1140.0
    private static let head = 24.0
    private static let shown = 60
    private static let row = 16.0

    private let summary: RehearsalSummary
    private let axis: TimeAxis

    init(_ summary: RehearsalSummary) {
        self.summary = summary
        axis = TimeAxis(until: summary.duration, left: 210, width: Self.width)
    }

    var html: String {
        let budgets = summary.headroom.prefix(Self.shown)
        guard !budgets.isEmpty else { return "" }
        let rows = budgets.enumerated().map { number, budget in svg(budget, Self.head + Self.row * Double(number)) }
        let height = Self.head + Self.row * Double(budgets.count) + 4
        let rest = summary.headroom.count - budgets.count
        let more = rest > 0 ? "\n<p class=\"note\">and \(rest) more budgets with more room</p>" : ""
        return "<svg viewBox=\"0 0 \(TimeAxis.text(Self.width)) \(TimeAxis.text(height))\" role=\"img\" "
            + "aria-label=\"Room in the budgets over time\">\n\(axis.svg(height: height))\n\(rows.joined(separator: "\n"))\n</svg>\(more)"
    }

    private func svg(_ budget: RehearsalSummary.Headroom, _ y: Double) -> String {
        let ends = budget.points.dropFirst().map(\.at) + [summary.duration]
        let parts = zip(budget.points, ends).map { point, end in
            axis.bar(
                Self.style(of: point.allowed), from: point.at, to: end, y: y, height: 12,
                title:
                    "\(budget.budget): \(point.allowed) may go, +\(RehearsalText.time(point.at)) to +\(RehearsalText.time(end))"
            )
        }
        let name = budget.budget.description
        let label = name.count > 30 ? "…" + name.suffix(29) : name
        return
            "<text class=\"faint\" x=\"204\" y=\"\(TimeAxis.text(y + 10))\" text-anchor=\"end\">\(label.escaped)</text>"
            + parts.joined()
    }

    private static func style(of allowed: Int) -> String {
        switch allowed {
        case 0: "r0"
        case 1: "r1"
        case 2, 3: "r2"
        default: "r3"
        }
    }
}
