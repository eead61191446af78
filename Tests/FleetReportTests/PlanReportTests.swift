import FleetModel
import FleetPlanning
import FleetReport
import Foundation
import Testing

/// A plan as text and JSON.
struct PlanReportTests {
    private static func target(_ name: String, _ zone: Zone?) -> PlanTarget {
        PlanTarget(host: name, node: NodeName(name), zone: zone)
    }

    private let plan = Plan(
        cluster: "8c1d", playbook: "decommission", name: "decommission",
        waves: [
            PlannedWave(number: 1, targets: [target("a-001", "a")]),
            PlannedWave(number: 2, targets: [target("a-002", "a"), target("a-003", "a"), target("b-001", "b")]),
        ],
        policy: WavePolicy(),
        findings: [
            Finding(
                .blocker, .severalBudgets, subject: "Pod shop/cart-1", message: "two budgets select it",
                remedy: "remove one"),
            Finding(.warning, .noBudget, subject: "Deployment shop/x", message: "has no budget", remedy: "give it one"),
            Finding(.warning, .noBudget, subject: "Deployment shop/y", message: "has no budget", remedy: "give it one"),
        ],
        forecast: Forecast(
            evictions: 12, shortestSeconds: 70, longestSeconds: 250,
            waves: [
                .init(number: 1, evictions: 3, shortestSeconds: 10, longestSeconds: 10),
                .init(number: 2, evictions: 9, shortestSeconds: 60, longestSeconds: 240),
            ],
            stalls: [.init(subject: "PodDisruptionBudget shop/cart", wave: 2, pods: 4, allowance: 1, seconds: 60)]
        ),
        digest: "3f9a12c4d5e6f7a8"
    )

