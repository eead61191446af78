import FleetModel
import FleetPlanning
import Testing

@testable import FleetReport
@testable import FleetRun

/// The board at the foot of a terminal.
struct RunBoardTests {
    private let plan = Plan(
        cluster: "8c1d", playbook: "decommission", name: "decommission",
        waves: [
            PlannedWave(
                number: 1,
                targets: ["web-001", "web-002"].map { PlanTarget(host: $0, node: NodeName($0), zone: "a") }),
            PlannedWave(number: 2, targets: [PlanTarget(host: "web-003", node: "web-003", zone: "b")]),
        ],
        policy: WavePolicy(), findings: [],
        forecast: Forecast(
            evictions: 2, shortestSeconds: 60, longestSeconds: 120,
            waves: [.init(number: 1, evictions: 2, shortestSeconds: 60, longestSeconds: 120)], stalls: []),
        digest: "3f9a12c4d5e6f7a8"
    )

    private func lines(after seconds: Double, columns: Int = 100, rows: Int = 16) -> [String] {
        var summary = RunSummary(RunStory.id)
        for (offset, event) in RunStory.events where offset <= seconds {
            summary.apply(event, at: RunStory.start + .seconds(offset))
        }
        return RunBoard(plan).lines(
            of: summary, at: RunStory.start + .seconds(seconds), columns: columns, rows: rows, style: .plain)
    }

    @Test("in mid-drain it shows waves by zones, what is left by forecast, and who waits for what since when")
    func drain() {
        #expect(
            lines(after: 11, columns: 80) == [
                "── decommission · r-20260102-140200-abcd · 11s · 50s to 1m50s left by forecast ─",
                "wave    zone a  zone b  pods moved  time",
                "1 of 2  0/2     ·       0           10s",
                "node     in hand  step   pods gone  waits",
                "web-001  10s      drain  0 of 1     9s: PodDisruptionBudget shop/cart needs 3 h…",
            ])
    }

    @Test("a node that was set aside is counted in its zone and named")
    func aside() {
        #expect(
            lines(after: 23) == [
                "── decommission · r-20260102-140200-abcd · 23s "
                    + String(repeating: "─", count: 100 - 47),
                "wave    zone a            zone b  pods moved  time",
                "1 of 2  1/2, 1 set aside  ·       1           22s",
                "set aside: web-002",
            ])
    }

    @Test("it is never higher than asked; what does not fit is counted")
    func height() {
        var summary = RunSummary(RunStory.id)
        summary.apply(RunStory.events[0].1, at: RunStory.start)
        for number in 1...40 {
            summary.apply(
                .nodeStarted(RunEvent.NodeStarted(node: NodeName("web-\(number)"), wave: 1, zone: "a")),
                at: RunStory.start)
        }
        let lines = RunBoard(plan).lines(of: summary, at: RunStory.start, columns: 60, rows: 8, style: .ansi)
        #expect(lines.count == 8)
        #expect(lines.last?.contains("and 37 more in hand") == true)
        #expect(lines.allSatisfy { $0.replacing(/\u{1B}\[[0-9]+m/, with: "").count <= 60 })
    }

    @Test("nothing is left of it once the run has ended, or before it began")
    func ended() {
        #expect(lines(after: 30).isEmpty)
        #expect(lines(after: -1).isEmpty)
    }

    @Test(
        "a line is cut by what is seen of it",
        arguments: [
            ("abcdef", 6, "abcdef"), ("abcdef", 4, "abc…"), ("\u{1B}[1mabcdef\u{1B}[0m", 4, "\u{1B}[1mabc…\u{1B}[0m"),
        ])
    func clip(line: String, width: Int, clipped: String) { #expect(TextStyle.clip(line, to: width) == clipped) }
}
