import FleetCommands
import FleetRun
import Foundation
import Testing

@Suite("Clean-up of a host", .serialized, .needsSandbox)
struct CleanupTests {
    /// What somebody else has on every host, as `iptables-save` prints it.
    static let foreignRules = [
        "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT",
        #"-A INPUT -m comment --comment "acme: about cali: and KUBE-FIREWALL" -j ACME-INPUT"#,
        "-A ACME-INPUT -m set --match-set acme-blocklist src -j DROP",
        "-A PREROUTING -j ACME-NAT",
        #"-A POSTROUTING -s 192.168.77.0/24 -m comment --comment "acme -j KUBE-POSTROUTING lookalike" -j MASQUERADE"#,
        "-A ACME-NAT -p tcp -m tcp --dport 8443 -j REDIRECT --to-ports 443",
    ]

    @Test(
        "Removes what Kubernetes and the plugin made, row by row, and nothing else",
        arguments: [
            SandboxHost.NetworkPlugin.calico, .flannel,
        ])
    func removesOwn(plugin: SandboxHost.NetworkPlugin) async throws {
        try await TestSandbox.with([TestSandbox.host("a", plugin: plugin), TestSandbox.host("b", plugin: plugin)]) {
            (fleet: SandboxFleet) async throws in
            let neighbour = try await fleet.picture("b")
            let options = CleanupOptions(run: "r1", node: "a", clusterAuthority: TestSandbox.certificateHash)
            let (report, status) = try await fleet.cleanup("a", options)
            #expect(status == 0)
            #expect(report.result == .changed)
            #expect(report.failed == [])
            for item in ["kubelet", "kubeadm reset", "/etc/cni/net.d", "/var/lib/kubelet", "/etc/kubernetes"] {
                #expect(report.changed.contains(item))
            }
            try await expectOwnGone(fleet)
            try await expectForeignThere(fleet)
            #expect(try await fleet.picture("b") == neighbour)
            if plugin == .calico {
                #expect(report.changed.contains("Calico node a"))
                #expect(fleet.calls(on: "a").contains("calicoctl delete node a"))
                #expect(try await fleet.output("a", "ls /var/lib/sandbox/calico-nodes") == "")
            }

            let (second, _) = try await fleet.cleanup("a", options)
            #expect(second.result == .unchanged)
            #expect(second.changed == [])
            var verifying = options
            verifying.mode = .verify
            let (verified, verifiedStatus) = try await fleet.cleanup("a", verifying)
            #expect(verifiedStatus == 0)
            #expect(verified.result == .gone)
            #expect(verified.left == [])
        }
    }

    private func expectOwnGone(_ fleet: SandboxFleet) async throws {
        let rules = try await fleet.output("a", "iptables-save; ip6tables-save; nft list tables; ipset -n list")
        for line in rules.split(separator: "\n") where !line.hasPrefix("#") && !line.contains("acme") {
            #expect(!line.contains("KUBE-") && !line.contains("cali") && !line.contains("CNI-"), "left: \(line)")
            #expect(!line.contains("FLANNEL") && !line.contains("kube-proxy"), "left: \(line)")
        }
        let links = try await fleet.output("a", "ip -br link | awk '{ print $1 }'")
        #expect(links == "lo\neth0\n")
        let paths = CleanupOptions(run: "r1").paths.joined(separator: " ")
        #expect(try await fleet.output("a", "for p in \(paths); do [ ! -e $p ] || echo $p; done") == "")
        let kubelet = "systemctl is-active kubelet; systemctl is-enabled kubelet; exit 0"
        #expect(try await fleet.output("a", kubelet) == "inactive\ndisabled\n")
        #expect(try await fleet.output("a", "grep -c /var/lib/kubelet /proc/self/mountinfo; exit 0") == "0\n")
    }

    private func expectForeignThere(_ fleet: SandboxFleet) async throws {
        let rules = try await fleet.output("a", "iptables-save").split(separator: "\n").map(String.init)
        #expect(rules.filter { $0.hasPrefix("-A") }.sorted() == Self.foreignRules.sorted())
        let rules6 = try await fleet.output("a", "ip6tables-save | grep -c ACME-INPUT")
        #expect(rules6 == "2\n")
        #expect(try await fleet.output("a", "nft list table inet acme").contains("tcp dport 9100 accept"))
        #expect(try await fleet.output("a", "ipset save").contains("add acme-blocklist 203.0.113.9"))
        #expect(try await fleet.output("a", "cat /srv/acme/data/ledger.txt") == "somebody else's data\n")
        #expect(try await fleet.output("a", "cat /var/lib/sandbox/ipvs") == "-A -t 192.0.2.80:80 -s wlc\n")
        #expect(try await fleet.output("a", "systemctl is-active containerd") == "active\n")
        #expect(try await fleet.output("a", "ls /opt/cni/bin") != "")
    }

