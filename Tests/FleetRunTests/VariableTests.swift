import FleetExpressions
import FleetModel
import FleetPlanning
import Testing

@testable import FleetRun

/// What expressions see of a host and of earlier steps, and what a run does with conditions.
@Suite("Variables of a run")
struct VariableTests {
    private static let identity = """
        hostname=web-1
        machine_id=machine-n1
        ip=10.0.0.1
        fact_os_id=rocky
        fact_os_like=rhel centos fedora
        fact_os_version=9.4
        fact_os_name=Rocky Linux 9.4 (Blue Onyx)
        fact_kernel=5.14.0-427.el9.x86_64
        fact_architecture=x86_64
        fact_cpus=16
        fact_memory_kib=65536000
        fact_swap_kib=0
        fact_package_manager=dnf
        fact_cgroup_version=2
        fact_cgroup_driver=systemd
        fact_runtime_socket=unix:///run/containerd/containerd.sock
        fact_containerd_version=v2.1.4
        fact_runtime_cgroup=systemd
        fact_kubelet_version=v1.36.0
        fact_mount=xfs /dev/sda1 /
        fact_mount=xfs /dev/sdb1 /var/lib/data with blanks
        """

    @Test("a host's answer becomes facts")
    func facts() throws {
        let facts = try #require(GatheredFacts(NodeAnswer(Self.identity)))
        let expected: VariableMapping = [
            "hostname": "web-1", "addresses": ["10.0.0.1"],
            "os": ["family": "redhat", "id": "rocky", "version": "9.4", "name": "Rocky Linux 9.4 (Blue Onyx)"],
            "kernel": "5.14.0-427.el9.x86_64", "architecture": "x86_64", "cpus": 16, "memory_mib": 64000, "swap_mib": 0,
            "package_manager": "dnf", "cgroup": ["version": 2, "driver": "systemd"],
            "container_runtime": [
                "name": "containerd", "version": "v2.1.4", "socket": "unix:///run/containerd/containerd.sock",
                "cgroup_driver": "systemd",
            ], "kubelet": ["version": "v1.36.0"], "kubeadm": ["version": ""],
            "mounts": [
                ["path": "/", "type": "xfs", "device": "/dev/sda1"],
                ["path": "/var/lib/data with blanks", "type": "xfs", "device": "/dev/sdb1"],
            ],
        ]
        #expect(facts.variables == expected)
        #expect(GatheredFacts(NodeAnswer("hostname=web-1\nmachine_id=m")) == nil)
    }

    static let families = [
        ("ubuntu", "debian", "debian"), ("debian", "", "debian"), ("amzn", "fedora", "redhat"),
        ("fedora", "", "redhat"),
        ("opensuse-leap", "suse opensuse", "suse"), ("alpine", "", "alpine"), ("flatcar", "coreos", "flatcar"),
    ]

    @Test("distributions by what they descend from", arguments: families)
    func family(_ id: String, _ like: String, _ expected: String) throws {
        let facts = try #require(GatheredFacts(NodeAnswer("fact_os_id=\(id)\nfact_os_like=\(like)")))
        #expect(facts.variables["os"]?.mappingValue?["family"] == .string(expected))
    }

    // MARK: - In a run

    private static let place = SourceLocation(file: "playbook.yaml")

    private func step(
        _ kind: String, _ arguments: VariableValue = .null, when: String? = nil, register: String? = nil,
        vars: VariableMapping = [:]
    ) throws -> PlaybookStep {
        PlaybookStep(
            kind: kind, kindLocation: Self.place, arguments: Fixture.located(arguments),
            condition: try when.map { try Condition(.string($0, at: Self.place)) }, register: register,
            variables: vars, location: Self.place)
    }

    /// A run that was answered: its machine, and what became of each reaction.
    private struct Play {
        var machine: RunMachine
        var events: [RunEvent] = []
        var commands: [HostCommand] = []
        var time = Instant(seconds: 100)

        init(_ steps: [PlaybookStep], scope: VariableScope = VariableScope()) throws {
            var order = Fixture.order(waves: [[Fixture.target("n1")]], steps: try StepCatalogue.decode(steps))
            order.scopes = ["n1": scope]
            machine = RunMachine(order)
        }

        /// Answers every host command by what it is, until the run waits or ends.
        mutating func play(_ answer: (HostCommand) -> HostReport) {
            var reaction = machine.handle(
                .synchronized(ClusterSnapshot(nodes: [Fixture.node("n1")])), at: time)
            for _ in 0..<50 {
                events += reaction.events
                let acts = reaction.directives.compactMap { directive -> (Int, HostCommand)? in
                    if case .perform(let id, _, .host(let command)) = directive { (id, command) } else { nil }
                }
                guard let (id, command) = acts.first else { return }
                commands.append(command)
                time = time + .seconds(1)
                reaction = machine.handle(.completed(id: id, .host(answer(command))), at: time)
            }
        }

