import Foundation
import Testing

/// `fleet playbook check`: every mistake at once, in header, steps, included files, and against an inventory.
@Suite("fleet playbook check")
struct PlaybookCheckTests {
    @Test("mistakes of every kind and of several playbooks are told together, each with its place")
    func everything() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let first = try folder.write(
            """
            name: one
            hosts: all
            waves: {sise: 2, parallelism: none}
            window: {from: "01:00", to: "02:00", time_zone: Mars/Olympus}
            preflight: [api_acess, critical_pods]
            steps:
              - cordon:
              - drian: {}
              - drain: {grace: pod}
              - {when: "probe is changed", soak: 1m}
              - {register: probe, run: {script: 'echo "{{ x }}"', timeout: soon}}
              - upload: {path: /etc/motd, file: missing.txt}
              - include: more.yaml
              - service: {state: started, enabeld: true}
            """, to: "one.yaml")
        _ = try folder.write("- {when: zone ==, cordon: }\n- label: {labels: {'a b': c}}\n", to: "more.yaml")
        let second = try folder.write("name: two\nsteps: [cordon]\n", to: "two.yaml")
        let result = try await FleetBinary(directory: folder.path).run("playbook", "check", first, second)
        #expect(result.status == 64)
        let places = result.error.split(separator: "\n").compactMap {
            $0.firstMatch(of: /(one|two|more)\.yaml:(\d+):(\d+): (.*)/).map { "\($0.1) \($0.2):\($0.3)" }
        }
        #expect(
            places == [
                "more 1:17", "more 2:10", "one 3:9", "one 3:31", "one 4:38", "one 5:13", "one 5:24", "one 8:5",
                "one 9:13", "one 10:13", "one 11:44", "one 11:64", "one 12:5", "one 14:14", "one 14:31", "two 1:1",
            ], "\(result.error)")
        #expect(result.error.contains("did you mean \"drain\"?"))
    }

    @Test("with an inventory, variables that nobody defines are told by host")
    func undefined() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let playbook = try folder.write(
            """
            name: one
            hosts: all
            vars: {known: 1}
            steps:
              - run: {script: "echo {{ known }} {{ cmdb }}"}
              - {when: facts.os.family == "debian", run: {script: echo, env: {A: "{{ tier }}"}}}
            """, to: "one.yaml")
        let inventory = try folder.write(
            "all:\n  hosts:\n    a: {tier: x}\n    b: {cmdb: y}\n    c:\n", to: "hosts.yaml")
        let fleet = FleetBinary(directory: folder.path)
        #expect(try await fleet.run("playbook", "check", playbook).status == 0)
        let result = try await fleet.run("playbook", "check", playbook, "-i", inventory)
        #expect(result.status == 64)
        #expect(result.error.contains("one.yaml:5:40: \"cmdb\" is undefined for a, c"), "\(result.error)")
        #expect(result.error.contains("\"tier\" is undefined for b, c"), "\(result.error)")
        let given = try await fleet.run(
            "playbook", "check", playbook, "-i", inventory, "-e", "cmdb=z", "-l", "a")
        #expect(given.status == 0, "\(given.error)")
    }
}
