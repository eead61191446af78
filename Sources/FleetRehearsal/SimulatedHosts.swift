import FleetModel
import FleetRun
import FleetSimulation

/// What the hosts answer to the shell texts that steps send.
struct SimulatedHosts: Sendable {
    /// The CA that their kubelets trust.
    let clusterAuthority: String?
    /// How the next commands end, before hosts answer as they should.
    var faults: [HostOutcome] = []
    /// How often a detached script was started on each host.
    private(set) var launches: [NodeName: Int] = [:]
    private var detached: [NodeName: Set<String>] = [:]
    /// How often each host was told to boot: its boot id.
    private var boots: [NodeName: Int] = [:]

    /// How often hosts were told to boot, all in all.
    var bootCount: Int { boots.values.reduce(0, +) }

    init(clusterAuthority: String?) { self.clusterAuthority = clusterAuthority }

    /// The report of a command, and what it does to the host.
    mutating func answer(_ command: HostCommand, on host: HostState?) -> (HostReport, HostAction?) {
        guard let host, host.isPoweredOn else {
            return (HostReport(outcome: .neverStarted("connect: no route to host")), nil)
        }
        if !faults.isEmpty { return (HostReport(outcome: faults.removeFirst()), nil) }
        if command.script == NodeScript.identity { return (success(identity(of: host)), nil) }
        if command.script == NodeScript.diagnosis { return (success(diagnosis(of: host)), nil) }
        if let script = DetachedRequest(command.script) { return (success(answer(script, on: host.name)), nil) }
        if let answer = answerAboutBoot(command, on: host) { return answer }
        if command.script == NodeScript.join {
            let words = "changed=join as \(host.name)\nmachine_id=\(host.machineID)"
            return (success(words), host.isJoined ? nil : .join)
        }
        // Whoever is asked for etcd's members is one, and the host in question is none.
        if command.script == NodeScript.etcdMembers {
            return (success("member=other https://192.0.2.1:2380\nhealthy=https://192.0.2.1:2379\nend=yes"), nil)
        }
        return (success("changed=yes\nresult=changed\nconnections=0"), action(of: command.script))
    }

    /// A detached script runs from its start to the first look at it, and succeeds.
    private mutating func answer(_ request: DetachedRequest, on host: NodeName) -> String {
        switch request.act {
        case .start:
            guard detached[host, default: []].insert(request.id).inserted else { return "state=ended\nstatus=0" }
            launches[host, default: 0] += 1
            return "state=running"
        case .follow: return detached[host]?.contains(request.id) == true ? "state=ended\nstatus=0" : "state=absent"
        case .stop: return "gone=yes"
        case .clear:
            detached[host]?.remove(request.id)
            return "cleared=yes"
        }
    }

    private mutating func answerAboutBoot(_ command: HostCommand, on host: HostState) -> (HostReport, HostAction?)? {
        let count = boots[host.name] ?? 0
        if command.script == NodeScript.bootState {
            return (success("boot_id=boot-\(count)\nreboot_required=no"), nil)
        }
        guard command.script == NodeScript.reboot else { return nil }
        guard command.environment["FLEET_BOOT_ID"] == "boot-\(count)" else {
            return (success("holds=booted since"), nil)
        }
        boots[host.name] = count + 1
        return (success("changed=told the host to reboot"), .reboot)
    }

    /// What a step's text does to the kubelet, as far as the cluster feels it.
    private func action(of script: String) -> HostAction? {
        guard script.contains("unit=kubelet ") else { return nil }
        if script.contains("want=stopped") { return script.contains("boot=disabled") ? .disableKubelet : .stopKubelet }
        return script.contains("want=started") || script.contains("want=restarted") ? .startKubelet : nil
    }

    private func success(_ output: String) -> HostReport {
        HostReport(outcome: .exited(0), standardOutput: output)
    }

    /// What is wrong with a simulated host can only be its kubelet.
    private func diagnosis(of host: HostState) -> String {
        let facts = [
            "hostname=\(host.name)", "joined=\(host.isJoined ? "yes" : "no")", "containerd_state=active",
            "containerd_boot=enabled", "kubelet_state=\(host.kubelet == .running ? "active" : "inactive")",
            "kubelet_boot=\(host.kubelet == .disabled ? "disabled" : "enabled")",
        ]
        let authority = clusterAuthority.map { ["cluster_ca_sha256=\($0)"] } ?? []
        return (facts + authority + ["end=yes"]).joined(separator: "\n")
    }

    private func identity(of host: HostState) -> String {
        let addresses = host.node.internalAddresses.map { "ip=\($0)" }
        let authority = clusterAuthority.map { ["cluster_ca_sha256=\($0)"] } ?? []
        let facts = [
            "fact_os_id=debian", "fact_os_version=12", "fact_kernel=6.1.0", "fact_architecture=x86_64", "fact_cpus=8",
            "fact_memory_kib=33554432", "fact_package_manager=apt", "fact_cgroup_version=2",
            "fact_cgroup_driver=systemd",
            "fact_containerd_version=2.1.4", "fact_runtime_socket=unix:///run/containerd/containerd.sock",
            "fact_kubelet_version=\(host.node.kubeletVersion)",
        ]
        return (["hostname=\(host.name)", "machine_id=\(host.machineID)"] + addresses + authority + facts).joined(
            separator: "\n")
    }
}

/// What a shell text wants of a detached script.
private struct DetachedRequest {
    enum Act { case start, follow, stop, clear }

    let id: String
    let act: Act

    /// Reads the variables at the text's head; nil for any other text.
    init?(_ script: String) {
        guard let end = script.utf8.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let rest = script[script.utf8.index(after: end)...]
        guard rest.hasPrefix("FLEET_ID=") else { return nil }
        id = String(rest.dropFirst(9).prefix { $0 != "\n" })
        act =
            if script.contains("FLEET_SCRIPT=") { .start } else if script.contains("FLEET_TURNS=") {
                .follow
            } else if script.contains("say gone") { .stop } else { .clear }
    }
}
