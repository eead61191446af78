import FleetExpressions
import FleetModel
import FleetPlanning
import Testing

@testable import FleetRun

/// Steps that bring a host into a state: what they send, what they make of the answer, and when they refuse.
@Suite("Host-state steps")
struct HostStateStepTests {
    private let now = Instant(seconds: 1_000)

    private func step(_ kind: String, _ arguments: VariableValue) throws -> any Step {
        try #require(try Fixture.steps([(kind, Fixture.located(arguments))]).first).step
    }

    private func context(
        of step: any Step, pods: [Pod] = [], variables: VariableMapping = [:], acts: [String: StepMemory.Act] = [:]
    ) -> StepContext {
        var machine = RunMachine(Fixture.order(waves: [[Fixture.target("n1")]], steps: [PlannedStep(step: step)]))
        machine.world.synchronize(with: ClusterSnapshot(nodes: [Fixture.node("n1")], pods: pods))
        var node = NodeProgress(target: Fixture.target("n1"), wave: 1)
        node.steps[0] = StepMemory(startedAt: now)
        node.steps[0]?.acts = acts
        var context = machine.context(for: node, 0)
        context.now = now
        context.scope = VariableScope()
        context.scope.add(variables)
        context.run.inventory = [
            InventoryMember(host: "n2.example.com", node: "n2", groups: ["k8s_cluster"], address: "10.0.0.2"),
            InventoryMember(host: "n1", node: "n1", groups: ["k8s_cluster", "kube_node"], address: "10.0.0.1"),
            InventoryMember(host: "bastion", node: "bastion", address: "10.0.0.9"),
        ]
        context.run.files = [
            "motd": [
                LocalFile(
                    path: "/here/motd", size: 6,
                    sha256: "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03")
            ],
            "app": [
                LocalFile(name: "etc/a b.conf", path: "/here/app/etc/a b.conf", size: 3, sha256: "aa"),
                LocalFile(name: "run", path: "/here/app/run", size: 4, sha256: "bb", isExecutable: true),
            ],
        ]
        var template = LocalFile(path: "/here/motd.in", size: 99, sha256: "cc")
        let text = LocatedScalar(text: "{{ greeting }}\n", value: "", textLocation: Fixture.place)
        template.template = try? Template(parsing: text)
        context.run.files["motd.in"] = [template]
        return context
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var kind: String
        var arguments: VariableValue
        var variables: VariableMapping = [:]
        var title: String
        var environment: [String: String]
        var inputs: [HostInput] = []
        var testDescription: String { "\(kind): \(title)" }
    }