    /// Routes and rules of plugins, and of somebody else, in the kernel's own tables.
    private static let routes = """
        ip route add blackhole 10.244.5.0/26 proto 80
        ip route add 10.244.6.0/26 via 10.0.0.11 dev eth0 onlink proto 12
        ip route add 10.244.7.0/24 via 10.0.0.12 dev eth0 onlink
        ip route add 198.51.100.0/24 via 10.0.0.1 dev eth0 onlink
        ip rule add pref 9 fwmark 0x200/0xf00 lookup 2004
        ip rule add pref 10 fwmark 0xa00/0xf00 lookup 2005
        ip rule add pref 50 fwmark 0x200/0xf00 lookup 77
        ip route add local default dev lo table 2004
        ip route add 198.51.100.0/24 dev eth0 table 77
        """

    /// The kernel answers with tabulators, blanks at the end and what it makes of a name.
    private static let shown =
        "{ ip route show; ip rule show; ip route show table all; } | grep -e 10.244 -e 198.51 -e fwmark | sed 's/[[:space:]][[:space:]]*/ /g; s/ $//' | sort -u"

    @Test("Routes of Calico's Felix and bird, flannel's of host-gw, Cilium's rules and tables go; others' stay")
    func routes() async throws {
        try await TestSandbox.with([
            TestSandbox.host("a"), TestSandbox.host("f", plugin: .flannel), TestSandbox.host("o"),
        ]) { (fleet: SandboxFleet) async throws in
            for host in ["a", "f", "o"] { _ = try await fleet.output(host, "set -e\n" + Self.routes) }
            let before = try await fleet.output("a", Self.shown)
            let dry = try await fleet.cleanup("a", CleanupOptions(run: "r1", mode: .dryRun)).report
            for row in ["routes of Calico (2)", "rules of Cilium (2)"] { #expect(dry.pending.contains(row), "\(dry)") }
            #expect(try await fleet.output("a", Self.shown) == before)
            let left = try await fleet.cleanup("a", CleanupOptions(run: "r1", mode: .verify)).report.left
            #expect(left.contains("routes of Calico (2)") && left.contains("rules of Cilium (2)"), "\(left)")

            let (report, status) = try await fleet.cleanup("a", CleanupOptions(run: "r1"))
            #expect(status == 0, "\(report)")
            let foreign = [
                "198.51.100.0/24 via 10.0.0.1 dev eth0", "fwmark 0x200/0xf00 lookup 77", "dev eth0 table 77",
            ]
            let after = try await fleet.output("a", Self.shown)
            // Without flannel's own file nothing tells that a route is flannel's.
            for words in foreign + ["10.244.7.0/24 via 10.0.0.12"] { #expect(after.contains(words), "\(after)") }
            for words in ["10.244.5.0", "10.244.6.0", "lookup 2004", "lookup 2005", "table 2004"] {
                #expect(!after.contains(words), "\(after)")
            }
            let verified = try await fleet.cleanup("a", CleanupOptions(run: "r1", mode: .verify)).report
            #expect(verified.result == .gone && verified.gone.contains("routes of Calico"), "\(verified)")

            let flannel = try await fleet.cleanup("f", CleanupOptions(run: "r1", plugin: .flannel)).report
            #expect(flannel.changed.contains("routes of Flannel (1)"), "\(flannel)")
            let rest = try await fleet.output("f", Self.shown)
            #expect(!rest.contains("via 10.0.0.12") && rest.contains("lookup 2004"), "\(rest)")
            #expect(rest.contains("10.244.6.0/26 via 10.0.0.11"), "another daemon's, by its mark: \(rest)")
            #expect(rest.contains("198.51.100.0/24 via 10.0.0.1"), "\(rest)")

            // A routing daemon of the host's own: what it marks is not taken for Calico's.
            _ = try await fleet.output("o", "echo active >/var/lib/sandbox/units/bird.active")
            let own = try await fleet.cleanup("o", CleanupOptions(run: "r1", plugin: .calico)).report
            #expect(own.changed.contains("routes of Calico (1)"), "\(own)")
            #expect(try await fleet.output("o", Self.shown).contains("10.244.6.0/26 via 10.0.0.11"))
        }
    }

    @Test("Routes alone are saved too and come back by the timer; a default route, and those of a bird that runs, stay")
    func restoresRoutes() async throws {
        let hosts = [TestSandbox.host("a", role: .fresh), TestSandbox.host("b", role: .fresh)]
        try await TestSandbox.with(hosts) { (fleet: SandboxFleet) async throws in
            // Of several ways, which the kernel shows on several lines; and the way by which the host is reached.
            let more = """
                ip route add 10.244.8.0/26 proto 12 nexthop via 10.0.0.11 dev eth0 onlink nexthop via 10.0.0.12 dev eth0 onlink
                ip route replace default via 10.0.0.1 dev eth0 onlink proto 12 metric 7
                """
            let defaults = "ip route show default | sed 's/ *$//'"
            for host in ["a", "b"] { _ = try await fleet.output(host, "set -e\n" + Self.routes + "\n" + more) }
            let before = try await fleet.output("a", Self.shown)
            let defaultsBefore = try await fleet.output("a", defaults)
            let options = CleanupOptions(run: "r1", restoreAfterSeconds: 6)
            let (report, status) = try await fleet.cleanup("a", options)
            #expect(status == 0, "\(report)")
            #expect(report.changed.contains("routes of Calico (3)"), "\(report)")
            #expect(report.kept.contains("a default route that is marked as Calico's"), "\(report)")
            #expect(report.restoreAfterSeconds == 6)
            #expect(try await fleet.output("a", defaults) == defaultsBefore)
            #expect(defaultsBefore.contains("metric 7"), "\(defaultsBefore)")
            try await wait(for: "restored\n", of: "ls /var/lib/fleet/r1/rules | grep -x restored; exit 0", in: fleet)
            try await wait(for: before, of: Self.shown, in: fleet)
            #expect(try await fleet.output("a", "cat /var/lib/fleet/r1/rules/restored") == "")

            // However it was started: the units of the host know nothing of it.
            _ = try await fleet.output(
                "b",
                """
                printf '#!/bin/sh\\nsleep 600\\n' >/usr/local/sbin/bird; chmod 755 /usr/local/sbin/bird
                setsid /usr/local/sbin/bird >/dev/null 2>&1 </dev/null &
                for turn in $(seq 50); do ! grep -q -s -x bird /proc/[0-9]*/comm || break; sleep 0.1; done
                """)
            let own = try await fleet.cleanup("b", CleanupOptions(run: "r1")).report
            #expect(own.changed.contains("routes of Calico (1)"), "\(own)")
            let shown = try await fleet.output("b", Self.shown)
            #expect(shown.contains("10.244.6.0/26 via 10.0.0.11") && shown.contains("10.244.8.0/26"), "\(shown)")
            // Once it has ended its routes go, and what the first pass did not save is saved now.
            _ = try await fleet.output(
                "b",
                """
                for file in $(grep -l -s -x bird /proc/[0-9]*/comm); do kill "$(basename "${file%/comm}")"; done
                for turn in $(seq 50); do grep -q -s -x bird /proc/[0-9]*/comm || break; sleep 0.1; done
                """)
            let later = try await fleet.cleanup("b", CleanupOptions(run: "r1")).report
            #expect(later.changed == ["routes of Calico (2)"], "\(later)")
            let saved = try await fleet.output("b", "grep -c -e 10.244 /var/lib/fleet/r1/rules/routes")
            #expect(saved == "3\n")
        }
    }

    @Test("Flannel's routes are still known as such after a pass that took its configuration and not them")
    func flannelRoutesOfLaterPass() async throws {
        try await TestSandbox.with([TestSandbox.host("f", plugin: .flannel)]) { (fleet: SandboxFleet) async throws in
            _ = try await fleet.output(
                "f",
                """
                ip route add 10.244.7.0/24 via 10.0.0.12 dev eth0 onlink
                printf '#!/bin/sh\\ncase "$*" in *"route del"*) echo no >&2; exit 1 ;; esac\\nexec %s "$@"\\n' "$(command -v ip)" >/tmp/ip
                chmod 755 /tmp/ip; mv /tmp/ip /usr/local/sbin/ip
                """)
            let (failed, status) = try await fleet.cleanup("f", CleanupOptions(run: "r1", plugin: .flannel))
            #expect(status == 1 && failed.failed == ["routes of Flannel (1): no"], "\(failed)")
            #expect(try await fleet.output("f", "ls -d /run/flannel 2>/dev/null; exit 0") == "")
            let verifying = CleanupOptions(run: "r2", mode: .verify, plugin: .flannel)
            #expect(try await fleet.cleanup("f", verifying).report.left.contains("routes of Flannel (1)"))

            _ = try await fleet.output("f", "rm /usr/local/sbin/ip")
            let again = try await fleet.cleanup("f", CleanupOptions(run: "r2", plugin: .flannel)).report
            #expect(again.changed == ["routes of Flannel (1)"], "\(again)")
            #expect(try await fleet.output("f", NodeScript.confirmNetwork(run: "r2")) == "confirmed=rules\n")
            #expect(try await fleet.cleanup("f", verifying).report.result == .gone)
            #expect(try await fleet.output("f", "ls -d /var/lib/fleet/flannel 2>/dev/null; exit 0") == "")
        }
    }

    @Test("Cilium's own clean-up is called where it is there; filters and pins are taken off one by one; others' stay")
    func programs() async throws {
        let tc = """
            #!/bin/sh
            echo "tc $*" >>/var/lib/sandbox/calls
            filters=/var/lib/sandbox/filters
            case "$1 $2" in
                "filter show") [ "$4 $5" != "eth0 ingress" ] || cat "$filters" ;;
                "filter del") grep -v "handle ${11} " "$filters" >"$filters.new"; mv "$filters.new" "$filters" ;;
            esac
            exit 0
            """
        try await TestSandbox.with([TestSandbox.host("a"), TestSandbox.host("b")]) {
            (fleet: SandboxFleet) async throws in
            for host in ["a", "b"] {
                _ = try await fleet.output(
                    host,
                    """
                    mkdir -p /sys/fs/bpf/cilium/devices/eth0/links /sys/fs/bpf/tc/globals /sys/fs/bpf/acme
                    touch /sys/fs/bpf/tc/globals/cilium_ct4_global /sys/fs/bpf/tc/globals/acme_map
                    cat >/var/lib/sandbox/filters <<'END'
                    filter protocol all pref 1 bpf chain 0 handle 0x1 cil_from_netdev-eth0 direct-action not_in_hw id 7 name cil_from_netdev jited
                    filter protocol ip pref 2 bpf chain 0 handle 0x2 acme_meter direct-action not_in_hw id 8 name acme_meter jited
                    END
                    cat >/usr/local/sbin/tc <<'END'
                    \(tc)
                    END
                    chmod 755 /usr/local/sbin/tc
                    """)
            }
            let (report, status) = try await fleet.cleanup("a", CleanupOptions(run: "r1", plugin: .cilium))
            #expect(status == 0, "\(report)")
            #expect(report.changed.contains("eBPF of Cilium (3)"), "\(report)")
            #expect(
                fleet.calls(on: "a").filter { $0.hasPrefix("tc filter del") } == [
                    "tc filter del dev eth0 ingress protocol all pref 1 handle 0x1 bpf"
                ])
            #expect(
                try await fleet.output("a", "find /sys/fs/bpf | sort")
                    == "/sys/fs/bpf\n/sys/fs/bpf/acme\n/sys/fs/bpf/tc\n/sys/fs/bpf/tc/globals\n/sys/fs/bpf/tc/globals/acme_map\n"
            )
            #expect(
                try await fleet.cleanup("a", CleanupOptions(run: "r1", mode: .verify, plugin: .cilium)).report.gone
                    .contains("eBPF of Cilium"))

            // What Cilium's own program says of itself is the row's failure.
            _ = try await fleet.output(
                "b",
                """
                printf '#!/bin/sh\\ncase "$*" in *--help) exit 0 ;; esac\\necho "cilium-dbg $*" >>/var/lib/sandbox/calls; echo "map in use" >&2; exit 1\\n' >/usr/local/sbin/cilium-dbg
                chmod 755 /usr/local/sbin/cilium-dbg
                """)
            let failed = try await fleet.cleanup("b", CleanupOptions(run: "r1", plugin: .cilium)).report
            #expect(fleet.calls(on: "b").contains("cilium-dbg post-uninstall-cleanup -f --all-state"))
            #expect(failed.failed == ["eBPF of Cilium (3): map in use"], "\(failed)")
        }
    }

    @Test("Without calicoctl Calico's node is said to be kept, while Calico was there")
    func calicoNode() async throws {
        try await TestSandbox.with([TestSandbox.host("a"), TestSandbox.host("f", plugin: .flannel)]) {
            (fleet: SandboxFleet) async throws in
            for host in ["a", "f"] { _ = try await fleet.output(host, "rm /usr/local/sbin/calicoctl") }
            let report = try await fleet.cleanup("a", CleanupOptions(run: "r1", node: "a")).report
            #expect(
                report.kept == [
                    "Calico node a: no calicoctl here; Calico's controller takes it off after the Node"
                ], "\(report)")
            #expect(try await fleet.cleanup("f", CleanupOptions(run: "r1", node: "f")).report.kept == [])
        }
    }

    @Test("A dry run names the rows and changes nothing; verifying names what is left")
    func dryRun() async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            let before = try await fleet.picture("a")
            let (report, status) = try await fleet.cleanup("a", CleanupOptions(run: "r1", mode: .dryRun, node: "a"))
            #expect(status == 0)
            #expect(report.result == .dryRun)
            #expect(report.changed == [])
            #expect(report.pending.contains("/var/lib/kubelet"))
            #expect(report.pending.contains("nft table ip kube-proxy"))
            #expect(report.pending.contains("interface vxlan.calico"))
            #expect(report.pending.contains { $0.hasPrefix("iptables-nft (") && $0.contains("raw: 1 rules, 1 chains") })
            let (verified, verifiedStatus) = try await fleet.cleanup("a", CleanupOptions(run: "r1", mode: .verify))
            #expect(verifiedStatus == 1)
            #expect(verified.result == .left)
            #expect(verified.left.contains("kubelet"))
            #expect(verified.left.contains("ipsets (4)"))
            #expect(try await fleet.picture("a") == before)
        }
    }

    @Test("A mount with data below a listed path refuses, by name, before anything is touched")
    func refusesMounts() async throws {
        let volume = "/var/lib/kubelet/pods/7d1f/volumes/kubernetes.io~csi/pvc-1/mount"
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            _ = try await fleet.output(
                "a", "mkdir -p \(volume); mount -t tmpfs data \(volume); echo rows >\(volume)/db")
            let before = try await fleet.picture("a")
            let (report, status) = try await fleet.cleanup("a", CleanupOptions(run: "r1"))
            #expect(status == 3)
            #expect(report.result == .refused)
            #expect(report.refusal?.contains(volume) == true)
            #expect(try await fleet.picture("a") == before)
            #expect(try await fleet.output("a", "cat \(volume)/db") == "rows\n")
            _ = try await fleet.output("a", "umount \(volume)")
            #expect(try await fleet.cleanup("a", CleanupOptions(run: "r1")).status == 0)
        }
    }

    @Test("A bind mount of somebody's data refuses too; a directory that is a mount point is only emptied")
    func mountPoints() async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            _ = try await fleet.output("a", "mkdir /etc/kubernetes/acme; mount --bind /srv/acme /etc/kubernetes/acme")
            let (refused, _) = try await fleet.cleanup("a", CleanupOptions(run: "r1"))
            #expect(refused.refusal?.contains("/etc/kubernetes/acme") == true)
            _ = try await fleet.output("a", "umount /etc/kubernetes/acme; mkdir -p /var/lib/cni")
            _ = try await fleet.output("a", "mount -t tmpfs cni /var/lib/cni; echo x >/var/lib/cni/.hidden")
            let (report, status) = try await fleet.cleanup("a", CleanupOptions(run: "r1"))
            #expect(status == 0)
            #expect(report.changed.contains("/var/lib/cni"))
            let proof = "ls -A /var/lib/cni; grep -c ' /var/lib/cni ' /proc/self/mountinfo"
            #expect(try await fleet.output("a", proof) == "1\n")
            #expect(try await fleet.cleanup("a", CleanupOptions(run: "r1")).report.result == .unchanged)
            #expect(try await fleet.output("a", "cat /srv/acme/data/ledger.txt") == "somebody else's data\n")
        }
    }

    @Test("What network plugins mount of the kernel's own holds no data: it is taken down")
    func kernelMounts() async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            _ = try await fleet.output(
                "a",
                """
                mkdir -p /run/calico/cgroup /run/cilium/cgroupv2
                for point in /run/calico/cgroup /run/cilium/cgroupv2; do unshare --cgroup mount -t cgroup2 none $point; done
                """)
            #expect(try await fleet.output("a", "grep -c ' /run/c' /proc/self/mountinfo") == "2\n")
            let (report, status) = try await fleet.cleanup("a", CleanupOptions(run: "r1"))
            #expect(status == 0, "\(report.refusal ?? report.failed.joined())")
            for item in ["mount /run/calico/cgroup", "mount /run/cilium/cgroupv2", "/run/calico", "/run/cilium"] {
                #expect(report.changed.contains(item), "\(item)")
            }
            // The same place with anything else in it is somebody's data.
            _ = try await fleet.output("a", "mkdir -p /run/cilium/bpffs; mount -t tmpfs data /run/cilium/bpffs")
            let (refused, _) = try await fleet.cleanup("a", CleanupOptions(run: "r2"))
            #expect(refused.refusal?.contains("/run/cilium/bpffs (tmpfs)") == true)
        }
    }

    @Test("A listed path that is a symbolic link is refused, not followed")
    func refusesLinks() async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            _ = try await fleet.output("a", "mv /var/lib/cni /srv/cni; ln -s /srv/cni /var/lib/cni; echo 1 >/srv/cni/f")
            let (report, status) = try await fleet.cleanup("a", CleanupOptions(run: "r1"))
            #expect(status == 3)
            #expect(report.refusal?.contains("/var/lib/cni is a symbolic link to /srv/cni") == true)
            #expect(try await fleet.output("a", "cat /srv/cni/f; systemctl is-active kubelet") == "1\nactive\n")
        }
    }

    @Test("Another cluster's kubelet and a control-plane host are refused")
    func refusesOtherHosts() async throws {
        let hosts = [TestSandbox.host("a"), TestSandbox.host("cp", role: .controlPlane)]
        try await TestSandbox.with(hosts) { (fleet: SandboxFleet) async throws in
            let other = String(repeating: "0", count: 64)
            let (wrong, wrongStatus) = try await fleet.cleanup("a", CleanupOptions(run: "r1", clusterAuthority: other))
            #expect(wrongStatus == 3)
            #expect(wrong.refusal?.contains("another cluster's CA") == true)
            let (plane, planeStatus) = try await fleet.cleanup("cp", CleanupOptions(run: "r1"))
            #expect(planeStatus == 3)
            #expect(plane.refusal?.contains("kube-apiserver.yaml") == true)
            #expect(try await fleet.output("cp", "systemctl is-active kubelet; ls /var/lib/etcd") == "active\nmember\n")
            let (agreed, _) = try await fleet.cleanup("cp", CleanupOptions(run: "r1", controlPlane: true))
            #expect(agreed.result == .changed)
            #expect(try await fleet.output("cp", "ls /var/lib/etcd") == "member\n")
        }
    }

    @Test("Flushing everything is refused under a DROP policy, and otherwise empties the tables")
    func flushAll() async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            _ = try await fleet.output("a", "iptables -P FORWARD DROP")
            let before = try await fleet.picture("a")
            let (report, status) = try await fleet.cleanup("a", CleanupOptions(run: "r1", network: .flushAll))
            #expect(status == 3)
            #expect(report.refusal?.contains("DROP policy") == true)
            #expect(try await fleet.picture("a") == before)
            _ = try await fleet.output("a", "iptables -P FORWARD ACCEPT")
            let (flushed, flushedStatus) = try await fleet.cleanup("a", CleanupOptions(run: "r1", network: .flushAll))
            #expect(flushedStatus == 0)
            #expect(flushed.result == .changed)
            #expect(try await fleet.output("a", "iptables-save | grep -c -e '^-A' -e ' - '; exit 0") == "0\n")
            #expect(try await fleet.output("a", "cat /var/lib/sandbox/ipvs") == "")
        }
    }

    @Test("Unconfirmed rules come back by themselves; confirmed ones stay away")
    func restoresRules() async throws {
        let rules = """
            \(SandboxFleet.iptables)
            nft list tables | sort; ipset -n list | sort
            """
        let hosts = [TestSandbox.host("a"), TestSandbox.host("b")]
        try await TestSandbox.with(hosts) { (fleet: SandboxFleet) async throws in
            let before = try await fleet.output("a", rules)
            let options = CleanupOptions(run: "r1", restoreAfterSeconds: 12)
            for name in ["a", "b"] {
                let (report, _) = try await fleet.cleanup(name, options)
                #expect(report.restoreAfterSeconds == 12)
            }
            let after = try await fleet.output("b", rules)
            #expect(after != before)
            #expect(try await fleet.output("b", NodeScript.confirmNetwork(run: "r1")) == "confirmed=rules\n")
            let deadline = ContinuousClock.now + .seconds(60)
            while try await fleet.output("a", "ls /var/lib/fleet/r1/rules").contains("restored") == false {
                try #require(ContinuousClock.now < deadline)
                try await Task.sleep(for: .milliseconds(300))
            }
            #expect(try await fleet.output("a", "cat /var/lib/fleet/r1/rules/restored") == "")
            let restored = try await fleet.output("a", rules)
            #expect(Set(restored.split(separator: "\n")) == Set(before.split(separator: "\n")))
            let late = try await fleet.read("a", NodeScript.confirmNetwork(run: "r1"))
            #expect(late.status == 1)
            #expect(late.output == "restored=rules\n")
            #expect(try await fleet.output("b", rules) == after)
            #expect(try await fleet.output("b", "ls /var/lib") == fleet.output("a", "ls /var/lib | grep -v fleet"))
        }
    }

    @Test("A second pass, after an answer that was lost, takes the timer of the first over")
    func secondPassTakesTimerOver() async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            let options = CleanupOptions(run: "r1", restoreAfterSeconds: 12)
            _ = try await fleet.cleanup("a", options)
            let (second, status) = try await fleet.cleanup("a", options)
            #expect(status == 0)
            #expect(second.result == .unchanged)
            #expect(second.restoreAfterSeconds == 12)
            #expect(try await fleet.output("a", NodeScript.confirmNetwork(run: "r1")) == "confirmed=rules\n")
            #expect(try await fleet.cleanup("a", options).report.restoreAfterSeconds == nil)
        }
    }

    /// Looks on host a until a command says something; a process may take a moment to begin or to end.
    private func wait(for output: String, of command: String, in fleet: SandboxFleet) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while try await fleet.output("a", command) != output {
            try #require(ContinuousClock.now < deadline)
            try await Task.sleep(for: .milliseconds(300))
        }
    }

    @Test("Another run's timer puts nothing back under a run that goes on with the host")
    func otherRunsTimer() async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            _ = try await fleet.cleanup("a", CleanupOptions(run: "r1", restoreAfterSeconds: 600))
            let timers = "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c -F r1/rules/timer.sh; exit 0"
            try await wait(for: "1\n", of: timers, in: fleet)
            _ = try await fleet.output("a", "iptables -N KUBE-LATE")
            let (second, status) = try await fleet.cleanup("a", CleanupOptions(run: "r2", restoreAfterSeconds: 600))
            #expect(status == 0 && second.restoreAfterSeconds == 600)
            // The first run's timer ends, the second's is another file.
            try await wait(for: "0\n", of: timers, in: fleet)
            #expect(try await fleet.output("a", "ls /var/lib/fleet/*/") == "rules\n")
            #expect(try await fleet.output("a", NodeScript.confirmNetwork(run: "r2")) == "confirmed=rules\n")
        }
    }

    @Test("A clean-up that failed half-way still proves whose host it is, until nothing is left")
    func failedCleanupIsStillProved() async throws {
        func authorities(_ fleet: SandboxFleet) async throws -> [String]? {
            NodeIdentity(NodeAnswer(try await fleet.output("a", NodeScript.identity)))?.clusterAuthorities
        }
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            _ = try await fleet.output(
                "a",
                """
                printf '#!/bin/sh\\n[ "$1" != destroy ] || exit 1\\nexec /usr/sbin/ipset "$@"\\n' >/usr/local/sbin/ipset
                chmod 755 /usr/local/sbin/ipset
                """)
            var options = CleanupOptions(run: "r1", clusterAuthority: TestSandbox.certificateHash)
            let (failed, status) = try await fleet.cleanup("a", options)
            #expect(status == 1 && failed.failed.count == 1)
            #expect(try await fleet.output("a", "ls -d /etc/kubernetes 2>/dev/null; exit 0") == "")
            #expect(try await authorities(fleet) == [TestSandbox.certificateHash])
            #expect(try await fleet.output("a", "stat -c '%a %U' /var/lib/fleet/cleaning") == "600 root\n")
            // Another cluster's run learns from it too.
            let other = CleanupOptions(run: "r2", clusterAuthority: String(repeating: "0", count: 64))
            #expect(try await fleet.cleanup("a", other).report.refusal?.contains("another cluster's CA") == true)

            _ = try await fleet.output("a", "rm /usr/local/sbin/ipset")
            #expect(try await fleet.cleanup("a", options).status == 0)
            _ = try await fleet.output("a", NodeScript.confirmNetwork(run: "r1"))
            options.mode = .verify
            #expect(try await fleet.cleanup("a", options).report.result == .gone)
            #expect(try await authorities(fleet) == [])
            #expect(try await fleet.output("a", "ls -d /var/lib/fleet 2>/dev/null; exit 0") == "")
        }
    }

    @Test("A run that goes on keeps the first picture of the rules")
    func resumedRunKeepsSavedRules() async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            let saved = "cat /var/lib/fleet/r1/rules/iptables-nft | grep -v '^#'"
            _ = try await fleet.cleanup("a", CleanupOptions(run: "r1"))
            let first = try await fleet.output("a", saved)
            _ = try await fleet.output("a", "iptables -N KUBE-LATE")
            let (again, _) = try await fleet.cleanup("a", CleanupOptions(run: "r1"))
            #expect(again.result == .changed)
            #expect(try await fleet.output("a", saved) == first)
            #expect(first.contains("KUBE-SERVICES"))
            let owners = "stat -c '%a %U' /var/lib/fleet /var/lib/fleet/r1"
            #expect(try await fleet.output("a", owners) == "700 root\n700 root\n")
        }
    }

    @Test("Paths and run ids that are none are refused")
    func refusesPaths() async throws {
        let paths = [
            "/", "/etc", "/usr/local", "/var/lib/fleet", "/srv/acme/../acme", "relative/path", "/srv/$(touch /pwned)",
            "/srv/a'b", "/srv/ac*", "/srv/a b", "/var/run/calico", "/srv//acme", "/var/lib/", "/var/lib/.",
            "/srv/link", "/srv/link/", "/srv/x/",
        ]
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            _ = try await fleet.output(
                "a",
                "ln -s ../run /var/run; ln -s acme /srv/link; mkdir -p /srv/x/data; mount --bind /srv/acme /srv/x/data")
            let before = try await fleet.picture("a")
            for path in paths {
                let (report, status) = try await fleet.cleanup("a", CleanupOptions(run: "r1", additionalPaths: [path]))
                #expect(status == 3, "\(path)")
                #expect(report.result == .refused, "\(path)")
            }
            for run in ["../r1", "", "a b", "$(id)", ".."] {
                #expect(try await fleet.cleanup("a", CleanupOptions(run: run)).report.result == .refused, "\(run)")
            }
            #expect(try await fleet.picture("a") == before)
        }
    }

    @Test(
        "kubeadm is told the runtime that the kubelet used",
        arguments: [
            ("instance-config.yaml", #"containerRuntimeEndpoint: "unix:///run/crio/crio.sock""#),
            ("kubeadm-flags.env", #"ARGS="--v=2 --container-runtime-endpoint=unix:///run/crio/crio.sock""#),
            ("config.yaml", "containerRuntimeEndpoint: unix:///run/crio/crio.sock"),
        ])
    func runtimeEndpoint(file: String, line: String) async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            _ = try await fleet.output("a", "cat >>/var/lib/kubelet/\(file) <<'END'\n\(line)\nEND")
            #expect(try await fleet.cleanup("a", CleanupOptions(run: "r1")).status == 0)
            #expect(fleet.calls(on: "a").contains("kubeadm reset -f --cri-socket unix:///run/crio/crio.sock"))
        }
    }

    @Test("An item that cannot be removed is named with the command's words, and the log stays")
    func failedItem() async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            _ = try await fleet.output(
                "a", "printf '#!/bin/sh\\necho etcd is sulking >&2; exit 1\\n' >/usr/local/sbin/kubeadm")
            let (report, status) = try await fleet.cleanup("a", CleanupOptions(run: "r1"))
            #expect(status == 1)
            #expect(report.result == .failed)
            #expect(report.failed == ["kubeadm reset: etcd is sulking"])
            #expect(report.changed.contains("/var/lib/kubelet"))
            #expect(try await fleet.output("a", "grep -c sulking /var/lib/fleet/r1/cleanup.log") == "1\n")
        }
    }

    @Test("What the kernel has and no tool of the host can show is not called gone, and kube-ipvs0 stays for it")
    func missingTools() async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            // The kernel's own tables, as they are where these modules are loaded.
            _ = try await fleet.output(
                "a",
                """
                printf 'ip_set_hash_ip 1 1 - Live\\nnft_numgen 1 2 - Live\\n' >/tmp/modules
                printf 'TCP  0A600001:01BB rr\\n' >/tmp/ip_vs
                cat >/usr/local/sbin/grep <<'END'
                #!/bin/sh
                for word; do
                    shift
                    case $word in /proc/modules) word=/tmp/modules ;; /proc/net/ip_vs) word=/tmp/ip_vs ;; esac
                    set -- "$@" "$word"
                done
                exec /usr/bin/grep "$@"
                END
                chmod 755 /usr/local/sbin/grep; rm /usr/local/sbin/ipvsadm
                for tool in ipset nft ipvsadm; do
                    file=$(command -v $tool) && mount --bind /dev/null $file
                done
                exit 0
                """)
            let missing = ["nft tables", "IPVS services", "ipsets"]
            let tools = ["nftables", "ipvsadm", "ipset"]
            let words = zip(missing, tools).map {
                "\($0): the kernel has some, and nothing here tells whose; install \($1)"
            }
            let (report, status) = try await fleet.cleanup("a", CleanupOptions(run: "r1"))
            #expect(status == 1)
            #expect(report.failed == words + ["interface kube-ipvs0: IPVS services are still bound to it"])
            let (verified, _) = try await fleet.cleanup("a", CleanupOptions(run: "r1", mode: .verify))
            #expect(verified.left == words + ["interface kube-ipvs0"])
            // A host that has no such tool and no such rule is clean; services without kube-ipvs0 are somebody else's.
            _ = try await fleet.output("a", ": >/tmp/modules; ip link delete kube-ipvs0")
            let (clean, _) = try await fleet.cleanup("a", CleanupOptions(run: "r1", mode: .verify))
            #expect(clean.result == .gone, "\(clean.left)")
        }
    }

    @Test(
        "Rules of the legacy backend go too, and only Kubernetes'",
        .enabled(if: geteuid() == 0, "the kernel shows legacy tables to the machine's root only"))
    func legacyBackend() async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            _ = try await fleet.output(
                "a",
                "iptables-legacy -N KUBE-OLD && iptables-legacy -A INPUT -j KUBE-OLD && iptables-legacy -N ACME-OLD")
            let (report, _) = try await fleet.cleanup("a", CleanupOptions(run: "r1"))
            #expect(report.changed.contains("iptables-legacy (filter: 1 rules, 1 chains)"))
            let rules = try await fleet.output("a", "iptables-legacy-save")
            #expect(!rules.contains("KUBE-OLD"))
            #expect(rules.contains("ACME-OLD"))
        }
    }

    @Test("Only the chosen plugin's traces go, and network rules can be kept")
    func chosenPlugin() async throws {
        try await TestSandbox.with([TestSandbox.host("a"), TestSandbox.host("b")]) {
            (fleet: SandboxFleet) async throws in
            let (report, _) = try await fleet.cleanup("a", CleanupOptions(run: "r1", plugin: .flannel))
            #expect(!report.changed.contains("/var/lib/calico"))
            let rules = try await fleet.output("a", "iptables-save")
            #expect(rules.contains("cali-FORWARD") && !rules.contains("-j KUBE-FIREWALL"))
            let before = try await fleet.output("b", SandboxFleet.iptables)
            let (kept, _) = try await fleet.cleanup("b", CleanupOptions(run: "r1", network: .keep))
            #expect(kept.kept == ["network rules"])
            #expect(try await fleet.output("b", SandboxFleet.iptables) == before)

            _ = try await fleet.output(
                "b",
                """
                iptables -N CILIUM_FORWARD; iptables -A FORWARD -j CILIUM_FORWARD; ip link add cilium_host type dummy
                mkdir -p /run/cilium/state; touch /run/cilium/state/x
                """)
            let (cilium, _) = try await fleet.cleanup("b", CleanupOptions(run: "r2", plugin: .cilium))
            #expect(cilium.changed.contains("/run/cilium") && cilium.failed == [])
            let left = try await fleet.output("b", "iptables-save; ip -br link; ls /run")
            #expect(!left.lowercased().contains("cilium") && left.contains("cali-FORWARD"))
        }
    }
}
