import FleetModel
import Foundation
import Testing

@testable import FleetReport
@testable import FleetRun

/// What the facts of a run tell people, the cluster and the auditor.
struct NoticeTests {
    private func notices(_ events: [(Double, RunEvent)]) -> [Notice] {
        var notices = Notices(run: RunStory.id, playbook: "decommission")
        return events.compactMap { notices.take($1, at: RunStory.start + .seconds($0)) }
    }

    @Test("a run tells of the node set aside, of the wave and of its end, each in a sentence")
    func story() {
        let told = notices(RunStory.events)
        #expect(told.map(\.kind) == [.quarantined, .waveDone, .runDone])
        #expect(
            told.map(\.text) == [
                "fleet run \(RunStory.id) of decommission set web-002 aside in drain: not drained within 30m",
                "fleet run \(RunStory.id) of decommission finished wave 1: web-[001-002]; set aside: web-002",
                "fleet run \(RunStory.id) of decommission went to its end with nodes set aside: set aside: web-002",
            ])
        #expect(told.map(\.wave) == [1, 1, nil])
        #expect(told.first?.node == "web-002")
    }

    @Test("a block is told once, what can be resumed is told with the command, and Ctrl-C is told nobody")
    func blocks() {
        let block = RunEvent.runBlocked(.init(reason: "wave 2 cannot start a node"))
        let told = notices([
            (1, block), (2, block), (3, .runFinished(.init(result: .blocked, reason: "no room"))),
            (4, .runFinished(.init(result: .interrupted, reason: "stopped by SIGINT"))),
        ])
        #expect(
            told.map(\.text) == [
                "fleet run \(RunStory.id) of decommission is blocked: wave 2 cannot start a node",
                "fleet run \(RunStory.id) of decommission stopped and can be resumed: no room; go on with: fleet resume \(RunStory.id)",
            ])
    }

    @Test("a command finds the notice in its environment, a request carries it")
    func acts() throws {
        let notice = try #require(notices(RunStory.events).last)
        guard case .command(let command) = notice.act(of: Notifier(act: .command(LocalCommand(script: "page")))) else {
            Issue.record("no command")
            return
        }
        #expect(command.script == "page")
        #expect(command.environment["FLEET_KIND"] == "run_done")
        #expect(command.environment["FLEET_RESULT"] == "quarantined")
        #expect(command.environment["FLEET_TEXT"] == notice.text)
        let url = SecretText("https://hooks.example/secret")
        #expect(
            notice.act(of: Notifier(act: .request(LocalRequest(method: "POST", url: url))))
                == .request(LocalRequest(method: "POST", url: url, body: notice.json)))
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(notice.json.utf8)) as? [String: String])
        #expect(
            json == [
                "schema": "fleet.notice/v1", "kind": "run_done", "text": notice.text, "run": RunStory.id.rawValue,
                "playbook": "decommission", "result": "quarantined", "time": "2026-01-02T14:02:24.000Z",
            ])
    }

    @Test("one Event a node says what was done to it, or why it was set aside; nodes without a UID have none")
    func events() {
        var log = NodeEvents(
            run: RunStory.id, playbook: "decommission", actor: RunStory.actor,
            uids: ["web-001": "uid-1", "web-002": "uid-2"])
        let found = RunStory.events.enumerated().flatMap { place, entry in
            log.take(entry.1, sequence: Int64(place + 1), at: RunStory.start + .seconds(entry.0))
        }
        #expect(found.map(\.reason) == ["Drained", "SetAside"])
        #expect(
            found.first
                == NodeEvent(
                    name: "web-001.\(RunStory.id)-16", node: "web-001", uid: "uid-1", reason: "Drained",
                    action: "Drain",
                    note: "cordoned, drained (1 pod evicted) by fleet run \(RunStory.id) (decommission, wave 1)",
                    time: RunStory.start + .seconds(21.2), reporter: "alice@bastion"))
        #expect(found.last?.isWarning == true)
        #expect(found.last?.note.hasSuffix("not drained within 30m") == true)
        var strange = NodeEvents(run: RunStory.id, playbook: "x", actor: RunStory.actor, uids: [:])
        #expect(RunStory.events.allSatisfy { strange.take($1, sequence: 1, at: RunStory.start).isEmpty })
    }

    @Test(
        "a Node that came in gets its Event by the UID that it registered with; one that never registered has none",
        arguments: [
            ("u9", [.nodeFinished(.init(node: "n9"))], ["Joined"], ["joined the cluster, label"]),
            (nil, [.nodeFinished(.init(node: "n9"))], [], []),
            ("u9", [Self.aside(nil)], ["SetAside"], ["set aside in wait_ready"]),
            (nil, [Self.aside("u9")], ["SetAside"], ["set aside in wait_ready"]),
            (nil, [Self.aside(nil)], [], []),
            (
                "u9", [.runFinished(.init(result: .aborted, reason: "by ops"))], ["Joined"],
                ["joined the cluster, label"]
            ),
        ] as [(ObjectUID?, [RunEvent], [String], [String])])
    func newcomers(uid: ObjectUID?, ends: [RunEvent], reasons: [String], verbs: [String]) {
        var log = NodeEvents(run: "r-1", playbook: "expand", actor: RunStory.actor, uids: [:])
        let facts: [RunEvent] = [
            .nodeStarted(.init(node: "n9", wave: 2, zone: "b")),
            .stepFinished(
                .init(
                    node: "n9", index: 0, step: "join", changed: true, detail: "registered", nodeUID: uid)),
            .stepFinished(.init(node: "n9", index: 1, step: "label", changed: true, detail: "")),
        ]
        let events = (facts + ends).enumerated().flatMap { place, fact in
            log.take(fact, sequence: Int64(place + 1), at: RunStory.start)
        }
        #expect(events.map(\.reason) == reasons)
        #expect(zip(events, verbs).allSatisfy { $0.note.hasPrefix("\($1) by fleet run r-1 (expand, wave 2)") })
        #expect(events.allSatisfy { $0.uid == "u9" })
    }

    private static func aside(_ uid: ObjectUID?) -> RunEvent {
        .nodeQuarantined(
            .init(node: "n9", step: "wait_ready", reason: "not Ready", owesCleanup: false, nodeUID: uid))
    }

    @Test(
        "the weightiest of what was done names the Event; what went before a failure is told with it",
        arguments: [
            (["cordon", "drain", "delete_node"], "Deleted", "cordoned, drained (d), removed from the cluster"),
            (["cordon", "drain", "reboot", "uncordon"], "Rebooted", "cordoned, drained (d), rebooted, uncordoned"),
            (["cordon", "uncordon"], "Uncordoned", "cordoned, uncordoned"),
            (["label", "taint"], "Changed", "label, taint"), ([], nil, nil),
        ] as [([String], String?, String?)])
    func outcomes(steps: [String], reason: String?, words: String?) {
        func events(endingWith last: RunEvent) -> [NodeEvent] {
            var log = NodeEvents(run: "r-1", playbook: "p", actor: RunStory.actor, uids: ["n": "u"])
            let facts = steps.enumerated().map { index, step in
                RunEvent.stepFinished(.init(node: "n", index: index, step: step, changed: true, detail: "d"))
            }
            return (facts + [last]).flatMap { log.take($0, sequence: 1, at: RunStory.start) }
        }
        let finished = events(endingWith: .nodeFinished(.init(node: "n")))
        #expect(finished.map(\.reason) == [reason].compactMap(\.self))
        #expect(finished.map(\.note) == [words].compactMap(\.self).map { "\($0) by fleet run r-1 (p)" })
        let failed = events(
            endingWith: .nodeQuarantined(.init(node: "n", step: "run", reason: "exited 3", owesCleanup: false)))
        let before = words.map { "; before that \($0)" } ?? ""
        #expect(failed.map(\.note) == ["set aside in run by fleet run r-1 (p): exited 3\(before)"])
        // A run that ends in the middle says what it leaves.
        let left = events(endingWith: .runFinished(.init(result: .aborted, reason: "by ops")))
        #expect(left.map(\.reason) == [reason].compactMap(\.self))
        #expect(left.allSatisfy { $0.isWarning && $0.note.hasSuffix(": the run ended meanwhile: aborted") })
    }

    private struct Trail: Decodable, Equatable {
        struct Actor: Decodable, Equatable { var user, machine, version: String }
        struct Act: Decodable, Equatable {
            var operation: Int
            var title, outcome: String
            var node: String?
            var changes: [ObjectChange]
        }
        var actors: [Actor]
        var acts: [Act]
    }

    @Test("the audit names who, and each change with what was there before and how it was answered")
    func audit() throws {
        var events = RunStory.events.map { (event: $0.1, time: RunStory.start + .seconds($0.0)) }
        let change = ObjectChange(object: "Node web-001", field: "spec.unschedulable", before: "false", after: "true")
        events.append(
            (
                .operationIntended(
                    .init(id: 9, node: "web-001", index: 0, key: "x", title: "cordon web-001", changes: [change])),
                RunStory.start + .seconds(30)
            ))
        let data = try JSONEncoder().encode(AuditTrail(events))
        let trail = try JSONDecoder().decode(Trail.self, from: data)
        #expect(trail.actors == [.init(user: "alice", machine: "bastion", version: "0.1.0")])
        #expect(trail.acts.map(\.operation) == [1, 2, 3, 4, 5, 9])
        #expect(
            trail.acts.map(\.outcome) == [
                "succeeded", "accepted", "accepted", "budgetExhausted", "exited 3", "unknown",
            ])
        #expect(
            trail.acts[1].changes == [
                ObjectChange(object: "Pod shop/cart-1", field: "spec.nodeName", before: "web-001", after: nil)
            ])
        #expect(trail.acts.last?.changes == [change])
        // The one act past a budget is there, and who allowed it.
        let consent = RunEvent.Consent(approvals: ["critical-pods"], allowed: ["budget-override"], takeOver: "r-0")
        let pod = PodReference(ObjectKey("shop", "cart-1"), uid: "u1")
        let past = RunEvent.BudgetPassed(
            request: .init(
                id: 9, pod: pod, node: "web-001", budget: "b", workload: nil, readyBefore: 3, podCreatedAt: nil),
            reason: "it needs 3 and has 3", waitedSeconds: 60)
        var named = RunStory.actor
        named.clusterUser = "oidc:alice"
        let told = AuditTrail([
            (.runResumed(.init(actor: named, inDoubt: [], consent: consent)), RunStory.start),
            (.budgetPassed(past), RunStory.start),
            (.runHandedOver(.init(actor: RunStory.actor, stateFile: "f")), RunStory.start),
        ])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(told), as: UTF8.self)
        #expect(
            text.contains(#""consent":{"allowed":["budget-override"],"approvals":["critical-pods"],"takeOver":"r-0"}"#),
            "\(text)")
        #expect(text.contains(#""clusterUser":"oidc:alice""#), "\(text)")
        #expect(text.contains(#""title":"delete shop/cart-1 past its budget: it needs 3 and has 3""#), "\(text)")
        #expect(text.contains(#""handOvers":[{"at":""#), "\(text)")
    }
}
