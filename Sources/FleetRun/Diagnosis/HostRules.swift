import FleetModel

/// What a host's own state explains (X1, X3).
///
/// Earlier rules come first among equally likely ones.
enum HostRules {
    typealias Finding = Diagnosis.Finding

    static let all: [@Sendable (DiagnosisEvidence) -> Finding?] = [
        unreachable, notJoined, anotherCluster, runtime, swap, cgroups, authority, certificate, servingCertificate,
        server,
        kubelet, peers, noNetworkPlugin, missingPlugin, networkStatus, networkErrors, resolvers, clusterDNS, disk,
        clock,
        forwarding,
    ]

    static let unreachable: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard let failure = evidence.hostFailure else { return nil }
        return Finding(
            "host-unreachable", evidence.isReady ? .possible : .likely, "the host cannot be reached over SSH",
            evidence: [failure], mend: "see whether it has power and network; then its console")
    }

    static let notJoined: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard let host = evidence.host, !host.isJoined else { return nil }
        return Finding(
            "not-joined", host.kubelet.crashesConfigured ? .possible : .certain,
            "the host has joined no cluster: /etc/kubernetes/kubelet.conf is missing",
            mend: "fleet run expand -l \(evidence.name)")
    }

    static let anotherCluster: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard let host = evidence.host, let own = evidence.clusterAuthority, !host.clusterAuthorities.isEmpty,
            !host.clusterAuthorities.contains(own)
        else { return nil }
        return Finding(
            "another-cluster", .certain, "the host's kubelet trusts another cluster's CA",
            evidence: [
                "CA of the host: \(host.clusterAuthorities.joined(separator: ", "))", "CA of this cluster: \(own)",
            ],
            mend: "find out which cluster the host belongs to; clean it up before it joins this one")
    }

    static let runtime: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard let host = evidence.host else { return nil }
        // A host may have both installed: what runs is the one that it uses.
        let isCRIO = !host.crio.boot.isEmpty && (host.crio.state == "active" || host.containerd.boot.isEmpty)
        let (name, unit) = isCRIO ? ("crio", host.crio) : ("containerd", host.containerd)
        let isDown = !unit.boot.isEmpty && unit.state != "active"
        guard isDown || host.runtimeAnswers == false else { return nil }
        let words = [isDown ? "\(name) is \(unit.state)" : "", host.runtimeError].filter { !$0.isEmpty }
        return Finding(
            "runtime-down", .certain, "the container runtime does not answer", evidence: words + unit.errors,
            mend: "systemctl restart \(name); if it fails again: journalctl -u \(name)")
    }

    static let swap: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard let host = evidence.host, !host.swap.isEmpty else { return nil }
        let isDown = host.kubelet.state != "active"
        return Finding(
            "swap-on", isDown ? .certain : .possible,
            "swap is on" + (isDown ? ", and the kubelet does not start with it" : ""),
            evidence: ["in use: \(host.swap)"] + host.kubelet.errors.filter { $0.contains("swap") },
            mend: "fleet run prepare-node -l \(evidence.name) (or swapoff -a, and out of /etc/fstab)")
    }

    static let cgroups: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard let drivers = evidence.host?.cgroupDrivers, !drivers.kubelet.isEmpty, !drivers.runtime.isEmpty,
            drivers.kubelet != drivers.runtime
        else { return nil }
        return Finding(
            "cgroup-drivers-differ", .likely,
            "kubelet and container runtime use different cgroup drivers: \(drivers.kubelet) and \(drivers.runtime)",
            mend: evidence.host?.crio.state == "active"
                ? "set cgroup_manager = \"systemd\" in /etc/crio/crio.conf.d, cgroupDriver: systemd for the kubelet"
                : "set SystemdCgroup = true in /etc/containerd/config.toml (prepare-node does), cgroupDriver: systemd for the kubelet"
        )
    }

    static let authority: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard let end = evidence.host?.authorityEnd, end <= evidence.now.microseconds / 1_000_000 else { return nil }
        return Finding(
            "authority-expired", .certain, "the cluster's CA has expired: nothing that it signed is believed any more",
            mend:
                "rotate it by hand, since kubeadm renews no CA (Kubernetes: manual rotation of CA certificates), then give every host the new one"
        )
    }

    static let servingCertificate: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard let end = evidence.host?.servingCertificateEnd, end <= evidence.now.microseconds / 1_000_000 else {
            return nil
        }
        return Finding(
            "serving-certificate-expired", .possible,
            "the certificate by which the kubelet is known has expired: logs, exec and metrics of the node may fail",
            mend:
                "its own: rm /var/lib/kubelet/pki/kubelet.crt /var/lib/kubelet/pki/kubelet.key, then systemctl restart kubelet; one that is signed for it: kubectl get csr"
        )
    }

    static let networkStatus: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard let words = evidence.host?.networkStatus, !words.isEmpty else { return nil }
        return Finding(
            "network-plugin-status", evidence.isReady ? .possible : .likely,
            "the network plugin itself says that it is not well", evidence: words,
            mend: "read the log of the plugin's pod on this node; BGP needs 179/tcp between the nodes")
    }

    static let resolvers: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard let servers = evidence.host?.resolvers, !servers.isEmpty else { return nil }
        guard servers.values.allSatisfy({ $0 == "silent" }) else { return nil }
        return Finding(
            "resolver-silent", evidence.isReady ? .possible : .likely,
            "none of the servers that the host asks for names answers",
            evidence: servers.keys.sorted().map { "no answer from \($0):53" },
            mend: "see /etc/resolv.conf, and what lies between the host and these servers")
    }

    static let clusterDNS: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        let ill = (evidence.host?.clusterDNS ?? [:]).filter { $0.value != "answers" }.sorted { $0.key < $1.key }
        guard !ill.isEmpty else { return nil }
        return Finding(
            "cluster-dns", .possible, "pods on this node find no names: the cluster's DNS does not answer from here",
            evidence: ill.map { $0.value == "refuses" ? "\($0.key):53 refuses" : "no answer from \($0.key):53" },
            mend:
                "see whether its pods are Ready (kubectl -n kube-system get pods -l k8s-app=kube-dns), and whether kube-proxy and the network plugin run here"
        )
    }

    static let certificate: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard let end = evidence.host?.certificateEnd else { return nil }
        let left = end - evidence.now.microseconds / 1_000_000
        guard left < 7 * 86_400 else { return nil }
        let isOver = left <= 0
        return Finding(
            isOver ? "certificate-expired" : "certificate-ends", isOver ? .certain : .possible,
            isOver
                ? "the kubelet's client certificate has expired, \(-left / 3600) hours ago"
                : "the kubelet's client certificate ends in \(left / 3600) hours and was not renewed",
            mend: "see whether CertificateSigningRequests are approved (kubectl get csr); else join the host anew")
    }

    static let server: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard let host = evidence.host, !host.apiServer.isEmpty else { return nil }
        if !host.resolvesServer {
            return Finding(
                "api-server-name", .certain, "the host finds no address for the API server \(host.apiServer)",
                mend: "see its DNS settings (/etc/resolv.conf) and /etc/hosts")
        }
        guard host.serverAnswers == false else { return nil }
        return Finding(
            "api-server-unreachable", evidence.isReady ? .possible : .certain,
            "the host cannot reach the API server at \(host.apiServer)",
            evidence: [host.serverError].filter { !$0.isEmpty },
            mend: "see routes, firewalls and the load balancer between the host and \(host.apiServer)")
    }

    static let peers: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        let lost = (evidence.host?.peers ?? [:]).filter { !$0.value }.keys.sorted()
        guard !lost.isEmpty else { return nil }
        let isAlone = lost.count == evidence.host?.peers.count
        return Finding(
            "nodes-unreachable", isAlone ? .likely : .possible,
            isAlone
                ? "the host reaches none of the other nodes that it was asked to"
                : "the host does not reach every other node",
            evidence: lost.map { "no answer from \($0):10250" },
            mend: "see routes, VLANs and firewalls between the host and the other nodes")
    }

    static let kubelet: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        // Before it has a certificate a kubelet has joined nothing, and may crash all the same.
        guard let unit = evidence.host?.kubelet, unit.state != "active",
            evidence.host?.isJoined == true || unit.crashesConfigured
        else { return nil }
        if unit.state == "activating" || unit.state == "failed" {
            return Finding(
                "kubelet-crashes", .certain, "the kubelet starts and ends again (\(unit.restarts) restarts)",
                evidence: unit.errors,
                mend: "its last error says why; then: systemctl restart kubelet")
        }
        let isDisabled = unit.boot == "disabled" || unit.boot == "masked"
        return Finding(
            "kubelet-stopped", .certain,
            "the kubelet is \(unit.state.isEmpty ? "not there" : unit.state)" + (isDisabled ? " and disabled" : ""),
            evidence: unit.errors,
            mend: unit.boot.isEmpty
                ? "install it: fleet run prepare-node -l \(evidence.name)" : "systemctl enable --now kubelet")
    }

    static let noNetworkPlugin: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard let host = evidence.host, host.isJoined, host.networkConfigurations == 0 else { return nil }
        let condition = evidence.health?.condition("Ready")?.message ?? ""
        return Finding(
            "no-network-plugin", evidence.isReady ? .possible : .likely,
            "no network plugin is configured: /etc/cni/net.d is empty",
            evidence: condition.contains("network") ? [condition] : [],
            mend:
                "see whether the network plugin's DaemonSet has a running pod on this node (kubectl get pods -A -o wide)"
        )
    }

    static let missingPlugin: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard let host = evidence.host, !host.missingPlugins.isEmpty else { return nil }
        return Finding(
            "network-plugin-missing", .likely,
            "a configured network plugin has no program: \(host.missingPlugins.joined(separator: ", "))",
            mend: "put it into /opt/cni/bin: the plugin's DaemonSet, or package kubernetes-cni")
    }

    static let networkErrors: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard let errors = evidence.host?.networkErrors, !errors.isEmpty else { return nil }
        return Finding(
            "network-plugin-errors", .possible, "the network plugin's log has errors", evidence: errors,
            mend: "read /var/log/calico/cni/cni.log, and the log of the plugin's pod on this node")
    }

    static let disk: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard let full = evidence.host?.disks.filter({ $0.used >= 90 || $0.inodes >= 95 }), !full.isEmpty else {
            return nil
        }
        let hasPressure = evidence.health?.condition("DiskPressure")?.status == "True"
        return Finding(
            "disk-full", hasPressure || full.contains { max($0.used, $0.inodes) >= 99 } ? .likely : .possible,
            "the disk is nearly full",
            evidence: full.map { "\($0.path): \($0.used) % of space, \($0.inodes) % of inodes" },
            mend: "free space: crictl rmi --prune, old logs; the kubelet evicts pods below 10 %")
    }

    static let clock: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard let time = evidence.host?.time else { return nil }
        let difference = time - evidence.now.microseconds / 1_000_000
        guard abs(difference) > 60 else { return nil }
        return Finding(
            "clock", abs(difference) > 3600 ? .likely : .possible,
            "the host's clock is \(abs(difference)) s \(difference > 0 ? "ahead of" : "behind") this machine's: certificates may not be valid yet, or no longer",
            mend: "see chronyc tracking, or timedatectl")
    }

    static let forwarding: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard evidence.host?.forwards == false else { return nil }
        return Finding(
            "no-forwarding", .possible,
            "the host passes no packets on (net.ipv4.ip_forward is 0): pods reach nothing beyond it",
            mend: "fleet run prepare-node -l \(evidence.name)")
    }
}

extension HostFacts.Unit {
    /// Whether the kubelet starts and ends again though it has its configuration: one that has none crashes until the
    /// host joins.
    fileprivate var crashesConfigured: Bool {
        (state == "activating" || state == "failed") && !errors.isEmpty
            && !errors.contains { $0.contains("/var/lib/kubelet/config.yaml") }
    }
}
