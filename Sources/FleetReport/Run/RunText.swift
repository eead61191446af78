public import FleetModel
import FleetRun

/// A run's summary for people: what is done, what is in hand and awaited since when, what was set aside, the counts.
public struct RunText: Sendable {
    private let summary: RunSummary
    private let now: Instant
    private let isDriven: Bool?
    private let style: TextStyle
    private let age: Duration?

    /// The text of a summary; waits are counted up to `now`, which for an ended run should be its last fact's time.
    ///
    /// Where no process drives the run, waits are counted up to its last fact.
    public init(_ summary: RunSummary, at now: Instant, isDriven: Bool? = nil, style: TextStyle = .plain) {
        self.summary = summary
        self.isDriven = isDriven
        let isLeft = isDriven == false && summary.result == nil
        self.now = isLeft ? summary.lastFactAt ?? now : now
        age = summary.lastFactAt.map { now - $0 }
        self.style = style
    }

    /// The whole text, paragraphs separated by empty lines.
    public var text: String {
        [heading, waves, working, waiting, quarantined, passed, owed, totals].filter { !$0.isEmpty }.joined(
            separator: "\n\n")
    }

    private var heading: String {
        let name = style(.strong, "run \(summary.id)")
        let plan = "\(summary.playbook), plan \(summary.planDigest.prefix(12))"
        return (["\(name)  \(plan)  \(state)"] + started).joined(separator: "\n")
    }

    private var state: String {
        guard let result = summary.result else {
            let last = age.map { ", last fact \($0.short) ago" } ?? ""
            let over = summary.handedOver.map { ", handed over to another machine by \($0.actor.sentence)" }
            let driven = isDriven == false ? ", no process here drives it" : ""
            return style(.warning, "unfinished") + (over ?? driven) + last
        }
        return style(result.tone, result.rawValue) + (summary.reason.isEmpty ? "" : ": \(summary.reason)")
    }

    private var started: [String] {
        guard let start = summary.startedAt else { return [] }
        let by = summary.actor.map { " by \($0.sentence)" } ?? ""
        let took = summary.duration.map { ", \($0.short)" } ?? ""
        let again = summary.resumptions == 0 ? "" : ", taken up again \(Words.count(summary.resumptions, "time"))"
        return ["begun \(start.dateText)\(by)\(took)\(again)"]
    }

    // MARK: - Waves and nodes

    private var waves: String {
        guard !summary.waves.isEmpty else { return "" }
        var table = TextTable(["wave", "state", "nodes", "done", "quarantined", "pods moved", "time", "members"])
        for wave in summary.waves { table.add(row(wave)) }
        return table.text(style)
    }

    private func row(_ wave: RunSummary.Wave) -> [TextTable.Cell] {
        let members = summary.nodes.filter { $0.wave == wave.number }
        let bad = members.count { $0.phase == .quarantined }
        guard let start = wave.startedAt else { return ["\(wave.number)", TextTable.Cell("to come", .faint)] }
        let end = wave.finishedAt ?? (summary.result == nil ? now : summary.lastFactAt ?? now)
        return [
            "\(wave.number)",
            wave.finishedAt == nil ? TextTable.Cell("in hand", .warning) : TextTable.Cell("done", .good),
            "\(members.count)", "\(members.count { $0.phase == .finished })",
            TextTable.Cell("\(bad)", bad == 0 ? .normal : .bad), "\(members.reduce(0) { $0 + $1.left })",
            TextTable.Cell((end - start).short), TextTable.Cell("\(NodeSet(wave.nodes))"),
        ]
    }

    private var working: String {
        let nodes = summary.nodes.filter { $0.phase == .working }
        guard !nodes.isEmpty else { return "" }
        var table = TextTable(["node", "wave", "zone", "step", "pods", "in hand"])
        for node in nodes {
            table.add([
                TextTable.Cell(node.name.rawValue, .strong), "\(node.wave)", TextTable.Cell(node.zone),
                TextTable.Cell(node.step), "\(node.left) of \(node.evicted) gone",
                TextTable.Cell(node.startedAt.map { (now - $0).short } ?? ""),
            ])
        }
        return table.text(style)
    }

    private var waiting: String {
        var lines = summary.waiting.map { group in
            let since = group.since.map { "waiting \((now - $0).short)" } ?? "waiting"
            return "\(style(.warning, since)): \(group.step) of \(NodeSet(group.nodes)): \(group.reason)"
        }
        if let block = summary.block, summary.result == nil { lines.append("\(style(.warning, "blocked")): \(block)") }
        if let end = summary.soakEnd, end > now, summary.result == nil {
            lines.append("soaking for another \((end - now).short)")
        }
        return lines.joined(separator: "\n")
    }

    private var quarantined: String {
        summary.quarantined.map { node in
            let owed = node.owesCleanup ? "; its clean-up is owed" : ""
            return
                "\(style(.bad, "quarantined")): \(node.name) (wave \(node.wave)) in \(node.step): \(node.reason)\(owed)"
        }.joined(separator: "\n")
    }

    /// What was deleted past its budget is always said (safety rule 11).
    private var passed: String {
        summary.evictions.passed.map { pass in
            let waited = Duration(bounded: pass.waitedSeconds).short
            return
                "\(style(.warning, "deleted past its budget")): \(pass.request.pod.key) of \(pass.request.node), held back for \(waited): \(pass.reason)"
        }.joined(separator: "\n")
    }

    private var owed: String {
        guard !summary.owed.isEmpty else { return "" }
        return "not undone yet: \(summary.owed.joined(separator: ", "))"
    }

    // MARK: - Counts

    private var totals: String {
        let evictions = summary.evictions
        var lines = [
            "evictions: \(evictions.accepted) accepted, \(evictions.pushedBack) answered 429, \(evictions.refused) refused otherwise; \(Words.count(evictions.left, "pod")) gone"
        ]
        if let moves = evictions.movesPerPod {
            let hundredths = Int((moves * 100).rounded())
            let digits = hundredths % 100 < 10 ? "0\(hundredths % 100)" : "\(hundredths % 100)"
            lines.append("moves per pod: \(hundredths / 100).\(digits)")
        }
        let operations = summary.operations
        lines.append(
            "asked: \(Words.count(operations.requests, "API request")), \(Words.count(operations.commands, "host command")); \(operations.failed) failed"
        )
        return lines.joined(separator: "\n")
    }
}