    static let rows = [
        Row(kind: "host_name", arguments: .null, title: "set the host name", environment: ["FLEET_HOST_NAME": "n1"]),
        Row(
            kind: "host_name", arguments: "{{ name }}", variables: ["name": "web-1.example.com"],
            title: "set the host name",
            environment: ["FLEET_HOST_NAME": "web-1.example.com"]),
        Row(kind: "swap", arguments: .bool(false), title: "turn swap off", environment: [:]),
        Row(
            kind: "kernel_module", arguments: ["overlay", "br_netfilter"],
            title: "load kernel module overlay, br_netfilter",
            environment: ["FLEET_MODULES": "overlay br_netfilter"]),
        Row(
            kind: "sysctl", arguments: ["settings": ["net.ipv4.ip_forward": 1, "kernel.panic": "{{ seconds }}"]],
            variables: ["seconds": 10], title: "set kernel.panic, net.ipv4.ip_forward",
            environment: ["FLEET_SETTINGS": "kernel.panic=10\nnet.ipv4.ip_forward=1", "FLEET_FILE": "zz-fleet"]),
        Row(
            kind: "packages", arguments: ["names": ["kubelet={{ version }}", "jq"], "hold": true],
            variables: ["version": "1.36.0"], title: "install and hold packages",
            environment: ["FLEET_PACKAGES": "kubelet=1.36.0 jq", "FLEET_HOLD": "1"]),
        Row(
            kind: "kubelet_config",
            arguments: [
                "settings": [
                    "systemReserved": ["memory": "{{ reserved }}", "cpu": "500m"], "maxPods": 200,
                    "clusterDNS": ["10.96.0.10"], "serializeImagePulls": false,
                ]
            ], variables: ["reserved": "1Gi"],
            title: "set clusterDNS, maxPods, serializeImagePulls, systemReserved of the kubelet",
            environment: [
                "FLEET_SETTINGS": """
                clusterDNS:
                - "10.96.0.10"
                maxPods: 200
                serializeImagePulls: false
                systemReserved:
                  memory: "1Gi"
                  cpu: "500m"
                """
            ]),
        Row(kind: "containerd", arguments: .null, title: "configure containerd", environment: [:]),
        Row(
            kind: "lines_in_file",
            arguments: ["path": "/etc/security/limits.conf", "lines": ["* soft nofile {{ n }}"], "marker": "limits"],
            variables: ["n": 65_536], title: "keep the block \"limits\" of /etc/security/limits.conf",
            environment: [
                "FLEET_PATH": "/etc/security/limits.conf", "FLEET_MARKER": "limits",
                "FLEET_BLOCK": "* soft nofile 65536", "FLEET_HOSTS": "",
            ]),
        Row(
            kind: "hosts_entries", arguments: ["domain": "cluster.example.com"],
            title: "keep the cluster's entries of /etc/hosts",
            environment: [
                "FLEET_PATH": "/etc/hosts", "FLEET_MARKER": "fleet: hosts of the cluster", "FLEET_HOSTS": "1",
                "FLEET_BLOCK": "10.0.0.1 n1.cluster.example.com n1\n10.0.0.2 n2.cluster.example.com n2 n2.example.com",
            ]),
        Row(
            kind: "upload", arguments: ["path": "/etc/motd", "file": "motd", "mode": "0640", "owner": "root:adm"],
            title: "write /etc/motd",
            environment: [
                "FLEET_PATH": "/etc/motd", "FLEET_OWNER": "root:adm",
                "FLEET_MANIFEST": "0 6 5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03 0640 ",
            ], inputs: [.file(path: "/here/motd", size: 6)]),
        Row(
            kind: "upload", arguments: ["path": "/opt/app", "directory": "app"], title: "write /opt/app",
            environment: [
                "FLEET_PATH": "/opt/app", "FLEET_OWNER": "keep",
                "FLEET_MANIFEST": "0 3 aa keep etc/a b.conf\n1 4 bb 755 run",
            ], inputs: [.file(path: "/here/app/etc/a b.conf", size: 3), .file(path: "/here/app/run", size: 4)]),
        Row(
            kind: "upload", arguments: ["path": "/etc/motd", "content": "{{ greeting }}\n"],
            variables: ["greeting": "hello"],
            title: "write /etc/motd",
            environment: [
                "FLEET_PATH": "/etc/motd", "FLEET_OWNER": "keep",
                "FLEET_MANIFEST": "0 6 5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03 keep ",
            ], inputs: [.bytes(Array("hello\n".utf8))]),
        Row(
            kind: "upload", arguments: ["path": "/etc/motd", "template": "motd.in"], variables: ["greeting": "hello"],
            title: "write /etc/motd",
            environment: [
                "FLEET_PATH": "/etc/motd", "FLEET_OWNER": "keep",
                "FLEET_MANIFEST": "0 6 5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03 keep ",
            ], inputs: [.bytes(Array("hello\n".utf8))]),
    ]

    @Test("Values go through the environment, and a preview only looks", arguments: rows)
    func commands(_ row: Row) throws {
        let step = try step(row.kind, row.arguments)
        let context = context(of: step, variables: row.variables)
        #expect(step.title == row.title)
        #expect(step.traits.isSuperset(of: [.touchesHost, .repeatable]))
        guard case .perform(let acts, _) = step.advance(context), case .host(let command) = acts.first?.operation else {
            Issue.record("no command: \(step.advance(context))")
            return
        }
        #expect(command.environment == row.environment.merging(["FLEET_DRY_RUN": "0"]) { $1 })
        #expect(command.inputs == row.inputs)
        guard case .host(let look) = step.preview(context).looks.first?.operation else {
            Issue.record("the preview does not look")
            return
        }
        #expect(look.environment == row.environment.merging(["FLEET_DRY_RUN": "1"]) { $1 })
        #expect(look.script == command.script)
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        var kind: String
        var arguments: VariableValue
        var words: String
        var testDescription: String { "\(kind): \(words)" }
    }

