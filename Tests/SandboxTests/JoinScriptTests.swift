import FleetCommands
import FleetRun
import Foundation
import Testing

/// The script with which a host joins, on sandboxed hosts with a stand-in for kubeadm.
@Suite("Joining a host", .serialized, .needsSandbox)
struct JoinScriptTests {
    private static let token = "abcdef.0123456789abcdef"
    /// The SHA-256 of the test CA's public key, as `openssl x509 -pubkey | openssl pkey -pubin -outform der` tells it.
    private static let pin = "sha256:22ad79f1b8f70eab29e7428c3a2606f20164e4cebd7e68631ea0349e3e1d1266"

    private func variables(pin: String = pin, authority: String = TestSandbox.certificateHash) -> [String: String] {
        [
            "FLEET_NODE": "web-9", "FLEET_ENDPOINT": "10.0.0.1:6443", "FLEET_PINS": pin, "FLEET_CA": authority,
            "FLEET_CRI_SOCKET": "", "FLEET_TAINTS": "dedicated|gpu|NoSchedule", "FLEET_TOKEN": Self.token,
        ]
    }

    private static let prepared = """
        swapoff -a; sysctl -w net.ipv4.ip_forward=1
        apt-get install -y containerd kubelet kubeadm; systemctl enable --now containerd
        """

    @Test("A host joins once; the token is in no file, no argument and no answer afterwards")
    func joins() async throws {
        try await TestSandbox.with([TestSandbox.host("new", role: .fresh)]) { (fleet: SandboxFleet) async throws in
            let refused = try await fleet.prepare("new", NodeScript.join, variables())
            #expect(refused.status == 1)
            #expect(refused.report.failure?.contains("ip_forward") == true)
            #expect(fleet.joinedNode(on: "new") == nil)

            _ = try await fleet.output("new", Self.prepared)
            let course = try await fleet.course("new", NodeScript.join, variables())
            #expect(course.dry.pending == ["join as web-9"])
            #expect(course.first.changed == ["join as web-9"])
            #expect(course.second.holds == ["the host has joined already", "the kubelet runs"])
            #expect(fleet.joinedNode(on: "new") == "web-9")

            let configuration = try await fleet.output(
                "new", "cat /var/lib/sandbox/join-config; rm /var/lib/sandbox/join-config")
            #expect(
                configuration == """
                    apiVersion: kubeadm.k8s.io/v1beta4
                    kind: JoinConfiguration
                    discovery:
                      bootstrapToken:
                        token: "\(Self.token)"
                        apiServerEndpoint: "10.0.0.1:6443"
                        caCertHashes:
                        - "\(Self.pin)"
                    nodeRegistration:
                      name: "web-9"
                      taints:
                      - {key: "dedicated", value: "gpu", effect: "NoSchedule"}

                    """)
            #expect(
                try await fleet.output("new", "grep -r -l 0123456789abcdef /etc /run /tmp /var /root; ls /run; exit 0")
                    == "fleet.lock\n")

