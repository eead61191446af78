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
              - upload: {path: /etc/motd, template: broken.conf}
              - include: more.yaml
              - service: {state: started, enabeld: true}
            """, to: "one.yaml")
        _ = try folder.write("- {when: zone ==, cordon: }\n- label: {labels: {'a b': c}}\n", to: "more.yaml")
        _ = try folder.write("[main]\nname = {{ name }}\nsize = {{ size + }}\n", to: "broken.conf")
        let second = try folder.write("name: two\nsteps: [cordon]\n", to: "two.yaml")
        let result = try await FleetBinary(directory: folder.path).run("playbook", "check", first, second)
        #expect(result.status == 64)
        let places = result.error.split(separator: "\n").compactMap {
            $0.firstMatch(of: /(one|two|more|broken)\.(?:yaml|conf):(\d+):(\d+): (.*)/).map {
                "\($0.1) \($0.2):\($0.3)"
            }
        }
        #expect(
            places == [
                "broken 3:18", "more 1:17", "more 2:10", "one 3:9", "one 3:31", "one 4:38", "one 5:13", "one 5:24",
                "one 8:5",
                "one 9:13", "one 10:13", "one 11:44", "one 11:64", "one 12:5", "one 15:14", "one 15:31", "two 1:1",
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
              - upload: {path: /etc/site.conf, template: site.conf}
            """, to: "one.yaml")
        _ = try folder.write("# {{ known }}\nrack = {{ rack }}\nslot = {{ slot | default(0) }}\n", to: "site.conf")
        let inventory = try folder.write(
            "all:\n  hosts:\n    a: {tier: x}\n    b: {cmdb: y}\n    c:\n", to: "hosts.yaml")
        let fleet = FleetBinary(directory: folder.path)
        #expect(try await fleet.run("playbook", "check", playbook).status == 0)
        let result = try await fleet.run("playbook", "check", playbook, "-i", inventory)
        #expect(result.status == 64)
        #expect(result.error.contains("one.yaml:5:40: \"cmdb\" is undefined for a, c"), "\(result.error)")
        #expect(result.error.contains("\"tier\" is undefined for b, c"), "\(result.error)")
        #expect(result.error.contains("site.conf:2:11: \"rack\" is undefined for a, b, c"), "\(result.error)")
        let given = try await fleet.run(
            "playbook", "check", playbook, "-i", inventory, "-e", "cmdb=z", "-e", "rack=r7", "-l", "a")
        #expect(given.status == 0, "\(given.error)")
    }

    @Test("other mistakes hide neither undefined variables nor patterns and files that match nothing")
    func onePass() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let first = try folder.write(
            """
            name: one
            hosts: kube_nod:&zone_z
            steps:
              - cordno:
              - run: {script: "echo {{ cmdb }}"}
            """, to: "one.yaml")
        let second = try folder.write(
            """
            name: two
            hosts: kube_node
            waves: {sise: 1}
            steps:
              - run: {script: "echo {{ cmdb }}"}
            """, to: "two.yaml")
        let inventory = try folder.write("kube_node:\n  hosts:\n    a:\n    b:\n", to: "hosts.yaml")
        let result = try await FleetBinary(directory: folder.path).run(
            "playbook", "check", first, second, "three", "-i", inventory, "-l", "a:c")
        #expect(result.status == 64)
        for words in [
            "one.yaml:2:1: ", "\"kube_nod\"", "\"zone_z\"", "one.yaml:4:5: there is no step \"cordno\"",
            "--limit:1:1: ",
            "\"c\"",
            "two.yaml:3:9: ", "three",
        ] {
            #expect(result.error.contains(words), "\(words) in \(result.error)")
        }
        let undefined = try await FleetBinary(directory: folder.path).run(
            "playbook", "check", second, "-i", inventory, "-l", "a")
        #expect(undefined.error.contains("two.yaml:3:9: "), "\(undefined.error)")
        #expect(undefined.error.contains("two.yaml:5:28: \"cmdb\" is undefined for a"), "\(undefined.error)")
    }

    @Test("members of facts and of registered results are known, and amounts are read where they stand")
    func members() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let playbook = try folder.write(
            """
            name: one
            hosts: all
            steps:
              - {register: probe, run: {script: "echo", repeatable: true}}
              - {register: pause, soak: 1s}
              - {when: facts.os.famly == "debian", soak: 1s}
              - {when: facts.kernel.major == 6, soak: 1s}
              - {when: 'probe.outptu == "x"', soak: 1s}
              - {when: 'pause.output == "x"', soak: 1s}
              - wait_ready: {capacity: {memory: lots}}
              - {when: 'facts["os"].family == "debian" and (probe.output | from_json).role == "web"', soak: 1s}
              - {when: facts.os.codename is defined and probe is changed, soak: 1s}
              - {vars: {facts: {mine: 1}}, when: facts.mine == 1, soak: 1s}
            """, to: "one.yaml")
        let result = try await FleetBinary(directory: folder.path).run("playbook", "check", playbook)
        #expect(result.status == 64)
        let told = result.error.split(separator: "\n").compactMap {
            $0.firstMatch(of: /one\.yaml:(\d+:\d+: .*)/).map { String($0.1) }
        }
        #expect(told.map { String($0.prefix { $0 != ":" }) } == ["6", "7", "8", "9", "10"], "\(result.error)")
        #expect(
            told.first
                == "6:20: facts.os has no \"famly\": expected one of family, id, name, version; did you mean \"family\"?"
        )
        #expect(told.dropFirst().first == "7:24: facts.kernel is a string, and has no \"major\"")
        #expect(told.dropFirst(2).first?.hasSuffix("did you mean \"output\"?") == true)
        #expect(told.last?.contains("found \"lots\"") == true, "\(told)")
    }

    @Test("members that a template file names are known too, and told once with their place in it")
    func membersOfTemplates() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let playbook = try folder.write(
            """
            name: one
            hosts: all
            steps:
              - {register: probe, run: {script: "echo", repeatable: true}}
              - upload: {path: /etc/site.conf, template: site.conf}
              - upload: {path: /etc/other.conf, template: site.conf}
            """, to: "one.yaml")
        _ = try folder.write(
            "family = {{ facts.os.famly }}\nout = {{ probe.outptu }}\nid = {{ facts.os.id }}\n", to: "site.conf")
        let result = try await FleetBinary(directory: folder.path).run("playbook", "check", playbook)
        #expect(result.status == 64)
        let told = result.error.split(separator: "\n").compactMap {
            $0.firstMatch(of: /site\.conf:(\d+):\d+: (\w+[.\w]* has no "\w+")/).map { "\($0.1) \($0.2)" }
        }
        #expect(told == ["1 facts.os has no \"famly\"", "2 probe has no \"outptu\""], "\(result.error)")
    }

    @Test("orders of steps that cannot work are mistakes, those that are seldom meant are warnings")
    func order() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let fleet = FleetBinary(directory: folder.path)
        func check(_ steps: String...) async throws -> (status: Int32, lines: [String]) {
            let text = "name: one\nhosts: all\nsteps:\n" + steps.map { "  - \($0)\n" }.joined()
            let result = try await fleet.run("playbook", "check", try folder.write(text, to: "one.yaml"))
            let lines = result.error.split(separator: "\n").compactMap {
                $0.firstMatch(of: /(error|warning): .*one\.yaml:(\d+):\d+: (\w+ [a-z_]+ [a-z_]+|\w+ \w+)/).map {
                    "\($0.1) \($0.2) \($0.3)"
                }
            }
            return (result.status, lines)
        }
        let stop = "service: {name: kubelet, state: stopped, enabled: false}"
        let wrong = try await check(stop, "delete_node:", "drain:", "uncordon:", "wait_ready:")
        #expect(wrong.status == 64)
        #expect(
            wrong.lines == [
                "error 6 drain stands behind", "error 7 uncordon stands behind", "error 8 wait_ready stands behind",
            ])
        let back = try await check(stop, "delete_node:", "join:", "wait_ready:", "uncordon:")
        #expect(back.status == 0 && back.lines == [], "\(back)")
        for way in ["service: {name: kubelet, state: restarted}", "reboot:", "run: {script: systemctl start kubelet}"] {
            let again = try await check(
                stop, "delete_node:", way, "wait_ready:", "label: {labels: {a: b}}", "uncordon:")
            #expect(again.status == 0 && again.lines == [], "\(way): \(again)")
        }
        let either = try await check(
            stop, "{when: zone == 'a', delete_node: }", "{when: zone != 'a', uncordon: }", "wait_ready:")
        #expect(either.status == 0 && either.lines == [], "\(either)")
        let other = try await check(
            stop, "delete_node:", "service: {name: chrony, state: started}", stop, "{when: zone == 'a', cordon: }",
            "uncordon:")
        #expect(other.lines == ["error 9 uncordon stands behind"], "\(other)")
        let doubtful = try await check("drain:", "surge_single_replicas:", "delete_node:", "cleanup:")
        #expect(doubtful.status == 0)
        #expect(
            doubtful.lines == [
                "warning 5 surge_single_replicas stands behind", "warning 6 nothing before delete_node",
                "warning 7 nothing before cleanup",
            ], "\(doubtful)")
    }
}
