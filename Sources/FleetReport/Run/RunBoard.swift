public import FleetModel
public import FleetPlanning

/// A run under way in a few lines, to be redrawn in place: waves by zones, nodes in hand and what they wait for.
///
/// What it shows comes from the run's facts and its plan alone, so that `fleet run` and `fleet watch` show the same.
public struct RunBoard: Sendable {
    private let waves: [PlannedWave]
    private let forecast: Forecast
    private let soak: Duration
    private let zones: [Zone?]

    /// The board of a plan's runs.
    public init(_ plan: Plan) {
        waves = plan.waves
        forecast = plan.forecast
        soak = plan.policy.soak
        zones = plan.zones
    }

    /// The lines, at most `rows` of at most `columns` characters each; none once the run has ended.
    public func lines(
        of summary: RunSummary, at now: Instant, columns: Int, rows: Int, style: TextStyle
    ) -> [String] {
        guard summary.startedAt != nil, summary.result == nil else { return [] }
        let above =
            [heading(summary, now, columns, style)]
            + table(summary, now).text(style).split(separator: "\n").map(String.init)
        let below = notes(summary, now, style)
        let room = rows - above.count - below.count
        return (above + nodes(summary, now, atMost: room, style) + below).prefix(max(0, rows)).map {
            TextStyle.clip(VisibleText.screen($0, style), to: columns)
        }
    }

    // MARK: - The heading

    private func heading(_ summary: RunSummary, _ now: Instant, _ columns: Int, _ style: TextStyle) -> String {
        var parts = [summary.playbook, summary.id.rawValue]
        if let start = summary.startedAt { parts.append((now - start).short) }
        if let left = left(summary, now) {
            parts.append("\(PlanText.span(left.lowerBound, left.upperBound)) left by forecast")
        }
        let text = "── " + parts.map(VisibleText.oneLine).joined(separator: " · ") + " "
        return style(.faint, text + String(repeating: "─", count: max(0, columns - text.count)))
    }

    /// What the forecast leaves of the waves asked for, in seconds; nil without one, or when it was outrun.
    private func left(_ summary: RunSummary, _ now: Instant) -> ClosedRange<Int>? {
        let open = summary.waves.filter { $0.finishedAt == nil }
        let soaks = Int(soak.components.seconds) * max(0, open.count - 1)
        var (shortest, longest) = (soaks, soaks)
        for wave in open {
            guard let expected = forecast.waves.first(where: { $0.number == wave.number }) else { return nil }
            let elapsed = wave.startedAt.map { max(0, Int((now - $0).components.seconds)) } ?? 0
            shortest += max(0, expected.shortestSeconds - elapsed)
            longest += max(0, expected.longestSeconds - elapsed)
        }
        return longest > 0 ? min(shortest, longest)...longest : nil
    }

    // MARK: - Waves × zones

    /// How many waves are shown: the one in hand, its neighbours.
    private static let shownWaves = 4

    private func table(_ summary: RunSummary, _ now: Instant) -> TextTable {
        var table = TextTable(["wave"] + zones.map { $0.map { "zone \($0)" } ?? "no zone" } + ["pods moved", "time"])
        let current = summary.waves.firstIndex { $0.finishedAt == nil } ?? max(0, summary.waves.count - 1)
        let first = max(0, min(current - 1, summary.waves.count - Self.shownWaves))
        for wave in summary.waves.dropFirst(first).prefix(Self.shownWaves) { table.add(row(wave, summary, now)) }
        return table
    }

    private func row(_ wave: RunSummary.Wave, _ summary: RunSummary, _ now: Instant) -> [TextTable.Cell] {
        let targets = waves.first { $0.number == wave.number }?.targets ?? []
        let cells = zones.map { zone in
            cell(targets.filter { $0.zone == zone }, summary, isBegun: wave.startedAt != nil)
        }
        let number = TextTable.Cell("\(wave.number) of \(waves.count)")
        guard let start = wave.startedAt else { return [number] + cells }
        let moved = wave.nodes.compactMap { summary.node($0)?.left }.reduce(0, +)
        return [number] + cells + ["\(moved)", TextTable.Cell(((wave.finishedAt ?? now) - start).short)]
    }

    /// How many of a wave's nodes in a zone are done.
    private func cell(_ targets: [PlanTarget], _ summary: RunSummary, isBegun: Bool) -> TextTable.Cell {
        guard !targets.isEmpty else { return TextTable.Cell("·", .faint) }
        let phases = targets.map { summary.node($0.node)?.phase ?? .pending }
        let done = phases.count { $0 == .finished }
        let aside = phases.count { $0 == .quarantined }
        let text = "\(done)/\(targets.count)"
        if aside > 0 { return TextTable.Cell("\(text), \(aside) set aside", .bad) }
        if done == targets.count { return TextTable.Cell(text, .good) }
        return TextTable.Cell(text, isBegun ? .warning : .faint)
    }

    // MARK: - Nodes in hand

    /// Those that wait longest first; the last line counts what does not fit.
    private func nodes(
        _ summary: RunSummary, _ now: Instant, atMost room: Int, _ style: TextStyle
    ) -> [String] {
        let working = summary.nodes.filter { $0.phase == .working }.sorted {
            ($0.waitingSince ?? now, $0.startedAt ?? now) < ($1.waitingSince ?? now, $1.startedAt ?? now)
        }
        guard !working.isEmpty, room >= 2 else { return [] }
        let shown = working.count < room ? working.count : room - 2
        var table = TextTable(["node", "in hand", "step", "pods gone", "waits"])
        for node in working.prefix(shown) { table.add(row(node, now)) }
        let lines = table.text(style).split(separator: "\n").map(String.init)
        guard shown < working.count else { return lines }
        return lines + [style(.faint, "and \(working.count - shown) more in hand")]
    }

    private func row(_ node: RunSummary.Node, _ now: Instant) -> [TextTable.Cell] {
        let waits = node.waitingSince.map { "\((now - $0).short): \(node.waiting)" } ?? ""
        return [
            TextTable.Cell(node.name.rawValue, .strong), TextTable.Cell(node.startedAt.map { (now - $0).short } ?? ""),
            TextTable.Cell(node.step), TextTable.Cell(node.evicted == 0 ? "" : "\(node.left) of \(node.evicted)"),
            TextTable.Cell(waits, .warning),
        ]
    }

    // MARK: - What else matters now

    private func notes(_ summary: RunSummary, _ now: Instant, _ style: TextStyle) -> [String] {
        var lines: [String] = []
        if let block = summary.block { lines.append("\(style(.warning, "blocked")): \(VisibleText.oneLine(block))") }
        if let end = summary.soakEnd, end > now { lines.append("soaking for another \((end - now).short)") }
        let aside = summary.quarantined
        if !aside.isEmpty { lines.append("\(style(.bad, "set aside")): \(NodeSet(aside.map(\.name)))") }
        return lines
    }
}

extension RunSummary {
    /// What is known of a node; nil before its wave begins.
    func node(_ name: NodeName) -> Node? { places[name].map { nodes[$0] } }
}
