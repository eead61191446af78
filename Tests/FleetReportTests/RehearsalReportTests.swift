import FleetModel
import FleetPlanning
import FleetReport
import Foundation
import Testing

@testable import FleetRun

/// A rehearsal as text, JSON and a page.
struct RehearsalReportTests {
    private static let start = Instant(seconds: 1_767_225_600)

    /// Two nodes in two waves: one is drained in a minute behind a budget, one is set aside.
    private static let story: RehearsalStory = {
        let pod = PodReference(ObjectKey("shop", "cart-1"), uid: "u-1")
        let events: [(Double, RunEvent)] = [
            (
                0,
                .runStarted(
                    .init(
                        planDigest: "3f9a12c4d5e6f7a8", playbook: "decommission", waves: [1, 2],
                        actor: .init(user: "ops", machine: "m", version: "1")))
            ),
            (0, .waveStarted(.init(wave: 1, nodes: ["a-1"], zones: ["a"]))),
            (0, .nodeStarted(.init(node: "a-1", wave: 1, zone: "a"))),
            (0, .stepStarted(.init(node: "a-1", index: 0, step: "cordon"))),
            (2, .stepFinished(.init(node: "a-1", index: 0, step: "cordon", changed: true, detail: ""))),
            (2, .stepStarted(.init(node: "a-1", index: 1, step: "drain"))),
            (
                62,
                .evictionRequested(
                    .init(
                        id: 1, pod: pod, node: "a-1", budget: "PodDisruptionBudget shop/cart", workload: "w",
                        readyBefore: 3,
                        podCreatedAt: nil))
            ),
            (
                62,
                .evictionAnswered(
                    .init(id: 1, pod: pod, node: "a-1", isAccepted: true, answer: "accepted", message: ""))
            ),
            (70, .podLeft(.init(pod: pod, node: "a-1", workload: "Deployment shop/cart"))),
            (70, .stepFinished(.init(node: "a-1", index: 1, step: "drain", changed: true, detail: "1 pod evicted"))),
            (70, .nodeFinished(.init(node: "a-1"))), (70, .waveFinished(.init(wave: 1, nodes: ["a-1"], zones: ["a"]))),
            (70, .waveStarted(.init(wave: 2, nodes: ["b-1"], zones: ["b"]))),
            (70, .nodeStarted(.init(node: "b-1", wave: 2, zone: "b"))),
            (70, .stepStarted(.init(node: "b-1", index: 1, step: "drain"))),
            (
                100,
                .nodeQuarantined(
                    .init(node: "b-1", step: "drain", reason: "not drained: <two> budgets", owesCleanup: false))
            ),
            (100, .waveFinished(.init(wave: 2, nodes: ["b-1"], zones: ["b"]))),
            (100, .runFinished(.init(result: .quarantined, reason: "set aside: b-1"))),
        ]
        let readings = [(0.0, 1), (10, 0), (60, 1), (62, 0), (90, 1)].map { at, allowed in
            var budget = PodDisruptionBudget(key: ObjectKey("shop", "cart"), uid: "u-b")
            (budget.disruptionsAllowed, budget.currentHealthy, budget.desiredHealthy) = (allowed, 2 + allowed, 2)
            return BudgetReading(budget, at: start + .milliseconds(Int64(at * 1000)))
        }
        let plan = Plan(
            cluster: "c", playbook: "decommission", name: "decommission",
            waves: [
                PlannedWave(number: 1, targets: [PlanTarget(host: "a-1", node: "a-1", zone: "a")]),
                PlannedWave(number: 2, targets: [PlanTarget(host: "b-1", node: "b-1", zone: "b")]),
            ],
            policy: WavePolicy(), digest: "3f9a12c4d5e6f7a8")
        return RehearsalStory(
            plan: plan, events: events.map { ($1, start + .milliseconds(Int64($0 * 1000))) }, readings: readings,
            span: start...(start + .seconds(100)), source: "prod.json", seed: 7, conditions: ["pods start in 30s"])
    }()

