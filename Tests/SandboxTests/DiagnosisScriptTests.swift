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
        var evidence = DiagnosisEvidence(name: NodeName(host), now: .epoch)
        evidence.host = try await facts(host, in: fleet)
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
}
