import FleetCommands
import FleetModel
import FleetRun
import Testing

/// The script that gathers facts for a diagnosis, on sandboxed hosts that have something wrong with them.
@Suite("Diagnosis of a host", .serialized, .needsSandbox)
struct DiagnosisScriptTests {
    /// A host's own proxy, through which no way leads to other hosts.
    private static let proxy = "export http_proxy=http://10.0.0.77:3128 https_proxy=http://10.0.0.77:3128\n"

    private func facts(_ host: String, in fleet: SandboxFleet) async throws -> HostFacts? {
        HostFacts(NodeAnswer(try await fleet.output(host, NodeScript.diagnosis)))
    }

    private func codes(_ host: String, in fleet: SandboxFleet) async throws -> [String] {
        codes(host, try await facts(host, in: fleet))
    }

    private func codes(_ host: String, _ facts: HostFacts?) -> [String] {
        var evidence = DiagnosisEvidence(name: NodeName(host), now: .epoch)
        evidence.host = facts
        evidence.node = Node(name: NodeName(host), uid: "u", readiness: .notReady)
        evidence.clusterAuthority = TestSandbox.certificateHash
        evidence.now = Instant(seconds: evidence.host?.time ?? 0)
        return Diagnosis(evidence).findings.map(\.code)
    }

    @Test("A joined host tells its units, runtime, network plugin and API server; nothing is changed")
    func joined() async throws {
        try await TestSandbox.with([TestSandbox.host("a"), TestSandbox.host("new", role: .fresh)]) {
            (fleet: SandboxFleet) async throws in
            let before = try await fleet.picture("a")
            let found = try #require(try await facts("a", in: fleet))
            #expect(try await fleet.picture("a") == before)
            #expect(found.isJoined && found.kubelet.state == "active" && found.kubelet.boot == "enabled")
            #expect(found.containerd.state == "active" && found.runtimeAnswers == true)
            #expect(found.networkConfigurations == 1 && found.missingPlugins == [])
            #expect(found.apiServer == "10.0.0.1:6443" && found.resolvesServer)
            #expect(found.clusterAuthorities == [TestSandbox.certificateHash])
            #expect(found.disks.map(\.path).contains("/") && found.swap == "")

            #expect(found.peers == [:])
            // A dummy interface answers nothing: silence is no way.
            let asked = try await fleet.read(
                "a", "export FLEET_PEERS='10.0.0.77 127.0.0.1'\n" + Self.proxy + NodeScript.diagnosis)
            #expect(HostFacts(NodeAnswer(asked.output))?.peers == ["10.0.0.77": false, "127.0.0.1": true])
            let fresh = try #require(try await facts("new", in: fleet))
            #expect(!fresh.isJoined && fresh.swap == "/swap.img" && fresh.apiServer == "")
            #expect(try await codes("new", in: fleet).first == "not-joined")
        }
    }

