import FleetCommands
import FleetRun
import Foundation
import Testing

/// The scripts that make a host fit to be a node, run on a sandboxed host: the first run changes, the second does not.
@Suite("Host-state scripts", .serialized, .needsSandbox)
struct PreparationTests {
    /// What two runs of a script answered, with a dry run before and between.
    struct Course {
        var dry: HostChangeReport
        var first: HostChangeReport
        var second: HostChangeReport
    }

    @Test("Host name: set now and at boot; a host that has joined is never renamed")
    func hostName() async throws {
        try await TestSandbox.with([TestSandbox.host("new", role: .fresh), TestSandbox.host("old")]) {
            (fleet: SandboxFleet) async throws in
            let course = try await fleet.course("new", NodeScript.hostName, ["FLEET_HOST_NAME": "web-9"])
            #expect(course.dry.pending == ["set the host name to web-9 (from new)"])
            #expect(course.first.changed == course.dry.pending)
            #expect(course.second.holds == ["the host name is web-9"])
            #expect(try await fleet.output("new", "uname -n; cat /etc/hostname") == "web-9\nweb-9\n")
            let refused = try await fleet.prepare("old", NodeScript.hostName, ["FLEET_HOST_NAME": "web-9"])
            #expect(refused.status == 3)
            #expect(refused.report.failure?.contains("joined a cluster under the name old") == true)
            #expect(try await fleet.output("old", "uname -n") == "old\n")
        }
    }

    @Test(
        "Hosts entries: one block, hosts that left go, entries made by hand are not kept twice, contradictions refused")
    func hostsEntries() async throws {
        func variables(_ entries: [String]) -> [String: String] {
            [
                "FLEET_PATH": "/etc/hosts", "FLEET_MARKER": "fleet", "FLEET_HOSTS": "1",
                "FLEET_BLOCK": entries.joined(separator: "\n"),
            ]
        }
        try await TestSandbox.with([TestSandbox.host("a", role: .fresh)]) { (fleet: SandboxFleet) async throws in
            _ = try await fleet.output(
                "a",
                """
                printf '127.0.0.1 localhost\\n127.0.1.1 a\\n\\n# mine\\n10.0.0.1 a\\n10.0.0.2 b # by hand\\n192.0.2.1 mirror\\n' >/etc/hosts
                chmod 640 /etc/hosts
                """)
            let three = ["10.0.0.1 a", "10.0.0.2 b", "10.0.0.3 c"]
            let course = try await fleet.course("a", NodeScript.markedBlock, variables(three))
            #expect(course.first.changed == ["write the block \"fleet\" of /etc/hosts"])
            #expect(course.second.changed == [])
            let head = "127.0.0.1 localhost\n127.0.1.1 a\n\n# mine\n192.0.2.1 mirror\n"
            let text = try await fleet.output("a", "cat /etc/hosts")
            #expect(text == head + "# BEGIN fleet\n10.0.0.1 a\n10.0.0.2 b\n10.0.0.3 c\n# END fleet\n")
            #expect(
                try await fleet.output("a", "stat -c %a /etc/hosts; ls -A /etc | grep -c fleet; exit 0") == "640\n0\n")

            _ = try await fleet.output("a", "echo '192.0.2.2 later' >>/etc/hosts")
            let two = try await fleet.course("a", NodeScript.markedBlock, variables(["10.0.0.1 a", "10.0.0.3 c"]))
            #expect(two.first.changed.count == 1 && two.second.changed == [])
            #expect(
                try await fleet.output("a", "cat /etc/hosts")
                    == head + "# BEGIN fleet\n10.0.0.1 a\n10.0.0.3 c\n# END fleet\n192.0.2.2 later\n")

