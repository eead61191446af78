import FleetModel
import FleetReport
import Testing

/// The sliding window, the bound of failures and what `--rerun` chooses.
struct ExecWindowTests {
    private static func at(_ seconds: Int64) -> Instant { Instant(seconds: seconds) }

    private static func begin(_ window: inout ExecWindow, at time: Int64) -> [Int] {
        var begun: [Int] = []
        while let position = window.begin(at: at(time)) { begun.append(position) }
        return begun
    }

    @Test("as many as the window holds are begun, and one more for each that ends, whichever it is")
    func sliding() {
        var window = ExecWindow(5, forks: 2, bound: nil)
        #expect(Self.begin(&window, at: 1) == [0, 1])
        #expect(window.oldest?.position == 0)
        window.end(1, HostReport(outcome: .exited(0)))
        #expect(Self.begin(&window, at: 2) == [2])
        window.end(2, HostReport(outcome: .exited(1)))
        #expect(Self.begin(&window, at: 3) == [3])
        window.end(0, HostReport(outcome: .exited(0)))
        #expect(Self.begin(&window, at: 4) == [4])
        #expect(!window.isFinished)
        window.end(3, HostReport(outcome: .exited(0)))
        window.end(4, HostReport(outcome: .exited(0)))
        #expect(window.isFinished)
        #expect(!window.isStopped)
        #expect(window.ended == 5)
        #expect(window.bound.failures == 1)
        #expect(window.reports.map { $0?.outcome } == [.exited(0), .exited(0), .exited(1), .exited(0), .exited(0)])
    }

    @Test("an empty window is finished, and a host that was not begun cannot end")
    func edges() {
        #expect(ExecWindow(0, forks: 4, bound: nil).isFinished)
        var window = ExecWindow(2, forks: 1, bound: nil)
        window.end(1, HostReport(outcome: .exited(0)))
        #expect(window.ended == 0)
        #expect(window.reports == [nil, nil])
    }

    struct Bound: Sendable, CustomTestStringConvertible {
        var bound: CountOrPercent?
        var outcomes: [HostOutcome]
        var begun: Int
        var testDescription: String { "\(bound.map { "\($0)" } ?? "none") of 10: \(begun) begun" }
    }

    static let bounds = [
        Bound(bound: nil, outcomes: Array(repeating: .exited(1), count: 10), begun: 10),
        Bound(bound: .count(0), outcomes: [.exited(0), .exited(1), .exited(0)], begun: 2),
        Bound(bound: .count(2), outcomes: [.exited(1), .neverStarted("x"), .exited(0), .timedOut(.command)], begun: 4),
        Bound(bound: .percent(19), outcomes: [.exited(1), .exited(1), .exited(0)], begun: 2),
        Bound(bound: .percent(20), outcomes: [.exited(1), .exited(1), .exited(1), .exited(0)], begun: 3),
        Bound(bound: .percent(100), outcomes: Array(repeating: .noStatus, count: 10), begun: 10),
    ]

    @Test("no more are begun once more failed than may", arguments: bounds)
    func bound(_ row: Bound) {
        var window = ExecWindow(10, forks: 1, bound: row.bound)
        var begun = 0
        while let position = window.begin(at: .epoch) {
            begun += 1
            window.end(
                position, HostReport(outcome: position < row.outcomes.count ? row.outcomes[position] : .exited(0)))
        }
        #expect(begun == row.begun)
        #expect(window.isFinished)
        #expect(window.isStopped == (row.begun < 10))
        #expect(window.reports.count { $0 == nil } == 10 - row.begun)
    }

    @Test("an interruption begins nobody, and waits for those that were begun")
    func interruption() {
        var window = ExecWindow(3, forks: 2, bound: nil)
        #expect(Self.begin(&window, at: 1) == [0, 1])
        window.interrupt()
        #expect(window.begin(at: Self.at(2)) == nil)
        #expect(!window.isFinished)
        window.end(0, HostReport(outcome: .signalled("TERM")))
        window.end(1, HostReport(outcome: .exited(0)))
        #expect(window.isFinished)
        #expect(window.isStopped)
    }

