import FleetModel
import FleetPlanning
import FleetRun

/// A rehearsal as one HTML page that needs nothing else: no script, no font, no picture from anywhere.
struct RehearsalPage {
    private let story: RehearsalStory
    private let summary: RehearsalSummary

    init(_ story: RehearsalStory, _ summary: RehearsalSummary) {
        self.story = story
        self.summary = summary
    }

    var html: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Rehearsal of \(story.plan.playbook.escaped)</title>
        <style>
        \(PageStyle.css)
        </style>
        </head>
        <body>
        <main>
        \(heading)
        \(section("Nodes by wave", legend, NodeChart(summary).html))
        \(section("Room in the budgets", roomLegend, BudgetChart(summary).html))
        \(section("Held up by", "How long pods waited from the start of their node's drain to their eviction.", stalls))
        \(section("What happened", "", timeline))
        </main>
        </body>
        </html>

        """
    }

    private func section(_ title: String, _ words: String, _ content: String) -> String {
        guard !content.isEmpty else { return "" }
        let note = words.isEmpty ? "" : "<p class=\"note\">\(words)</p>"
        return "<section>\n<h2>\(title)</h2>\n\(note)\n\(content)\n</section>"
    }

    // MARK: - Heading

    private var heading: String {
        let counts = summary.run.evictions
        let moves = counts.movesPerPod.map(RehearsalText.hundredths) ?? "–"
        let state = summary.result?.rawValue ?? "unfinished"
        let isGood = summary.result == .done
        let why = summary.reason.isEmpty ? "" : "<p class=\"bad\">\(summary.reason.escaped)</p>"
        let setAside = summary.bars.count { $0.phase == .quarantined }
        let facts: [(String, String)] = [
            ("predicted", RehearsalText.time(summary.duration)), ("ends", state),
            ("nodes", "\(summary.bars.count)"), ("waves", "\(summary.waves.count)"),
            ("evictions", "\(counts.accepted)"),
            ("refused", "\(counts.pushedBack + counts.refused)"), ("moves a pod", moves), ("set aside", "\(setAside)"),
        ]
        let cells = facts.map { name, value in
            let tone = name == "ends" ? (isGood ? " class=\"good\"" : " class=\"bad\"") : ""
            return "<div><dt>\(name)</dt><dd\(tone)>\(value.escaped)</dd></div>"
        }
        let conditions = ([story.source, "seed \(story.seed)"] + story.conditions).joined(separator: " · ")
        return """
            <header>
            <h1>Rehearsal of \(story.plan.playbook.escaped)</h1>
            <p class="note">plan \(story.plan.digest.prefix(12)) · \(conditions.escaped)</p>
            \(why)
            <dl class="facts">
            \(cells.joined(separator: "\n"))
            </dl>
            </header>
            """
    }

    private var legend: String {
        let names: [(RehearsalSummary.Stretch.Work, String)] = [
            (.prepare, "before its pods leave"), (.drain, "draining"), (.verify, "verifying"),
            (.host, "work on the host"),
            (.node, "Node deleted or given back"),
        ]
        let keys = names.map { "<span class=\"key\"><i class=\"w-\($0.rawValue)\"></i>\($1)</span>" }
        return (keys + ["<span class=\"key\"><i class=\"aside\"></i>set aside</span>"]).joined(separator: " ")
    }

    private var roomLegend: String {
        let keys = [("r0", "none may go"), ("r1", "one"), ("r2", "two or three"), ("r3", "more")]
        return "How many more pods each budget permits to go, over time; the tightest first. "
            + keys.map { "<span class=\"key\"><i class=\"\($0)\"></i>\($1)</span>" }.joined(separator: " ")
    }

    // MARK: - Tables

    private var stalls: String {
        guard !summary.stalls.isEmpty else { return "" }
        let rows = summary.stalls.prefix(50).map { stall in
            "<tr><td>\(stall.budget.escaped)</td><td class=\"n\">\(stall.pods)</td>"
                + "<td class=\"n\">\(RehearsalText.time(stall.longest))</td><td class=\"n\">\(RehearsalText.time(stall.together))</td></tr>"
        }
        return """
            <div class="scroll"><table>
            <thead><tr><th>budget</th><th class="n">pods</th><th class="n">longest wait</th><th class="n">together</th></tr></thead>
            <tbody>
            \(rows.joined(separator: "\n"))
            </tbody></table></div>
            """
    }

    private var timeline: String {
        let rows = summary.timeline.prefix(500).map { moment in
            "<tr><td class=\"n\">+\(RehearsalText.time(moment.at))</td><td>\(moment.text.escaped)</td></tr>"
        }
        return "<div class=\"scroll\"><table><tbody>\n\(rows.joined(separator: "\n"))\n</tbody></table></div>"
    }
}

extension String {
    /// The text with what HTML would read as its own replaced.
    var escaped: String {
        var result = ""
        result.reserveCapacity(utf8.count)
        for scalar in unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