    static let mistakes = [
        Mistake(kind: "swap", arguments: true, words: "expected off"),
        Mistake(kind: "kernel_module", arguments: "a;b", words: "the name of a kernel module"),
        Mistake(kind: "sysctl", arguments: ["settings": ["ip forward": 1]], words: "is no setting of the kernel"),
        Mistake(kind: "sysctl", arguments: ["setings": ["a.b": 1]], words: "did you mean \"settings\"?"),
        Mistake(kind: "lines_in_file", arguments: ["path": "motd", "lines": ["a"]], words: "an absolute path"),
        Mistake(kind: "lines_in_file", arguments: ["path": "/a/../b", "lines": ["a"]], words: "an absolute path"),
        Mistake(kind: "kubelet_config", arguments: ["settings": ["a b": 1]], words: "is no setting of the kubelet"),
        Mistake(
            kind: "cleanup", arguments: ["paths": ["/var/lib/longhorn/"]],
            words: "without a slash at its end, such as /var/lib/longhorn"),
        Mistake(kind: "cleanup", arguments: ["paths": ["/var//lib"]], words: "two directories deep"),
        Mistake(
            kind: "cleanup", arguments: ["network": "keep", "flush": "all"],
            words: "flush: all removes the network rules that network: keep leaves"),
        Mistake(kind: "cleanup", arguments: ["flush": "some"], words: "expected all"),
        Mistake(kind: "kubelet_config", arguments: ["settings": ["kind": "x"]], words: "is no setting of the kubelet"),
        Mistake(kind: "host_name", arguments: "Web_1", words: "a host name of small letters"),
        Mistake(kind: "packages", arguments: ["a b"], words: "a package: a name, or name=version"),
        Mistake(kind: "wait_ready", arguments: ["capacity": ["memory": "lots"]], words: "an amount such as 16"),
        Mistake(kind: "join", arguments: ["endpoint": "api.example.com"], words: "host:port of the API server"),
        Mistake(
            kind: "upload", arguments: ["path": "/etc/motd"], words: "either content or template or file or directory"),
        Mistake(
            kind: "upload", arguments: ["path": "/etc/motd", "template": "a", "content": "b"],
            words: "either content or template or file or directory"),
        Mistake(kind: "upload", arguments: ["path": "/etc/motd", "content": "a", "mode": 9], words: "an octal mode"),
        Mistake(
            kind: "service", arguments: ["name": "x", "state": "restarted", "restart_if_newer": "/etc/x"],
            words: "goes with state: started"),
    ]

    @Test("Mistakes are found when the playbook is read", arguments: mistakes)
    func decoding(_ mistake: Mistake) throws {
        let failure = #expect(throws: Diagnostics.self) { _ = try step(mistake.kind, mistake.arguments) }
        #expect(failure?.description.contains(mistake.words) == true, "\(String(describing: failure))")
    }

    static let cleanups: [(VariableValue, String)] = [
        (.null, "kubernetes-only auto false "), (["network": "all"], "all auto false "),
        (["network": "keep"], "keep auto false "), (["flush": "all"], "all auto false "),
        (["network": "all", "flush": "all", "cni": "calico"], "all calico false "),
        (["cni": "none", "etcd": true], "kubernetes-only none true "),
        (["paths": ["/var/lib/longhorn", "/srv/a"]], "kubernetes-only auto false /var/lib/longhorn,/srv/a"),
    ]

    @Test("A clean-up's keys are what its script is told", arguments: cleanups)
    func cleanupOptions(_ arguments: VariableValue, _ told: String) throws {
        let cleanup = try #require(try step("cleanup", arguments) as? CleanupStep)
        let options = cleanup.options(.verify, in: context(of: cleanup))
        let paths = options.additionalPaths.joined(separator: ",")
        #expect("\(options.network.rawValue) \(options.plugin.rawValue) \(options.etcd) \(paths)" == told)
    }