    private static func results(_ outcomes: [String: HostOutcome?]) -> [ExecResult] {
        outcomes.sorted { $0.key < $1.key }.map { name, outcome in
            ExecResult(HostName(name), address: name, report: outcome.map { HostReport(outcome: $0) })
        }
    }

    @Test("a later exec chooses by how hosts ended, in the order of the pattern")
    func rerun() {
        let last = LastExec(
            Self.results([
                "a": .exited(0), "b": .exited(2), "c": .neverStarted("x"), "d": .timedOut(.command), "e": nil,
                "f": .transportLost("cut"),
            ]), at: Self.at(1_700_000_000))
        let names = ["f", "e", "d", "c", "b", "a", "new"].map { HostName($0) }
        #expect(last.chosen([.failed], of: names).map(\.rawValue) == ["f", "b"])
        #expect(last.chosen([.unreachable], of: names).map(\.rawValue) == ["c"])
        #expect(last.chosen([.timeout, .skipped], of: names).map(\.rawValue) == ["e", "d"])
        #expect(last.chosen([.failed], of: [HostName("a")]).isEmpty)
        #expect(last.endedAt == "2023-11-14T22:13:20.000Z")
    }

    @Test("hosts that a rerun left alone keep their end")
    func keeping() {
        let first = LastExec(Self.results(["a": .exited(1), "b": .neverStarted("x")]), at: .epoch)
        let second = LastExec(Self.results(["a": .exited(0)]), at: .epoch, keeping: first)
        #expect(second.hosts == ["a": .ok, "b": .unreachable])
        #expect(LastExec(Self.results(["a": .exited(0)]), at: .epoch).hosts == ["a": .ok])
    }
}

/// Lines cut out of what comes.
struct LiveLinesTests {
    private static func tell(_ pieces: [String]) -> [String] {
        var lines = LiveLines(host: "n1", width: 4, style: .plain)
        let told = pieces.map { lines.consume(Array($0.utf8)) }
        return told + [lines.finish()]
    }

    @Test(
        "a line is told when it is complete, and the last one at the end",
        arguments: [
            (["a\n"], ["n1    a\n", ""]), (["a", "b\nc"], ["", "n1    ab\n", "n1    c\n"]),
            (["a\n\nb\n"], ["n1    a\nn1    \nn1    b\n", ""]), (["", "\n"], ["", "n1    \n", ""]), ([], [""]),
            (["\u{1B}]0;x\u{7}\r\n"], ["n1    ^[]0;x^G\n", ""]),
        ] as [([String], [String])])
    func lines(pieces: [String], told: [String]) {
        #expect(Self.tell(pieces) == told)
    }

    @Test("what was dropped is told in its place, on a line of its own")
    func skipped() {
        var lines = LiveLines(host: "n1", width: 4, style: .plain)
        #expect(lines.consume(Array("a\nb".utf8)) == "n1    a\n")
        let notice = "(7 bytes were dropped: they came faster than they could be printed)"
        #expect(lines.skip(7) == "n1    b\nn1    \(notice)\n")
        #expect(lines.skip(7) == "n1    \(notice)\n")
        #expect(lines.consume(Array("c\n".utf8)) == "n1    c\n")
    }

    @Test("a character cut in two comes out whole, and a line without end is cut")
    func long() {
        var lines = LiveLines(host: "n", width: 0, style: .plain)
        #expect(lines.consume([0xC3]) == "")
        #expect(lines.consume([0xA4, 10]) == "n  ä\n")
        let endless = lines.consume(Array(repeating: 120, count: 70_000))
        #expect(endless.utf8.count == 70_004)
        #expect(lines.finish() == "")
    }
}