    @Test("the text: how long, wave by wave, what holds it up, how much room is left")
    func text() {
        #expect(
            RehearsalReport(Self.story).text(.plain) == """
                rehearsal of decommission  plan 3f9a12c4d5e6  prod.json  seed 7, pods start in 30s
                quarantined after 1m40s (set aside: b-1): 2 nodes in 2 waves, 1 eviction, 0 refused, 1.00 moves a pod

                wave  nodes  begins  takes  pods moved  set aside
                1     1      +0s     1m10s  1           ·
                2     1      +1m10s  30s    0           1

                held up by                     pods  longest wait  together  between
                PodDisruptionBudget shop/cart  1     1m            1m        +2s and +1m2s

                budget     least room  without room  healthy over needed, at worst
                shop/cart  0           1m18s         0

                +0s     wave 1 begins: a-1
                +1m10s  wave 1 is done
                +1m10s  wave 2 begins: b-1
                +1m40s  b-1 is set aside in drain: not drained: <two> budgets
                +1m40s  wave 2 is done
                +1m40s  the run ends: quarantined: set aside: b-1
                """)
    }

    @Test("the JSON names its schema and holds bars, stalls, room and timeline")
    func json() throws {
        let data = try JSONEncoder().encode(RehearsalReport(Self.story).document)
        let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(json["schema"] as? String == "fleet.rehearsal/v1")
        #expect(json["predictedSeconds"] as? Double == 100)
        let nodes = try #require(json["nodes"] as? [[String: Any]])
        #expect(nodes.map { $0["node"] as? String } == ["a-1", "b-1"])
        let stretches = try #require(nodes[0]["stretches"] as? [[String: Any]])
        #expect(stretches.map { $0["work"] as? String } == ["prepare", "drain"])
        #expect(stretches.map { $0["to"] as? Double } == [2, 70])
        let room = try #require((json["headroom"] as? [[String: Any]])?.first)
        #expect(room["least"] as? Int == 0 && room["atZero"] as? Double == 78)
        #expect((json["timeline"] as? [Any])?.count == 6)
    }

    @Test("the page stands alone: well formed, escaped, and it fetches nothing")
    func page() throws {
        let page = RehearsalReport(Self.story).page
        for name in ["http:", "https:", "<script", "<link", "<img", "url(", "@import", "src="] {
            #expect(!page.contains(name), "\(name)")
        }
        #expect(page.contains("not drained: &lt;two&gt; budgets") && !page.contains("<two>"))
        #expect(page.contains("prefers-color-scheme: dark"))
        #expect(page.components(separatedBy: "class=\"w-drain\"").count - 1 >= 2)
        #expect(Self.unclosed(in: page) == [])
    }

    @Test("a page of five thousand nodes stays a page")
    func largePage() {
        var story = Self.story
        let nodes = (1...5_000).map { NodeName("node-\($0)") }
        story.events = [(.waveStarted(.init(wave: 1, nodes: nodes, zones: [])), Self.start)]
        for node in nodes {
            story.events.append((.nodeStarted(.init(node: node, wave: 1, zone: "")), Self.start))
            story.events.append((.stepStarted(.init(node: node, index: 0, step: "drain")), Self.start))
            story.events.append((.nodeFinished(.init(node: node)), Self.start + .seconds(60)))
        }
        let page = RehearsalReport(story).page
        #expect(page.utf8.count < 2_000_000)
        #expect(Self.unclosed(in: page) == [])
    }

    /// Elements that are opened and not closed, innermost last.
    private static func unclosed(in page: String) -> [String] {
        var open: [String] = []
        for tag in page.matches(of: /<(\/?)([a-zA-Z0-9]+)([^>]*?)(\/?)>/)
        where !["meta", "line"].contains(String(tag.2)) {
            if tag.1.isEmpty, tag.4.isEmpty { open.append(String(tag.2)) }
            if !tag.1.isEmpty, open.popLast() != String(tag.2) { return open + [String(tag.2)] }
        }
        return open
    }
}
