import FleetCommands
import FleetRun
import Testing

/// The step that makes containerd fit for a kubelet, on a sandboxed host.
@Suite("containerd's configuration", .serialized, .needsSandbox)
struct ContainerdTests {
    /// An existing configuration, and what `diff` tells of the step.
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let before: String
        let change: String
        var testDescription: String { name }
    }

    private static let file = "/etc/containerd/config.toml"

    private static let runcTables = """
        > \n> [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
        >   runtime_type = "io.containerd.runc.v2"
        > \n> [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        >   SystemdCgroup = true

        """

    static let rows = [
        Row(
            name: "Docker's package: Kubernetes disabled, and nothing else said",
            before: "#   Copyright\n\ndisabled_plugins = [\"cri\"]\n\n#root = \"/var/lib/containerd\"\n",
            change: "> version = 2\n< disabled_plugins = [\"cri\"]\n> disabled_plugins = []\n" + runcTables),
        Row(
            name: "a registry, a pause image, imports and nvidia's runtime stay",
            before: """
                version = 2
                imports = ["/etc/containerd/conf.d/*.toml"]
                disabled_plugins = [
                  "io.containerd.grpc.v1.cri",
                  "io.containerd.snapshotter.v1.zfs",
                ]
                [plugins."io.containerd.grpc.v1.cri"]
                  sandbox_image = "registry.example/pause:3.10" # ours
                  [plugins."io.containerd.grpc.v1.cri".registry]
                    config_path = "/etc/containerd/certs.d"
                  [plugins."io.containerd.grpc.v1.cri".containerd]
                    default_runtime_name = "nvidia"
                    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nvidia]
                      runtime_type = "io.containerd.runc.v2"
                      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nvidia.options]
                        BinaryName = "/usr/bin/nvidia-container-runtime"
                    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
                      runtime_type = "io.containerd.runc.v2"
                      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
                        SystemdCgroup = false
                        #SystemdCgroup = false
                    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.kata]
                      runtime_type = "io.containerd.kata.v2"
                [metrics]
                  address = ""

                """,
            change: """
                <   "io.containerd.grpc.v1.cri",
                >         SystemdCgroup = true
                <         SystemdCgroup = false
                >         SystemdCgroup = true

                """),
        Row(
            name: "containerd 2's own names",
            before: """
                version = 3
                [plugins.'io.containerd.cri.v1.images'.pinned_images]
                  sandbox = 'registry.example/pause:3.10'
                [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
                  runtime_type = 'io.containerd.runc.v2'

                """,
            change: """
                > \n> [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
                >   SystemdCgroup = true

                """),
        Row(
            name: "options without a runtime: containerd 1 would have no type for it",
            before: """
                version = 2
                [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
                  SystemdCgroup = true

                """,
            change: """
                > \n> [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
                >   runtime_type = "io.containerd.runc.v2"

                """),
    ]

    @Test("an existing configuration keeps everything else; twice changes nothing")
    func existing() async throws {
        try await TestSandbox.with([TestSandbox.host("a", role: .fresh)]) { (fleet: SandboxFleet) async throws in
            _ = try await fleet.output("a", "apt-get install -y containerd; mkdir -p /etc/containerd /tmp/before")
            for row in Self.rows {
                _ = try await fleet.output(
                    "a",
                    "cat >\(Self.file) <<'END_OF_FILE'\n\(row.before)END_OF_FILE\ncp \(Self.file) /tmp/before; chmod 600 \(Self.file)"
                )
                let course = try await fleet.course("a", NodeScript.containerd)
                #expect(course.first.changed.count >= 2 && course.second.changed == [], "\(row.name)")
                let change = try await fleet.output(
                    "a", "diff /tmp/before/config.toml \(Self.file) | grep '^[<>]'; stat -c %a \(Self.file)")
                #expect(change == row.change + "600\n", "\(row.name)")
                _ = try await fleet.output(
                    "a", "cmp /tmp/before/config.toml \(Self.file).before-fleet; rm \(Self.file).before-fleet")
            }
            #expect(try await fleet.output("a", "ls -A /etc/containerd") == "config.toml\n")
        }
    }

    @Test("Debian's package: network plugins are looked for where Kubernetes' packages put them")
    func debian() async throws {
        try await TestSandbox.with([TestSandbox.host("a", role: .fresh)]) { (fleet: SandboxFleet) async throws in
            // The folder is that of the machine that runs the test.
            let has = try await fleet.output("a", "ls -A /usr/lib/cni 2>/dev/null | head -n 1; exit 0")
            _ = try await fleet.output(
                "a",
                """
                apt-get install -y containerd; mkdir -p /etc/containerd
                cat >\(Self.file) <<'END_OF_FILE'
                version = 2
                [plugins]
                  [plugins."io.containerd.grpc.v1.cri"]
                    [plugins."io.containerd.grpc.v1.cri".cni]
                      bin_dir = "/usr/lib/cni"
                      conf_dir = "/etc/cni/net.d"
                  [plugins."io.containerd.internal.v1.opt"]
                    path = "/var/lib/containerd"
                END_OF_FILE
                """)
            let course = try await fleet.course("a", NodeScript.containerd)
            #expect(
                course.first.changed == [
                    "set SystemdCgroup = true in \(Self.file) (its default runtime runc is not under systemd)",
                    "restart containerd",
                ])
            #expect(course.second.changed == [])
            let folder = try await fleet.output("a", "grep bin_dir \(Self.file); grep -c /etc/cni/net.d \(Self.file)")
            #expect(folder == "      bin_dir = \"\(has.isEmpty ? "/opt/cni/bin" : "/usr/lib/cni")\"\n1\n")
        }
    }

    @Test("no configuration: containerd's default; restarted where it runs with another one, and only then")
    func defaults() async throws {
        try await TestSandbox.with([TestSandbox.host("a", role: .fresh)]) { (fleet: SandboxFleet) async throws in
            _ = try await fleet.output(
                "a", "apt-get install -y containerd; mkdir -p /etc/containerd; echo '# mine' >\(Self.file)")
            let course = try await fleet.course("a", NodeScript.containerd)
            #expect(course.first.changed.last == "restart containerd" && course.second.changed == [])
            #expect(course.second.holds.contains("containerd runs with it"))
            let starts = "cat /var/lib/sandbox/units/containerd.starts"
            #expect(
                try await fleet.output(
                    "a", "grep -c 'SystemdCgroup = true' \(Self.file); \(starts); cat \(Self.file).before-fleet")
                    == "1\n1\n# mine\n")

            // A run that broke off between writing and restarting: the next one makes up for it.
            _ = try await fleet.output("a", "sleep 0.1; echo '# more' >>\(Self.file)")
            let late = try await fleet.course("a", NodeScript.containerd)
            #expect(late.first.changed == ["restart containerd: its configuration is younger"])
            #expect(late.second.changed == [])
            #expect(try await fleet.output("a", starts) == "2\n")
        }
    }

    @Test("what is written in one line, or stays without effect, is refused, and the file left as it is")
    func refusals() async throws {
        let texts = [
            (
                "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd]\n  runtimes.runc = { runtime_type = \"io.containerd.runc.v2\" }\n",
                "\(Self.file):3 describes runtimes in one line"
            ),
            (
                "[plugins.cri.containerd.runtimes.runc.options]\n  SystemdCgroup = false\n",
                "once edited, its default runtime runc is not under systemd; edit it by hand"
            ),
        ]
        try await TestSandbox.with([TestSandbox.host("a", role: .fresh)]) { (fleet: SandboxFleet) async throws in
            _ = try await fleet.output("a", "apt-get install -y containerd; mkdir -p /etc/containerd")
            for (text, words) in texts {
                _ = try await fleet.output(
                    "a", "cat >\(Self.file) <<'END_OF_FILE'\n\(text)END_OF_FILE\ncp \(Self.file) /tmp/before")
                let answer = try await fleet.prepare("a", NodeScript.containerd)
                #expect(answer.status != 0 && answer.report.changed == [])
                #expect(answer.report.failure?.contains(words) == true, "\(String(describing: answer.report.failure))")
                #expect(
                    try await fleet.output("a", "cmp /tmp/before \(Self.file); ls -A /etc/containerd")
                        == "config.toml\n")
            }
        }
    }
}