        var finished: [String] {
            events.compactMap { if case .stepFinished(let fact) = $0 { "\(fact.index) \(fact.step)" } else { nil } }
        }
        var quarantined: String? {
            events.compactMap { if case .nodeQuarantined(let fact) = $0 { fact.reason } else { nil } }.first
        }
    }

    private func report(_ command: HostCommand, script output: String = "") -> HostReport {
        if command.script == NodeScript.identity {
            return HostReport(outcome: .exited(0), standardOutput: Self.identity)
        }
        return HostReport(outcome: .exited(0), standardOutput: output)
    }

    @Test("facts decide about steps; hosts are asked although no step touches one")
    func conditions() throws {
        var play = try Play([
            step("approve", ["name": "a"], when: "facts.os.family == 'debian'"),
            step("approve", ["name": "b"], when: "facts.mounts | map('path') | length > 5"),
        ])
        #expect(play.machine.order.touchesHosts)
        play.play { report($0) }
        #expect(play.commands.map { $0.script == NodeScript.identity } == [true])
        #expect(play.finished == ["0 skipped.approve", "1 skipped.approve"])
        #expect(play.machine.state.result == .done)
    }

    @Test("what cannot be decided is not guessed: the node is set aside with the reason")
    func undecided() throws {
        var play = try Play([step("approve", ["name": "a"], when: "no_such > 1")])
        play.play { report($0) }
        #expect(play.finished == [])
        #expect(
            play.quarantined
                == "when: no_such > 1 cannot be worked out: playbook.yaml:1:1: \"no_such\" is undefined",
            "\(play.quarantined ?? "")")
    }

    @Test("a step registers how it ended; later steps see it, with the step's own variables over the playbook's")
    func register() throws {
        var play = try Play(
            [
                step("run", ["script": "probe", "become": false], register: "probe"),
                step("run", ["script": "never", "become": false], when: "probe.output == 'no'", register: "never"),
                step(
                    "run", ["script": "echo {{ probe.lines[1] }} {{ who }} {{ above }}", "become": false],
                    when: "probe is changed and never is skipped", vars: ["who": "{{ name }}", "above": 1]),
            ], scope: VariableScope(host: Host(name: "n1"), playbook: ["name": "n", "who": "x"], extra: ["above": 2]))
        play.play { report($0, script: "first\nsecond one\n") }
        #expect(play.finished == ["0 run", "1 skipped.run", "2 run"])
        #expect(play.commands.last?.script == "echo 'second one' n 2")
    }

    @Test("a run that is resumed knows facts and results from its journal")
    func resumed() throws {
        let steps = [
            try step("run", ["script": "probe", "become": false], register: "probe"),
            try step("approve", ["name": "go"], when: "probe.output == 'yes' and facts.cpus == 16"),
        ]
        var play = try Play(steps)
        play.play { report($0, script: "yes\n") }
        #expect(play.machine.state.nodes["n1"]?.step == 1)
        let again = RunMachine(play.machine.order, history: play.events.map { ($0, Instant(seconds: 1)) })
        #expect(again.scope(of: "n1", 1).names.isSuperset(of: ["facts", "probe"]))
        #expect(again.state.nodes["n1"]?.results == play.machine.state.nodes["n1"]?.results)
    }

    @Test("a name that only a later step registers is a mistake")
    func order() throws {
        let steps = [
            try step("approve", ["name": "a"], when: "probe is changed"),
            try step("run", ["script": "x"], register: "probe"),
        ]
        let error = #expect(throws: Diagnostics.self) { try StepCatalogue.decode(steps) }
        #expect(error?.description.contains("\"probe\" is registered by a later step only") == true)
    }

    @Test("variables that nobody defines are found before anything begins, by host")
    func undefined() throws {
        let steps = try StepCatalogue.decode([
            step("run", ["script": "echo {{ cmdb }} {{ probe.output }} {{ facts.cpus }}"], when: "zone == 'a'"),
            step("run", ["script": "echo {{ fine | default('x') }} {{ own }}"], vars: ["own": 1]),
            step("run", ["script": "echo {{ probe.output }}"], register: "again"),
            step("approve", ["name": "a"], when: "facts.cpus > 4 and zoen == 'a'"),
        ])
        let hosts = [("n1", "a"), ("n2", "b"), ("n3", "a")].map { name, zone in
            UndefinedVariables.Subject(name: name, scope: VariableScope(["zone": .string(zone)]))
        }
        #expect(
            UndefinedVariables.mistakes(in: steps, on: hosts).map {
                $0.message + ($0.suggestion.map { "; \($0)" } ?? "")
            }
                == [
                    "\"cmdb\" is undefined for n1, n3; define it in the inventory, the playbook's vars or with --extra-vars",
                    "\"probe\" is undefined for n1, n3; define it in the inventory, the playbook's vars or with --extra-vars",
                    "\"probe\" is undefined for n1, n2, n3; define it in the inventory, the playbook's vars or with --extra-vars",
                    "\"zoen\" is undefined for n1, n2, n3; did you mean \"zone\"?",
                ])
    }
}