    @Test("Neither pods nor the host itself are asked for through the host's proxy")
    func proxies() async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            let pods = "export FLEET_PEERS='b 127.0.0.1'\n" + Self.proxy + NodeScript.podNetwork
            #expect(try await fleet.output("a", pods) == "reached=b\n")
            let request = "export FLEET_REQUEST='url = \"http://127.0.0.1:9/\"'\n" + Self.proxy + NodeScript.http
            let reading = try await fleet.read("a", request)
            #expect(reading.status == 1 && reading.output.contains(" port 9 "), "\(reading.output)")
        }
    }

    @Test("What is broken on the host is what is found, with the unit's own words")
    func broken() async throws {
        try await TestSandbox.with([TestSandbox.host("a"), TestSandbox.host("b")]) {
            (fleet: SandboxFleet) async throws in
            _ = try await fleet.output(
                "a",
                """
                echo 'E1125 09:00:00.1 1 server.go:310] "failed to run Kubelet" err="running with swap on is not supported"' >/var/lib/sandbox/journal/kubelet
                echo failed >/var/lib/sandbox/units/kubelet.active; printf '/swap.img file 1 0 -2\\n' >>/proc/swaps
                """)
            let found = try #require(try await facts("a", in: fleet))
            #expect(found.kubelet.errors.first?.contains("running with swap on") == true)
            #expect(
                Array(try await codes("a", in: fleet).filter { $0 != "api-server-unreachable" }.prefix(2)) == [
                    "swap-on", "kubelet-crashes",
                ])

            _ = try await fleet.output(
                "b",
                "systemctl disable --now kubelet; systemctl stop containerd; rm /etc/cni/net.d/*; rm -f /opt/cni/bin/calico"
            )
            let second = try await codes("b", in: fleet)
            for code in ["runtime-down", "kubelet-stopped", "no-network-plugin"] {
                #expect(second.contains(code), "\(second)")
            }
        }
    }

    /// Makes certificates whose time is over, with a CA of their own.
    private static let expired = """
        set -e
        cd /tmp; : >index; echo 01 >serial
        printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=index\\nserial=serial\\nnew_certs_dir=.\\ndefault_md=sha256\\npolicy=p\\n[p]\\ncommonName=supplied\\n[req]\\ndistinguished_name=n\\n[n]\\n' >config
        openssl ecparam -name prime256v1 -genkey -noout -out key
        openssl req -new -config config -key key -subj /CN=system:node:a -out request
        openssl ca -batch -config config -selfsign -keyfile key -in request -out old.pem -startdate 20200101000000Z -enddate 20200201000000Z -notext 2>/dev/null
        cat old.pem >/var/lib/kubelet/pki/kubelet-client-2026-11-01.pem; cat old.pem >/var/lib/kubelet/pki/kubelet.crt

        """

    @Test("Certificates, disks, names, programs, logs and drivers: what is really wrong is found, and nothing else")
    func real() async throws {
        try await TestSandbox.with([TestSandbox.host("a"), TestSandbox.host("b"), TestSandbox.host("c")]) {
            (fleet: SandboxFleet) async throws in
            _ = try await fleet.output(
                "a",
                Self.expired + """
                    sysctl -w net.ipv4.ip_forward=1
                    mkdir -p /var/lib/containerd /var/log/calico/cni /etc/containerd
                    mount -t tmpfs -o size=64k tmpfs /var/lib/containerd; head -c 65536 /dev/zero >/var/lib/containerd/full
                    sed -i 's,server: .*,server: https://api.nowhere.invalid:6443,' /etc/kubernetes/kubelet.conf
                    rm /opt/cni/bin/calico
                    echo '2026-11-26 02:00:00.000 [ERROR][42] plugin.go 580: Final result of CNI ADD was an error.' >/var/log/calico/cni/cni.log
                    printf 'version = 3\\n' >/etc/containerd/config.toml
                    echo 'nameserver 10.0.0.77' >/etc/resolv.conf
                    printf 'clusterDNS:\\n- 127.0.0.1\\n- 10.0.0.77\\nclusterDomain: cluster.local\\n' >>/var/lib/kubelet/config.yaml
                    """)
            let found = try #require(try await facts("a", in: fleet))
            #expect(found.certificateEnd == 1_580_515_200 && found.servingCertificateEnd == 1_580_515_200)
            #expect(found.authorityEnd ?? 0 > 1_580_515_200)
            #expect(found.disks.contains { $0.path == "/var/lib/containerd" && $0.used == 100 }, "\(found.disks)")
            #expect(found.missingPlugins == ["calico"] && !found.resolvesServer)
            #expect(found.networkErrors.first?.contains("Final result of CNI ADD") == true)
            #expect(found.cgroupDrivers == ("systemd", "cgroupfs"))
            #expect(found.resolvers == ["10.0.0.77": "silent"])
            #expect(found.clusterDNS == ["127.0.0.1": "refuses", "10.0.0.77": "silent"])
            #expect(
                codes("a", found) == [
                    "certificate-expired", "api-server-name", "cgroup-drivers-differ", "network-plugin-missing",
                    "resolver-silent", "disk-full", "serving-certificate-expired", "network-plugin-errors",
                    "cluster-dns",
                ])

            // The clock of the machine that asks, and the host's, are two hours apart.
            var evidence = DiagnosisEvidence(name: "c", node: Node(name: "c", uid: "u"), now: .epoch)
            evidence.host = try await facts("c", in: fleet)
            evidence.now = Instant(seconds: (evidence.host?.time ?? 0) + 7200)
            #expect(Diagnosis(evidence).findings.map(\.code).contains("clock"))

            // CRI-O, whose driver differs, beside a containerd that is installed and not used.
            _ = try await fleet.output(
                "b",
                """
                cd /var/lib/sandbox/units; echo active >crio.active; echo enabled >crio.enabled
                mkdir -p /etc/crio/crio.conf.d; printf '[crio.runtime]\\ncgroup_manager = "cgroupfs"\\n' >/etc/crio/crio.conf.d/10-site.conf
                printf '#!/bin/sh\\ncase "$1" in info) exit 0 ;; ps) echo 5e1c ;; exec) echo "Error: KVStore: cannot reach etcd" >&2; exit 1 ;; esac\\n' >/usr/local/sbin/crictl
                printf '#!/bin/sh\\nprintf "Calico process is running.\\\\n\\\\n| PEER ADDRESS | PEER TYPE | STATE | SINCE | INFO |\\\\n| 10.0.0.2 | node-to-node mesh | up | 02:00 | Established |\\\\n| 10.0.0.3 | node-to-node mesh | start | 02:00 | Connect |\\\\n"\\n' >/usr/local/sbin/calicoctl
                systemctl stop containerd
                sed -i 's,server: .*,server: https://[fd00::1]:6443,' /etc/kubernetes/kubelet.conf
                """)
            let second = try #require(try await facts("b", in: fleet))
            #expect(second.resolvesServer, "an address in brackets is no name")
            #expect(second.crio.state == "active" && second.cgroupDrivers == ("systemd", "cgroupfs"))
            #expect(
                second.networkStatus == [
                    "BGP peer 10.0.0.3 is start (Connect)", "cilium-dbg status: Error: KVStore: cannot reach etcd",
                ])
            // A tool of that name on the host: the administrator's says nothing of the agent, the agent's own does.
            let tool = "/usr/local/sbin/cilium"
            for (command, words) in [
                ("install", "cilium-dbg status: Error: KVStore: cannot reach etcd"),
                ("endpoint", "cilium status: no kubeconfig"),
            ] {
                _ = try await fleet.output(
                    "b",
                    """
                    printf '#!/bin/sh\\ncase "$*" in "\(command) --help") exit 0 ;; esac\\necho "no kubeconfig" >&2; exit 1\\n' >\(tool)
                    chmod 755 \(tool)
                    """)
                #expect(try await facts("b", in: fleet)?.networkStatus.last == words)
            }
            _ = try await fleet.output("b", "rm \(tool)")
            let codes = codes("b", second)
            #expect(codes.contains("cgroup-drivers-differ") && codes.contains("network-plugin-status"), "\(codes)")
            #expect(!codes.contains("runtime-down"), "\(codes)")
            _ = try await fleet.output(
                "b",
                """
                systemctl stop crio; rm /var/lib/sandbox/units/containerd.*
                echo 'level=fatal msg="no space"' >/var/lib/sandbox/journal/crio
                """)
            // Nor is it there where systemd says so in a word.
            let word = "cd /var/lib/sandbox/units; echo inactive >containerd.active; echo not-found >containerd.enabled"
            for change in ["true", word] {
                _ = try await fleet.output("b", change)
                var down = DiagnosisEvidence(
                    name: "b", node: Node(name: "b", uid: "u", readiness: .notReady), now: .epoch)
                down.host = try await facts("b", in: fleet)
                #expect(down.host?.containerd.boot == "")
                let runtime = Diagnosis(down).findings.first { $0.code == "runtime-down" }
                #expect(
                    runtime?.evidence == ["crio is inactive", "level=fatal msg=\"no space\""],
                    "\(String(describing: runtime))")
                #expect(runtime?.mend == "systemctl restart crio; if it fails again: journalctl -u crio")
            }
        }
    }
}
