import FleetModel
import Foundation
import Testing

@testable import FleetReport
@testable import FleetRun

/// What a run's facts add up to.
struct RunSummaryTests {
    private func summary(of events: some Sequence<(Double, RunEvent)>) -> RunSummary {
        var summary = RunSummary(RunStory.id)
        for (second, event) in events { summary.apply(event, at: RunStory.start + .seconds(second)) }
        return summary
    }

    @Test("counts evictions, second moves, refusals, requests and commands")
    func counts() {
        let summary = summary(of: RunStory.events)
        #expect(summary.evictions.requested == 3)
        #expect(summary.evictions.accepted == 2)
        #expect(summary.evictions.pushedBack == 1)
        #expect(summary.evictions.repeated == 1)
        #expect(summary.evictions.movesPerPod == 2)
        #expect(summary.evictions.byBudget == ["PodDisruptionBudget shop/cart": 2])
        #expect(summary.operations == .init(requests: 4, commands: 1, failed: 1))
    }

    @Test("knows what is awaited, by whom and since when")
    func waiting() {
        let summary = summary(of: RunStory.events.prefix(13))
        #expect(
            summary.waiting == [
                .init(
                    reason: RunStory.blocked, step: "drain", nodes: ["web-001"], since: RunStory.start + .seconds(1.2))
            ]
        )
        #expect(self.summary(of: RunStory.events).waiting.isEmpty)
    }

    @Test("a journal's records give the same summary as its events")
    func records() throws {
        let records = try RunStory.events.enumerated().map { position, entry in
            try entry.1.record(sequence: Int64(position + 1), at: RunStory.start + .seconds(entry.0))
        }
        #expect(try RunSummary(RunStory.id, records: records) == summary(of: RunStory.events))
    }

    @Test("a resumed run is unfinished again")
    func resumed() {
        let resumed: [(Double, RunEvent)] = [(30, .runResumed(.init(actor: RunStory.actor, inDoubt: [])))]
        let summary = summary(of: RunStory.events + resumed)
        #expect(summary.result == nil)
        #expect(summary.resumptions == 1)
    }

    @Test("the text shows waves, what was set aside and the counts")
    func text() {
        let report = RunReport(summary(of: RunStory.events), at: RunStory.start + .seconds(24))
        #expect(
            report.text(.plain) == """
                run r-20260102-140200-abcd  decommission, plan 3f9a12c4d5e6  quarantined: set aside: web-002
                begun 2026-01-02 14:02:00Z by alice@bastion (fleet 0.1.0), 24s

                wave  state  nodes  done  quarantined  pods moved  time  members
                1     done   2      1     1            1           22s   web-[001-002]

                quarantined: web-002 (wave 1) in drain: not drained within 30m; its clean-up is owed

                evictions: 2 accepted, 1 answered 429, 0 refused otherwise; 1 pod gone
                moves per pod: 2.00
                asked: 4 API requests, 1 host command; 1 failed
                """
        )
    }

    @Test("an unfinished run says what it waits for")
    func unfinished() {
        let report = RunReport(summary(of: RunStory.events.prefix(13)), at: RunStory.start + .seconds(251.2))
        let text = report.text(.plain)
        #expect(text.contains("unfinished, last fact 4m10s ago"))
        #expect(text.contains("web-001  1     a     drain  0 of 1 gone  4m10s"))
        #expect(text.contains("waiting 4m10s: drain of web-001: \(RunStory.blocked)"))
    }

    @Test("the JSON names its schema and carries RFC 3339 times")
    func json() throws {
        let document = RunReport(summary(of: RunStory.events), at: RunStory.start).document
        let data = try JSONEncoder().encode(document)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["schema"] as? String == "fleet.run/v1")
        #expect(object["state"] as? String == "quarantined")
        #expect(object["startedAt"] as? String == "2026-01-02T14:02:00.000Z")
        let evictions = try #require(object["evictions"] as? [String: Any])
        #expect(evictions["movesPerPod"] as? Double == 2)
    }

    @Test("an event's JSON line has schema, place, time, kind and data")
    func eventJSON() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let event = EventJSON(.nodeFinished(.init(node: "web-001")), sequence: 7, at: RunStory.start, run: RunStory.id)
        let text = String(decoding: try encoder.encode(event), as: UTF8.self)
        #expect(
            text == """
                {"data":{"node":"web-001"},"kind":"node.finished","run":"r-20260102-140200-abcd","schema":"fleet.event/v1",\
                "sequence":7,"time":"2026-01-02T14:02:00.000Z"}
                """
        )
    }
}
