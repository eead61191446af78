import FleetModel
public import FleetPlanning

/// A plan for people, readable in ten seconds: whether it can run and how long it takes, what forbids it, waves by
/// zones, warnings by kind, forecast.
public struct PlanText: Sendable {
    /// Lines stay within this many columns where the words permit.
    public static let width = 100

    private let plan: Plan
    private let namesItems: Bool
    private let style: TextStyle

    /// The text of a plan; `namesItems` lists every pod or node of each finding.
    public init(_ plan: Plan, namesItems: Bool = false, style: TextStyle = .plain) {
        self.plan = plan
        self.namesItems = namesItems
        self.style = style
    }

    /// The whole text, paragraphs separated by empty lines.
    public var text: String {
        let findings = FindingsText(plan.findings, namesItems: namesItems, style: style)
        return [heading + "\n" + verdict, findings.blockers, waves, findings.warnings, forecast]
            .filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    /// Whether it can run, and what it costs.
    private var verdict: String {
        let blockers = plan.blockers.count
        let warnings = plan.findings.count - blockers
        let counts = "\(Words.count(blockers, "blocker")), \(Words.count(warnings, "warning"))"
        guard blockers == 0 else { return "\(style(.bad, "cannot run")): \(counts)" }
        let forecast = plan.forecast
        let span =
            forecast.waves.isEmpty
            ? ""
            : "; \(Words.count(forecast.evictions, "pod")) to move in \(Self.span(forecast.shortestSeconds, forecast.longestSeconds))"
        return "\(style(.good, "can run")): \(counts)\(span)"
    }

    private var heading: String {
        let name = plan.name == plan.playbook ? plan.playbook : "\(plan.name) (\(plan.playbook))"
        let count = "\(Words.count(plan.targets.count, "node")) in \(Words.count(plan.waves.count, "wave"))"
        let policy = plan.policy
        let perPool = policy.maxUnavailablePerPool.map { ", \($0) a pool" } ?? ""
        let kept = policy.minAvailable.sorted { $0.key < $1.key }.map { "\($0) keeps \($1)" }
        let pools = perPool + (kept.isEmpty ? "" : ", pool \(kept.joined(separator: ", "))")
        let soak = policy.soak > .zero ? "\(policy.soak.text) soak between waves" : "no soak between waves"
        return """
            \(style(.strong, "plan \(name)"))  \(plan.digest.prefix(12))  cluster \(plan.cluster)
            \(count), \(policy.order.rawValue); at most \(policy.maxUnavailable) unavailable, \
            \(policy.maxUnavailablePerZone) a zone\(pools); \(policy.parallelism) hosts at once; \(soak)
            """
    }

    // MARK: - Waves × zones

    private var waves: String {
        guard !plan.waves.isEmpty else { return "" }
        let named = table(of: plan.zones) { "\(NodeSet($0.map(\.node)))" }
        if named.width <= Self.width { return named.text(style) }
        let counted = table(of: plan.zones) { "\($0.count)" }
        return counted.width <= Self.width ? counted.text(style) : narrow.text(style)
    }

    private func table(of zones: [Zone?], _ cell: ([PlanTarget]) -> String) -> TextTable {
        let isHeldUp = plan.waves.contains { !stall(of: $0).isEmpty }
        var table = TextTable(
            ["wave", "nodes"] + zones.map { $0.map { "zone \($0)" } ?? "no zone" } + ["pods", "time"]
                + (isHeldUp ? ["slowest budget"] : []))
        for wave in plan.waves {
            let cells = zones.map { zone in
                let members = wave.targets.filter { $0.zone == zone }
                return TextTable.Cell(members.isEmpty ? "·" : cell(members), members.isEmpty ? .faint : .normal)
            }
            table.add(
                ["\(wave.number)", TextTable.Cell(size(of: wave))] + cells + forecastCells(of: wave)
                    + (isHeldUp ? [TextTable.Cell(stall(of: wave), .faint)] : []))
        }
        return table
    }

    /// What holds a wave up most, without the kind; empty when nothing does.
    private func stall(of wave: PlannedWave) -> String {
        guard let worst = plan.forecast.stalls.filter({ $0.wave == wave.number }).max(by: { $0.seconds < $1.seconds })
        else { return "" }
        return worst.subject.split(separator: " ").last.map(String.init) ?? worst.subject
    }

    /// For more zones than fit side by side.
    private var narrow: TextTable {
        var table = TextTable(["wave", "nodes", "zones", "pods", "time"])
        for wave in plan.waves {
            let names = Set(wave.targets.map { $0.zone?.rawValue ?? "no zone" }).sorted()
            table.add(
                ["\(wave.number)", TextTable.Cell(size(of: wave)), TextTable.Cell("\(NodeSet(names))")]
                    + forecastCells(of: wave))
        }
        return table
    }

    /// How many nodes; in a replacement also whether they come or go.
    private func size(of wave: PlannedWave) -> String {
        guard plan.targets.contains(where: { $0.isNewcomer == true }) else { return "\(wave.targets.count)" }
        return "\(wave.targets.count) \(wave.targets.first?.isNewcomer == true ? "in" : "out")"
    }

    private func forecastCells(of wave: PlannedWave) -> [TextTable.Cell] {
        guard let part = plan.forecast.waves.first(where: { $0.number == wave.number }) else { return ["", ""] }
        return ["\(part.evictions)", TextTable.Cell(Self.span(part.shortestSeconds, part.longestSeconds))]
    }

    // MARK: - Forecast

    private var forecast: String {
        let forecast = plan.forecast
        guard !forecast.waves.isEmpty else { return "" }
        let span = Self.span(forecast.shortestSeconds, forecast.longestSeconds)
        var lines = [
            "\(style(.strong, "forecast")): \(Words.count(forecast.evictions, "pod")) to move, \(span) without host steps, approvals and windows"
        ]
        for stall in forecast.stalls.prefix(5) {
            lines.append(
                "  held up by \(stall.subject) in wave \(stall.wave): \(Words.count(stall.pods, "pod")), \(stall.allowance) at once, at least \(Duration.seconds(stall.seconds).short)"
            )
        }
        return lines.joined(separator: "\n")
    }

    static func span(_ shortest: Int, _ longest: Int) -> String {
        let (low, high) = (Duration.seconds(shortest).short, Duration.seconds(longest).short)
        return low == high ? low : "\(low) to \(high)"
    }
}

extension Plan {
    /// The zones of its targets in order; nil, last, for those of which none is known.
    var zones: [Zone?] {
        let known = Set(targets.compactMap(\.zone)).sorted()
        return known.map(Optional.some) + (targets.contains { $0.zone == nil } ? [nil] : [])
    }
}