    static let impossible = [
        Mistake(kind: "host_name", arguments: "{{ missing }}", words: "missing"),
        Mistake(kind: "host_name", arguments: "{{ upper }}", words: "no host name"),
        Mistake(kind: "packages", arguments: ["{{ spaced }}"], words: "is no package"),
        Mistake(kind: "packages", arguments: ["{{ option }}"], words: "is no package"),
        Mistake(kind: "packages", arguments: ["a={{ shell }}"], words: "is no package"),
        Mistake(kind: "hosts_entries", arguments: ["group": "elsewhere"], words: "no host in group elsewhere"),
        Mistake(kind: "upload", arguments: ["path": "/etc/motd", "file": "other"], words: "was not read"),
        Mistake(kind: "upload", arguments: ["path": "/etc/motd", "template": "motd"], words: "was not read"),
        Mistake(kind: "upload", arguments: ["path": "/etc/motd", "template": "motd.in"], words: "greeting"),
    ]

    @Test("What cannot be asked of a host sets it aside before it is asked", arguments: impossible)
    func refusals(_ row: Mistake) throws {
        let step = try step(row.kind, row.arguments)
        let variables: VariableMapping = ["upper": "Web_1", "spaced": "a b", "option": "-y", "shell": "$(id)"]
        guard case .failed(let reason, _) = step.advance(context(of: step, variables: variables)) else {
            Issue.record("not refused")
            return
        }
        #expect(reason.contains(row.words))
        let preview = step.preview(context(of: step, variables: variables))
        #expect(preview.lines.first?.hasPrefix("cannot ") == true)
    }

    @Test("a line with a line break is told by its number, not by its text")
    func secretLine() throws {
        let step = try step("lines_in_file", ["path": "/etc/motd", "lines": ["a", "{{ key }}"]])
        let context = context(of: step, variables: ["key": "hunter2\nhunter3"])
        #expect(words(step.advance(context)) == "failed: \(step.title): line 2 holds a line break")
        #expect(!step.preview(context).lines.joined().contains("hunter"))
    }

    private func finished(_ output: String, code: String = "exited 0") -> StepMemory.Act {
        let result = OperationResult(isSuccess: code == "exited 0", code: code, output: output)
        return StepMemory.Act(state: .finished(result), attempts: 1, changedAt: now)
    }

    private func words(_ progress: StepProgress) -> String {
        switch progress {
        case .perform(let acts, _): "perform \(acts.map(\.key).joined(separator: ","))"
        case .wait(let reason, _): "wait \(reason)"
        case .blocked(let reason): "blocked \(reason)"
        case .done(let changed, let detail): "\(changed ? "changed" : "unchanged"): \(detail)"
        case .failed(let reason, _): "failed: \(reason)"
        case .unsuccessful(let reason, _): "unsuccessful: \(reason)"
        }
    }

