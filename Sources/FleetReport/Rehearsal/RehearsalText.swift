import FleetModel
import FleetPlanning
import FleetRun

/// A rehearsal for people: how long, wave by wave, what holds it up, how much room the budgets keep.
struct RehearsalText {
    /// Rows shown of a table that may be long; the JSON and the page have them all.
    private static let shown = 10

    private let story: RehearsalStory
    private let summary: RehearsalSummary
    private let style: TextStyle

    init(_ story: RehearsalStory, _ summary: RehearsalSummary, style: TextStyle) {
        self.story = story
        self.summary = summary
        self.style = style
    }

    var text: String {
        [heading, waves, stalls, headroom, timeline].filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    private var heading: String {
        let name = style(.strong, "rehearsal of \(story.plan.playbook)")
        let conditions = (["seed \(story.seed)"] + story.conditions).joined(separator: ", ")
        return """
            \(name)  plan \(story.plan.digest.prefix(12))  \(story.source)  \(conditions)
            \(verdict)
            """
    }

    private var verdict: String {
        let counts = summary.run.evictions
        let moves = counts.movesPerPod.map { ", \(Self.hundredths($0)) moves a pod" } ?? ""
        let refused = counts.pushedBack + counts.refused
        let work =
            "\(Words.count(summary.bars.count, "node")) in \(Words.count(summary.waves.count, "wave")), "
            + "\(Words.count(counts.accepted, "eviction")), \(refused) refused\(moves)"
        guard let result = summary.result else {
            return style(.bad, "it does not end within \(Self.time(summary.duration))") + ": \(work)"
        }
        let end = result == .done ? style(.good, "done") : style(.bad, result.rawValue)
        let why = summary.reason.isEmpty ? "" : " (\(summary.reason))"
        return "\(end) after \(style(.strong, Self.time(summary.duration)))\(why): \(work)\(retired)"
    }

    private var retired: String {
        guard !story.retired.isEmpty else { return "" }
        let names = story.retired.prefix(Self.shown).joined(separator: ", ")
        let rest = story.retired.count > Self.shown ? " and \(story.retired.count - Self.shown) more" : ""
        return "\nthe provider would then delete \(Words.count(story.retired.count, "old machine")): \(names)\(rest)"
    }

    private var waves: String {
        guard !summary.waves.isEmpty else { return "" }
        var table = TextTable(["wave", "nodes", "begins", "takes", "pods moved", "set aside"])
        for wave in summary.waves {
            let bad = wave.setAside > 0
            table.add([
                "\(wave.number)", "\(wave.nodes)", TextTable.Cell("+\(Self.time(wave.from))"),
                TextTable.Cell(Self.time(wave.to - wave.from)), "\(wave.evicted)",
                TextTable.Cell(bad ? "\(wave.setAside)" : "·", bad ? .bad : .faint),
            ])
        }
        return table.text(style)
    }

    private var stalls: String {
        guard !summary.stalls.isEmpty else { return "" }
        var table = TextTable(["held up by", "pods", "longest wait", "together", "between"])
        for stall in summary.stalls.prefix(Self.shown) {
            table.add([
                TextTable.Cell(stall.budget), "\(stall.pods)", TextTable.Cell(Self.time(stall.longest)),
                TextTable.Cell(Self.time(stall.together)),
                TextTable.Cell("+\(Self.time(stall.from)) and +\(Self.time(stall.to))"),
            ])
        }
        return table.text(style) + more(summary.stalls.count)
    }

    private var headroom: String {
        guard !summary.headroom.isEmpty else { return "" }
        var table = TextTable(["budget", "least room", "without room", "healthy over needed, at worst"])
        for budget in summary.headroom.prefix(Self.shown) {
            let isBroken = budget.leastHealthyOverDesired < 0
            table.add([
                TextTable.Cell(budget.budget.description), "\(budget.least)", TextTable.Cell(Self.time(budget.atZero)),
                TextTable.Cell("\(budget.leastHealthyOverDesired)", isBroken ? .bad : .normal),
            ])
        }
        return table.text(style) + more(summary.headroom.count)
    }

    private var timeline: String {
        let width = summary.timeline.reduce(0) { max($0, Self.time($1.at).count) }
        let limit = Self.shown * 4
        let lines = summary.timeline.prefix(limit).map { moment in
            let time = Self.time(moment.at)
            return style(.faint, "+\(time)" + String(repeating: " ", count: width - time.count)) + "  \(moment.text)"
        }
        let rest = summary.timeline.count > limit ? ["and \(summary.timeline.count - limit) more"] : []
        return (lines + rest).joined(separator: "\n")
    }

    private func more(_ count: Int) -> String { count > Self.shown ? "\nand \(count - Self.shown) more" : "" }

    /// Seconds for people.
    static func time(_ seconds: Double) -> String { Duration(bounded: seconds).short }

    /// A number with two digits after the point.
    static func hundredths(_ number: Double) -> String {
        let whole = Int((number * 100).rounded())
        let rest = whole % 100
        return "\(whole / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}