    @Test("a finding names all its pods in JSON, and in text where every pod is to be named")
    func items() throws {
        var plan = plan
        let pods = (1...5).map { "shop/cart-\($0)" }
        plan.findings = [
            Finding(
                .blocker, .doesNotFit, subject: "Deployment shop/cart", message: "no node (5: shop/cart-1 and more)",
                remedy: "add nodes", items: pods)
        ]
        #expect(!PlanReport(plan).text(.plain).contains("shop/cart-5"))
        #expect(
            PlanReport(plan, namesPods: true).text(.plain).contains(
                """
                blocker: Deployment shop/cart: no node (5: shop/cart-1 and more)
                    shop/cart-1
                    shop/cart-2
                    shop/cart-3
                    shop/cart-4
                    shop/cart-5
                    → add nodes
                """))
        let json = try JSONEncoder().encode(PlanReport(plan).document)
        let document = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
        let findings = try #require((document["plan"] as? [String: Any])?["findings"] as? [[String: Any]])
        #expect(findings.map { $0["items"] as? [String] } == [pods])
    }

    @Test("the text is readable in ten seconds")
    func text() {
        #expect(
            PlanReport(plan).text(.plain) == """
                plan decommission  3f9a12c4d5e6  cluster 8c1d
                4 nodes in 2 waves, spread; at most 10% unavailable, 1 a zone; 10 hosts at once; 2m soak between waves
                cannot run: 1 blocker, 2 warnings

                blocker: Pod shop/cart-1: two budgets select it
                    → remove one

                wave  nodes  zone a       zone b  pods  time      slowest budget
                1     1      a-001        ·       3     10s
                2     3      a-[002-003]  b-001   9     1m to 4m  shop/cart

                warning: has no budget: Deployment shop/x, Deployment shop/y
                    → give it one

                forecast: 12 pods to move, 1m10s to 4m10s without host steps, approvals and windows
                  held up by PodDisruptionBudget shop/cart in wave 2: 4 pods, 1 at once, at least 1m
                """
        )
    }

    @Test("names give way to counts, and zones to a list, before a line grows too long", arguments: [6, 40])
    func width(zones: Int) {
        var wide = plan
        wide.findings = []
        let targets = (1...zones).flatMap { zone in
            (1...3).map { Self.target("long-node-name-\(zone)-\($0 * 2)", Zone("eu-central-\(zone)")) }
        }
        wide.waves = [PlannedWave(number: 1, targets: targets)]
        let lines = PlanReport(wide).text(.plain).split(separator: "\n")
        #expect(lines.filter { $0.count > 110 }.isEmpty)
        #expect(lines.contains { $0.hasPrefix("1     \(zones * 3)") })
    }

    @Test("the verdict says whether it can run, and what it costs")
    func verdict() {
        var free = plan
        free.findings = plan.findings.filter { $0.severity == .warning }
        #expect(
            PlanReport(free).text(.plain).contains(
                "\ncan run: 0 blockers, 2 warnings; 12 pods to move in 1m10s to 4m10s\n"))
    }

    @Test(
        "--pods: owners by zone, budgets and what they permit, requests against allocatable, and whether the sum fits")
    func load() throws {
        let owner = { (uid: ObjectUID) in
            ControllerReference(apiVersion: "apps/v1", kind: "StatefulSet", name: "db", uid: uid)
        }
        let daemon = ControllerReference(apiVersion: "apps/v1", kind: "DaemonSet", name: "proxy", uid: "u-ds")
        var snapshot = ClusterSnapshot()
        for (name, zone) in [("a-001", "a"), ("b-001", "b"), ("c-001", "c")] {
            snapshot.nodes.append(
                Node(
                    name: NodeName(name), uid: ObjectUID(name), labels: ["topology.kubernetes.io/zone": zone],
                    allocatable: Resources(milliCPU: 4000, memory: 8 << 30, pods: 110)))
            var pod = Pod(
                key: ObjectKey("kube-system", "proxy-\(name)"), uid: ObjectUID("p-\(name)"), controller: daemon)
            (pod.nodeName, pod.phase, pod.requests) = (NodeName(name), .running, Resources(milliCPU: 100))
            snapshot.pods.append(pod)
            guard zone != "c" else { continue }
            var data = Pod(
                key: ObjectKey("shop", "db-\(zone)"), uid: ObjectUID("d-\(name)"), controller: owner("u-sts"))
            (data.nodeName, data.phase, data.isReady) = (NodeName(name), .running, true)
            data.labels = ["app": "db"]
            (data.requests, data.limits) = (Resources(milliCPU: 1500, memory: 3 << 29), Resources(memory: 2 << 30))
            snapshot.pods.append(data)
        }
        snapshot.budgets = [
            PodDisruptionBudget(
                key: ObjectKey("shop", "db"), uid: "u-pdb", selector: LabelSelector(matchLabels: ["app": "db"]),
                minAvailable: .count(2), disruptionsAllowed: 0, currentHealthy: 2, desiredHealthy: 2, expectedPods: 2)
        ]
        let load = TargetLoad(of: [Self.target("a-001", "a"), Self.target("b-001", "b")], in: ClusterIndex(snapshot))
        #expect(
            LoadText(load).text == """
                namespace    owner            pods  zone a  zone b
                shop         StatefulSet db   2     1       1       leave
                kube-system  DaemonSet proxy  2     1       1       stay with the node

                namespace  budget  bound           healthy  needs  permits now  pods on the targets
                shop       db      minAvailable 2  2        2      0            2

                node   zone  pods   cpu requested  limits  of    memory requested  limits  of
                a-001  a     2/110  1.60 (40%)     0.00    4.00  1.5Gi (18%)       2Gi     8Gi
                b-001  b     2/110  1.60 (40%)     0.00    4.00  1.5Gi (18%)       2Gi     8Gi

                2 pods leave with requests of 3.00 cpu and 3Gi; the Ready, schedulable nodes that stay have 3.90 cpu, 8Gi and \
                109 places left: the sum fits; a single pod that would find no node is a blocker of the plan
                """)
        struct Document: Decodable {
            var load: TargetLoad?
        }
        let document = try JSONDecoder().decode(
            Document.self, from: JSONEncoder().encode(PlanReport(plan, load: load).document))
        #expect(document.load == load)
    }

    @Test("a target without a zone has a column of its own")
    func zoneless() {
        var odd = plan
        odd.waves[0].targets[0].zone = nil
        #expect(PlanReport(odd).text(.plain).contains("zone a       zone b  no zone"))
    }

    @Test("the JSON carries the whole plan and can be read back")
    func json() throws {
        struct Document: Decodable {
            var schema: String
            var isBlocked: Bool
            var plan: Plan
        }
        let document = try JSONDecoder().decode(Document.self, from: JSONEncoder().encode(PlanReport(plan).document))
        #expect(document.schema == "fleet.plan/v1")
        #expect(document.isBlocked)
        #expect(document.plan == plan)
    }
}
