import FleetModel
import FleetReport
import Testing

@testable import FleetRun

/// A run as sentences.
struct EventLinesTests {
    private func tell(_ events: some Sequence<(Double, RunEvent)>, isVerbose: Bool = false) -> [String] {
        var lines = EventLines(run: RunStory.id)
        var texts: [String] = []
        for (second, event) in events {
            let told = lines.lines(for: event, at: RunStory.start + .seconds(second))
            texts += told.filter { isVerbose || !$0.isDetail }.map { $0.text(.plain) }
        }
        return texts
    }

    @Test("a run reads as one plain sentence an event")
    func story() {
        #expect(
            tell(RunStory.events) == [
                "14:02:00Z  run r-20260102-140200-abcd of decommission begins: wave 1 of plan 3f9a12c4d5e6, by alice@bastion (fleet 0.1.0)",
                "14:02:01Z  preflight passed: 2 hosts reached and proved",
                "14:02:01Z  wave 1  begins: web-[001-002] in zone a",
                "14:02:01Z  wave 1  web-001  taken in hand (zone a)",
                "14:02:01Z  wave 1  web-001  cordon: SchedulingDisabled",
                "14:02:21Z  wave 1  web-001  drain: waiting 20s for \(RunStory.blocked)",
                "14:02:21Z  wave 1  web-001  shop/cart-1 left (Deployment shop/cart)",
                "14:02:21Z  wave 1  web-001  drain: 1 pod evicted (20s)",
                "14:02:21Z  wave 1  web-001  done in 20s, 1 pod moved",
                "14:02:22Z  wave 1  web-002  taken in hand (zone a)",
                "14:02:22Z  wave 1  web-002  evict shop/db-0 was refused: Cannot evict pod as it would violate the pod's disruption budget. (budgetExhausted)",
                "14:02:22Z  wave 1  web-002  look at web-002 failed: no such unit (exited 3)",
                "14:02:23Z  wave 1  web-002  quarantined in drain: not drained within 30m; its clean-up is owed",
                "14:02:23Z  wave 1  done in 22s: 2 nodes, 2 pods moved, 1 quarantined",
                "14:02:24Z  run r-20260102-140200-abcd went to its end with nodes set aside: set aside: web-002",
            ]
        )
    }

    @Test("a fact that says an absurd time is told like any other, at once")
    func absurdTimes() {
        let soak = RunEvent.SoakStarted(wave: 1, seconds: 1e300)
        #expect(tell([(0, .soakStarted(soak))]) == ["14:02:00Z  wave 1  soaks for 3650d before the next wave"])
        var lines = EventLines(run: RunStory.id)
        let wait = RunEvent.NodeWaiting(node: "web-001", step: "drain", reason: "a pod")
        for time in [Int64.min, 0, 253_402_300_799_000_000, .max] {
            let told = lines.lines(for: .nodeWaiting(wait), at: Instant(microseconds: time))
            #expect(told.allSatisfy { !$0.time.dateText.isEmpty && !$0.text.isEmpty })
        }
        #expect(Duration(bounded: .nan) == .zero)
        #expect(Duration(bounded: -.infinity) == .seconds(-315_360_000))
        #expect(Duration(bounded: 1.5) == .milliseconds(1500))
    }

    @Test("numbers that no fleet writes make a record unreadable")
    func implausible() throws {
        let sound = RunEvent.stepStarted(RunEvent.StepStarted(node: "web-001", index: 0, step: "cordon"))
        let absurd: [(RunEvent, Int64, String)] = [
            (sound, -1, "a time outside the years 1970 to 9999"),
            (.soakStarted(RunEvent.SoakStarted(wave: 1, seconds: 1e300)), 0, "seconds 1e+300 makes no sense"),
            (.soakStarted(RunEvent.SoakStarted(wave: -1, seconds: 1)), 0, "wave -1 makes no sense"),
            (
                .stepStarted(RunEvent.StepStarted(node: "web-001", index: .max, step: "cordon")), 0,
                "index 9223372036854775807 makes no sense"
            ),
        ]
        for (event, microseconds, words) in absurd {
            let record = try event.record(sequence: 1, at: Instant(microseconds: microseconds))
            let error = #expect(throws: RunEvent.UnreadableRecord.self) { try RunEvent(record) }
            #expect(error?.problem.hasPrefix(words) == true, "\(error as Any)")
        }
        #expect(try RunEvent(sound.record(sequence: 1, at: .epoch)) == sound)
    }

    @Test("intents and accepted requests are details")
    func details() {
        let quiet = tell(RunStory.events)
        let verbose = tell(RunStory.events, isVerbose: true)
        #expect(!quiet.contains { $0.contains("requests:") || $0.contains("evicts ") })
        #expect(verbose.contains("14:02:01Z  wave 1  web-001  requests: cordon web-001"))
        #expect(verbose.contains("14:02:01Z  wave 1  web-001  evicts shop/cart-1, PodDisruptionBudget shop/cart"))
    }

    @Test("a wait is told after five seconds, then after twice as long, then every minute")
    func reminders() {
        var lines = EventLines(run: RunStory.id)
        for (second, event) in RunStory.events.prefix(13) {
            _ = lines.lines(for: event, at: RunStory.start + .seconds(second))
        }
        let told = (2...200).flatMap { second in
            lines.reminders(at: RunStory.start + .milliseconds(second * 1000 + 201)).map { _ in second - 1 }
        }
        #expect(told == [5, 10, 20, 40, 80, 140])
    }

    @Test("text without style has no escapes, and with style it has")
    func escapes() {
        var lines = EventLines(run: RunStory.id)
        for (second, event) in RunStory.events {
            for line in lines.lines(for: event, at: RunStory.start + .seconds(second)) {
                #expect(!line.text(.plain).contains("\u{1B}"))
                #expect(line.text(.ansi).contains("\u{1B}["))
            }
        }
    }

    @Test("every kind of event has a sentence or is told by another")
    func allKinds() {
        var named = RunStory.actor
        named.clusterUser = "oidc:alice"
        let more: [(Double, RunEvent)] = [
            (30, .runResumed(.init(actor: named, inDoubt: [7]))),
            (31, .soakStarted(.init(wave: 1, seconds: 120))),
            (32, .identityProved(.init(node: "web-001", proof: "", isClusterCA: nil))),
            (33, .compensationOwed(.init(compensation: compensation))),
            (34, .compensationSettled(.init(id: compensation.id, detail: "restored"))),
            (35, .runBlocked(.init(reason: "max_unavailable is reached"))),
            (36, .stopRequested(.init(by: "SIGINT"))),
        ]
        let texts = tell(RunStory.events + more).suffix(7)
        #expect(
            texts == [
                "14:02:30Z  run \(RunStory.id) goes on, by alice@bastion (oidc:alice in the cluster, fleet 0.1.0); 1 operation in doubt: looking at the world before acting again",
                "14:02:31Z  wave 1  soaks for 2m before the next wave",
                "14:02:32Z  wave 1  web-001  nothing proves that the host is this Node: it will not be cleaned",
                "14:02:33Z  wave 1  web-001  for the time being: Deployment shop/api has 2 replicas instead of 1",
                "14:02:34Z  undone: replicas Deployment shop/api (restored)",
                "14:02:35Z  blocked: max_unavailable is reached",
                "14:02:36Z  SIGINT: nothing new is begun; what was accepted is awaited",
            ]
        )
    }

    private var compensation: Compensation {
        Compensation(
            id: "replicas Deployment shop/api", kind: .replicas, node: "web-001", key: ObjectKey("shop", "api"),
            workloadKind: .deployment, uid: "uid-api", temporary: 2, previous: 1
        )
    }
}
