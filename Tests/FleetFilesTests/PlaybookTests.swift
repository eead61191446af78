import FleetExpressions
import FleetFiles
import FleetModel
import Foundation
import Testing

private let decommission = """
    name: decommission
    description: Drain nodes wave by wave, remove them from the cluster, clean the hosts.
    hosts: kube_node
    require_limit: true              # never every worker by accident
    max_targets: 40%
    waves:
      order: zone-by-zone            # or: spread (every wave takes from every zone evenly)
      canary: 1                      # size of wave 1
      size: 10%                      # of the targets; a number or a percentage
      max_unavailable: 10%           # of the cluster's nodes, at any instant
      max_unavailable_per_zone: 2
      parallelism: 20                # hosts worked on at once (SSH and API)
      soak: 2m                       # healthy time before the next wave
      max_failures: 1                # the run stops when more than this many are quarantined
    evictions: {rate: 20/s, without_budget: 25%, timeout: 30m, stuck: quarantine}
    window: {days: sat-sun, from: "01:00", to: "05:00", time_zone: Asia/Shanghai}
    preflight: [api_access, host_access, capacity_fit, disruption_budgets, {critical_pods: {selector: appType=critical}}, local_data]
    steps:
      - cordon:
      - surge_single_replicas:
      - exclude_from_load_balancers:
      - wait_for_connections: {ports: [443], below: 1, timeout: 10m}
      - drain: {grace_period: pod, delete_emptydir_data: true}
      - verify_drained:
      - wait_volumes_detached:
      - service: {name: kubelet, state: stopped, enabled: false}
      - delete_node:
      - cleanup: {network: kubernetes-only, cni: auto}
      - run: {name: tell the asset database, script: "curl -fsS -X POST $URL/retired/$HOST", env: {URL: "{{ cmdb }}", HOST: "{{ inventory_hostname }}"}}
    """

@Suite("Playbooks that include files")
struct IncludeTests {
    private func draft(_ files: [String: String]) -> PlaybookDraft {
        PlaybookDraft(file: "playbooks/p.yaml", in: MemoryFileTree(files))
    }

    @Test("steps of other files stand in their place, under the conditions and variables around them")
    func included() throws {
        let draft = draft([
            "playbooks/p.yaml": """
            name: x
            hosts: all
            steps:
              - cordon:
              - include: parts/work.yaml
                when: zone == "a"
                vars: {who: world, how: loud}
              - uncordon:
            """,
            "playbooks/parts/work.yaml": """
            - {when: not spare, vars: {how: quiet}, run: {script: echo}}
            - include: more.yaml
            """,
            "playbooks/parts/more.yaml": "- soak: 1m",
        ])
        #expect(draft.mistakes == [])
        #expect(draft.steps.map(\.kind) == ["cordon", "run", "soak", "uncordon"])
        #expect(draft.steps.map { $0.condition?.text } == [nil, "zone == \"a\" and not spare", "zone == \"a\"", nil])
        #expect(draft.steps[1].variables == ["who": "world", "how": "quiet"])
        #expect(draft.steps[2].variables == ["who": "world", "how": "loud"])
        #expect(draft.steps[2].location.file == "playbooks/parts/more.yaml")
        #expect(draft.included == ["playbooks/parts/work.yaml", "playbooks/parts/more.yaml"])
        #expect(try PlaybookDocument(draft).steps.count == 4)
    }

    static let wrong: [(String, [String: String], String)] = [
        ("include: none.yaml", [:], "playbooks/p.yaml:4:14: there is no file playbooks/none.yaml"),
        ("include: [a]", [:], "playbooks/p.yaml:4:14: unusable include: found a list"),
        ("include: p.yaml", [:], "the file includes itself: playbooks/p.yaml → playbooks/p.yaml"),
        (
            "include: a.yaml", ["playbooks/a.yaml": "- include: b.yaml", "playbooks/b.yaml": "- include: a.yaml"],
            "playbooks/b.yaml:1:12: the file includes itself: playbooks/p.yaml → playbooks/a.yaml → playbooks/b.yaml → playbooks/a.yaml"
        ),
        (
            "include: a.yaml", ["playbooks/a.yaml": "x: y"],
            "playbooks/a.yaml:1:1: unusable value: found a mapping, expected a list"
        ),
        ("include: a.yaml", ["playbooks/a.yaml": "- {a: , b: }"], "playbooks/a.yaml:1:9: a step has one kind"),
        ("{include: a.yaml, register: r}", ["playbooks/a.yaml": "- cordon"], "belong to a step, not to an include"),
        ("{run: {script: x}, retries: 11}", [:], "playbooks/p.yaml:4:33: unusable value: found \"11\""),
        ("{run: {script: x}, delay: 3s}", [:], "playbooks/p.yaml:4:24: delay without retries"),
        ("{include: a.yaml, retries: 2}", ["playbooks/a.yaml": "- cordon"], "belong to a step, not to an include"),
        ("{run: {script: x}, register: facts}", [:], "expected a variable's name"),
    ]

