import FleetModel
import FleetRun
import Foundation
import Testing

@testable import FleetReport

/// What `fleet doctor` prints: findings once, with everybody who has them.
@Suite("Reports of checkups")
struct CheckupReportTests {
    private static func checkup(_ host: String, isJumpHost: Bool = false, _ findings: [Checkup.Finding]) -> Checkup {
        var checkup = Checkup(
            CheckupEvidence(
                host: host, user: "ops", isJumpHost: isJumpHost, report: .init(outcome: .exited(0)),
                startedAt: .epoch, endedAt: .epoch))
        checkup.findings = findings
        return checkup
    }

    private static func disk(_ words: String) -> Checkup.Finding {
        Checkup.Finding("disk-full", .blocker, "a file system is full", evidence: words, mend: "make room")
    }

    private static let slow = Checkup.Finding(
        "slow-shell", .warning, "the shell is slow", evidence: "2 s", mend: "look")

    private static let checkups = [
        checkup("web-1", [slow]), checkup("web-2", [disk("/: 99 %"), slow]), checkup("web-3", [disk("/: 99 %")]),
        checkup("web-4", [disk("/var: 98 %"), disk("/tmp: 99 %")]), checkup("web-5", []),
    ]

    @Test func text() {
        #expect(
            CheckupReport(Self.checkups).text(.plain) == """
                blocker: a file system is full: web-[2-4] (3 hosts)
                    web-[2-3]: /: 99 %
                    web-4: /var: 98 %
                    web-4: /tmp: 99 %
                    → make room

                warning: the shell is slow: web-[1-2] (2 hosts)
                    2 s
                    → look

                1 well, 1 with warnings, 3 blocked
                """)
        #expect(CheckupReport([Self.checkup("a", [])]).text(.plain) == "1 well")
    }

    @Test func manyPiecesOfEvidenceAreCounted() {
        let many = (1...9).map { Self.checkup("n\($0)", [Self.disk("/: \(90 + $0) %")]) }
        let text = CheckupReport(many).text(.plain)
        #expect(text.contains("    n5: /: 95 %\n    and 4 more; --output json has all\n    → make room"))
    }

    @Test func document() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let document = CheckupReport([Self.checkups[1], Self.checkup("b", isJumpHost: true, [])]).document
        let text = String(decoding: try encoder.encode(document), as: UTF8.self)
        #expect(
            text == """
                {"findings":[\
                {"code":"disk-full","hosts":["web-2"],"mend":"make room","message":"a file system is full","names":"web-2","severity":"blocker"},\
                {"code":"slow-shell","hosts":["web-2"],"mend":"look","message":"the shell is slow","names":"web-2","severity":"warning"}],\
                "hosts":[{"blocked":true,"findings":[{"code":"disk-full","evidence":"/: 99 %","severity":"blocker"},\
                {"code":"slow-shell","evidence":"2 s","severity":"warning"}],"host":"web-2","jumpHost":false},\
                {"blocked":false,"findings":[],"host":"b","jumpHost":true}],"schema":"fleet.doctor/v1"}
                """)
    }
}