            _ = try await fleet.output("a", "sed -i '1i 10.9.9.9 c' /etc/hosts; cp /etc/hosts /tmp/before")
            let contradiction = try await fleet.prepare("a", NodeScript.markedBlock, variables(three))
            #expect(contradiction.status == 3)
            #expect(
                contradiction.report.failure?.hasPrefix(
                    "/etc/hosts:1 says that c is 10.9.9.9, the inventory says 10.0.0.3") == true)
            #expect(try await fleet.output("a", "cmp /etc/hosts /tmp/before") == "")
        }
    }

    @Test("A block without an end is never completed by guessing; no lines take the block out; a large block fits")
    func markedBlocks() async throws {
        func variables(_ block: String) -> [String: String] {
            ["FLEET_PATH": "/etc/app/limits.conf", "FLEET_MARKER": "limits", "FLEET_HOSTS": "", "FLEET_BLOCK": block]
        }
        try await TestSandbox.with([TestSandbox.host("a", role: .fresh)]) { (fleet: SandboxFleet) async throws in
            let nothing = try await fleet.prepare("a", NodeScript.markedBlock, variables(""))
            #expect(nothing.report.changed == [] && nothing.status == 0)
            let made = try await fleet.course("a", NodeScript.markedBlock, variables("it's $(id) `id` \\n \"&\""))
            #expect(made.first.changed.count == 1 && made.second.changed == [])
            let text = "cat /etc/app/limits.conf; stat -c %a /etc/app /etc/app/limits.conf"
            #expect(
                try await fleet.output("a", text)
                    == "# BEGIN limits\nit's $(id) `id` \\n \"&\"\n# END limits\n755\n644\n")
            let large = (1...6_000).map { "10.\($0 / 65_536).\($0 / 256 % 256).\($0 % 256) node\($0).example.com" }
            let course = try await fleet.course("a", NodeScript.markedBlock, variables(large.joined(separator: "\n")))
            #expect(course.first.changed.count == 1 && course.second.changed == [])
            #expect(try await fleet.output("a", "wc -l </etc/app/limits.conf") == "6002\n")
            let gone = try await fleet.course("a", NodeScript.markedBlock, variables(""))
            #expect(gone.first.changed.count == 1 && gone.second.changed == [])
            #expect(try await fleet.output("a", "cat /etc/app/limits.conf") == "")

            _ = try await fleet.output("a", "printf '# BEGIN limits\\nmine\\n' >/etc/app/limits.conf")
            let open = try await fleet.prepare("a", NodeScript.markedBlock, variables("x"))
            #expect(open.report.failure?.hasPrefix("/etc/app/limits.conf:1: \"# BEGIN limits\" has no") == true)
            #expect(try await fleet.output("a", "cat /etc/app/limits.conf") == "# BEGIN limits\nmine\n")
        }
    }

    @Test("Swap: off now, and off at boot; fstab is otherwise kept byte for byte, and its old text beside it")
    func swap() async throws {
        try await TestSandbox.with([TestSandbox.host("a", role: .fresh)]) { (fleet: SandboxFleet) async throws in
            let table =
                "UUID=1 / ext4 defaults 0 1\\n\\t# a comment  \\n/swap.img\\tnone\\tswap\\tsw 0 0\\n#/old none swap sw 0 0\\n/dev/swapdisk /srv/swap ext4 ro 0 2"
            _ = try await fleet.output(
                "a", "printf '\(table)' >/etc/fstab; chmod 664 /etc/fstab; cp /etc/fstab /tmp/before")
            let course = try await fleet.course("a", NodeScript.swapOff)
            #expect(
                course.dry.pending == [
                    "turn swap off (/swap.img)",
                    "comment 1 swap line(s) of /etc/fstab (kept in /etc/fstab.before-fleet)",
                ])
            #expect(course.first.changed == course.dry.pending)
            #expect(course.second.holds == ["swap is off", "/etc/fstab has no swap"])
            #expect(
                try await fleet.output("a", "cmp /tmp/before /etc/fstab.before-fleet; stat -c %a /etc/fstab") == "664\n"
            )
            let change = try await fleet.output("a", "diff /tmp/before /etc/fstab | grep '^[<>]'; wc -l </proc/swaps")
            #expect(
                change == """
                    < /swap.img\tnone\tswap\tsw 0 0
                    > # swap is off, says fleet: /swap.img\tnone\tswap\tsw 0 0
                    1

                    """)
        }
    }

    @Test("Swap that fstab does not name is kept from coming back, too")
    func swapOfGenerators() async throws {
        try await TestSandbox.with([TestSandbox.host("a", role: .fresh)]) { (fleet: SandboxFleet) async throws in
            _ = try await fleet.output("a", "printf '/dev/zram0 partition 4194304 0 100\\n' >>/proc/swaps")
            let course = try await fleet.course("a", NodeScript.swapOff)
            #expect(
                course.first.changed == [
                    "turn swap off (/swap.img /dev/zram0)", "keep dev-zram0.swap from coming back at boot",
                    "comment 1 swap line(s) of /etc/fstab (kept in /etc/fstab.before-fleet)",
                ])
            #expect(course.second.changed == [])
            #expect(fleet.calls(on: "a").contains("systemctl mask dev-zram0.swap"))
            #expect(!fleet.calls(on: "a").contains { $0.contains("mask swap.img") })
        }
    }

    @Test("Kernel modules and settings: now, at boot, and read back")
    func kernel() async throws {
        let settings = [
            "FLEET_FILE": "zz-fleet", "FLEET_SETTINGS": "net.bridge.bridge-nf-call-iptables=1\nnet.ipv4.ip_forward=1",
        ]
        try await TestSandbox.with([TestSandbox.host("a", role: .fresh)]) { (fleet: SandboxFleet) async throws in
            let unheard = try await fleet.prepare(
                "a", NodeScript.sysctl, ["FLEET_FILE": "other", "FLEET_SETTINGS": "net.no_such.thing=1"])
            #expect(unheard.status == 1)
            #expect(unheard.report.failure?.contains("net/no_such/thing") == true)
            let modules = try await fleet.course(
                "a", NodeScript.kernelModules, ["FLEET_MODULES": "overlay br_netfilter"])
            #expect(modules.first.changed.contains("load module br_netfilter"))
            #expect(modules.second.changed == [])
            #expect(try await fleet.output("a", "cat /etc/modules-load.d/fleet-*.conf") == "br_netfilter\noverlay\n")
            _ = try await fleet.output("a", "sysctl -w net.bridge.bridge-nf-call-iptables=0 net.ipv4.ip_forward=0")
            let course = try await fleet.course("a", NodeScript.sysctl, settings)
            #expect(course.first.changed.contains("set net.bridge.bridge-nf-call-iptables to 1"))
            #expect(course.second.changed == [])
            // The kernel's own answer, by the real tool.
            let proof = "/usr/sbin/sysctl -n net.ipv4.ip_forward; tail -n 2 /etc/sysctl.d/zz-fleet.conf"
            #expect(
                try await fleet.output("a", proof)
                    == "1\nnet.bridge.bridge-nf-call-iptables = 1\nnet.ipv4.ip_forward = 1\n")
            // Somebody changes it by hand: the file is right, the kernel is not.
            _ = try await fleet.output("a", "echo 0 >/proc/sys/net/ipv4/ip_forward")
            let again = try await fleet.prepare("a", NodeScript.sysctl, settings)
            #expect(again.report.changed == ["set net.ipv4.ip_forward to 1"])
            let unknown = try await fleet.prepare("a", NodeScript.kernelModules, ["FLEET_MODULES": "no_such"])
            #expect(unknown.report.failure?.contains("Module no_such not found") == true)
        }
    }

    @Test(
        "Packages of all families: installed in the version wanted, held, and left alone the second time",
        arguments: [SandboxHost.Family.debian, .redhat, .fedora])
    func packages(family: SandboxHost.Family) async throws {
        var host = TestSandbox.host("a", role: .fresh)
        host.family = family
        let wanted = ["FLEET_PACKAGES": "kubelet=1.36.0 kubectl=1.36.* jq", "FLEET_HOLD": "1"]
        try await TestSandbox.with([host]) { (fleet: SandboxFleet) async throws in
            let course = try await fleet.course("a", NodeScript.packages, wanted)
            #expect(course.dry.pending.first == "install kubelet=1.36.0 kubectl=1.36.* jq")
            #expect(course.first.changed.contains("hold kubelet"))
            #expect(course.second.changed == [])
            #expect(course.second.holds.contains("kubelet 1.36.0-1.1 is installed"))
            #expect(course.second.holds.contains("kubelet is held"))

            let newer = try await fleet.prepare(
                "a", NodeScript.packages, ["FLEET_PACKAGES": "kubelet=1.37.*", "FLEET_HOLD": "0"])
            #expect(newer.status == 1)
            let kept = try await fleet.prepare("a", NodeScript.packages, wanted)
            #expect(kept.report.changed == [], "a failed installation opens no lock")
            #expect(newer.report.failure?.contains("1.37.") == true)
            let exact = try await fleet.course(
                "a", NodeScript.packages, ["FLEET_PACKAGES": "kubelet=1.36.2-1.1", "FLEET_HOLD": "0"])
            #expect(exact.first.changed == ["install kubelet=1.36.2-1.1"])
            #expect(exact.second.changed == [])
            // dnf 4's lock names a version: the newer one is locked again. In dnf 5 that was done with the installation.
            let held = try await fleet.course(
                "a", NodeScript.packages, ["FLEET_PACKAGES": "kubelet=1.36.2-1.1", "FLEET_HOLD": "1"])
            #expect(held.first.changed == (family == .redhat ? ["hold kubelet"] : []))
            let installs = fleet.calls(on: "a").filter { $0.contains(" install ") && $0.contains("kubelet") }
            let flags: [SandboxHost.Family: String] = [
                .debian: " --no-remove ", .redhat: " --disableplugin=versionlock ",
                .fedora: " --setopt=disable_excludes=* ",
            ]
            #expect(!installs.isEmpty && installs.allSatisfy { $0.contains(flags[family] ?? "-") }, "\(installs)")
        }
    }

    @Test("Locks of dnf 5 that fleet did not make outlive an installation, a failed one, and one that was killed")
    func foreignLocks() async throws {
        var host = TestSandbox.host("a", role: .fresh)
        host.family = .fedora
        let locks = """
            version = "1.0"

            [[packages]]
            name = "jq"
            comment = "until the parser is mended"
            [[packages.conditions]]
            key = "evr"
            comparator = "<"
            value = "1.7"

            [[packages]]
            name = "kubelet"
            [[packages.conditions]]
            key = "evr"
            comparator = "="
            value = "0:1.35.0-1.1"


            """
        try await TestSandbox.with([host]) { (fleet: SandboxFleet) async throws in
            let file = "/etc/dnf/versionlock.toml"
            _ = try await fleet.output("a", "mkdir -p /etc/dnf; cat >\(file) <<'END'\n\(locks)\nEND\n")
            let before = try await fleet.output("a", "cat \(file)")
            let installed = try await fleet.prepare(
                "a", NodeScript.packages, ["FLEET_PACKAGES": "kubelet=1.36.0 jq", "FLEET_HOLD": "0"])
            #expect(installed.report.changed == ["install kubelet=1.36.0 jq"], "\(installed)")
            #expect(try await fleet.output("a", "cat \(file); ls \(file).*; exit 0") == before)
            let failed = try await fleet.prepare(
                "a", NodeScript.packages, ["FLEET_PACKAGES": "kubelet=1.37.*", "FLEET_HOLD": "0"])
            #expect(failed.status == 1)
            #expect(try await fleet.output("a", "cat \(file)") == before)

            // A copy that did not become whole takes no lock's place, neither where copying fails nor where it was killed.
            _ = try await fleet.output(
                "a",
                """
                printf '#!/bin/sh\\necho half >"$3"; echo full >&2; exit 1\\n' >/usr/local/sbin/cp; chmod 755 /usr/local/sbin/cp
                """)
            let full = try await fleet.prepare(
                "a", NodeScript.packages, ["FLEET_PACKAGES": "kubelet=1.37.*", "FLEET_HOLD": "0"])
            #expect(full.status == 1 && full.report.failure?.contains("full") == true, "\(full)")
            #expect(try await fleet.output("a", "cat \(file); ls \(file).*; exit 0") == before)
            _ = try await fleet.output("a", "rm /usr/local/sbin/cp; echo half >\(file).fleet.new")
            let later = try await fleet.prepare(
                "a", NodeScript.packages, ["FLEET_PACKAGES": "kubelet=1.37.*", "FLEET_HOLD": "0"])
            #expect(later.status == 1)
            #expect(try await fleet.output("a", "cat \(file); ls \(file).*; exit 0") == before)

            // Killed after it had opened them.
            _ = try await fleet.output(
                "a", "cp -p \(file) \(file).fleet; dnf5 -q versionlock delete kubelet jq")
            let course = try await fleet.course(
                "a", NodeScript.packages, ["FLEET_PACKAGES": "kubelet=1.36.0 jq", "FLEET_HOLD": "0"])
            #expect(course.dry.pending == ["close the locks of packages again"])
            #expect(course.second.changed == [])
            #expect(try await fleet.output("a", "cat \(file); ls \(file).*; exit 0") == before)

            // A lock of one version gives way to a newer one's; one that says something else is somebody's.
            let held = try await fleet.prepare(
                "a", NodeScript.packages, ["FLEET_PACKAGES": "kubelet jq", "FLEET_HOLD": "1"])
            #expect(held.report.changed == ["hold kubelet"], "\(held)")
            #expect(
                held.report.failure?.contains("jq has a lock that fleet did not make (evr < 1.7)") == true, "\(held)")
            let after = try await fleet.output("a", "dnf5 versionlock list | grep -v '^#'")
            #expect(after == "Package name: jq\nevr < 1.7\n\nPackage name: kubelet\nevr = 1.36.0-1.1\n")
        }
    }

    @Test("Upload: whole or not at all, with mode and owner, and any bytes")
    func upload() async throws {
        let bytes = Data((0...255).map(UInt8.init) + Array("'\"$(id)\n".utf8))
        try await TestSandbox.with([TestSandbox.host("a", role: .fresh)]) { (fleet: SandboxFleet) async throws in
            _ = try await fleet.output("a", "mkdir /etc/app; echo old >/etc/app/file; chmod 600 /etc/app/file")
            let digest = try await fleet.output(
                "a", "printf '%s' \(bytes.base64EncodedString()) | base64 -d | sha256sum | cut -c 1-64"
            )
            .trimmingCharacters(in: .newlines)
            // What the engine answers when the script asks.
            let script =
                "fleet_input() { printf '%s' \(bytes.base64EncodedString()) | base64 -d; }\n" + NodeScript.upload
            func variables(mode: String = "keep", owner: String = "keep") -> [String: String] {
                [
                    "FLEET_PATH": "/etc/app", "FLEET_OWNER": owner,
                    "FLEET_MANIFEST": "0 \(bytes.count) \(digest) \(mode) file\n1 \(bytes.count) \(digest) 755 bin/a b",
                ]
            }
            let course = try await fleet.course("a", script, variables())
            #expect(course.first.changed == ["write /etc/app/file", "write /etc/app/bin/a b"])
            #expect(course.second.holds == ["/etc/app/file has these contents", "/etc/app/bin/a b has these contents"])
            #expect(
                try await fleet.output(
                    "a",
                    "cd /etc/app; sha256sum <file | cut -c 1-64; stat -c %a file; ls -A; stat -c %a 'bin/a b'; ls -A bin"
                )
                    == "\(digest)\n600\nbin\nfile\n755\na b\n")
            let mode = try await fleet.course("a", script, variables(mode: "0644", owner: "root:root"))
            #expect(mode.first.changed == ["set the mode of /etc/app/file to 0644"])
            #expect(mode.second.changed == [])
            let wrong = [
                "FLEET_PATH": "/etc/app/other", "FLEET_OWNER": "keep",
                "FLEET_MANIFEST": "0 \(bytes.count) \(String(repeating: "0", count: 64)) keep ",
            ]
            let broken = try await fleet.prepare("a", script, wrong)
            #expect(broken.status == 1 && broken.report.failure?.contains("did not arrive whole") == true)
            #expect(try await fleet.output("a", "ls -A /etc/app") == "bin\nfile\n")
        }
    }

    @Test("Kubelet settings are merged by key, and taken back where the kubelet does not run with them")
    func kubeletConfiguration() async throws {
        let settings = [
            "FLEET_SETTINGS": "cgroupDriver: \"systemd\"\nsystemReserved:\n  cpu: \"500m\"\n  memory: \"1Gi\"",
            "FLEET_WATCH": "1",
        ]
        let file = "/var/lib/kubelet/config.yaml"
        try await TestSandbox.with([TestSandbox.host("a"), TestSandbox.host("new", role: .fresh)]) {
            (fleet: SandboxFleet) async throws in
            _ = try await fleet.output(
                "a",
                "printf 'kind: KubeletConfiguration\\nsystemReserved:\\n    cpu: 1\\n    pid: \"100\"\\n# mine\\nevictionHard:\\n  memory.available: 5%%\\n' >\(file); chmod 600 \(file); systemctl restart kubelet"
            )
            let course = try await fleet.course("a", NodeScript.kubeletConfiguration, settings)
            #expect(course.first.changed == ["write the settings into \(file) and restart the kubelet"])
            #expect(course.second.holds == ["\(file) has these settings", "the kubelet runs with them"])
            #expect(
                try await fleet.output(
                    "a", "cat \(file); stat -c %a \(file); ls /var/lib/kubelet | grep -c fleet; exit 0") == """
                        kind: KubeletConfiguration
                        systemReserved:
                          cpu: "500m"
                          memory: "1Gi"
                          pid: "100"
                        # mine
                        evictionHard:
                          memory.available: 5%
                        cgroupDriver: "systemd"
                        600
                        0

                        """)
            let before = try await fleet.output("a", "sha256sum \(file)")
            // A kubelet that dies of a setting a second after systemctl called it active, and is started again for ever.
            _ = try await fleet.output(
                "a",
                """
                mv /usr/local/sbin/systemctl /usr/local/sbin/systemctl.real
                cat >/usr/local/sbin/systemctl <<'END'
                #!/bin/sh
                [ "$1 $2" != "restart kubelet" ] || date +%s >/tmp/restarted
                if [ "$1 $2" = "is-active kubelet" ] && grep -q bad \(file) && [ $(($(date +%s) - $(cat /tmp/restarted))) -gt 1 ]
                then echo activating; exit 3; fi
                exec systemctl.real "$@"
                END
                chmod 755 /usr/local/sbin/systemctl
                """)
            let bad = try await fleet.prepare(
                "a", NodeScript.kubeletConfiguration, ["FLEET_SETTINGS": "bad: true", "FLEET_WATCH": "6"])
            #expect(bad.status == 1)
            #expect(bad.report.failure?.contains("kubelet is activating") == true)
            #expect(bad.report.failure?.contains("its old configuration is back") == true)
            #expect(try await fleet.output("a", "sha256sum \(file)") == before)
            #expect(fleet.unit("kubelet", on: "a") == "active")
            // One that runs and is not healthy.
            _ = try await fleet.output(
                "a",
                "mv /usr/local/sbin/systemctl.real /usr/local/sbin/systemctl; printf '#!/bin/sh\\nexit 22\\n' >/usr/local/sbin/curl"
            )
            let ill = try await fleet.prepare(
                "a", NodeScript.kubeletConfiguration, ["FLEET_SETTINGS": "bad: true", "FLEET_WATCH": "1"])
            #expect(ill.report.failure?.contains("its health check does not answer") == true)
            #expect(try await fleet.output("a", "sha256sum \(file)") == before)
            let fresh = try await fleet.prepare("new", NodeScript.kubeletConfiguration, settings)
            #expect(fresh.status == 3)
        }
    }

    @Test("A service restarts when a file that it reads is younger than its start, and only then")
    func service() async throws {
        let script = NodeScript.service(unit: "containerd", want: "started", boot: "enabled")
        let variables = ["FLEET_FILES": "/etc/none\n/etc/containerd/certs.toml"]
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            func run(_ dry: String = "0") async throws -> String {
                try await fleet.output(
                    "a", SandboxFleet.exports(variables.merging(["FLEET_DRY_RUN": dry]) { $1 }) + script)
            }
            _ = try await fleet.output("a", "systemctl restart containerd")
            #expect(try await run() == "changed=no\n")
            _ = try await fleet.output("a", "sleep 0.1; mkdir -p /etc/containerd; echo x >/etc/containerd/certs.toml")
            #expect(try await run("1") == "would run systemctl restart containerd\nchanged=yes\n")
            #expect(try await run() == "changed=yes\n")
            #expect(try await run() == "changed=no\n")
            #expect(try await fleet.output("a", "cat /var/lib/sandbox/units/containerd.starts") == "2\n")
            _ = try await fleet.output("a", "systemctl disable --now containerd")
            #expect(
                try await run("1")
                    == "would run systemctl start containerd\nwould run systemctl enable containerd\nchanged=yes\n")
            #expect(try await run() == "changed=yes\n")
            #expect(try await run() == "changed=no\n")
        }
    }
}