    @Test("what is wrong with an include is told in its place", arguments: wrong)
    func mistakes(_ step: String, _ files: [String: String], _ message: String) {
        let playbook = "name: x\nhosts: all\nsteps:\n  - \(step)\n"
        let draft = draft(files.merging(["playbooks/p.yaml": playbook]) { $1 })
        #expect(draft.mistakes.contains { $0.description.contains(message) }, "\(draft.mistakes)")
    }

    @Test("a draft goes on after a mistake: header, steps and included files are read all the same")
    func goesOn() {
        let draft = draft([
            "playbooks/p.yaml": """
            name: x
            hosst: all
            waves: {size: none}
            steps:
              - cordon:
              - {drain: , cordon: }
              - include: a.yaml
            """, "playbooks/a.yaml": "- {when: \"zone ==\", soak: 1m}\n- uncordon:",
        ])
        #expect(draft.steps.map(\.kind) == ["cordon", "uncordon"])
        #expect(
            draft.mistakes.map { "\($0.location)" }.sorted() == [
                "playbooks/a.yaml:1:18", "playbooks/p.yaml:1:1", "playbooks/p.yaml:2:1", "playbooks/p.yaml:3:15",
                "playbooks/p.yaml:6:15",
            ], "\(draft.mistakes)")
    }
}