            // A kubelet that was stopped by hand is started again.
            _ = try await fleet.output("new", "systemctl disable --now kubelet")
            let again = try await fleet.course("new", NodeScript.join, variables())
            #expect(again.first.changed == ["start the kubelet"])
            #expect(fleet.unit("kubelet", on: "new") == "active")
        }
    }

    @Test(
        "A join that broke off is cleared away and done anew; another cluster's host, CA or a control plane is refused")
    func refusals() async throws {
        let hosts = [
            TestSandbox.host("new", role: .fresh), TestSandbox.host("old"), TestSandbox.host("cp", role: .controlPlane),
        ]
        try await TestSandbox.with(hosts) { (fleet: SandboxFleet) async throws in
            _ = try await fleet.output(
                "new",
                Self.prepared
                    + "\nmkdir -p /etc/kubernetes/pki; cp /var/lib/sandbox/cluster-ca.crt /etc/kubernetes/pki/ca.crt")
            let wrong = try await fleet.prepare("new", NodeScript.join, variables(pin: "sha256:00"))
            #expect(wrong.status == 1)
            #expect(wrong.report.failure?.contains("none of the public keys") == true)
            let cleared = try await fleet.prepare("new", NodeScript.join, variables())
            #expect(cleared.report.changed.last == "join as web-9")
            #expect(fleet.joinedNode(on: "new") == "web-9")

            let other = try await fleet.prepare(
                "old", NodeScript.join, variables(authority: String(repeating: "0", count: 64)))
            #expect(other.status == 3)
            #expect(other.report.failure?.contains("old belongs to another cluster") == true)
            let plane = try await fleet.prepare("cp", NodeScript.join, variables())
            #expect(plane.report.failure?.hasPrefix("cp is a control-plane host") == true)
        }
    }

    @Test("A working node that lost its kubelet.conf keeps its pods and their volumes: nothing is reset")
    func liveNode() async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            let volumes = "awk '$5 ~ \"^/var/lib/kubelet/\" { print $5 }' /proc/self/mountinfo"
            let mounted = try await fleet.output("a", ": >/etc/kubernetes/kubelet.conf; \(volumes)")
            #expect(mounted != "")
            for isDryRun in [true, false] {
                let refused = try await fleet.prepare("a", NodeScript.join, variables(), isDryRun: isDryRun)
                #expect(refused.status == 3)
                #expect(refused.report.failure?.contains("volumes are mounted: /var/lib/kubelet/pods/") == true)
            }
            #expect(try await fleet.output("a", volumes) == mounted)
            _ = try await fleet.output("a", "\(volumes) | while read -r point; do umount $point; done")
            let pods = try await fleet.prepare("a", NodeScript.join, variables())
            #expect(pods.status == 3)
            #expect(pods.report.failure?.contains("its container runtime has 2 pods") == true)
            #expect(!fleet.calls(on: "a").contains { $0.hasPrefix("kubeadm reset") })
            // Without them it is a join that broke off, and reset talks to the runtime that was named.
            var socket = variables()
            socket["FLEET_CRI_SOCKET"] = "unix:///run/crio/crio.sock"
            _ = try await fleet.output(
                "a", "crictl pods -q | while read -r pod; do crictl rmp $pod; done; sysctl -w net.ipv4.ip_forward=1")
            #expect(try await fleet.prepare("a", NodeScript.join, socket).report.changed.last == "join as web-9")
            #expect(fleet.calls(on: "a").contains("kubeadm reset -f --cri-socket unix:///run/crio/crio.sock"))
        }
    }

    @Test("A second join beside a running one waits for it, and finds the host joined")
    func twoAtOnce() async throws {
        try await TestSandbox.with([TestSandbox.host("new", role: .fresh)]) { (fleet: SandboxFleet) async throws in
            _ = try await fleet.output(
                "new",
                Self.prepared + """

                    mv /usr/local/sbin/kubeadm /usr/local/sbin/kubeadm.real
                    cat >/usr/local/sbin/kubeadm <<'END'
                    #!/bin/sh
                    if [ "$1" = join ]; then
                        mkdir -p /etc/kubernetes/pki
                        cp /var/lib/sandbox/cluster-ca.crt /etc/kubernetes/pki/ca.crt
                        sleep 3
                        rm -f /etc/kubernetes/pki/ca.crt
                    fi
                    exec kubeadm.real "$@"
                    END
                    chmod 755 /usr/local/sbin/kubeadm
                    """)
            async let first = fleet.prepare("new", NodeScript.join, variables())
            _ = try await fleet.output(
                "new",
                "n=0; while [ ! -e /etc/kubernetes/pki/ca.crt ] && [ $n -lt 300 ]; do n=$((n + 1)); sleep 0.1; done")
            let second = try await fleet.prepare("new", NodeScript.join, variables())
            #expect(second.status == 0)
            #expect(second.report.holds == ["the host has joined already", "the kubelet runs"])
            #expect(try await first.report.changed.first == "join as web-9")
            #expect(!fleet.calls(on: "new").contains { $0.contains(" reset") })
        }
    }
}