    @Test("The answer says what changed, what held, and what failed")
    func answers() throws {
        let step = try step("swap", false)
        func told(_ act: StepMemory.Act) -> String { words(step.advance(context(of: step, acts: ["apply": act]))) }
        #expect(
            told(finished("holds=swap is off\nholds=/etc/fstab has no swap"))
                == "unchanged: swap is off; /etc/fstab has no swap")
        #expect(told(finished("changed=turn swap off\nholds=/etc/fstab has no swap")) == "changed: turn swap off")
        #expect(
            told(finished("failed=turn swap off: still in use: /dev/zram0", code: "exited 1"))
                == "unsuccessful: turn swap off: turn swap off: still in use: /dev/zram0")
        #expect(told(finished("", code: "killed by SIGKILL")) == "failed: turn swap off: killed by SIGKILL")
        let inDoubt = StepMemory.Act(state: .inDoubt, attempts: 1, changedAt: now)
        #expect(told(inDoubt) == "perform apply")
    }

    @Test("On a host with pods a disturbing step only looks, and refuses where something would change (safety rule 9)")
    func livePods() throws {
        let pod = Fixture.pod("cart-1", on: "n1", of: Fixture.replicaSet("cart", replicas: 1))
        let step = try step("packages", ["kubelet=1.36.1"])
        #expect(words(step.advance(context(of: step, pods: [pod]))) == "perform look")
        let differs = words(
            step.advance(context(of: step, pods: [pod], acts: ["look": finished("would=install kubelet=1.36.1")])))
        #expect(differs.hasPrefix("failed: would install kubelet=1.36.1 under pods that run here: shop/cart-1;"))
        #expect(differs.contains("live: true"))
        let same = step.advance(
            context(of: step, pods: [pod], acts: ["look": finished("holds=kubelet 1.36.1 is installed")]))
        #expect(words(same) == "unchanged: kubelet 1.36.1 is installed")

        let live = try self.step("packages", ["names": ["kubelet=1.36.1"], "live": true])
        #expect(words(live.advance(context(of: live, pods: [pod]))) == "perform apply")
        var drained = context(of: step, pods: [pod])
        drained.node.isDrained = true
        #expect(words(step.advance(drained)) == "perform look", "somebody let it come after the drain")
        #expect(words(step.advance(context(of: step))) == "perform apply")

        let fresh = try self.step("service", ["name": "containerd", "state": "started", "restart_if_newer": "/etc/x"])
        #expect(words(fresh.advance(context(of: fresh, pods: [pod]))) == "perform look")
        let older = finished("would run systemctl restart containerd\nchanged=yes")
        #expect(
            words(fresh.advance(context(of: fresh, pods: [pod], acts: ["look": older]))).hasPrefix(
                "failed: containerd runs with older files"))
        #expect(
            words(fresh.advance(context(of: fresh, pods: [pod], acts: ["look": finished("changed=no")])))
                == "perform service")
        #expect(words(fresh.advance(context(of: fresh))) == "perform service")

        let restart = try self.step("service", ["name": "containerd", "state": "restarted"])
        #expect(words(restart.advance(context(of: restart, pods: [pod]))).contains("shop/cart-1"))
        #expect(words(restart.advance(context(of: restart))) == "perform service")
    }

    @Test("A dry run shows orders, refusals, and that there is nothing to do")
    func previewWords() throws {
        let preview = RunPreview.Step(kind: "swap", preview: StepPreview([]))
        func words(_ output: String, _ status: Int32 = 0) -> [String] {
            preview.words(for: HostReport(outcome: .exited(status), standardOutput: output))
        }
        #expect(words("would=turn swap off\nholds=x") == ["would turn swap off"])
        #expect(words("holds=swap is off") == ["nothing to do: swap is off"])
        #expect(words("refused=no", 3) == ["would be refused: no"])
        #expect(words("", 1) == ["cannot look: exited 1"])
        #expect(words("pending=kubelet") == ["would remove kubelet"])
    }

    @Test("An inventory's host has the address that Kubespray would take")
    func addresses() {
        func address(_ dialled: String, _ own: VariableMapping = [:]) -> String? {
            let host = Host(
                name: "a", variables: HostVariables(own: own), connection: ConnectionSettings(address: dialled))
            return InventoryMember(host).address
        }
        #expect(address("10.0.0.7") == "10.0.0.7")
        #expect(address("a.example.com") == nil)
        #expect(address("a.example.com", ["ip": "10.0.0.8", "access_ip": "192.0.2.1"]) == "10.0.0.8")
        #expect(address("10.0.0.7", ["access_ip": "192.0.2.1"]) == "192.0.2.1")
        #expect(address("fd00::7") == "fd00::7")
    }
}

extension Fixture {
    /// A value as a playbook would hold it.
    static func located(_ value: VariableValue) -> LocatedValue {
        switch value {
        case .list(let elements): LocatedValue(.sequence(elements.map(located)), at: place)
        case .mapping(let mapping):
            LocatedValue(
                .mapping(
                    LocatedMapping(
                        mapping.entries.map {
                            LocatedMapping.Entry(key: $0.name, keyLocation: place, value: located($0.value))
                        })),
                at: place)
        default:
            LocatedValue(
                .scalar(LocatedScalar(text: value.scalarText ?? "", value: value, textLocation: place)), at: place)
        }
    }
}