@Suite("Playbooks")
struct PlaybookTests {
    @Test("narrower windows of some pods decode beside the playbook's own")
    func narrowWindows() throws {
        let text = """
            name: x
            hosts: all
            windows:
              - {selector: "app=trading", namespace: shop, days: sat, from: "02:00", to: "04:00", time_zone: Asia/Shanghai, at_end: hold}
              - {selector: "tier in (late)", from: "22:00", to: "23:00"}
            steps: [cordon]
            """
        let document = try PlaybookDocument(yaml: text, file: "x.yaml")
        let two = try #require(TimeOfDay("02:00"))
        let four = try #require(TimeOfDay("04:00"))
        let first = try #require(document.header.workloadWindows.first)
        #expect(
            first
                == WorkloadWindow(
                    selector: LabelSelector(matchLabels: ["app": "trading"]), words: "app=trading", namespace: "shop",
                    window: MaintenanceWindow(
                        days: [.saturday], from: two, to: four, timeZone: "Asia/Shanghai", atEnd: .hold)))
        #expect(document.header.workloadWindows.map(\.words) == ["app=trading", "tier in (late)"])
        #expect(document.header.windows == [])
    }

    @Test("the design's example decodes whole")
    func example() throws {
        let document = try PlaybookDocument(yaml: decommission, file: "playbooks/decommission.yaml")
        let header = document.header
        #expect(header.name == "decommission" && header.hosts == "kube_node" && header.requiresLimit)
        #expect(header.maxTargets == .percent(40) && !header.isForControlPlane)
        #expect(
            header.waves
                == WavePolicy(
                    order: .zoneByZone, canary: .count(1), size: .percent(10), maxUnavailable: .percent(10),
                    maxUnavailablePerZone: .count(2),
                    parallelism: 20, soak: .seconds(120), maxFailures: 1))
        #expect(header.evictions == EvictionPolicy())
        let from = try #require(TimeOfDay("01:00"))
        let to = try #require(TimeOfDay("05:00"))
        #expect(
            header.windows == [
                MaintenanceWindow(
                    days: [.saturday, .sunday], from: from, to: to, timeZone: "Asia/Shanghai", atEnd: .uncordon)
            ])
        #expect(
            document.preflight.map(\.kind) == [
                "api_access", "host_access", "capacity_fit", "disruption_budgets", "critical_pods", "local_data",
            ])
        #expect(document.preflight[4].arguments.mapping?["selector"]?.scalar?.text == "appType=critical")
        #expect(document.steps.map(\.kind).suffix(3) == ["delete_node", "cleanup", "run"])
        #expect(document.steps[0].arguments.isNull)
        #expect(document.steps[4].arguments.mapping?["delete_emptydir_data"]?.value == true)
        #expect(document.steps[4].kindLocation == Place(file: "playbooks/decommission.yaml", line: 23, column: 5))
        #expect(document.places["waves.size"]?.line == 9)
    }

    @Test("omitted keys have safety rule 19's values")
    func defaults() throws {
        let header = try PlaybookDocument(yaml: "name: x\nhosts: all\nsteps: [cordon]", file: "p.yaml").header
        #expect(
            header.waves
                == WavePolicy(
                    order: .spread, canary: .count(1), size: .percent(10), maxUnavailable: .percent(10),
                    maxUnavailablePerZone: .count(1),
                    parallelism: 10, soak: .seconds(120), maxFailures: 0))
        #expect(header.evictions.timeout == .seconds(1800) && header.evictions.rate == .twentyPerSecond)
        #expect(header.evictions.withoutBudget == .percent(25) && !header.evictions.stuck.deletesSomePods)
        #expect(header.windows.isEmpty && !header.requiresLimit && header.maxTargets == nil)
    }

    @Test("canary 0 and soak 0s are legal")
    func zeros() throws {
        let waves = try PlaybookDocument(
            yaml: "name: x\nhosts: all\nwaves: {canary: 0, soak: 0s}\nsteps: [cordon]", file: "p.yaml"
        ).header.waves
        #expect(waves.canary == .count(0) && waves.soak == .zero)
    }

    @Test(
        "an omitted max_unavailable_per_zone is 1, but for a playbook that says zone-by-zone and max_unavailable",
        arguments: [
            ("{order: zone-by-zone, max_unavailable: 100%}", CountOrPercent.percent(100)),
            ("{order: zone-by-zone, max_unavailable: 3}", .percent(100)), ("{order: zone-by-zone}", .count(1)),
            ("{order: spread, max_unavailable: 100%}", .count(1)), ("{max_unavailable: 100%}", .count(1)),
            ("{order: zone-by-zone, max_unavailable: 100%, max_unavailable_per_zone: 2}", .count(2)),
        ])
    func perZone(waves: String, expected: CountOrPercent) throws {
        let text = "name: x\nhosts: all\nwaves: \(waves)\nsteps: [cordon]"
        #expect(try PlaybookDocument(yaml: text, file: "p.yaml").header.waves.maxUnavailablePerZone == expected)
    }

    @Test("bounds by pool, of the surge and of the rate, and they outlive a pinned plan")
    func pools() throws {
        let bounds = """
            {max_unavailable_per_pool: 20%, min_available: {gpu: 3}, max_surge: 4, max_surge_per_zone: 50%,
             max_surge_per_pool: 1, starts_per_minute: 20}
            """
        let waves = try PlaybookDocument(
            yaml: "name: x\nhosts: all\nwaves: \(bounds)\nsteps: [cordon]", file: "p.yaml"
        ).header.waves
        #expect(waves.maxUnavailablePerPool == .percent(20) && waves.minAvailable == ["gpu": 3])
        #expect(waves.maxSurge == .count(4) && waves.maxSurgePerZone == .percent(50))
        #expect(waves.maxSurgePerPool == .count(1) && waves.startsPerMinute == 20)
        #expect(try JSONDecoder().decode(WavePolicy.self, from: JSONEncoder().encode(waves)) == waves)
        let plain = WavePolicy()
        #expect(try JSONDecoder().decode(WavePolicy.self, from: JSONEncoder().encode(plain)) == plain)
    }

    @Test("bounds on the pods that leave at once")
    func inFlight() throws {
        let text = "name: x\nhosts: all\nevictions: {max_in_flight: 40, max_in_flight_per_zone: 15}\nsteps: [cordon]"
        let evictions = try PlaybookDocument(yaml: text, file: "p.yaml").header.evictions
        #expect(evictions.maxInFlight == 40 && evictions.maxInFlightPerZone == 15)
    }

    @Test("rules, downtime, stuck pods, windows, vars, health and steps with conditions")
    func rich() throws {
        let text = """
            name: x
            hosts: kube_node:!spare
            control_plane: true
            vars: {cmdb: "https://cmdb", depth: {a: [1]}}
            evictions:
              stuck: [{selector: app=batch, action: delete}]
              rules:
                - {selector: {app: web}, action: wait, timeout: 1h}
                - {selector: "tier in (a, b)", namespace: shop, action: skip, order: -5}
              downtime: [shop/cart, db/main]
              order: priority
            window:
              - {days: [mon, wed-thu], from: 22:00, to: 4:00, at_end: hold}
              - {from: "00:00", to: "24:00"}
            health: {critical_pods: {selector: app=x}}
            steps:
              - {name: tell, when: zone != "a", repeatable: true, run: {script: ls}}
            """
        let document = try PlaybookDocument(yaml: text, file: "p.yaml")
        let evictions = document.header.evictions
        #expect(
            evictions.stuck.action(forLabels: ["app": "batch"]) == .delete
                && evictions.stuck.action(forLabels: [:]) == .quarantine)
        #expect(
            evictions.rules == [
                EvictionRule(
                    selector: LabelSelector(matchLabels: ["app": "web"]), action: .wait, timeout: .seconds(3600)),
                EvictionRule(
                    selector: LabelSelector(matchExpressions: [.init("tier", .isIn, ["a", "b"])]), namespace: "shop",
                    action: .skip, order: -5),
            ])
        #expect(
            evictions.downtime == [ObjectKey("shop", "cart"), ObjectKey("db", "main")] && evictions.order == .priority)
        #expect(document.header.windows.map(\.from.description) == ["22:00", "00:00"])
        #expect(
            document.header.windows[0].days == [.monday, .wednesday, .thursday]
                && document.header.windows[0].atEnd == .hold)
        #expect(document.header.variables["depth"] == ["a": [1]] && document.header.isForControlPlane)
        #expect(document.health.map(\.kind) == ["critical_pods"])
        let step = document.steps[0]
        #expect(step.name == "tell" && step.isRepeatable == true && step.kind == "run")
        #expect(try step.condition?.holds(in: VariableScope(["zone": "b"])) == true)
    }

    @Test("every mistake is shown at once, with its place and mend")
    func mistakes() {
        let text = """
            name: x
            hots: kube_node
            waves:
              ordr: spread
              size: 0%
              soak: soon
              parallelism: 0
            evictions: {rate: fast, stuck: delete, downtime: [cart]}
            window: {days: someday, from: "25:00", to: "05:00"}
            max_targets: 140%
            steps:
              - drain: {}
                wehn: x
              - [cordon]
              - {name: lone}
              - {cordon: , when: "zone =="}
            """
        let error = #expect(throws: Diagnostics.self) { try PlaybookDocument(yaml: text, file: "p.yaml") }
        let lines = error?.description.split(separator: "\n").map(String.init) ?? []
        let expected = [
            "p.yaml:1:1: a playbook needs \"hosts\"", "p.yaml:2:1: a playbook has no key \"hots\"",
            "p.yaml:4:3: a wave policy has no key \"ordr\"",
            "p.yaml:5:9: unusable value: found \"0%\"", "p.yaml:6:9: unusable value: found \"soon\"",
            "p.yaml:7:16: unusable value: found \"0\"",
            "p.yaml:8:19: unusable value: found \"fast\"",
            "p.yaml:8:32: deleting pods past their budgets is never a default",
            "p.yaml:8:51: unusable value: found \"cart\", expected namespace/name",
            "p.yaml:9:16: unusable value: found \"someday\"",
            "p.yaml:9:31: unusable value: found \"25:00\"", "p.yaml:10:14: unusable value: found \"140%\"",
            "p.yaml:13:5: a step has one kind: found \"drain\" and \"wehn\"; did you mean \"when\"?",
            "p.yaml:14:5: unusable step: found a list",
            "p.yaml:15:5: the step has no kind", "p.yaml:16:30: unexpected word in an expression",
        ]
        #expect(lines.count == expected.count, "\(lines.joined(separator: "\n"))")
        for (line, start) in zip(lines, expected) { #expect(line.hasPrefix(start), "\(line)") }
        #expect(lines[1].hasSuffix("did you mean \"hosts\"?"))
    }

    @Test(
        "files that are no playbook",
        arguments: [
            ("", "p.yaml:1:1: a playbook needs \"name\""), ("[a]", "p.yaml:1:1: this must be a playbook: found a list"),
            ("name: x\nhosts: all\nsteps: []", "p.yaml:3:1: the playbook has no steps"),
            (
                "name: x\nhosts: all\nsteps: {cordon: }",
                "p.yaml:3:8: unusable value: found a mapping, expected a list, each a step"
            ),
            ("name: x\nname: y", "p.yaml:2:1: key \"name\" stands twice in one mapping: found the first on line 1"),
        ])
    func noPlaybook(_ text: String, _ message: String) {
        let error = #expect(throws: Diagnostics.self) { try PlaybookDocument(yaml: text, file: "p.yaml") }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test("a missing file is a mistake with its name")
    func missing() throws {
        struct Broken: Error {}
        struct NoFiles: FileTree {
            func kind(of path: String) -> FileKind? { nil }
            func names(in directory: String) throws -> [String] { throw Broken() }
            func contents(of file: String) throws -> [UInt8] { throw Broken() }
        }
        let error = #expect(throws: Diagnostics.self) { try PlaybookDocument(file: "playbooks/x.yaml", in: NoFiles()) }
        #expect(error?.description.hasPrefix("playbooks/x.yaml:1:1: the file cannot be read") == true)
    }
}
