import FleetModel
import Testing

@testable import FleetRun

/// What would go wrong on a host: rows of evidence, and the findings they give, blockers first.
@Suite("Checkups of hosts")
struct CheckupTests {
    private static let now = Instant(seconds: 1_700_000_000)
    private static let quick = ["connect": 1, "handshake": 20, "authentication": 30, "start": 15, "command": 40]

    /// What a healthy host answers; each row changes some lines of it.
    private static let healthy = ["time": "1700000000", "uid": "1000", "disk": "/ 40 5 90000000"]

    private static func answer(_ changes: [String: String], _ more: [String] = []) -> String {
        (healthy.merging(changes) { $1 }.map { "\($0)=\($1)" } + more + ["end=yes"]).joined(separator: "\n")
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var outcome = HostOutcome.exited(0)
        var answer: [String: String] = [:]
        var more: [String] = []
        var timings = CheckupTests.quick
        var stage: HostReport.Stage?
        var root: HostOutcome?
        var rootAnswer: [String: String] = [:]
        var isJumpHost = false
        var found: [String]
        var testDescription: String { name }
    }

    static let rows = [
        Row(name: "a healthy host", found: []),
        Row(name: "a healthy host with root", root: .exited(0), rootAnswer: ["uid": "0"], found: []),
        Row(
            name: "sudo wants a password", root: .refused(HostRefusal(.becomeFailed, "sudo: a password is required")),
            found: ["no-root blocker: sudo: a password is required"]),
        Row(
            name: "the look as root breaks off", root: .signalled("KILL"),
            found: ["root-look-failed blocker: killed by SIGKILL"]),
        Row(name: "no end of the script", outcome: .exited(2), found: ["look-failed blocker: exited 2"]),
        Row(
            name: "nobody listens", outcome: .neverStarted("Connection refused"), stage: .connect,
            found: ["unreachable blocker: Connection refused"]),
        Row(
            name: "no answer in time", outcome: .timedOut(.connect), stage: .connect,
            found: ["unreachable blocker: no end of connect in time"]),
        Row(
            name: "MaxStartups drops it", outcome: .neverStarted("the host closed the connection"),
            stage: .handshake, found: ["dropped blocker: the host closed the connection"]),
        Row(
            name: "dropped while logging in", outcome: .timedOut(.authentication),
            stage: .authentication, found: ["dropped blocker: no end of authentication in time"]),
        Row(
            name: "a shell that refuses", outcome: .neverStarted("the login shell did not start sh: no"),
            stage: .shell, found: ["no-shell blocker: the login shell did not start sh: no"]),
        Row(
            name: "a lost jump host", outcome: .neverStarted("b: Connection refused"), stage: .jumpHost,
            found: ["behind-jump-host blocker: b: Connection refused"]),
        Row(
            name: "a jump host that is not trusted", outcome: .refused(HostRefusal(.hostKeyUnknown, "words")),
            stage: .jumpHost, found: ["behind-jump-host blocker: words"]),
        Row(
            name: "words of a jump host about another stage", outcome: .neverStarted("the jump host b: lost"),
            stage: .shell, found: ["no-shell blocker: the jump host b: lost"]),
        Row(
            name: "an unknown key", outcome: .refused(HostRefusal(.hostKeyUnknown, "words")), timings: [:],
            found: ["host-key-unknown blocker: words"]),
        Row(
            name: "a changed key", outcome: .refused(HostRefusal(.hostKeyChanged, "words")), timings: [:],
            found: ["host-key-changed blocker: words"]),
        Row(
            name: "an RSA-only host", outcome: .refused(HostRefusal(.hostKeyUnsupported, "words")), timings: [:],
            found: ["host-key-unsupported blocker: words"]),
        Row(
            name: "a refused login", outcome: .refused(HostRefusal(.authenticationFailed, "words")), timings: [:],
            found: ["login-refused blocker: words"]),
        Row(
            name: "a slow shell", timings: quick.merging(["start": 1400]) { $1 }, found: ["slow-shell warning: 1400 ms"]
        ),
        Row(name: "a far host", timings: quick.merging(["connect": 800, "start": 1400]) { $1 }, found: []),
        Row(
            name: "a slow login", timings: quick.merging(["authentication": 3000]) { $1 },
            found: ["slow-login warning: 3000 ms"]),
        Row(name: "a clock a second off", answer: ["time": "1699999998"], found: []),
        Row(
            name: "a clock behind", answer: ["time": "1699999990"],
            found: ["clock-skew warning: at least 8 s behind"]),
        Row(
            name: "a clock far ahead", answer: ["time": "1700003602"],
            found: ["clock-skew blocker: at least 3600 s ahead"]),
        Row(
            name: "a full disk, and one nearly full", answer: ["disk": "/ 99 5 90000000"],
            more: ["disk=/var 91 5 9000000"],
            found: [
                "disk-full blocker: /: 99 % of space and 5 % of inodes used, 87890 MiB free",
                "disk-nearly-full warning: /var: 91 % of space and 5 % of inodes used, 8789 MiB free",
            ]),
        Row(
            name: "no inodes left", answer: ["disk": "/var 40 98 90000000"],
            found: ["disk-full blocker: /var: 40 % of space and 98 % of inodes used, 87890 MiB free"]),
        Row(
            name: "a small disk with no room", answer: ["disk": "/tmp 50 1 65000"],
            found: ["disk-full blocker: /tmp: 50 % of space and 1 % of inodes used, 63 MiB free"]),
        Row(name: "missing programs", more: ["missing=awk", "missing=setsid"], found: ["tools-missing blocker: "]),
        Row(name: "a read-only file system", more: ["read_only=/var"], found: ["read-only blocker: "]),
        Row(
            name: "few sessions", root: .exited(0), rootAnswer: ["uid": "0", "sshd": "maxsessions 4"],
            found: ["max-sessions warning: MaxSessions 4"]),
        Row(
            name: "one session", root: .exited(0), rootAnswer: ["uid": "0", "sshd": "MaxSessions 1"],
            found: ["max-sessions blocker: MaxSessions 1"]),
        Row(
            name: "a low MaxStartups of a target", root: .exited(0),
            rootAnswer: ["uid": "0", "sshd": "maxstartups 3:30:10"], found: []),
        Row(
            name: "a low MaxStartups of a jump host", root: .exited(0),
            rootAnswer: ["uid": "0", "sshd": "maxstartups 3:30:10"], isJumpHost: true,
            found: ["max-startups warning: MaxStartups 3:30:10"]),
        Row(
            name: "a jump host that passes nothing on", answer: ["uid": "0", "sshd": "allowtcpforwarding no"],
            isJumpHost: true, found: ["no-forwarding blocker: AllowTcpForwarding no"]),
    ]

