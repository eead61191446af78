import FleetCommands
import FleetRun
import Foundation
import Testing

@Suite("Node scripts", .serialized, .needsSandbox)
struct NodeScriptTests {
    @Test("Identity says who the host is, and whether it is control plane")
    func identity() async throws {
        let worker = SandboxHost(
            name: "w1", machineID: "0123456789abcdef0123456789abcdef",
            systemUUID: "4c4c4544-0042-3510-8052-b4c04f4d3732", internalIP: "10.7.0.9",
            clusterCertificate: TestSandbox.certificate)
        let hosts = [worker, TestSandbox.host("cp", role: .controlPlane), TestSandbox.host("new", role: .fresh)]
        try await TestSandbox.with(hosts) { (fleet: SandboxFleet) async throws in
            let one = try #require(try await identity(of: "w1", in: fleet))
            #expect(one.hostName == "w1")
            #expect(one.machineID == "0123456789abcdef0123456789abcdef")
            #expect(one.systemUUID == "4c4c4544-0042-3510-8052-b4c04f4d3732")
            #expect(one.addresses == ["10.7.0.9"])
            #expect(one.clusterAuthorities == [TestSandbox.certificateHash])
            #expect(one.controlPlaneSign == nil)
            #expect(one.bootID != nil)
            let plane = try #require(try await identity(of: "cp", in: fleet))
            #expect(plane.controlPlaneSign?.contains("/etc/kubernetes/manifests/etcd.yaml") == true)
            let new = try #require(try await identity(of: "new", in: fleet))
            #expect(new.clusterAuthorities == [])
            #expect(new.controlPlaneSign == nil)
        }
    }

