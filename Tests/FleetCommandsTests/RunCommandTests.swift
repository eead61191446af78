import FleetModel
import FleetSimulation
import FleetSimulationServer
import Foundation
import Testing

/// `fleet plan` and `fleet run` against a simulated API server, as an operator types them.
@Suite(.serialized) struct RunCommandTests {
    @Test("wave by wave: pinned plan, order of waves, status, report, and the cluster afterwards")
    func waveByWave() async throws {
        try await SimulatedWorld.with { world in
            let playbook = try world.playbook()
            let planned = try await world.run("plan", playbook, "-l", "web-02,web-06,web-07", "--pin")
            #expect(planned.status == 0, "\(planned.error)")
            #expect(planned.output.contains("eu-1b"))

            let early = try await world.run("run", playbook, "--wave", "3", "--yes")
            #expect(early.status == 1)
            #expect(early.error.contains("wave 3 cannot start: wave 1 is unfinished"))

            for wave in 1...3 {
                let run = try await world.run("run", playbook, "--wave", "\(wave)", "--yes")
                #expect(run.status == 0, "wave \(wave): \(run.error)")
            }
            let nodes = await world.server.simulation.nodes.map(\.name.rawValue)
            #expect(nodes.count == 9)
            #expect(!nodes.contains("web-02") && !nodes.contains("web-06") && !nodes.contains("web-07"))
            let audit = await world.server.audit
            #expect(audit.refusedEvictions == 0)

            let again = try await world.run("run", playbook, "--yes")
            #expect(again.status == 0)
            #expect(again.error.contains("nothing to do"))
            let runs = try await world.fleet.run("runs")
            #expect(runs.output.split(separator: "\n").count { $0.contains("done") } == 3)
        }
    }

    @Test("a dry run says what would change and changes nothing")
    func dryRun() async throws {
        try await SimulatedWorld.with { world in
            let playbook = try world.playbook()
            let before = await world.server.simulation.resourceVersion
            let dry = try await world.run("run", playbook, "-l", "web-02", "--dry-run")
            #expect(dry.status == 0, "\(dry.error)")
            #expect(dry.output.contains("would cordon"))
            #expect(dry.output.contains("would delete Node web-02"))
            let after = await world.server.simulation.snapshot().nodes
            #expect(after.allSatisfy { !$0.isCordoned && $0.taints.isEmpty })
            #expect(await world.server.simulation.resourceVersion == before)
        }
    }

    @Test("without --limit a playbook that needs one exits 64 and says how")
    func noLimit() async throws {
        try await SimulatedWorld.with { world in
            let result = try await world.run("run", try world.playbook(), "--yes")
            #expect(result.status == 64)
            #expect(result.error.contains("needs --limit"))
        }
    }

    @Test("more targets than max_targets are refused, --yes or not")
    func maxTargets() async throws {
        try await SimulatedWorld.with { world in
            let result = try await world.run("run", try world.playbook(), "-l", "web-0[1-9]", "--yes")
            #expect(result.status != 0)
            let all = try await world.run("run", try world.playbook(), "-l", "all", "--yes")
            #expect(all.status == 1)
            #expect((all.output + all.error).contains("max_targets"))
            #expect(await world.server.simulation.nodes.count == 12)
        }
    }

    @Test("critical pods are named, and moved only when somebody says so by name: --yes does not (row D3)")
    func criticalPods() async throws {
        try await SimulatedWorld.with { world in
            let playbook = try world.playbook(
                header: "preflight: [{critical_pods: {selector: 'app in (checkout, cart)'}}]")
            let asked = try await world.run("run", playbook, "-l", "web-02,web-06", "--yes")
            #expect(asked.status == 75, "\(asked.error)")
            #expect(asked.error.contains(/critical pods would be moved: .*shop\/(cart|checkout)/), "\(asked.error)")
            #expect(asked.error.contains("--approve critical-pods"))
            #expect(await world.server.simulation.nodes.allSatisfy { !$0.isCordoned })
            let approved = try await world.run(
                "run", playbook, "-l", "web-02,web-06", "--yes", "--approve", "critical-pods")
            #expect(approved.status == 0, "\(approved.error)")
            #expect(await world.server.simulation.nodes.count == 10)
        }
    }

    @Test("a control-plane host among the targets is refused")
    func controlPlane() async throws {
        var snapshot = DemoCluster.snapshot()
        snapshot.nodes[0].labels["node-role.kubernetes.io/control-plane"] = ""
        try await SimulatedWorld.with(snapshot) { world in
            let inventory = try world.folder.write("kube_node: {hosts: {web-01: , web-02: }}\n", to: "hosts.yaml")
            let result = try await world.run("run", try world.playbook(), "-i", inventory, "-l", "web-01", "--yes")
            #expect(result.status == 1)
            #expect((result.output + result.error).contains("control-plane"))
            #expect(await world.server.simulation.nodes.allSatisfy { !$0.isCordoned })
        }
    }

    @Test("an edited playbook is drift: shown and refused")
    func drift() async throws {
        try await SimulatedWorld.with { world in
            let playbook = try world.playbook()
            let pinned = try await world.run("plan", playbook, "-l", "web-02", "--pin")
            #expect(pinned.status == 0, "\(pinned.error)")
            _ = try world.playbook(["cordon:"])
            let result = try await world.run("run", playbook, "--yes")
            #expect(result.status == 1)
            #expect(result.error.contains("no longer fits"))
            #expect(result.error.contains("--repin"))
        }
    }

