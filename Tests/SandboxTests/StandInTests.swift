import FleetCommands
import FleetRun
import Testing

@Suite("Stand-ins of a sandboxed host", .serialized, .needsSandbox)
struct StandInTests {
    @Test("kubeadm reset removes what the real one does, and leaves what it leaves")
    func reset() async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            #expect(try await fleet.read("a", "kubeadm reset </dev/null").status == 1)
            _ = try await fleet.output("a", "kubeadm reset -f")
            #expect(
                try await fleet.output("a", "find /etc/kubernetes /var/lib/kubelet | sort") == """
                    /etc/kubernetes
                    /etc/kubernetes/manifests
                    /etc/kubernetes/pki
                    /var/lib/kubelet

                    """)
            let kept = try await fleet.output("a", "ls /etc/cni/net.d; crictl pods -q")
            #expect(kept == "10-calico.conflist\ncalico-kubeconfig\n")
            #expect(try await fleet.output("a", "iptables-save | grep -c KUBE-SERVICES") != "0\n")
            #expect(fleet.unit("kubelet", on: "a") == "inactive")
        }
    }

    @Test(
        "A fresh host joins once swap, forwarding and the runtime are as kubeadm wants them",
        arguments: [
            SandboxHost.Family.debian, .redhat,
        ])
    func join(family: SandboxHost.Family) async throws {
        var host = TestSandbox.host("new", role: .fresh)
        host.family = family
        let install = family == .debian ? "apt-get install -y" : "dnf install -y"
        try await TestSandbox.with([host]) { (fleet: SandboxFleet) async throws in
            let join = "kubeadm join 10.0.0.1:6443 --token abcdef.0123456789abcdef --node-name new-node"
            let refused = try await fleet.read("new", join)
            #expect(refused.status == 1)
            for word in ["swap", "ip_forward", "CRI"] { #expect(refused.error.contains(word)) }
            #expect(fleet.joinedNode(on: "new") == nil)
            _ = try await fleet.output(
                "new",
                """
                swapoff -a; modprobe br_netfilter
                printf 'net.ipv4.ip_forward = 1\\nnet.bridge.bridge-nf-call-iptables = 1\\n' >/etc/sysctl.d/k8s.conf
                sysctl --system; \(install) containerd kubelet kubeadm; systemctl enable --now containerd kubelet
                """)
            let settings = "sysctl -n net.bridge.bridge-nf-call-iptables net.ipv4.ip_forward"
            #expect(try await fleet.output("new", settings) == "1\n1\n")
            #expect(fleet.unit("kubelet", on: "new") == "activating")
            #expect(try await fleet.output("new", join).contains("This node has joined the cluster"))
            #expect(fleet.joinedNode(on: "new") == "new-node")
            #expect(fleet.unit("kubelet", on: "new") == "active")
            let identity = NodeIdentity(NodeAnswer(try await fleet.output("new", NodeScript.identity)))
            #expect(identity?.clusterAuthorities == [TestSandbox.certificateHash])
            #expect(try await fleet.read("new", join).status == 1)
        }
    }

    @Test("systemctl answers with systemd's words and statuses")
    func units() async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            #expect(try await fleet.read("a", "systemctl is-active containerd").output == "active\n")
            let stopped = try await fleet.read("a", "systemctl stop containerd.service; systemctl is-active containerd")
            #expect(stopped.status == 3)
            #expect(stopped.output == "inactive\n")
            #expect(try await fleet.read("a", "crictl pods").status == 1)
            #expect(try await fleet.read("a", "systemctl start nothing").status == 5)
            let shown = "systemctl restart containerd; systemctl show containerd -p ActiveState,NRestarts -p LoadState"
            #expect(try await fleet.output("a", shown) == "ActiveState=active\nNRestarts=1\nLoadState=loaded\n")
        }
    }

    @Test("Host name and packages are the host's own")
    func hostNameAndPackages() async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            _ = try await fleet.output("a", "hostnamectl set-hostname node-7")
            #expect(try await fleet.output("a", "hostname; hostnamectl --static") == "node-7\nnode-7\n")
            let status = "dpkg-query -W -f '${Version} ${db:Status-Status}' kubelet"
            #expect(try await fleet.output("a", status) == "1.36.0-1.1 installed")
            #expect(try await fleet.read("a", "dpkg-query -W nginx").status == 1)
            _ = try await fleet.output("a", "apt-get install -y nginx=1.2-3; apt-mark hold nginx")
            let held = "dpkg-query -W -f='${Package} ${Version}\\n' nginx; apt-mark showhold"
            #expect(try await fleet.output("a", held) == "nginx 1.2-3\nnginx\n")
            #expect(fleet.calls(on: "a").contains("apt-mark hold nginx"))
        }
    }
}