    @Test("The kubelet's kubeconfig decides which cluster it is; pki/ca.crt where there is none")
    func clusterAuthority() async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            _ = try await fleet.output(
                "a", "cp /etc/kubernetes/pki/ca.crt /tmp/ca; echo nonsense >/etc/kubernetes/pki/ca.crt")
            #expect(try await identity(of: "a", in: fleet)?.clusterAuthorities == [TestSandbox.certificateHash])
            _ = try await fleet.output("a", "cp /tmp/ca /etc/kubernetes/pki/ca.crt; rm /etc/kubernetes/*.conf")
            #expect(try await identity(of: "a", in: fleet)?.clusterAuthorities == [TestSandbox.certificateHash])
            _ = try await fleet.output(
                "a",
                "printf 'clusters:\\n- cluster:\\n    certificate-authority: /tmp/two\\n' >/etc/kubernetes/kubelet.conf"
            )
            _ = try await fleet.output("a", "cat /tmp/ca /tmp/ca >/tmp/two")
            #expect(
                try await identity(of: "a", in: fleet)?.clusterAuthorities
                    == [TestSandbox.certificateHash, TestSandbox.certificateHash])
        }
    }

    @Test("An etcd outside the control plane is asked with the API server's certificates, or is told to be unasked")
    func outerEtcd() async throws {
        try await TestSandbox.with([TestSandbox.host("cp", role: .controlPlane)]) {
            (fleet: SandboxFleet) async throws in
            let ask =
                "export FLEET_DRY_RUN=1 FLEET_CA=\(TestSandbox.certificateHash)\n" + NodeScript.etcdMembers
            _ = try await fleet.output(
                "cp",
                """
                rm /etc/kubernetes/manifests/etcd.yaml
                cat >/etc/kubernetes/manifests/kube-apiserver.yaml <<'END'
                spec:
                  containers:
                  - command:
                    - kube-apiserver
                    - --etcd-cafile=/etc/ssl/etcd/ca.pem
                    - --etcd-certfile=/etc/ssl/etcd/node.pem
                    - --etcd-keyfile=/etc/ssl/etcd/node-key.pem
                    - --etcd-servers=https://10.9.0.1:2379,https://10.9.0.2:2379
                END
                """)
            #expect(
                try await fleet.output("cp", ask)
                    == "unasked=https://10.9.0.1:2379\nunasked=https://10.9.0.2:2379\nend=yes\n")
            _ = try await fleet.output(
                "cp",
                """
                cat >/usr/local/sbin/etcdctl <<'END'
                #!/bin/sh
                echo "$*" >>/tmp/etcdctl-calls
                case "$*" in
                    *"member list"*) echo "8e9e05c52164694d, started, e1, https://10.9.0.1:2380, https://10.9.0.1:2379, false" ;;
                    *) echo "https://10.9.0.1:2379 is healthy: successfully committed proposal: took = 2ms" ;;
                esac
                END
                chmod +x /usr/local/sbin/etcdctl
                """)
            #expect(
                try await fleet.output("cp", ask)
                    == "member=e1 https://10.9.0.1:2380\nhealthy=https://10.9.0.1:2379\nend=yes\n")
            let files =
                "--cacert=/etc/ssl/etcd/ca.pem --cert=/etc/ssl/etcd/node.pem --key=/etc/ssl/etcd/node-key.pem"
            let calls = ["member list -w simple", "endpoint health --cluster"].map {
                "--endpoints=https://10.9.0.1:2379,https://10.9.0.2:2379 \(files) \($0)\n"
            }
            #expect(try await fleet.output("cp", "cat /tmp/etcdctl-calls") == calls.joined())
        }
    }

    private func identity(of host: String, in fleet: SandboxFleet) async throws -> NodeIdentity? {
        NodeIdentity(NodeAnswer(try await fleet.output(host, NodeScript.identity)))
    }

    @Test("The kubelet is stopped, disabled and asked again; the second time nothing changes")
    func stopKubelet() async throws {
        try await TestSandbox.with([TestSandbox.host("a"), TestSandbox.host("new", role: .fresh)]) {
            (fleet: SandboxFleet) async throws in
            #expect(try await fleet.output("a", NodeScript.stopKubelet) == "changed=kubelet\nkubelet=inactive\n")
            #expect(try await fleet.output("a", NodeScript.stopKubelet) == "unchanged=kubelet\nkubelet=inactive\n")
            #expect(try await fleet.output("new", NodeScript.stopKubelet).hasPrefix("unchanged=kubelet\n"))
            #expect(fleet.calls(on: "a").contains("systemctl disable kubelet"))
        }
    }

    @Test("A host asks for a reboot by its distribution's tools, or by a kernel newer than the one that runs")
    func rebootRequired() async throws {
        let hosts = [TestSandbox.host("a"), TestSandbox.host("b"), TestSandbox.host("c")]
        try await TestSandbox.with(hosts) { (fleet: SandboxFleet) async throws in
            func asks(_ host: String) async throws -> String? {
                NodeAnswer(try await fleet.output(host, NodeScript.bootState)).last("reboot_required")
            }
            _ = try await fleet.output(
                "a",
                "mkdir -p /boot; touch /boot/vmlinuz-$(uname -r) /boot/vmlinuz-0-rescue-1f /boot/vmlinuz-99.1-other")
            #expect(try await asks("a") == "no")
            _ = try await fleet.output("a", "touch /boot/vmlinuz-99$(uname -r)")
            #expect(try await asks("a") == "yes")
            let answers = #"""
                cat >/usr/local/sbin/dnf <<'END'
                #!/bin/sh
                [ "$*" = "-q needs-restarting -r" ] || { echo "Unknown argument" >&2; exit 2; }
                cat /tmp/needs
                END
                chmod 755 /usr/local/sbin/dnf; echo "Reboot should not be necessary." >/tmp/needs
                """#
            _ = try await fleet.output("b", answers)
            #expect(try await asks("b") == "no")
            _ = try await fleet.output("b", "echo 'Reboot is required to fully utilize these updates.' >/tmp/needs")
            #expect(try await asks("b") == "yes")
            // dnf 5 refuses what dnf 4 wants, and an answer that says nothing is none.
            _ = try await fleet.output(
                "b", "cd /usr/local/sbin; sed 's/ -r\"/\"/' dnf >dnf5; rm dnf; ln -s dnf5 dnf; chmod 755 dnf5")
            #expect(try await asks("b") == "yes")
            _ = try await fleet.output("b", "echo 'Failed to download metadata' >/tmp/needs")
            #expect(try await asks("b") == "no")
            #expect(try await asks("c") == "no")
            _ = try await fleet.output("c", "touch /run/reboot-required")
            #expect(try await asks("c") == "yes")
        }
    }

    @Test("A kubelet that does not stop fails the script")
    func kubeletThatStays() async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            _ = try await fleet.output("a", "printf '#!/bin/sh\\necho active\\n' >/usr/local/sbin/systemctl")
            let reading = try await fleet.read("a", NodeScript.stopKubelet)
            #expect(reading.status == 1)
            #expect(NodeAnswer(reading.output).last("failed")?.hasPrefix("kubelet:") == true)
        }
    }

    @Test("Connections are counted by local port, in pods' network namespaces too")
    func connections() async throws {
        let serve = """
            use IO::Socket::INET;
            my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", LocalPort => 8443, ReuseAddr => 1) or die;
            my @c = map { IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 8443) or die } 1..3;
            my @a = map { $s->accept } 1..3;
            open(my $f, ">>", "/tmp/up"); print $f "1\\n"; close $f; sleep 60;
            """
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            _ = try await fleet.output(
                "a",
                """
                cat >/tmp/serve.pl <<'END'
                \(serve)
                END
                perl /tmp/serve.pl >/dev/null 2>&1 </dev/null &
                unshare --net sh -c 'ip link set lo up; exec perl /tmp/serve.pl' >/dev/null 2>&1 </dev/null &
                n=0
                while [ "$(cat /tmp/up 2>/dev/null | grep -c .)" != 2 ] && [ $n -lt 100 ]; do n=$((n + 1)); sleep 0.1; done
                """)
            let answer = NodeAnswer(try await fleet.output("a", NodeScript.connections(ports: [8443, 443])))
            #expect(answer.last("connections_8443") == "6")
            #expect(answer.last("connections_443") == "0")
            #expect(answer.last("connections") == "6")
        }
    }
}

@Suite("Answers of node scripts")
struct NodeAnswerTests {
    @Test("Lines of another shape are left out, values keep their '='")
    func parsing() {
        let answer = NodeAnswer("Welcome to web-1!\nchanged=a\n=x\nchanged=b=c\nKEY=no\nempty=\nresult=changed\n")
        #expect(answer.all("changed") == ["a", "b=c"])
        #expect(answer.last("empty") == nil)
        #expect(answer.rows.count == 4)
    }

    @Test("An answer that broke off has no result")
    func brokenOff() {
        #expect(CleanupReport(NodeAnswer("changed=kubelet\nchan")).result == nil)
    }
}