    @Test("403 names the verb and the resource that are missing")
    func forbidden() async throws {
        let rule = Account.Rule(verbs: ["list", "watch"], resources: ["poddisruptionbudgets"])
        try await SimulatedWorld.with(denied: [rule]) { world in
            let result = try await world.run("plan", try world.playbook(), "-l", "web-02")
            #expect(result.status == 1)
            #expect(result.error.contains("cannot list resource \"poddisruptionbudgets\""))
            #expect(!result.error.contains("secret-token"))
        }
    }

    @Test("an API server that does not answer is named with its address")
    func unreachable() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let kubeconfig = try folder.write(
            """
            apiVersion: v1
            kind: Config
            clusters: [{name: c, cluster: {server: "http://127.0.0.1:9"}}]
            users: [{name: u, user: {token: "secret-token-of-the-test"}}]
            contexts: [{name: x, context: {cluster: c, user: u}}]
            current-context: x

            """, to: "kubeconfig")
        let playbook = try folder.write("name: p\nhosts: all\nsteps: [{cordon: }]\n", to: "p.yaml")
        let result = try await FleetBinary(directory: folder.path).run("plan", playbook, "--kubeconfig", kubeconfig)
        #expect(result.status == 1)
        #expect(result.error.contains("127.0.0.1:9"))
        #expect(!result.error.contains("secret-token"))
    }

    @Test(
        "a kubeconfig that is missing, broken or names nothing is told with its path and what to do",
        arguments: [
            (nil, "kubeconfig"), ("apiVersion: v1\nkind: Config\nclusters: {\n", "kubeconfig"),
            ("apiVersion: v1\nkind: Config\ncurrent-context: gone\n", "gone"),
        ])
    func wrongKubeconfig(text: String?, words: String) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let playbook = try folder.write("name: p\nhosts: all\nsteps: [{cordon: }]\n", to: "p.yaml")
        if let text { _ = try folder.write(text, to: "kubeconfig") }
        let fleet = FleetBinary(directory: folder.path)
        let result = try await fleet.run("plan", playbook, "--kubeconfig", "\(folder.path)/kubeconfig")
        #expect(result.status == 1 || result.status == 64)
        #expect(result.error.hasPrefix("error: ") && result.error.contains(words), "\(result.error)")
        #expect(result.output.isEmpty)
    }

    @Test("a default context is one of the default kubeconfig, and no other's")
    func defaultContext() async throws {
        try await SimulatedWorld.with { world in
            _ = try world.folder.write("kubeconfig: /nowhere\ncontext: prod\n", to: "fleet.yaml")
            let named = try await world.run("plan", try world.playbook(), "-l", "web-02")
            #expect(named.status == 0, "\(named.error)")
            let silent = try await world.fleet.run("plan", try world.playbook(), "-l", "web-02")
            #expect(silent.status != 0 && silent.error.contains("/nowhere"), "\(silent.error)")
        }
    }

    @Test("an expired token is told, without the token")
    func expiredToken() async throws {
        try await SimulatedWorld.with { world in
            let text = try String(contentsOfFile: world.kubeconfig, encoding: .utf8)
            let stale = text.replacing("secret-token-of-the-test", with: "stale-token")
            let kubeconfig = try world.folder.write(stale, to: "stale")
            let result = try await world.fleet.run(
                "plan", try world.playbook(), "-l", "web-02", "--kubeconfig", kubeconfig)
            #expect(result.status == 1)
            #expect(result.error.contains("Unauthorized") && result.error.contains("log in again"), "\(result.error)")
            #expect(!result.error.contains("stale-token"))
        }
    }

    @Test("every mistake of a playbook at once, with its place and a suggestion; exit 64")
    func playbookTypos() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let playbook = try folder.write(
            "name: p\nhosts: all\nwavs: {size: 1}\nsteps:\n  - cordn:\n  - drain: {grace_periode: pod}\n", to: "p.yaml")
        let result = try await FleetBinary(directory: folder.path).run("playbook", "check", playbook)
        #expect(result.status == 64)
        #expect(result.error.contains("p.yaml:3:1"))
        #expect(result.error.contains("did you mean \"waves\"?"))
    }

    @Test("a limit that matches nothing names what was probably meant")
    func unknownHost() async throws {
        try await SimulatedWorld.with { world in
            let result = try await world.run("plan", try world.playbook(), "-l", "web-2")
            #expect(result.status == 64)
            #expect(result.error.contains("web-2"))
            let zone = try await world.run("plan", try world.playbook(), "-l", "zone=eu-9z")
            #expect(zone.status == 64)
            #expect(zone.error.contains("eu-9z"))
        }
    }

    @Test("JSON: one document for a plan, one object a line for a run")
    func json() async throws {
        try await SimulatedWorld.with { world in
            let playbook = try world.playbook(["cordon:", "uncordon:"])
            let plan = try await world.run("plan", playbook, "-l", "web-02", "--output", "json")
            #expect(plan.output.hasPrefix("{") && plan.output.split(separator: "\n").count == 1)
            let run = try await world.run("run", playbook, "-l", "web-02", "--yes", "--output", "json")
            #expect(run.status == 0, "\(run.error)")
            let lines = run.output.split(separator: "\n")
            #expect(lines.count > 5)
            #expect(lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
        }
    }
}
