import Foundation

/// What a sandboxed host's file tree holds before it boots.
struct SandboxImage {
    let host: SandboxHost

    private static let units = "/var/lib/sandbox/units"
    private static let pod = "/var/lib/kubelet/pods/7d1f0c5e-3b1a-4c57-9d0e-1f5a9a3f7b21"

    /// Directories to be made, without those that a file needs anyway.
    var directories: [String] {
        let base = [
            "/dev", "/home", "/mnt", "/opt/cni/bin", "/proc", "/root", "/run", "/sys/module", "/tmp", "/usr",
            "/var/log", "/var/lib/sandbox/packages", "/var/lib/sandbox/pods", "/var/lib/sandbox/journal",
            "/var/lib/sandbox/calico-nodes", "/var/lib/sandbox/sysctl", "/etc/sysctl.d", "/etc/modules-load.d",
            Self.units,
        ]
        guard host.role != .fresh else { return base }
        let joined = [
            "/etc/kubernetes/manifests", "\(Self.pod)/volumes/kubernetes.io~projected/kube-api-access-x7k2p",
            "\(Self.pod)/containers/agent", "/var/lib/kubelet/plugins", "/var/lib/cni/networks",
        ]
        return base + joined + (host.plugin == .calico ? ["/run/calico"] : ["/run/flannel"])
    }

    /// Targets of symbolic links by path; one leads out of the kubelet's directory into somebody else's data.
    var links: [String: String] {
        guard host.role != .fresh else { return [:] }
        return [
            "\(Self.pod)/volumes/outside": "/srv/acme",
            "/var/lib/kubelet/pki/kubelet-client-current.pem": "/var/lib/kubelet/pki/kubelet-client-2026-11-01.pem",
        ]
    }

    /// Contents by path.
    var files: [String: String] {
        var files = base
        if host.role != .fresh { files.merge(joined) { $1 } }
        if host.role == .controlPlane { files.merge(controlPlane) { $1 } }
        return files
    }

    private var base: [String: String] {
        [
            "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
            "/etc/group": "root:x:0:\nnogroup:x:65534:\n",
            "/etc/hostname": host.name + "\n",
            "/etc/hosts": "127.0.0.1 localhost\n\(host.internalIP) \(host.name)\n",
            "/etc/machine-id": host.machineID + "\n",
            "/etc/os-release": osRelease,
            "/etc/fstab": "/dev/vda1 / ext4 defaults 0 1\n/swap.img none swap sw 0 0\n",
            "/sys/class/dmi/id/product_uuid": host.systemUUID.uppercased() + "\n",
            "/srv/acme/data/ledger.txt": "somebody else's data\n",
            "/var/lib/sandbox/profile": profile,
            "/var/lib/sandbox/boot.sh": SandboxBox.boot,
            "/var/lib/sandbox/network.sh": SandboxNetwork.script,
            "/var/lib/sandbox/cluster-ca.crt": host.clusterCertificate,
            "/var/lib/sandbox/version": host.version + "\n",
            "/var/lib/sandbox/calls": "",
            "\(Self.units)/ssh.active": "active\n", "\(Self.units)/ssh.enabled": "enabled\n",
        ]
    }

    private var profile: String {
        """
        NAME='\(host.name)'
        ROLE='\(host.role.rawValue)'
        PLUGIN='\(host.plugin.rawValue)'
        ADDRESS='\(host.internalIP)'

        """
    }

    private var osRelease: String {
        switch host.family {
        case .debian: "ID=debian\nVERSION_ID=12\nPRETTY_NAME='Debian GNU/Linux 12 (bookworm)'\n"
        case .fedora: "ID=fedora\nVERSION_ID=42\nPRETTY_NAME='Fedora Linux 42 (Server Edition)'\n"
        case .redhat: "ID=rocky\nID_LIKE='rhel centos fedora'\nVERSION_ID=9.4\nPRETTY_NAME='Rocky Linux 9.4'\n"
        }
    }

