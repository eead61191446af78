import FleetCommands
import Foundation
import Testing

/// Conditions on facts, registered results, includes and variables, on sandboxed hosts of both families.
@Suite("Playbooks on hosts: facts, register, include", .serialized, .needsHosts)
struct PlaybookLanguageTests {
    private static let hosts = [
        SandboxHost(name: "new-1", role: .fresh, internalIP: "10.9.0.1", clusterCertificate: HostWorld.certificate),
        SandboxHost(
            name: "new-2", role: .fresh, family: .redhat, internalIP: "10.9.0.2",
            clusterCertificate: HostWorld.certificate),
    ]

    private static let playbook = """
        name: language
        hosts: all
        waves: {canary: 0, size: 2, soak: 0s, max_unavailable: 100%, max_unavailable_per_zone: 2}
        vars: {greeting: "hello from {{ facts.os.family }}"}
        steps:
          - {when: facts.os.family == "debian", register: probe, run: {script: "printf '{\\"size\\": 3}\\n'"}}
          - {when: facts.os.family == "redhat", register: other, run: {script: hostname}}
          - include: parts/write.yaml
            vars: {target: /srv/facts}
          - when: probe is changed and (probe.output | from_json).size is version("2", ">")
            upload: {path: /srv/probe, content: "{{ probe.lines | length }} {{ other is skipped }}\\n"}
          - {when: 'other.output | default("") is match("new-")', upload: {path: /srv/other, content: "{{ other.output }}\\n"}}
          - {retries: 1, delay: 1s, run: {script: 'echo again >>/srv/tries; test "$(wc -l </srv/tries)" = 2'}}
          - {verify: {script: 'test "$(wc -l </srv/tries)" = 2 && ! test -e /var/lib/fleet', within: 5s}}
        """

    private static let part = """
        - upload:
            path: "/srv/facts"
            content: "{{ greeting }} {{ facts.package_manager }} {{ facts.cpus > 0 and facts.memory_mib > 0 }} {{ target }}\\n"
        """

    @Test(
        "Each host does what fits it; a dry run says it beforehand; the facts are asked once", .timeLimit(.minutes(5)))
    func language() async throws {
        try await HostWorld.with(Self.hosts) { world in
            let inventory = try world.inventory([:])
            try FileManager.default.createDirectory(
                atPath: world.folder.path + "/parts", withIntermediateDirectories: true)
            _ = try world.folder.write(Self.part, to: "parts/write.yaml")
            let playbook = try world.folder.write(Self.playbook, to: "language.yaml")

            let dry = try await world.run("run", playbook, "-i", inventory, "--dry-run")
            #expect(dry.status == 0, "\(dry.error)")
            #expect(
                dry.output.contains("would be left out: when: facts.os.family == \"redhat\" does not hold"),
                "\(dry.output)")
            #expect(dry.output.contains("perhaps; decided in the run: when: probe is changed"), "\(dry.output)")

            let result = try await world.run("run", playbook, "-i", inventory, "--yes", "--output", "json")
            #expect(result.status == 0, "\(result.error)\n\(result.output.suffix(2000))")
            let steps = Dictionary(grouping: result.steps, by: \.node).mapValues { $0.map(\.step) }
            #expect(
                steps["new-1"] == ["run", "skipped.run", "upload", "upload", "skipped.upload", "run", "verify"],
                "\(steps)")
            #expect(
                steps["new-2"] == ["skipped.run", "run", "upload", "skipped.upload", "upload", "run", "verify"],
                "\(steps)")
            #expect(result.output.components(separatedBy: "\"step.retried\"").count == 3, "each host failed once")
            let asked = result.output.split(separator: "\n").filter {
                $0.contains("\"operation.intended\"") && $0.contains("\"key\":\"identity\"")
            }
            #expect(asked.count == 2, "each host says once what it is, and what it is like: \(asked)")
            let read = "cat /srv/facts; cat /srv/probe /srv/other 2>/dev/null; exit 0"
            #expect(
                try await world.hosts.read("new-1", read).output == "hello from debian apt true /srv/facts\n1 true\n")
            #expect(
                try await world.hosts.read("new-2", read).output == "hello from redhat dnf true /srv/facts\nnew-2\n")
        }
    }

    @Test("A condition that cannot be worked out sets the node aside, and says why", .timeLimit(.minutes(3)))
    func undecided() async throws {
        try await HostWorld.with([Self.hosts[0]]) { world in
            let inventory = try world.inventory([:])
            let playbook = try world.folder.write(
                """
                name: language
                hosts: all
                waves: {soak: 0s, max_unavailable: 100%}
                steps:
                  - {when: 'facts.mounts[99].type == "xfs"', run: {script: touch /srv/touched}}
                """, to: "language.yaml")
            let result = try await world.run("run", playbook, "-i", inventory, "--yes")
            #expect(result.status != 0)
            #expect(
                result.error.contains("when: facts.mounts[99].type == \"xfs\" cannot be worked out: "),
                "\(result.error)")
            #expect(try await world.hosts.read("new-1", "ls /srv/touched 2>/dev/null; exit 0").output == "")
        }
    }
}