    @Test(arguments: rows) func findings(_ row: Row) {
        let output = row.outcome.isSuccess ? Self.answer(row.answer, row.more) : ""
        let evidence = CheckupEvidence(
            host: "n1", user: "ops", isJumpHost: row.isJumpHost,
            report: HostReport(
                outcome: row.outcome, standardOutput: output, timings: row.timings, stage: row.stage),
            rootReport: row.root.map { HostReport(outcome: $0, standardOutput: Self.answer(row.rootAnswer)) },
            startedAt: Self.now, endedAt: Self.now)
        let checkup = Checkup(evidence)
        #expect(checkup.findings.map { "\($0.code) \($0.severity.rawValue): \($0.evidence)" } == row.found)
        #expect(checkup.findings.allSatisfy { !$0.message.isEmpty && !$0.mend.isEmpty && !$0.mend.contains("\n") })
        #expect(checkup.isBlocked == row.found.contains { $0.contains(" blocker") })
    }

    @Test("an answer that breaks off is told as a look that failed")
    func brokenAnswer() {
        let evidence = CheckupEvidence(
            host: "n1", user: "ops", report: HostReport(outcome: .exited(0), standardOutput: "time=1700000000\n"),
            startedAt: Self.now, endedAt: Self.now)
        #expect(Checkup(evidence).findings.map(\.code) == ["look-failed"])
    }
}