    private var joined: [String: String] {
        var files = [
            "/etc/kubernetes/kubelet.conf": kubeconfig,
            "/etc/kubernetes/bootstrap-kubelet.conf": kubeconfig,
            "/etc/kubernetes/pki/ca.crt": host.clusterCertificate,
            "/var/lib/kubelet/config.yaml":
                "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\ncgroupDriver: systemd\n",
            "/var/lib/kubelet/kubeadm-flags.env": "KUBELET_KUBEADM_ARGS=\"\"\n",
            "/var/lib/kubelet/pki/kubelet-client-2026-11-01.pem": "client certificate\n",
            "\(Self.pod)/etc-hosts": "127.0.0.1 localhost\n",
            "/opt/cni/bin/bridge": "#!/bin/sh\n", "/opt/cni/bin/portmap": "#!/bin/sh\n",
            "/var/lib/sandbox/pods/3f9c1d2e4b5a": "kube-proxy\n", "/var/lib/sandbox/pods/8a7b6c5d4e3f": "node agent\n",
            "/var/lib/sandbox/ipvs":
                "-A -t 10.96.0.1:443 -s rr\n-A -u 10.96.0.10:53 -s rr\n-A -t 192.0.2.80:80 -s wlc\n",
        ]
        for (unit, state) in [("kubelet", "active"), ("containerd", "active")] {
            files["\(Self.units)/\(unit).active"] = state + "\n"
            files["\(Self.units)/\(unit).enabled"] = "enabled\n"
        }
        for package in ["containerd", "kubeadm", "kubelet", "kubectl"] {
            files["/var/lib/sandbox/packages/\(package)"] = package == "containerd" ? "1.0-1\n" : packageVersion
        }
        return files.merging(host.plugin == .calico ? calico : flannel) { $1 }
    }

    private var packageVersion: String { host.version.drop { $0 == "v" } + "-1.1\n" }

    private var calico: [String: String] {
        [
            "/etc/cni/net.d/10-calico.conflist": #"{"name":"k8s-pod-network","plugins":[{"type":"calico"}]}"# + "\n",
            "/etc/cni/net.d/calico-kubeconfig": kubeconfig,
            "/opt/cni/bin/calico": "#!/bin/sh\n",
            "/var/lib/calico/nodename": host.name,
            "/var/lib/sandbox/calico-nodes/\(host.name)": "",
        ]
    }

    private var flannel: [String: String] {
        [
            "/etc/cni/net.d/10-flannel.conflist": #"{"name":"cbr0","plugins":[{"type":"flannel"}]}"# + "\n",
            "/opt/cni/bin/flannel": "#!/bin/sh\n",
            "/run/flannel/subnet.env": "FLANNEL_NETWORK=10.244.0.0/16\n",
        ]
    }

    private var controlPlane: [String: String] {
        [
            "/etc/kubernetes/admin.conf": kubeconfig,
            "/etc/kubernetes/manifests/kube-apiserver.yaml": "kind: Pod\n",
            "/etc/kubernetes/manifests/etcd.yaml": "kind: Pod\n",
            "/var/lib/etcd/member/snap/db": "etcd\n",
        ]
    }

    private var kubeconfig: String {
        """
        apiVersion: v1
        kind: Config
        clusters:
        - cluster:
            certificate-authority-data: \(Data(host.clusterCertificate.utf8).base64EncodedString())
            server: https://10.0.0.1:6443
          name: default-cluster
        users:
        - name: default-auth
          user:
            client-certificate: /var/lib/kubelet/pki/kubelet-client-current.pem
            client-key: /var/lib/kubelet/pki/kubelet-client-current.pem

        """
    }

    /// Programs of `/usr/local`, by file name.
    var programs: [String: String] {
        SandboxStandIns.programs.merging(packageTools) { $1 }.mapValues(SandboxStandIns.text)
    }

    private var packageTools: [String: String] {
        switch host.family {
        case .debian: SandboxStandIns.debianPackages
        case .redhat: SandboxStandIns.redhatPackages
        case .fedora: SandboxStandIns.fedoraPackages
        }
    }

    /// Writes the whole host below a directory: its root, its `/usr/local`, and what is bound over parts of `/proc`.
    func write(to directory: String) throws {
        let tree = SandboxTree(root: "\(directory)/root")
        for path in directories { try tree.makeDirectory(path) }
        for (path, contents) in files {
            try tree.write(contents, to: path, mode: path.hasPrefix("/opt/cni/bin/") ? 0o755 : 0o644)
        }
        for (path, target) in links { try tree.link(path, to: target) }
        let local = SandboxTree(root: "\(directory)/local")
        for (name, contents) in programs { try local.write(contents, to: "/sbin/\(name)", mode: 0o755) }
        try local.makeDirectory("/bin")
        let own = SandboxTree(root: directory)
        try own.write(UUID().uuidString.lowercased() + "\n", to: "/boot_id")
        try own.write(swaps, to: "/swaps")
        try own.write("", to: "/modules")
    }

    private var swaps: String {
        let header = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
        guard host.role == .fresh else { return header }
        return header + "/swap.img                               file\t\t2097148\t\t0\t\t-2\n"
    }
}

/// Files written below one root.
struct SandboxTree {
    let root: String

    func makeDirectory(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: root + path, withIntermediateDirectories: true)
    }

    func write(_ contents: String, to path: String, mode: Int = 0o644) throws {
        let file = URL(fileURLWithPath: root + path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(contents.utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
    }

    func link(_ path: String, to target: String) throws {
        let file = URL(fileURLWithPath: root + path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: file.path, withDestinationPath: target)
    }
}