extension SandboxFleet {
    /// `export` lines, as fleet's own client sends variables.
    static func exports(_ variables: [String: String]) -> String {
        variables.sorted { $0.key < $1.key }.map { name, value in
            "export \(name)='\(value.replacingOccurrences(of: "'", with: #"'\''"#))'\n"
        }.joined()
    }

    /// Runs a host-state script for good.
    func prepare(_ host: String, _ script: String, _ variables: [String: String] = [:], isDryRun: Bool = false)
        async throws -> (report: HostChangeReport, status: Int32)
    {
        let all = variables.merging(["FLEET_DRY_RUN": isDryRun ? "1" : "0"]) { $1 }
        let reading = try await read(host, Self.exports(all) + script)
        #expect(reading.error == "")
        return (HostChangeReport(NodeAnswer(reading.output)), reading.status)
    }

    /// A dry run, which must change nothing, then the script twice.
    func course(_ host: String, _ script: String, _ variables: [String: String] = [:]) async throws
        -> PreparationTests.Course
    {
        let picture =
            "find /etc /run /var/lib -xdev -newer /tmp/mark -not -path '/var/lib/sandbox*' | sort; cat /proc/swaps; uname -n"
        _ = try await output(host, "touch /tmp/mark; sleep 0.02")
        let before = try await output(host, picture)
        let dry = try await prepare(host, script, variables, isDryRun: true)
        #expect(dry.status == 0 && dry.report.changed == [])
        let after = try await output(host, picture)
        #expect(after == before, "the dry run changed something: \(before) became \(after)")
        let first = try await prepare(host, script, variables)
        #expect(first.status == 0, "\(String(describing: first.report.failure))")
        let second = try await prepare(host, script, variables)
        #expect(second.status == 0, "\(String(describing: second.report.failure))")
        let third = try await prepare(host, script, variables, isDryRun: true)
        #expect(third.report.pending == [])
        return PreparationTests.Course(dry: dry.report, first: first.report, second: second.report)
    }
}
