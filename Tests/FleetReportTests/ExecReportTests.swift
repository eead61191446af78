import FleetModel
import FleetReport
import Testing

/// Grouping, differences and counts of an ad-hoc command.
struct ExecReportTests {
    private static func result(
        _ host: String, _ outcome: HostOutcome?, _ output: String = "", error: String = "", address: String? = nil
    ) -> ExecResult {
        let report = outcome.map { HostReport(outcome: $0, standardOutput: output, standardError: error) }
        return ExecResult(HostName(host), address: address ?? host, report: report)
    }

    private static func text(_ results: [ExecResult], isStreamed: Bool = false) -> String {
        let begun = Instant(seconds: 1_700_000_000)
        return ExecReport(
            command: "x", results, from: begun, to: begun + .milliseconds(2345), isStreamed: isStreamed
        ).text(.plain)
    }

    @Test("identical output is told once, under folded names; the count comes last")
    func identical() {
        let results = ["web-001", "web-002", "web-003"].map { Self.result($0, .exited(0), "up\n") }
        #expect(
            Self.text(results) == """
                web-[001-003] (3 hosts): exit 0
                  up

                3 ok in 2.3s
                """)
    }

    @Test("a minority is told by its differences from the majority")
    func minority() {
        let majority = "a\nb\nc\nd\ne\nf\n"
        let results =
            ["n1", "n2", "n3"].map { Self.result($0, .exited(0), majority) }
            + [
                Self.result("n4", .exited(0), "a\nb\nc\nD\ne\nf\n"),
                Self.result("n5", .exited(1), "a\nb\nc\nd\ne\nf\ng\n"),
            ]
        #expect(
            Self.text(results) == """
                n[1-3] (3 hosts): exit 0
                  a
                  b
                  c
                  d
                  e
                  f

                n4: exit 0
                  differs from the majority in standard output:
                  …
                    c
                  - d
                  + D
                    e
                  …

                n5: exit 1
                  differs from the majority in standard output:
                  …
                    f
                  + g

                4 ok, 1 failed in 2.3s
                """)
    }

    @Test("output that has little in common is shown as it is, and standard error is marked")
    func different() {
        let results = [
            Self.result("n1", .exited(0), "5.10\n"), Self.result("n2", .exited(0), "5.10\n"),
            Self.result("n3", .exited(0), "6.1\n"), Self.result("n4", .exited(0)),
            Self.result("n5", .exited(127), error: "sh: no\n"),
        ]
        #expect(
            Self.text(results) == """
                n[1-2] (2 hosts): exit 0
                  5.10

                n3: exit 0
                  6.1

                n4: exit 0, without output

                n5: exit 127
                  ! sh: no

                4 ok, 1 failed in 2.3s
                """)
    }

    @Test("hosts with the same trouble are told together, though their addresses differ")
    func trouble() {
        let results = [
            Self.result("n1", .neverStarted("10.0.0.1:22 refused"), address: "10.0.0.1"),
            Self.result("n2", .neverStarted("10.0.0.2:22 refused"), address: "10.0.0.2"),
            Self.result("n3", .refused(HostRefusal(.hostKeyChanged, "n3 changed")), address: "10.0.0.3"),
            Self.result("n4", .timedOut(.command), "so far\n"),
            Self.result("n5", nil),
        ]
        #expect(
            Self.text(results) == """
                n4: still running when its time was over
                  so far

                n[1-2] (2 hosts): never started: ADDRESS:22 refused

                n3: refused: n3 changed

                n5: not begun

                0 ok, 1 timed out, 3 unreachable, 1 not begun in 2.3s
                """)
    }

    @Test("what was told while it came is not told again, failures aside")
    func streamed() {
        let results = [Self.result("n1", .exited(0), "out\n"), Self.result("n2", .exited(2), "out\n")]
        #expect(Self.text(results, isStreamed: true) == "n2: exit 2\n1 ok, 1 failed in 2.3s")
    }

    @Test("escapes of a host never reach the terminal")
    func escapes() {
        let results = [Self.result("n1", .exited(0), "a\u{1B}[31mb\u{7}\tc\r\n\u{9B}2J\n")]
        #expect(Self.text(results) == "n1: exit 0\n  a^[[31mb^G\tc\n  \\u{9b}2J\n\n1 ok in 2.3s")
    }

    @Test(
        "every outcome comes to one end",
        arguments: [
            (.exited(0), .ok), (.exited(3), .failed), (.signalled("KILL"), .failed), (.noStatus, .failed),
            (.transportLost("cut"), .failed), (.timedOut(.command), .timeout), (.timedOut(.idle), .timeout),
            (.timedOut(.connect), .unreachable), (.timedOut(.handshake), .unreachable),
            (.timedOut(.authentication), .unreachable), (.neverStarted("no route"), .unreachable),
            (.refused(HostRefusal(.hostKeyUnknown, "?")), .unreachable), (nil, .skipped),
        ] as [(HostOutcome?, ExecEnd)])
    func ends(outcome: HostOutcome?, end: ExecEnd) {
        #expect(ExecEnd(outcome) == end)
        #expect(ExecEnd(outcome).isFailure == (end != .ok && end != .skipped))
    }
}

/// The comparison of lines.
struct LineDiffTests {
    @Test(
        "what differs, with a line around it",
        arguments: [
            ("a\nb\n", "a\nb\nc\n", ["…", "  b", "- c"]),
            ("a\nb\nc\n", "b\nc\n", ["+ a", "  b", "…"]),
            ("a\nX\nc\nd\nY\nf", "a\nb\nc\nd\ne\nf", ["  a", "- b", "+ X", "  c", "  d", "- e", "+ Y", "  f"]),
            ("a\nb\n\n", "a\nb\n", ["…", "  b", "+ "]),
        ] as [(String, String, [String])])
    func hunks(text: String, other: String, hunks: [String]) {
        #expect(LineDiff(of: text, from: other)?.hunks == hunks)
    }

    @Test(
        "texts with less than half in common are not compared",
        arguments: [("a", "b"), ("", "a"), ("a", ""), ("a\nx\ny\n", "a\nb\nc\n"), ("a\n", "a\nb\nc\n")])
    func unlike(text: String, other: String) {
        #expect(LineDiff(of: text, from: other) == nil)
    }

    @Test("a difference in a very long output is found when it is small, and given up when it is not")
    func long() {
        let lines = (0..<50_000).map { "line \($0)" }
        var other = lines
        other[25_000] = "another"
        #expect(LineDiff(of: other.joined(separator: "\n"), from: lines.joined(separator: "\n"))?.hunks.count == 6)
        let shuffled = lines.enumerated().map { $0 % 2 == 0 ? $1 : "odd \($0)" }
        #expect(LineDiff(of: shuffled.joined(separator: "\n"), from: lines.joined(separator: "\n")) == nil)
    }
}
